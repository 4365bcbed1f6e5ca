//! RFC 6749 section 6, with rotation (RFC 9700 section 4.14.2) that knows a lost answer from a thief.

use std::sync::Arc;
use std::time::Duration;

use super::birth::{Access, Mint};
use super::{AccessToken, Family, Fingerprint, RefreshToken, SpentToken, State, Tokens};
use crate::domain::client::TokenPolicy;
use crate::domain::scope::Scope;
use crate::domain::store::Receipt;
use crate::domain::{Cause, Timestamp, TokenId};

/// A refresh token, presented by its owner on the surface it was born on.
#[derive(Clone, Copy, Debug)]
pub struct Spend<'a> {
    pub token: TokenId,
    pub request: Fingerprint,
    /// `None`: all that was granted. Never more.
    pub scope: Option<&'a Scope>,
    /// `None`: all that was granted. Never more.
    pub audience: Option<&'a [Arc<str>]>,
    pub now: Timestamp,
    pub policy: &'a TokenPolicy,
    pub mint: &'a Mint,
}

/// What presenting a refresh token leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spent {
    /// It was the live one. The record is to be committed before anybody is told of the successors.
    Rotated(Family, Successors),
    /// It was the one spent last, and the answer seems to have been lost: the same successors, nothing to write.
    Replayed(Successors),
    /// It was spent before, and this is not that request again. The family has ended.
    Reused(Family, Receipt),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Successors {
    pub access: AccessToken,
    pub refresh: RefreshToken,
}

/// Why nothing was given and nothing is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Ended,
    Expired,
    Idle,
    OtherRequest,
    SuccessorGone,
    /// As many access tokens as a family may have are alive; the next one expires in so long.
    TooMany(Duration),
}

impl Family {
    /// Judges a refresh token whose MAC proves that we issued it. That no revocation covers the family is the caller's
    /// to know.
    pub fn spend(&self, spend: &Spend<'_>) -> Result<Spent, Refusal> {
        let State::Live(tokens) = &self.state else { return Err(Refusal::Ended) };
        if self.expires_at <= spend.now {
            return Err(Refusal::Expired);
        }
        if let Some(refresh) = tokens.refresh.as_ref().filter(|refresh| self.id_of_refresh(refresh) == spend.token) {
            return self.rotate(tokens, refresh, spend);
        }
        if let Some(spent) = tokens.spent.as_ref().filter(|spent| spent.is(spend.token)) {
            // The window counts from the *first* spend: a replay does not prolong it.
            if spend.now < spent.at.plus(self.replay_window(spend.policy)) {
                return replay(tokens, spent, spend).map(Spent::Replayed);
            }
        }
        // Ours by its MAC, neither the live one nor excused: spent long ago, or of a history that a failover lost.
        let (ended, receipt) = self.ended(Cause::Reuse, spend.now);
        Ok(Spent::Reused(ended, receipt))
    }

    /// Where nobody proves who it is, a second presentation is as good as theft.
    fn replay_window(&self, policy: &TokenPolicy) -> Duration {
        if self.surface.authenticates_clients() { policy.replay_window } else { Duration::ZERO }
    }

    fn rotate(&self, tokens: &Tokens, refresh: &RefreshToken, spend: &Spend<'_>) -> Result<Spent, Refusal> {
        let Spend { now, policy, mint, .. } = *spend;
        if refresh.expires_at <= now {
            return Err(Refusal::Idle);
        }
        debug_assert!(spend.scope.is_none_or(|scope| scope.is_within(&self.scope)), "never more than was granted");
        let mut next = tokens.clone();
        next.access.retain(|access| access.expires_at > now);
        if next.access.len() >= policy.access_tokens_per_family {
            let soonest = next.access.iter().map(|access| access.expires_at).min().unwrap_or(now);
            return Err(Refusal::TooMany(soonest.since(now)));
        }
        // A narrower scope narrows this access token alone: the refresh token keeps what was granted (section 6).
        let (scope, audience) = (self.narrower_scope(spend.scope), self.narrower_audience(spend.audience));
        next.add_refresh(now, self.expires_at, policy, mint);
        let access = next.add_access(
            Access { parent: refresh.serial, scope, audience, expires_at: self.expires_at },
            now,
            policy,
            mint,
        );
        next.spent =
            Some(SpentToken { serial: refresh.serial, nonce: refresh.nonce, at: now, request: spend.request, access });
        let successors = next.successors(access).expect("both were added just now");
        Ok(Spent::Rotated(Self { state: State::Live(next), ..self.clone() }, successors))
    }
}

/// Never a second branch: whoever presents the spent token gets what the first got, or nothing.
fn replay(tokens: &Tokens, first: &SpentToken, again: &Spend<'_>) -> Result<Successors, Refusal> {
    if first.request != again.request {
        return Err(Refusal::OtherRequest);
    }
    let successors = tokens.successors(first.access).ok_or(Refusal::SuccessorGone)?;
    let alive = successors.access.expires_at > again.now && successors.refresh.expires_at > again.now;
    if alive { Ok(successors) } else { Err(Refusal::SuccessorGone) }
}

impl Tokens {
    fn successors(&self, access: u32) -> Option<Successors> {
        let access = self.access.iter().find(|token| token.serial == access)?.clone();
        Some(Successors { access, refresh: self.refresh.clone()? })
    }
}

impl SpentToken {
    fn is(&self, token: TokenId) -> bool {
        self.serial == token.serial && u64::from(self.nonce) == token.nonce
    }
}
