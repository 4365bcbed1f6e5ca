//! What of a family is alive.

use super::{AccessToken, Family, RefreshToken, State, Tokens};
use crate::domain::scope::Scope;
use crate::domain::store::Receipt;
use crate::domain::{Credential, KeyId, Timestamp, TokenId};

/// A token that its record lists as live and that has not expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    Access(&'a AccessToken),
    Refresh(&'a RefreshToken),
}

impl Family {
    /// As far as the record alone tells: revocations of wider reach are the denylist's to know.
    pub fn find_alive(&self, token: TokenId, now: Timestamp) -> Option<Found<'_>> {
        let tokens = self.live(now)?;
        if token.family != self.id {
            return None;
        }
        let refresh = tokens.refresh.as_ref().filter(|refresh| refresh.expires_at > now);
        if let Some(refresh) = refresh.filter(|refresh| self.id_of_refresh(refresh) == token) {
            return Some(Found::Refresh(refresh));
        }
        let access = tokens.access.iter().find(|access| self.id_of_access(access) == token)?;
        (access.expires_at > now).then_some(Found::Access(access))
    }

    /// Whether nothing but time has ended an access token, as far as the record alone tells. A renewal drops from it what has
    /// expired by then. By a number that is not given yet, or is given to another, goes what a failover has lost.
    pub fn has_expired(&self, token: TokenId, now: Timestamp) -> bool {
        let State::Live(tokens) = &self.state else { return false };
        match tokens.access.iter().find(|access| access.serial == token.serial) {
            Some(access) => self.id_of_access(access) == token && access.expires_at <= now,
            None => self.surface.renews() && token.serial < tokens.next_serial,
        }
    }

    /// The tokens, if the family has neither ended nor expired, nor been used up.
    pub(super) fn live(&self, now: Timestamp) -> Option<&Tokens> {
        match &self.state {
            State::Live(tokens) if self.expires_at > now && !self.is_used_up() => Some(tokens),
            State::Live(_) | State::Ended { .. } => None,
        }
    }

    fn is_used_up(&self) -> bool {
        self.managed.as_ref().is_some_and(|managed| managed.is_used_up())
    }

    /// What an access token is good for: all that was granted, unless it was narrowed.
    pub fn scope_of<'a>(&'a self, access: &'a AccessToken) -> &'a Scope {
        access.scope.as_ref().unwrap_or(&self.scope)
    }

    pub fn id_of_access(&self, access: &AccessToken) -> TokenId {
        TokenId { family: self.id, serial: access.serial, nonce: access.nonce.into() }
    }

    /// By which key an access token that is listed is made.
    pub fn key_of(&self, token: TokenId) -> Option<KeyId> {
        let State::Live(tokens) = &self.state else { return None };
        tokens.access.iter().find(|access| self.id_of_access(access) == token).map(|access| access.key)
    }

    pub fn id_of_refresh(&self, refresh: &RefreshToken) -> TokenId {
        TokenId { family: self.id, serial: refresh.serial, nonce: refresh.nonce.into() }
    }

    /// What the denylist judges of one of its tokens; `key` is the one that the presented text was made with.
    pub fn credential(&self, token: TokenId, key: KeyId) -> Credential<'_> {
        Credential {
            token,
            key,
            client: self.client.as_str(),
            subject: self.subject.as_deref(),
            epoch: self.epoch,
            is_managed: self.managed.is_some(),
            ancestors: &self.ancestors,
        }
    }

    /// Nothing in this record is alive after it. For one that has ended: nothing was, after it.
    pub fn last_moment(&self) -> Timestamp {
        match &self.state {
            State::Ended { at, .. } => self.expires_at.min(*at),
            State::Live(tokens) => {
                let refresh = tokens.refresh.iter().map(|refresh| refresh.expires_at);
                let access = tokens.access.iter().map(|access| access.expires_at);
                let code = tokens.code.iter().map(|code| code.expires_at);
                refresh.chain(access).chain(code).max().unwrap_or_default().min(self.expires_at)
            }
        }
    }

    /// Every live token: its id, its key, and whether it is a refresh token.
    pub fn live_tokens(&self, now: Timestamp) -> impl Iterator<Item = (TokenId, KeyId, bool)> {
        let tokens = self.live(now);
        let refresh = tokens.and_then(|tokens| tokens.refresh.as_ref()).filter(move |token| token.expires_at > now);
        let access = tokens.into_iter().flat_map(|tokens| &tokens.access).filter(move |token| token.expires_at > now);
        let refresh = refresh.map(|token| (self.id_of_refresh(token), token.key, true));
        refresh.into_iter().chain(access.map(|token| (self.id_of_access(token), token.key, false)))
    }

    /// How much of it is alive. A code counts as the family that it may become.
    pub fn count(&self, now: Timestamp) -> Receipt {
        let (mut refresh_tokens, mut access_tokens) = (0, 0);
        for (_, _, is_refresh) in self.live_tokens(now) {
            refresh_tokens += u64::from(is_refresh);
            access_tokens += u64::from(!is_refresh);
        }
        let families = u64::from(refresh_tokens + access_tokens > 0 || self.live_code(now).is_some());
        Receipt { families, refresh_tokens, access_tokens }
    }

    /// The code that tokens can still be had for, with its key.
    pub fn live_code(&self, now: Timestamp) -> Option<(TokenId, KeyId)> {
        let code = self.live(now)?.code.as_ref().filter(|code| code.is_alive(now))?;
        Some((self.id_of_code(code), code.key))
    }
}
