//! The authorization request (RFC 6749 section 4.1.1): what an application asks of a person, by way of a browser.
//!
//! - [`parameters`]: what was sent, [`object`]: or signed. [`check`]: whether it may be asked. [`prompt`]: how the person is to be asked.
//! - [`answer`]: what the application is told, and where.

pub mod answer;
pub mod check;
pub mod object;
pub mod parameters;
pub mod prompt;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use self::answer::ReturnTo;
use self::prompt::Prompts;
use super::client::ClientId;
use super::pkce::CodeChallenge;
use super::scope::Scope;

/// A request that may be put to a person. Nothing in it is believed for longer than it takes: client, scope and redirect
/// URI are looked at again when it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    pub client: ClientId,
    pub return_to: ReturnTo,
    pub challenge: CodeChallenge,
    pub scope: Scope,
    pub audience: Vec<Arc<str>>,
    pub prompts: Prompts,
    /// How many seconds ago the person may have proved who it is.
    pub max_age: Option<u64>,
    /// What the ID token is to repeat.
    pub nonce: Option<Box<str>>,
    /// The one person who may answer, by what an ID token said that the application has.
    pub subject: Option<Box<str>>,
    /// What the application believes to be the name that is typed.
    pub login_hint: Option<Box<str>>,
}

impl AuthorizationRequest {
    /// Whether this person may answer, as far as the request says whom it wants.
    pub fn is_for(&self, subject: &str) -> bool {
        self.subject.as_deref().is_none_or(|wanted| wanted == subject)
    }
}
