//! How a family begins.

use std::sync::Arc;
use std::time::Duration;

use super::code::{Code, Redirect};
use super::managed::Managed;
use super::session::Login;
use super::{AccessToken, Family, RefreshToken, State, Tokens};
use crate::domain::client::{ClientId, Surface, TokenPolicy};
use crate::domain::pkce::CodeChallenge;
use crate::domain::scope::Scope;
use crate::domain::{FamilyId, KeyId, Link, Position, Timestamp};

/// What a grant gives rise to.
#[derive(Clone, Debug)]
pub struct Birth {
    pub id: FamilyId,
    pub client: ClientId,
    pub subject: Option<Box<str>>,
    pub surface: Surface,
    pub begotten_by: Option<[u8; 8]>,
    pub scope: Scope,
    pub audience: Vec<Arc<str>>,
    pub epoch: Position,
    pub ancestors: Vec<Link>,
    pub first: First,
    /// When it ends at the latest, if what it hangs from ends then.
    pub latest: Option<Timestamp>,
    pub login: Option<Login>,
    pub managed: Option<Managed>,
}

/// What a family begins with.
#[derive(Clone, Debug)]
pub enum First {
    Tokens {
        with_refresh_token: bool,
    },
    /// Tokens are had for it.
    Code {
        challenge: CodeChallenge,
        redirect: Redirect,
        repeats: Option<Box<str>>,
    },
}

/// By which keys new tokens are made, and the chance that goes into their ids. A code is made as a refresh token is.
#[derive(Clone, Copy, Debug)]
pub struct Mint {
    pub access_key: KeyId,
    pub refresh_key: KeyId,
    pub access_nonce: u64,
    pub refresh_nonce: u64,
}

/// What a family's first tokens descend from; no token has this number.
pub const THE_GRANT: u32 = 0;
const FIRST_SERIAL: u32 = 1;

impl Family {
    /// `born_at` is the time in the id.
    pub fn born(birth: Birth, policy: &TokenPolicy, mint: &Mint) -> Self {
        let now = birth.id.born_at();
        let mut tokens =
            Tokens { next_serial: FIRST_SERIAL, code: None, refresh: None, spent: None, access: Vec::new() };
        let lifetime = match birth.first {
            First::Code { .. } => policy.family_lifetime,
            First::Tokens { with_refresh_token } if with_refresh_token || birth.surface.renews() => {
                policy.family_lifetime
            }
            // Where nothing can follow the access token, the family ends with it.
            First::Tokens { .. } => policy.access_token_lifetime,
        };
        let expires_at = now.plus(lifetime);
        let expires_at = birth.latest.map_or(expires_at, |latest| latest.min(expires_at));
        match birth.first {
            First::Code { challenge, redirect, repeats } => {
                tokens.code = Some(Box::new(Code {
                    serial: tokens.take_serial(),
                    nonce: mint.refresh_nonce.into(),
                    key: mint.refresh_key,
                    issued_at: now,
                    expires_at: now.plus(policy.code_lifetime).min(expires_at),
                    challenge,
                    redirect,
                    repeats,
                    spent_at: None,
                }));
            }
            First::Tokens { with_refresh_token } => {
                if with_refresh_token {
                    tokens.add_refresh(now, expires_at, policy, mint);
                }
                tokens.access.reserve_exact(1);
                tokens.add_access(
                    Access { parent: THE_GRANT, scope: None, audience: None, expires_at },
                    now,
                    policy,
                    mint,
                );
            }
        }
        Self {
            id: birth.id,
            client: birth.client,
            subject: birth.subject,
            surface: birth.surface,
            begotten_by: birth.begotten_by,
            scope: birth.scope,
            audience: birth.audience,
            epoch: birth.epoch,
            expires_at,
            ancestors: birth.ancestors,
            state: State::Live(tokens),
            managed: birth.managed.map(Box::new),
            login: birth.login.map(Box::new),
        }
    }

    /// What an access token keeps of a scope that is asked for: nothing, if that is all that was granted.
    pub(super) fn narrower_scope(&self, scope: Option<&Scope>) -> Option<Scope> {
        scope.filter(|scope| **scope != self.scope).cloned()
    }

    pub(super) fn narrower_audience(&self, audience: Option<&[Arc<str>]>) -> Option<Vec<Arc<str>>> {
        audience.filter(|audience| **audience != *self.audience).map(<[_]>::to_vec)
    }
}

/// What is particular to one access token; `expires_at` is the latest it may have.
pub(super) struct Access {
    pub(super) parent: u32,
    pub(super) scope: Option<Scope>,
    pub(super) audience: Option<Vec<Arc<str>>>,
    pub(super) expires_at: Timestamp,
}

impl Tokens {
    pub(super) fn add_access(&mut self, access: Access, now: Timestamp, policy: &TokenPolicy, mint: &Mint) -> u32 {
        let serial = self.take_serial();
        self.access.push(AccessToken {
            serial,
            nonce: mint.access_nonce.into(),
            parent: access.parent,
            format: policy.format,
            key: mint.access_key,
            issued_at: now,
            expires_at: now.plus(policy.access_token_lifetime).min(access.expires_at),
            scope: access.scope,
            audience: access.audience,
        });
        serial
    }

    pub(super) fn add_refresh(&mut self, now: Timestamp, latest: Timestamp, policy: &TokenPolicy, mint: &Mint) {
        let serial = self.take_serial();
        self.refresh = Some(RefreshToken {
            serial,
            nonce: mint.refresh_nonce.into(),
            key: mint.refresh_key,
            issued_at: now,
            expires_at: now.plus(policy.refresh_token_idle).min(latest),
        });
    }

    /// Wrapping would take a rotation every millisecond for fifty days; ids would still differ by their nonce.
    fn take_serial(&mut self) -> u32 {
        let serial = self.next_serial;
        self.next_serial = self.next_serial.wrapping_add(1).max(FIRST_SERIAL);
        serial
    }
}

/// How long a record is kept after nothing in it can be alive: for the clocks of others, and requests under way.
pub fn keep_for(family: &Family, now: Timestamp, margin: Duration) -> Duration {
    family.last_moment().plus(margin).since(now).max(margin)
}
