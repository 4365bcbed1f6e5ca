//! `oauth4webapi` from npm: `oauth4webapi.mjs` is what it does.

use crate::{Dev, node};

#[tokio::test]
async fn oauth4webapi_goes_through_a_session_on_the_embedded_store() {
    node("oauth4webapi.mjs", &Dev::embedded().await);
}

#[tokio::test]
async fn oauth4webapi_goes_through_a_session_on_redis() {
    node("oauth4webapi.mjs", &Dev::on_redis().await);
}
