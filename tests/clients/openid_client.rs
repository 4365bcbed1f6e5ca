//! `openid-client` from npm: `openid_client.mjs` is what it does.

use crate::{Dev, node};

#[tokio::test]
async fn openid_client_goes_through_a_sign_in_on_the_embedded_store() {
    node("openid_client.mjs", &Dev::embedded().await);
}

#[tokio::test]
async fn openid_client_goes_through_a_sign_in_on_redis() {
    node("openid_client.mjs", &Dev::on_redis().await);
}
