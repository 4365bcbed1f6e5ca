//! What is limited: issuing, what waits for a person, and what misses. A token that verifies meets no limit, and revoking is never limited.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use crate::domain::client::ClientId;
use crate::domain::clock::Clock;
use crate::domain::error::Error;
use crate::domain::limiter::Limiter;

/// How often per minute; `None` is without limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerMinute {
    /// Families begotten, per client: what bounds the store, together with their lifetime.
    pub issued: Option<NonZeroU32>,
    /// Strings that are no tokens of ours, per client and address.
    pub misses: Option<NonZeroU32>,
    /// Authorization requests that wait for a person, per client and address: anybody may send a browser here.
    pub waiting: Option<NonZeroU32>,
}

pub struct Limits {
    issued: Limiter<ClientId>,
    misses: Limiter<(ClientId, Option<IpAddr>)>,
    waiting: Limiter<(ClientId, Option<IpAddr>)>,
}

impl Limits {
    pub fn new(per_minute: PerMinute, clock: &Arc<dyn Clock>) -> Self {
        Self {
            issued: Limiter::per_minute(per_minute.issued, Arc::clone(clock)),
            misses: Limiter::per_minute(per_minute.misses, Arc::clone(clock)),
            waiting: Limiter::per_minute(per_minute.waiting, Arc::clone(clock)),
        }
    }

    pub(super) fn issue(&self, client: &ClientId) -> Result<(), Error> {
        self.issued.check(client)
    }

    pub(super) fn miss(&self, client: &ClientId, source: Option<IpAddr>) -> Result<(), Error> {
        self.misses.check(&(client.clone(), source))
    }

    pub(super) fn wait(&self, client: &ClientId, source: Option<IpAddr>) -> Result<(), Error> {
        self.waiting.check(&(client.clone(), source))
    }

    /// Called now and then in the background.
    pub fn forget(&self) {
        self.issued.forget();
        self.misses.forget();
        self.waiting.forget();
    }
}
