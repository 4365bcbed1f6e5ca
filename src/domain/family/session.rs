//! The session of a person in a browser: a family like any other, of no client, whose one token is the cookie.
//!
//! What is granted within it hangs from that token, as what is exchanged hangs from what it was exchanged for: the end of
//! the session is the end of all of it.

use serde::{Deserialize, Serialize};

use super::birth::{Access, Mint, THE_GRANT};
use super::{Family, State};
use crate::domain::client::TokenPolicy;
use crate::domain::{FamilyId, Timestamp, TokenId};

/// How a person proved who it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// The session that it began, or that something was granted in.
    pub session: FamilyId,
    pub at: Timestamp,
    /// Of a session: in which browser, as its person would call it.
    pub agent: Option<Box<str>>,
}

impl Family {
    /// The session once the person has proved again who it is. The cookie is another: whoever had the old one has nothing.
    /// It ends when it was to end. `None`: it has ended.
    pub fn signed_in_again(&self, now: Timestamp, policy: &TokenPolicy, mint: &Mint) -> Option<(Self, TokenId)> {
        self.live(now)?;
        let mut next = self.clone();
        let State::Live(tokens) = &mut next.state else { return None };
        tokens.access.clear();
        let access = Access { parent: THE_GRANT, scope: None, audience: None, expires_at: self.expires_at };
        tokens.add_access(access, now, policy, mint);
        next.login = Some(Box::new(Login {
            session: self.id,
            at: now,
            agent: self.login.as_ref().and_then(|login| login.agent.clone()),
        }));
        let token = next.first_access()?;
        Some((next, token))
    }

    /// The token that it was born with, or the one that took its place.
    pub fn first_access(&self) -> Option<TokenId> {
        let State::Live(tokens) = &self.state else { return None };
        tokens.access.first().map(|access| self.id_of_access(access))
    }
}
