//! `@infisical/sdk` from npm: `infisical.mjs` is what it does.

use crate::{Dev, node};

#[tokio::test]
async fn the_sdk_of_infisical_goes_through_the_life_of_a_token_on_the_embedded_store() {
    node("infisical.mjs", &Dev::embedded().await);
}

#[tokio::test]
async fn the_sdk_of_infisical_goes_through_the_life_of_a_token_on_redis() {
    node("infisical.mjs", &Dev::on_redis().await);
}
