//! Tokens that somebody manages by their ids: named, counted, restricted and renewed. The id is the family's, so that it
//! survives every renewal.

use std::net::IpAddr;
use std::num::NonZeroU64;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::birth::{Access, Mint, THE_GRANT};
use super::refresh::Refusal;
use super::{AccessToken, Family, State};
use crate::domain::client::TokenPolicy;
use crate::domain::network::Network;
use crate::domain::{Timestamp, TokenId};

/// What a record has beside what every family has. When it was created and when it ends at the latest is the family's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Managed {
    pub name: Option<Box<str>>,
    /// How long each of its strings lives, if the family does.
    pub lifetime: Duration,
    /// From where it may be used; empty: from everywhere.
    pub trusted: Vec<Network>,
    /// Counted only where there is a limit: a count costs a write.
    pub uses: u64,
    pub uses_limit: Option<NonZeroU64>,
    pub last_used: Option<Timestamp>,
    pub last_renewed: Option<Timestamp>,
    pub updated: Timestamp,
}

impl Managed {
    pub fn new(name: Option<&str>, lifetime: Duration, now: Timestamp) -> Self {
        Self {
            name: name.map(Into::into),
            lifetime,
            trusted: Vec::new(),
            uses: 0,
            uses_limit: None,
            last_used: None,
            last_renewed: None,
            updated: now,
        }
    }

    /// No use is left: nothing of the family is alive any more.
    pub fn is_used_up(&self) -> bool {
        self.uses_limit.is_some_and(|limit| self.uses >= limit.get())
    }
}

/// A token that its bearer presents to have its life prolonged.
#[derive(Clone, Copy, Debug)]
pub struct Renewal<'a> {
    pub token: TokenId,
    pub now: Timestamp,
    pub policy: &'a TokenPolicy,
    pub mint: &'a Mint,
}

impl Family {
    /// Whether each use of it has to be written down.
    pub fn counts_uses(&self) -> bool {
        self.managed.as_ref().is_some_and(|managed| managed.uses_limit.is_some())
    }

    /// Whether it may be used from there. Where nobody knows where a request came from, it came from nowhere trusted.
    pub fn trusts(&self, source: Option<IpAddr>) -> bool {
        let trusted = self.managed.as_ref().map_or(&[][..], |managed| &managed.trusted);
        trusted.is_empty() || source.is_some_and(|source| trusted.iter().any(|net| net.contains(source)))
    }

    /// When the newest of its strings expires, or did, whether it has ended before or not.
    pub fn newest_expiry(&self) -> Timestamp {
        let Some(managed) = &self.managed else { return self.last_moment() };
        managed.last_renewed.unwrap_or_else(|| self.id.born_at()).plus(managed.lifetime).min(self.expires_at)
    }

    /// After one more use. `None` if nobody counts them.
    #[must_use]
    pub fn used(&self, now: Timestamp) -> Option<Self> {
        let counting = self.managed.as_deref().filter(|managed| managed.uses_limit.is_some())?;
        let uses = counting.uses.saturating_add(1);
        let managed = Managed { uses, last_used: Some(now), updated: now, ..counting.clone() };
        Some(Self { managed: Some(managed.into()), ..self.clone() })
    }

    /// By another name, or by none. `None` if it has no name to change, or has ended.
    #[must_use]
    pub fn renamed(&self, name: Option<&str>, now: Timestamp) -> Option<Self> {
        let State::Live(_) = self.state else { return None };
        let managed = Managed { name: name.map(Into::into), updated: now, ..self.managed.as_deref()?.clone() };
        Some(Self { managed: Some(managed.into()), ..self.clone() })
    }

    /// One more string of the same family, which never outlives it. The string presented stays good until it expires:
    /// others may hold it too.
    pub fn renewed(&self, renewal: &Renewal<'_>) -> Result<(Self, AccessToken), Refusal> {
        let Renewal { now, policy, mint, .. } = *renewal;
        let tokens = self.live(now).filter(|_| self.find_alive(renewal.token, now).is_some()).ok_or(Refusal::Ended)?;
        let mut next = tokens.clone();
        next.access.retain(|access| access.expires_at > now);
        if next.access.len() >= policy.access_tokens_per_family {
            let soonest = next.access.iter().map(|access| access.expires_at).min().unwrap_or(now);
            return Err(Refusal::TooMany(soonest.since(now)));
        }
        let lifetime = self.managed.as_ref().map_or(policy.access_token_lifetime, |managed| managed.lifetime);
        let policy = TokenPolicy { access_token_lifetime: lifetime, ..policy.clone() };
        next.add_access(
            Access { parent: THE_GRANT, scope: None, audience: None, expires_at: self.expires_at },
            now,
            &policy,
            mint,
        );
        let access = next.access.last().expect("it was added just now").clone();
        let managed = self
            .managed
            .as_deref()
            .map(|managed| Managed { last_renewed: Some(now), updated: now, ..managed.clone() }.into());
        Ok((Self { state: State::Live(next), managed, ..self.clone() }, access))
    }
}
