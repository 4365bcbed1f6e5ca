//! Bodies that mean nothing: INF-9.

use reqwest::Method;
use rstest::rstest;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use crate::answer::Answer;
use crate::raw;
use crate::spawn::{App, secret_of};

const NOBODY: &str = "5f0c3f1e-8a44-4b6c-9d7e-2f1b8c9a6dff";

async fn manager(app: &App) -> String {
    let body = json!({ "clientId": "machine-admin", "clientSecret": secret_of("machine-admin") });
    let answer = Answer::to(app.post_json("/api/v1/auth/universal-auth/login", &body)).await;
    answer.json()["accessToken"].as_str().expect("a token").to_owned()
}

/// What would be left unread of one would be read as the next request, or the connection would have to end.
#[rstest]
#[case::of_a_token(Method::POST, format!("/api/v1/auth/token-auth/tokens/{NOBODY}/revoke"))]
#[case::of_an_identity(Method::DELETE, format!("/api/v1/auth/token-auth/identities/{NOBODY}"))]
#[tokio::test]
async fn a_connection_can_be_used_again(#[case] method: Method, #[case] path: String) {
    let app = App::spawn().await;
    let bearer = manager(&app).await;
    let mut connection = raw::connect(app.address).await;
    let head = format!("{method} {path} HTTP/1.1\r\nHost: as.example\r\nAuthorization: Bearer {bearer}\r\n");
    connection.write_all(format!("{head}Content-Length: 8\r\n\r\n").as_bytes()).await.expect("sent");
    // Whoever answered the head alone would have done so by now: this answer takes as many trips, on another connection.
    Answer::to(app.request(method, &path).bearer_auth(&bearer)).await;
    connection.write_all(b"{garbage").await.expect("sent");
    connection.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).await.expect("sent");
    let answers = raw::rest(&mut connection).await;
    assert_eq!(answers.matches("HTTP/1.1 404 Not Found\r\n").count(), 2, "{answers}");
}
