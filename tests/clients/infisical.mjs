// @infisical/sdk, unmodified: login by universal auth, renewal, tokens that somebody else made, and what it says of
// refusals. It has no function for making, listing and revoking tokens: those calls are made as its documentation has them.
// node infisical.mjs URL; exits with 0 if all went as the vendor says.
import assert from 'node:assert/strict'
import { InfisicalSDK } from '@infisical/sdk'

const siteUrl = process.argv[2]
const IDENTITY = '5f0c3f1e-8a44-4b6c-9d7e-2f1b8c9a6d01'
const known = (clientId) => ({ clientId, clientSecret: `${clientId}-secret` })

async function logIn(clientId) {
  return new InfisicalSDK({ siteUrl }).auth().universalAuth.login(known(clientId))
}

async function call(method, path, bearer, body) {
  const headers = bearer ? { authorization: `Bearer ${bearer}` } : {}
  if (body !== undefined) headers['content-type'] = 'application/json'
  const response = await fetch(`${siteUrl}/api/v1/auth/${path}`, { method, headers, body: JSON.stringify(body) })
  return { status: response.status, body: await response.json() }
}

// By the standard: the API that the tokens are for.
async function isActive(token) {
  const headers = { authorization: `Basic ${btoa('demo-api:demo-api-secret')}` }
  const body = new URLSearchParams({ token })
  const response = await fetch(`${siteUrl}/oauth/introspect`, { method: 'POST', headers, body })
  return (await response.json()).active
}

function refused(status, text) {
  return (error) => {
    assert.match(error.name, /^InfisicalSDK/)
    assert.ok(error.message.includes(`[StatusCode=${status}]`) && error.message.includes(text), error.message)
    return true
  }
}

// Its own credentials: log in, renew, log out; every string of the token is dead then.
const sdk = await logIn('demo-identity')
const first = sdk.auth().getAccessToken()
await sdk.auth().universalAuth.renew()
const second = sdk.auth().getAccessToken()
assert.notEqual(second, first)
assert.deepEqual([await isActive(first), await isActive(second)], [true, true])
for (let time = 0; time < 2; time++) {
  const { status, body } = await call('POST', 'token/revoke', undefined, { accessToken: first })
  assert.deepEqual([status, body], [200, { message: 'Successfully revoked access token' }])
}
assert.deepEqual([await isActive(first), await isActive(second)], [false, false])
await assert.rejects(sdk.auth().universalAuth.renew(), refused(401, 'No identity access token found'))

// A token that somebody else made for it, and ends by its id.
const admin = (await logIn('demo-identity-admin')).auth().getAccessToken()
const tokens = `token-auth/identities/${IDENTITY}/tokens`
assert.equal((await call('POST', `token-auth/identities/${IDENTITY}`, admin, { accessTokenTTL: 3600 })).status, 200)
const made = await call('POST', tokens, admin, { name: 'sdk' })
const { id } = made.body.tokenData
const holder = new InfisicalSDK({ siteUrl }).auth().accessToken(made.body.accessToken)
assert.equal(holder.auth().getAccessToken(), made.body.accessToken)
await holder.auth().universalAuth.renew()
const renewed = holder.auth().getAccessToken()
assert.deepEqual([await isActive(made.body.accessToken), await isActive(renewed)], [true, true])

const listed = await call('GET', tokens, admin)
assert.equal(listed.body.tokens.find((token) => token.id === id).isAccessTokenRevoked, false)
assert.equal((await call('POST', `token-auth/tokens/${id}/revoke`, admin)).status, 200)
assert.equal((await call('POST', `token-auth/tokens/${id}/revoke`, admin)).status, 404)
assert.deepEqual([await isActive(made.body.accessToken), await isActive(renewed)], [false, false])
await assert.rejects(holder.auth().universalAuth.renew(), refused(401, 'No identity access token found'))
assert.equal((await call('DELETE', `token-auth/identities/${IDENTITY}`, admin)).status, 200)

// Who is not let in.
const stranger = new InfisicalSDK({ siteUrl }).auth()
const wrong = { clientId: 'demo-identity', clientSecret: 'wrong' }
await assert.rejects(stranger.universalAuth.login(wrong), refused(401, 'Invalid credentials'))
const garbage = new InfisicalSDK({ siteUrl }).auth().accessToken('garbage')
await assert.rejects(garbage.auth().universalAuth.renew(), refused(403, 'malformed'))

console.log('all as it should be')
