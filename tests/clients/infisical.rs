//! `@infisical/sdk` from npm and `infisicalsdk` from `PyPI`: `infisical.mjs` and `infisical.py` are what they do.

use crate::{Dev, node, python};

#[tokio::test]
async fn the_sdk_of_infisical_goes_through_the_life_of_a_token_on_the_embedded_store() {
    node("infisical.mjs", &Dev::embedded().await);
}

#[tokio::test]
async fn the_sdk_of_infisical_goes_through_the_life_of_a_token_on_redis() {
    node("infisical.mjs", &Dev::on_redis().await);
}

#[tokio::test]
async fn the_python_sdk_of_infisical_logs_in() {
    python("infisical.py", &Dev::embedded().await);
}
