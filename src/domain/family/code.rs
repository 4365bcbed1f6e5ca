//! The authorization code (RFC 6749 section 4.1): the first token of its family, and what it is exchanged for.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::birth::{Access, Mint, THE_GRANT};
use super::{AccessToken, Family, Nonce, RefreshToken, State};
use crate::domain::client::TokenPolicy;
use crate::domain::openid::OFFLINE_ACCESS;
use crate::domain::pkce::CodeChallenge;
use crate::domain::scope::Scope;
use crate::domain::store::Receipt;
use crate::domain::{Cause, KeyId, Timestamp, TokenId};

/// It stays in the record when it is spent, for as long as anything that it begot may live: whoever presents it again is
/// judged by the same verifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    pub serial: u32,
    pub nonce: Nonce,
    pub key: KeyId,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    pub challenge: CodeChallenge,
    pub redirect: Redirect,
    /// What the ID token is to repeat, until it has been given (`OpenID` Connect Core section 3.1.2.1).
    pub repeats: Option<Box<str>>,
    pub spent_at: Option<Timestamp>,
}

/// Where the code was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirect {
    pub uri: Box<str>,
    /// Whether the request named it: then whoever presents the code has to name it as well (section 4.1.3).
    pub is_named: bool,
}

/// A code, presented by its owner, on the surface it was born on, with the verifier and the redirect URI that belong to it.
#[derive(Clone, Copy, Debug)]
pub struct Redeem<'a> {
    pub token: TokenId,
    pub with_refresh_token: bool,
    /// Of the access token; `None`: all that was approved.
    pub scope: Option<&'a Scope>,
    pub audience: Option<&'a [Arc<str>]>,
    pub now: Timestamp,
    pub policy: &'a TokenPolicy,
    pub mint: &'a Mint,
}

/// What presenting a code leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// For the first time. The record is to be committed before anybody is told of the tokens.
    First(Family, Begotten),
    /// It was spent before: either this or the first was a thief. The family has ended.
    Again(Family, Receipt),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begotten {
    pub access: AccessToken,
    pub refresh: Option<RefreshToken>,
}

/// Why nothing was given and nothing is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No code of this family, or one that a failover has lost.
    Unknown,
    Ended,
    Expired,
}

impl Code {
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.spent_at.is_none() && self.expires_at > now
    }
}

impl Family {
    pub fn id_of_code(&self, code: &Code) -> TokenId {
        TokenId { family: self.id, serial: code.serial, nonce: code.nonce.into() }
    }

    /// The code of this id, spent or not, of a family that has not ended.
    pub fn code(&self, token: TokenId) -> Result<&Code, Refusal> {
        let State::Live(tokens) = &self.state else { return Err(Refusal::Ended) };
        tokens.code.as_deref().filter(|code| self.id_of_code(code) == token).ok_or(Refusal::Unknown)
    }

    /// What an ID token for its code is to repeat.
    pub fn repeats(&self) -> Option<&str> {
        let State::Live(tokens) = &self.state else { return None };
        tokens.code.as_ref()?.repeats.as_deref()
    }

    /// Judges a code whose MAC proves that we issued it. That no revocation covers the family is the caller's to know.
    pub fn redeem(&self, redeem: &Redeem<'_>) -> Result<Redeemed, Refusal> {
        let Redeem { token, with_refresh_token, scope, audience, now, policy, mint } = *redeem;
        let code = self.code(token)?;
        if self.expires_at <= now {
            return Err(Refusal::Expired);
        }
        // Once spent it does not expire: a thief who was the first has tokens that live on.
        if code.spent_at.is_some() {
            let (ended, receipt) = self.ended(Cause::CodeReuse, now);
            return Ok(Redeemed::Again(ended, receipt));
        }
        if code.expires_at <= now {
            return Err(Refusal::Expired);
        }
        let (mut next, mut expires_at) = (self.clone(), self.expires_at);
        let State::Live(tokens) = &mut next.state else { return Err(Refusal::Ended) };
        tokens.code = Some(Box::new(Code { spent_at: Some(now), repeats: None, ..code.clone() }));
        if with_refresh_token {
            tokens.add_refresh(now, expires_at, policy, mint);
        } else {
            expires_at = expires_at.min(now.plus(policy.access_token_lifetime));
        }
        // What was granted in a session hangs from it. A code always does, or nobody who was told of the session would be told
        // of its end; what it is exchanged for goes on, if that was approved.
        if self.scope.contains(OFFLINE_ACCESS) {
            next.ancestors.clear();
        }
        let (scope, audience) = (self.narrower_scope(scope), self.narrower_audience(audience));
        tokens.add_access(Access { parent: THE_GRANT, scope, audience, expires_at }, now, policy, mint);
        let begotten = Begotten {
            access: tokens.access.last().expect("it was added just now").clone(),
            refresh: tokens.refresh.clone(),
        };
        next.expires_at = expires_at;
        Ok(Redeemed::First(next, begotten))
    }
}
