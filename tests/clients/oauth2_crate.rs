//! The `oauth2` crate.

use oauth2::basic::{BasicClient, BasicErrorResponseType};
use oauth2::{
    AuthType, AuthUrl, ClientId, ClientSecret, HttpRequest, HttpResponse, IntrospectionUrl, RequestTokenError,
    RevocationErrorResponseType, RevocationUrl, Scope, StandardRevocableToken, TokenIntrospectionResponse as _,
    TokenResponse as _, TokenUrl,
};

use crate::Dev;

#[tokio::test]
async fn the_oauth2_crate_goes_through_a_session_on_the_embedded_store() {
    go_through_a_session(&Dev::embedded().await).await;
}

#[tokio::test]
async fn the_oauth2_crate_goes_through_a_session_on_redis() {
    go_through_a_session(&Dev::on_redis().await).await;
}

async fn go_through_a_session(dev: &Dev) {
    for (id, authentication) in [
        ("demo-session", AuthType::BasicAuth),
        ("demo-session", AuthType::RequestBody),
        ("demo-session-jwt", AuthType::BasicAuth),
    ] {
        let client = client(dev, id).set_auth_type(authentication);
        let api = self::client(dev, "demo-api");
        let issued = client
            .exchange_client_credentials()
            .add_scope(Scope::new("read".into()))
            .request_async(&send)
            .await
            .unwrap();
        assert_eq!(issued.scopes().unwrap()[0].as_str(), "read");
        assert!(issued.expires_in().is_some());

        let seen = api.introspect(issued.access_token()).request_async(&send).await.unwrap();
        assert!(seen.active());
        assert_eq!(seen.client_id().unwrap().as_str(), id);

        let next = client.exchange_refresh_token(issued.refresh_token().unwrap()).request_async(&send).await.unwrap();
        assert_ne!(next.refresh_token().unwrap().secret(), issued.refresh_token().unwrap().secret());

        let token = StandardRevocableToken::RefreshToken(next.refresh_token().unwrap().clone());
        client.revoke_token(token).unwrap().request_async(&send).await.unwrap();
        for token in [issued.access_token(), next.access_token()] {
            assert!(!api.introspect(token).request_async(&send).await.unwrap().active());
        }
        let refused = client.exchange_refresh_token(next.refresh_token().unwrap()).request_async(&send).await;
        let Err(RequestTokenError::ServerResponse(answer)) = refused else { panic!("{refused:?}") };
        assert_eq!(*answer.error(), BasicErrorResponseType::InvalidGrant);
    }
    another_client_is_refused(dev).await;
}

async fn another_client_is_refused(dev: &Dev) {
    let issued = client(dev, "demo-service").exchange_client_credentials().request_async(&send).await.unwrap();
    let token = StandardRevocableToken::AccessToken(issued.access_token().clone());
    let refused = client(dev, "demo-other").revoke_token(token.clone()).unwrap().request_async(&send).await;
    let Err(RequestTokenError::ServerResponse(answer)) = refused else { panic!("{refused:?}") };
    let RevocationErrorResponseType::Basic(BasicErrorResponseType::InvalidGrant) = answer.error() else {
        panic!("{answer:?}")
    };
    client(dev, "demo-service").revoke_token(token).unwrap().request_async(&send).await.unwrap();
    let api = client(dev, "demo-api");
    assert!(!api.introspect(issued.access_token()).request_async(&send).await.unwrap().active());
}

type Client = BasicClient<
    oauth2::EndpointSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointSet,
    oauth2::EndpointSet,
    oauth2::EndpointSet,
>;

fn client(dev: &Dev, id: &str) -> Client {
    let url = |path| dev.server.url(path);
    BasicClient::new(ClientId::new(id.into()))
        .set_client_secret(ClientSecret::new(format!("{id}-secret")))
        .set_auth_uri(AuthUrl::new(url("/oauth/authorize")).unwrap())
        .set_token_uri(TokenUrl::new(url("/oauth/token")).unwrap())
        .set_introspection_url(IntrospectionUrl::new(url("/oauth/introspect")).unwrap())
        // The crate insists on https here, and only here; to loopback it is sent in plain text all the same.
        .set_revocation_url(RevocationUrl::new(url("/oauth/revoke").replacen("http:", "https:", 1)).unwrap())
}

/// Sends as `reqwest` does, without following redirects, which no token endpoint may answer.
async fn send(request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let (parts, body) = request.into_parts();
    let uri = parts.uri.to_string().replacen("https:", "http:", 1);
    let response = http.request(parts.method, uri).headers(parts.headers).body(body).send().await?;
    let mut answer = HttpResponse::new(Vec::new());
    *answer.status_mut() = response.status();
    *answer.headers_mut() = response.headers().clone();
    *answer.body_mut() = response.bytes().await?.to_vec();
    Ok(answer)
}
