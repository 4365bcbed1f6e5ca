"""Authlib, unmodified, through discovery, PKCE, code and ID token, userinfo, refresh, introspection, revocation.

python authlib_client.py ISSUER; exits with 0 if all went as the standards say.
"""

import os
import sys
from urllib.parse import parse_qs, urljoin, urlsplit

# It insists on https; the server under test listens on loopback.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session, OAuthError
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

ISSUER = sys.argv[1].rstrip("/")
REDIRECT = "http://127.0.0.1:51006/callback"

found = requests.get(f"{ISSUER}/.well-known/openid-configuration").json()
assert found["issuer"] == ISSUER


def approve(address: str) -> str:
    """A person in a browser: signs in as alice, and allows what is asked. Where the application gets its answer."""
    browser = requests.Session()
    page = urljoin(address, browser.get(address, allow_redirects=False).headers["location"])
    sign_in = {"answer": "sign_in", "username": "alice", "password": "wonderland"}
    browser.post(page, data=sign_in, allow_redirects=False)
    return browser.post(page, data={"answer": "allow"}, allow_redirects=False).headers["location"]


def refused(error: str, call, *arguments, **named) -> None:
    try:
        call(*arguments, **named)
    except OAuthError as raised:
        assert raised.error == error, raised
    else:
        raise AssertionError(f"{error} was to be told")


for method in ["client_secret_basic", "client_secret_post"]:
    client = OAuth2Session(
        "demo-web",
        "demo-web-secret",
        token_endpoint_auth_method=method,
        scope="openid profile read",
        redirect_uri=REDIRECT,
        code_challenge_method="S256",
    )
    nonce, verifier = generate_token(), generate_token(48)
    address, state = client.create_authorization_url(
        found["authorization_endpoint"], nonce=nonce, code_verifier=verifier
    )
    back = approve(address)
    assert parse_qs(urlsplit(back).query)["iss"] == [ISSUER]
    token = client.fetch_token(
        found["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier
    )

    keys = KeySet.import_key_set(requests.get(found["jwks_uri"]).json())
    read = jwt.decode(token["id_token"], keys, algorithms=found["id_token_signing_alg_values_supported"])
    claims = CodeIDToken(
        read.claims,
        read.header,
        options={"iss": {"values": [ISSUER]}, "aud": {"values": ["demo-web"]}},
        params={"nonce": nonce, "client_id": "demo-web"},
    )
    claims.validate(leeway=5)
    assert claims["sub"] == "alice"

    user = client.get(found["userinfo_endpoint"]).json()
    assert (user["sub"], user["name"]) == ("alice", "Alice Liddell"), user

    spent = token["refresh_token"]
    token = client.refresh_token(found["token_endpoint"], refresh_token=spent)
    assert client.get(found["userinfo_endpoint"]).status_code == 200
    api = OAuth2Session("demo-api", "demo-api-secret", token_endpoint_auth_method="client_secret_basic")
    told = api.introspect_token(found["introspection_endpoint"], token=token["access_token"]).json()
    assert (told["active"], told["sub"]) == (True, "alice"), told

    answer = client.revoke_token(found["revocation_endpoint"], token=token["refresh_token"])
    assert answer.status_code == 200
    assert client.get(found["userinfo_endpoint"]).status_code == 401
    refused("invalid_grant", client.refresh_token, found["token_endpoint"], refresh_token=token["refresh_token"])

print("all as it should be")
