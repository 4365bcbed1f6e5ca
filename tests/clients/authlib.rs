//! `authlib` from `PyPI`: `authlib_client.py` is what it does.

use crate::{Dev, python};

#[tokio::test]
async fn authlib_goes_through_a_sign_in_on_the_embedded_store() {
    python("authlib_client.py", &Dev::embedded().await);
}

#[tokio::test]
async fn authlib_goes_through_a_sign_in_on_redis() {
    python("authlib_client.py", &Dev::on_redis().await);
}
