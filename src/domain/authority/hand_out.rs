//! Turns records of tokens into the tokens that their bearers hold.
//!
//! A token is a function of its record: handing it out again gives the same opaque text, or a JWT of the same `jti` and
//! claims.

use std::time::Duration;

use super::Authority;
use super::answer::{Issued, TokenText};
use crate::domain::client::TokenFormat;
use crate::domain::error::Error;
use crate::domain::family::birth::Mint;
use crate::domain::family::{AccessToken, Family, RefreshToken, State};
use crate::domain::store::Unavailable;
use crate::domain::token::{AccessClaims, OpaqueKind};
use crate::domain::{KeyId, Shard, Target, TokenId};

impl Authority {
    /// Keys and chance for one more pair of tokens in this shard.
    ///
    /// Another node may have retired a key that this one has not heard of: its denylist has.
    pub(super) async fn mint(&self, shard: Shard, format: TokenFormat) -> Result<Mint, Unavailable> {
        let mint = self.draw(format)?;
        let denylist = self.follower.denylist(shard);
        let retired = |key| denylist.is_listed(&Target::Key(key));
        if !retired(mint.access_key) && !retired(mint.refresh_key) {
            return Ok(mint);
        }
        self.keys.reload(&*self.store).await?;
        self.draw(format)
    }

    fn draw(&self, format: TokenFormat) -> Result<Mint, Unavailable> {
        let mac_key = self.keys.mac()?;
        Ok(Mint {
            access_key: match format {
                TokenFormat::Opaque => mac_key,
                TokenFormat::Jwt => self.keys.signing()?,
            },
            refresh_key: mac_key,
            access_nonce: self.chance.u64(),
            refresh_nonce: self.chance.u64(),
        })
    }

    pub(super) fn hand_out_born(&self, family: &Family) -> Result<Issued, Error> {
        match &family.state {
            State::Live(tokens) if !tokens.access.is_empty() => {
                self.hand_out(family, &tokens.access[0], tokens.refresh.as_ref())
            }
            State::Live(_) | State::Ended { .. } => Err(gone()),
        }
    }

    pub(super) fn hand_out(
        &self,
        family: &Family,
        access: &AccessToken,
        refresh: Option<&RefreshToken>,
    ) -> Result<Issued, Error> {
        let refresh_token = match refresh {
            Some(token) => Some(self.opaque(OpaqueKind::Refresh, family.id_of_refresh(token), token.key)?),
            None => None,
        };
        Ok(Issued {
            access_token: match access.format {
                TokenFormat::Opaque => self.opaque(OpaqueKind::Access, family.id_of_access(access), access.key)?,
                TokenFormat::Jwt => self.jwt(family, access)?,
            },
            refresh_token,
            id_token: None,
            // To the nearest second: between the birth and this line a millisecond may have passed.
            expires_in: (access.expires_at.since(self.clock.now()) + HALF_A_SECOND).as_secs(),
            scope: family.scope_of(access).clone(),
        })
    }

    pub(super) fn opaque(&self, kind: OpaqueKind, id: TokenId, key: KeyId) -> Result<TokenText, Error> {
        self.keys.mint(kind, id, key).ok_or_else(gone)
    }

    fn jwt(&self, family: &Family, access: &AccessToken) -> Result<TokenText, Error> {
        let claims = AccessClaims {
            id: family.id_of_access(access),
            client: family.client.clone(),
            subject: family.subject.clone(),
            scope: family.scope_of(access).clone(),
            audience: access.audience.as_ref().unwrap_or(&family.audience).clone(),
            issued_at: access.issued_at,
            expires_at: access.expires_at,
            epoch: family.epoch,
            is_managed: family.managed.is_some(),
            ancestors: family.ancestors.clone(),
        };
        self.keys.sign(&claims, access.key).ok_or_else(gone)
    }
}

const HALF_A_SECOND: Duration = Duration::from_millis(500);

/// A key was retired while a token of it was being made: the token would be dead, and the client may ask again.
fn gone() -> Error {
    Error::Unavailable(Unavailable("a key was retired while it was in use".to_owned()))
}
