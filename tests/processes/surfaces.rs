//! Every surface, and a server that is killed.

use atropos_testbed::{Binary, Flavor, RedisServer};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::program::{dev, is_active, printed_refresh_token};

/// An access token, and what is sent to end its session.
type Session = (String, RequestBuilder);

/// INV-3, DIA-4: kill -9 right after the 200, whichever surface said it; what comes up again knows.
#[tokio::test]
async fn what_was_revoked_on_any_surface_stays_dead_after_the_server_was_killed() {
    let redis = RedisServer::start(Flavor::Redis, &[]).await;
    let url = redis.url();
    for more in [&["--issuer", "http://127.0.0.1:1"][..], &["--issuer", "http://127.0.0.1:1", "--store", &url]] {
        let data = tempfile::tempdir().unwrap();
        for surface in ["kajabi", "anghami", "infisical"] {
            let mut server = dev(data.path(), more).await;
            let (dead, ending) = begin(&server, surface).await;
            assert!(is_active(&server, &dead).await, "{surface}");
            assert_eq!(ending.send().await.unwrap().status(), 200, "{surface}");
            server.kill().await;
            let again = dev(data.path(), more).await;
            assert!(!is_active(&again, &dead).await, "{surface}");
        }
    }
}

async fn begin(server: &Binary, surface: &str) -> Session {
    let http = reqwest::Client::new();
    match surface {
        "kajabi" => {
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", "demo-kajabi"),
                ("client_secret", "demo-kajabi-secret"),
            ];
            let access = text(http.post(server.url("/v1/oauth/token")).form(&form), "/access_token").await;
            let ending = http.post(server.url("/v1/oauth/revoke")).bearer_auth(&access).form(&[("token", &access)]);
            (access, ending)
        }
        "anghami" => {
            let refresh = printed_refresh_token(server, "demo-anghami");
            let body = json!({ "refreshToken": refresh, "clientId": "demo-anghami" });
            let answer = answer(http.post(server.url("/v1/auth/token/refresh")).json(&body)).await;
            let [access, refresh] =
                ["accessToken", "refreshToken"].map(|name| answer["token"][name].as_str().unwrap().to_owned());
            let body = json!({ "token": refresh, "clientId": "demo-anghami" });
            (access, http.post(server.url("/v1/auth/token/revoke")).json(&body))
        }
        _ => {
            let body = json!({ "clientId": "demo-identity", "clientSecret": "demo-identity-secret" });
            let url = server.url("/api/v1/auth/universal-auth/login");
            let access = text(http.post(url).json(&body), "/accessToken").await;
            let url = server.url("/api/v1/auth/token/revoke");
            let ending = http.post(url).json(&json!({ "accessToken": access }));
            (access, ending)
        }
    }
}

async fn answer(request: RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

async fn text(request: RequestBuilder, pointer: &str) -> String {
    answer(request).await.pointer(pointer).and_then(Value::as_str).unwrap().to_owned()
}
