//! What this server asks of others: the only place that imports an HTTP client for it. Only what an operator has registered
//! is asked, never what a stranger has named.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Client, StatusCode, redirect};

use crate::domain::authority::{Delivery, Messenger, TokenText};

/// Carries logout tokens over HTTP.
#[derive(Debug)]
pub struct HttpMessenger(Client);

impl HttpMessenger {
    /// `patience`: how long an application may take to answer, from the first try to connect.
    ///
    /// Follows no redirects: a token of one application is not for wherever that sends it (Back-Channel Logout section 2.5).
    pub fn new(patience: Duration) -> reqwest::Result<Self> {
        let client = Client::builder()
            .timeout(patience)
            .redirect(redirect::Policy::none())
            .pool_max_idle_per_host(1)
            .user_agent(concat!("atropos/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self(client))
    }
}

#[async_trait]
impl Messenger for HttpMessenger {
    async fn deliver(&self, uri: &str, token: &TokenText) -> Delivery {
        let form = serde_urlencoded::to_string([("logout_token", token.expose())]).expect("a pair of texts serializes");
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        // The body of the answer is not read: it says nothing that is not in the status.
        match self.0.post(uri).header(CONTENT_TYPE, form_type).body(form).send().await {
            Ok(answer) => match answer.status() {
                StatusCode::OK | StatusCode::NO_CONTENT => Delivery::Done,
                StatusCode::BAD_REQUEST => Delivery::Refused,
                status => {
                    tracing::warn!(uri, %status, "an application did not take a logout token");
                    Delivery::Failed
                }
            },
            Err(error) => {
                tracing::warn!(uri, error = %error.without_url(), "an application could not be told of a logout");
                Delivery::Failed
            }
        }
    }
}
