//! A person in Chromium, driven by `playwright-core` from npm: `pages.mjs` is what it does, and `axe-core` looks over its
//! shoulder.

use crate::{Dev, chromium, node_with};

#[tokio::test]
async fn every_page_is_good_for_every_person() {
    node_with("pages.mjs", &Dev::embedded().await, &[chromium().to_str().unwrap()]);
}
