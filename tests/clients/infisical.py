# infisicalsdk, unmodified: login by universal auth, which is all that it has of these calls, and what it says of a refusal.
# python infisical.py URL; exits with 0 if all went as the vendor says.
import sys

import requests
from infisical_sdk import InfisicalSDKClient
from infisical_sdk.infisical_requests import APIError

url = sys.argv[1]


# By the standard: the API that the tokens are for.
def is_active(token):
    answer = requests.post(f"{url}/oauth/introspect", data={"token": token}, auth=("demo-api", "demo-api-secret"))
    return answer.json()["active"]


with InfisicalSDKClient(host=url) as client:
    given = client.auth.universal_auth.login(client_id="demo-identity", client_secret="demo-identity-secret")
    assert (given.tokenType, given.expiresIn > 0, given.accessTokenMaxTTL >= given.expiresIn) == ("Bearer", True, True)
    assert client.get_token() == given.accessToken and is_active(given.accessToken)
    ended = requests.post(f"{url}/api/v1/auth/token/revoke", json={"accessToken": client.get_token()})
    assert (ended.status_code, ended.json()) == (200, {"message": "Successfully revoked access token"})
    assert not is_active(given.accessToken)

with InfisicalSDKClient(host=url) as stranger:
    try:
        stranger.auth.universal_auth.login(client_id="demo-identity", client_secret="wrong")
    except APIError as error:
        assert error.status_code == 401 and "Invalid credentials" in str(error), error
    else:
        sys.exit("a wrong secret was taken")

print("all as it should be")
