//! How a family, or one of its access tokens, ends.

use super::{Family, State};
use crate::domain::store::Receipt;
use crate::domain::{Cause, Timestamp, TokenId};

impl Family {
    /// The record of the family after its end; what had ended before stays as it was.
    pub fn ended(&self, cause: Cause, now: Timestamp) -> (Self, Receipt) {
        if matches!(self.state, State::Ended { .. }) {
            return (self.clone(), Receipt::default());
        }
        (Self { state: State::Ended { at: now, cause }, ..self.clone() }, self.count(now))
    }

    /// The record without one access token; siblings and the refresh token live on.
    pub fn without(&self, token: TokenId, now: Timestamp) -> (Self, Receipt) {
        let mut family = self.clone();
        let State::Live(tokens) = &mut family.state else { return (family, Receipt::default()) };
        let alive = self.find_alive(token, now).is_some();
        tokens.access.retain(|access| access.expires_at > now && self.id_of_access(access) != token);
        (family, Receipt { access_tokens: u64::from(alive), ..Receipt::default() })
    }
}
