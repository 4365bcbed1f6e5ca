export function fromNodeProviderChain() {
  throw new Error('nobody logs in by AWS here')
}
