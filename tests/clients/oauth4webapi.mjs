// oauth4webapi, unmodified, through discovery, issue, introspection, refresh, revocation, the check of a JWT, and codes.
// node oauth4webapi.mjs ISSUER; exits with 0 if all went as the standards say.
import assert from 'node:assert/strict'
import * as oauth from 'oauth4webapi'
import { Person } from './person.mjs'

const issuer = new URL(process.argv[2])
// It insists on https; the server under test listens on loopback.
const insecure = { [oauth.allowInsecureRequests]: true }
const API = 'https://api.example'

const as = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }),
)

const known = (id) => ({ client: { client_id: id }, auth: oauth.ClientSecretBasic(`${id}-secret`) })
const api = known('demo-api')

async function issue({ client, auth }, parameters = {}) {
  const response = await oauth.clientCredentialsGrantRequest(as, client, auth, parameters, insecure)
  return oauth.processClientCredentialsResponse(as, client, response)
}

async function introspect({ client, auth }, token) {
  const response = await oauth.introspectionRequest(as, client, auth, token, insecure)
  return oauth.processIntrospectionResponse(as, client, response)
}

async function refresh({ client, auth }, token, options = {}) {
  const response = await oauth.refreshTokenGrantRequest(as, client, auth, token, { ...options, ...insecure })
  return oauth.processRefreshTokenResponse(as, client, response)
}

async function revoke({ client, auth }, token, parameters = {}) {
  const response = await oauth.revocationRequest(as, client, auth, token, {
    additionalParameters: parameters,
    ...insecure,
  })
  return oauth.processRevocationResponse(response)
}

for (const [id, method] of [
  ['demo-session', oauth.ClientSecretBasic],
  ['demo-session', oauth.ClientSecretPost],
  ['demo-session-jwt', oauth.ClientSecretBasic],
]) {
  const session = { client: { client_id: id }, auth: method(`${id}-secret`) }
  const issued = await issue(session, { scope: 'read' })
  assert.equal(issued.token_type, 'bearer')
  assert.equal(issued.scope, 'read')

  const seen = await introspect(api, issued.access_token)
  assert.equal(seen.active, true)
  assert.equal(seen.client_id, id)
  assert.equal(seen.iss, as.issuer)

  if (id.endsWith('-jwt')) {
    const request = new Request(API, { headers: { authorization: `Bearer ${issued.access_token}` } })
    const claims = await oauth.validateJwtAccessToken(as, request, API, insecure)
    assert.equal(claims.jti, seen.jti)
    assert.equal(claims.exp, seen.exp)
  }

  const next = await refresh(session, issued.refresh_token)
  const again = await refresh(session, issued.refresh_token)
  assert.equal(again.refresh_token, next.refresh_token, 'a lost answer is given again')

  await revoke(session, next.refresh_token, { token_type_hint: 'refresh_token' })
  for (const token of [issued.access_token, next.access_token]) {
    assert.deepEqual(await introspect(api, token), { active: false })
  }
  await revoke(session, next.refresh_token)
  await assert.rejects(refresh(session, next.refresh_token), { error: 'invalid_grant', status: 400 })
}

const service = known('demo-service')
const { access_token } = await issue(service)
await assert.rejects(revoke(known('demo-other'), access_token), { error: 'invalid_grant', status: 400 })
assert.equal((await introspect(api, access_token)).active, true)
await revoke(service, access_token, { token_type_hint: 'refresh_token' })
assert.deepEqual(await introspect(api, access_token), { active: false })

const stranger = { client: { client_id: 'demo-service' }, auth: oauth.ClientSecretBasic('wrong') }
// The challenge says Basic, as RFC 6749 section 5.2 wants it; oauth4webapi reports it before the body.
await assert.rejects(issue(stranger), (error) => error.status === 401)

for (const [id, auth] of [
  ['demo-spa', oauth.None()],
  ['demo-web', oauth.ClientSecretBasic('demo-web-secret')],
]) {
  const client = { client_id: id }
  const redirectUri = 'http://127.0.0.1:51004/callback'
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const address = new URL(as.authorization_endpoint)
  for (const [name, value] of Object.entries({
    client_id: id,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'read',
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })) {
    address.searchParams.set(name, value)
  }
  // It checks `iss` and `state`.
  const told = oauth.validateAuthResponse(as, client, await new Person().approve(address), state)
  const exchange = async () => {
    const parameters = [as, client, auth, told, redirectUri, verifier, insecure]
    return oauth.processAuthorizationCodeResponse(as, client, await oauth.authorizationCodeGrantRequest(...parameters))
  }
  const issued = await exchange()
  assert.equal((await introspect(api, issued.access_token)).sub, 'alice')
  const next = await refresh({ client, auth }, issued.refresh_token)
  // A code that comes again ends what it was exchanged for.
  await assert.rejects(exchange(), { error: 'invalid_grant' })
  assert.equal((await introspect(api, next.access_token)).active, false)

  // Nobody may be asked, and nobody is signed in.
  address.searchParams.set('prompt', 'none')
  const silent = await fetch(address, { redirect: 'manual' })
  const answer = new URL(silent.headers.get('location'))
  assert.throws(() => oauth.validateAuthResponse(as, client, answer, state), { error: 'login_required' })
}

console.log('all as it should be')
