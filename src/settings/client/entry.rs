//! One client as it is written.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use uuid::Uuid;

use crate::domain::client::{ClientId, GrantType, Reach, Surface, TokenFormat};
use crate::domain::openid::Algorithm;
use crate::settings::value;

/// One client as it is written; config/clients.toml explains each key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own")]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) name: Option<Box<str>>,
    pub(crate) enabled: bool,
    pub(crate) public: bool,
    pub(crate) secrets: Vec<String>,
    pub(crate) jwks: Option<String>,
    pub(crate) grant_types: BTreeSet<GrantType>,
    pub(crate) surfaces: BTreeSet<Surface>,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) require_pushed_authorization_requests: bool,
    pub(crate) id_token_signed_response_alg: Algorithm,
    pub(crate) post_logout_redirect_uris: Vec<Arc<str>>,
    pub(crate) backchannel_logout_uri: Option<Arc<str>>,
    pub(crate) backchannel_logout_session_required: bool,
    pub(crate) require_signed_request_object: bool,
    pub(crate) scope: String,
    pub(crate) audience: Vec<Arc<str>>,
    #[serde(deserialize_with = "value::uuid")]
    pub(crate) identity_id: Option<Uuid>,
    pub(crate) resource_server: Option<Resource>,
    pub(crate) manages: BTreeSet<ClientId>,
    pub(crate) format: Option<TokenFormat>,
    #[serde(deserialize_with = "value::optional_positive_duration")]
    pub(crate) access_token_lifetime: Option<Duration>,
    #[serde(deserialize_with = "value::optional_positive_duration")]
    pub(crate) refresh_token_idle: Option<Duration>,
    #[serde(deserialize_with = "value::optional_positive_duration")]
    pub(crate) code_lifetime: Option<Duration>,
    #[serde(deserialize_with = "value::optional_positive_duration")]
    pub(crate) family_lifetime: Option<Duration>,
    #[serde(deserialize_with = "value::optional_duration")]
    pub(crate) replay_window: Option<Duration>,
    pub(crate) access_tokens_per_family: Option<NonZeroUsize>,
    client_credentials_refresh: Option<bool>,
    pub(crate) revoke_access_token: Option<Reach>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resource {
    pub(crate) audience: Arc<str>,
    pub(crate) scope: Option<String>,
}

impl Default for Entry {
    fn default() -> Self {
        Self {
            id: String::new(),
            name: None,
            enabled: true,
            public: false,
            secrets: Vec::new(),
            jwks: None,
            grant_types: BTreeSet::new(),
            surfaces: BTreeSet::from([Surface::Standard]),
            redirect_uris: Vec::new(),
            require_pushed_authorization_requests: false,
            id_token_signed_response_alg: Algorithm::default(),
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
            backchannel_logout_session_required: false,
            require_signed_request_object: false,
            scope: String::new(),
            audience: Vec::new(),
            identity_id: None,
            resource_server: None,
            manages: BTreeSet::new(),
            format: None,
            access_token_lifetime: None,
            refresh_token_idle: None,
            code_lifetime: None,
            family_lifetime: None,
            replay_window: None,
            access_tokens_per_family: None,
            client_credentials_refresh: None,
            revoke_access_token: None,
        }
    }
}

impl Entry {
    /// Kajabi's clients expect it, and no others (RFC 6749 section 4.4.3).
    pub(crate) fn client_credentials_refresh(&self) -> bool {
        let both = [GrantType::ClientCredentials, GrantType::RefreshToken];
        let expected = self.surfaces.contains(&Surface::Kajabi) && both.iter().all(|it| self.grant_types.contains(it));
        self.client_credentials_refresh.unwrap_or(expected)
    }
}
