//! The session of a person in a browser: a family like any other, of no client, whose one token is the cookie.
//!
//! What is granted within it hangs from that token, as what is exchanged hangs from what it was exchanged for: the end of
//! the session is the end of all of it.

use serde::{Deserialize, Serialize};

use super::birth::{Access, Mint, THE_GRANT};
use super::{Family, State};
use crate::domain::client::{ClientId, TokenPolicy};
use crate::domain::{FamilyId, Timestamp, TokenId};

/// How a person proved who it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// The session that it began, or that something was granted in.
    pub session: FamilyId,
    pub at: Timestamp,
    /// Of a session: in which browser, as its person would call it.
    pub agent: Option<Box<str>>,
    /// Of a session: whom to tell when it has ended, if they have not been told yet.
    pub to_tell: Vec<ClientId>,
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
        next.login = Some(Box::new(match self.login.as_deref() {
            Some(login) => Login { at: now, ..login.clone() },
            None => Login { session: self.id, at: now, agent: None, to_tell: Vec::new() },
        }));
        let token = next.first_access()?;
        Some((next, token))
    }

    /// The session with one more whom to tell of its end. `None`: that one is to be told already.
    pub fn to_tell(&self, client: &ClientId) -> Option<Self> {
        let mut next = self.clone();
        let login = next.login.as_mut().filter(|login| !login.to_tell.contains(client))?;
        login.to_tell.push(client.clone());
        Some(next)
    }

    /// The session when these have been told. `None`: none of them was to be.
    pub fn told(&self, clients: &[ClientId]) -> Option<Self> {
        let mut next = self.clone();
        let login = next.login.as_mut()?;
        let before = login.to_tell.len();
        login.to_tell.retain(|client| !clients.contains(client));
        (login.to_tell.len() < before).then_some(next)
    }

    /// The token that it was born with, or the one that took its place.
    pub fn first_access(&self) -> Option<TokenId> {
        let State::Live(tokens) = &self.state else { return None };
        tokens.access.first().map(|access| self.id_of_access(access))
    }
}
