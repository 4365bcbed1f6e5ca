// openid-client, unmodified, through discovery, a pushed request, PKCE, code and ID token, userinfo, refresh, revocation, logout.
// node openid_client.mjs ISSUER; exits with 0 if all went as the standards say.
import assert from 'node:assert/strict'
import * as oidc from 'openid-client'
import { Person } from './person.mjs'

const issuer = new URL(process.argv[2])
const redirectUri = 'http://127.0.0.1:51005/callback'
const scope = 'openid profile email read'

async function discover(id, auth) {
  // It insists on https; the server under test listens on loopback.
  return oidc.discovery(issuer, id, undefined, auth, { execute: [oidc.allowInsecureRequests] })
}

for (const [id, auth] of [
  ['demo-web', oidc.ClientSecretPost('demo-web-secret')],
  ['demo-web', oidc.ClientSecretBasic('demo-web-secret')],
  ['demo-spa', oidc.None()],
]) {
  const config = await discover(id, auth)
  const server = config.serverMetadata()
  assert.ok(server.supportsPKCE())
  const alice = new Person()

  const signIn = async (more = {}) => {
    const verifier = oidc.randomPKCECodeVerifier()
    const [state, nonce] = [oidc.randomState(), oidc.randomNonce()]
    const address = await oidc.buildAuthorizationUrlWithPAR(config, {
      redirect_uri: redirectUri,
      scope,
      state,
      nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...more,
    })
    assert.deepEqual([...address.searchParams.keys()].sort(), ['client_id', 'request_uri'], 'the browser carries a name')
    const back = await alice.approve(address)
    // It checks `iss`, `state`, `nonce`, `auth_time` and the signature of the ID token.
    const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true }
    return oidc.authorizationCodeGrant(config, back, { ...checks, maxAge: 3600 })
  }

  const tokens = await signIn()
  const claims = tokens.claims()
  assert.equal(claims.sub, 'alice')
  assert.equal(claims.aud, id)

  const user = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)
  assert.deepEqual(user, {
    sub: 'alice',
    preferred_username: 'alice',
    name: 'Alice Liddell',
    email: 'alice@example.com',
  })
  await assert.rejects(oidc.fetchUserInfo(config, tokens.access_token, 'bob'), 'another person is not taken for alice')

  const next = await oidc.refreshTokenGrant(config, tokens.refresh_token)
  assert.equal((await oidc.fetchUserInfo(config, next.access_token, 'alice')).sub, 'alice')

  await oidc.tokenRevocation(config, next.refresh_token)
  await assert.rejects(oidc.refreshTokenGrant(config, next.refresh_token), { error: 'invalid_grant' })
  await assert.rejects(oidc.fetchUserInfo(config, next.access_token, 'alice'), (error) => error.status === 401)

  // Signed in still; what goes on and what does not, when she signs out by the application.
  const bound = await signIn()
  const lasting = await signIn({ scope: `${scope} offline_access` })
  assert.equal(bound.claims().auth_time, claims.auth_time)
  const leave = oidc.buildEndSessionUrl(config, {
    id_token_hint: bound.id_token,
    ...(id === 'demo-web' ? { post_logout_redirect_uri: 'https://app.example/signed-out', state: 'bye' } : {}),
  })
  const left = await alice.send(leave)
  if (id === 'demo-web') {
    assert.equal(left.headers.get('location'), 'https://app.example/signed-out?state=bye')
  } else {
    assert.match(await left.text(), /You are signed out/)
  }
  await assert.rejects(oidc.refreshTokenGrant(config, bound.refresh_token), { error: 'invalid_grant' })
  await oidc.refreshTokenGrant(config, lasting.refresh_token)
  await assert.rejects(signIn({ prompt: 'none' }), { error: 'login_required' })
}

console.log('all as it should be')
