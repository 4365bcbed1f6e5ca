//! What a person has approved before, so as not to be asked each time.
//!
//! It begets families like any other evidence, and so it is judged by the same predicate: a revocation that takes the
//! person's tokens, or the client's, takes what was approved as well (rule 3).

use std::sync::Arc;

use aws_lc_rs::hmac::{Context, Key as HmacKey};
use serde::{Deserialize, Serialize};

use super::{Authority, Session};
use crate::domain::authorization::AuthorizationRequest;
use crate::domain::client::ClientId;
use crate::domain::error::Error;
use crate::domain::scope::Scope;
use crate::domain::store::{OnceKey, Unavailable};
use crate::domain::{Credential, FamilyId, KeyId, Position, Timestamp, TokenId};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    pub scope: Scope,
    pub audience: Vec<Arc<str>>,
    pub given_at: Timestamp,
    /// Where the shard stood when the person was known to be signed in.
    epoch: Position,
}

impl Authority {
    /// Whether all of a request was approved before, and nothing has taken that back.
    pub(super) async fn is_approved(&self, session: &Session, request: &AuthorizationRequest) -> Result<bool, Error> {
        let Some(consent) = self.consent(session, &request.client).await? else { return Ok(false) };
        let for_all = request.audience.iter().all(|resource| consent.audience.contains(resource));
        Ok(for_all && request.scope.is_within(&consent.scope))
    }

    /// What this person has approved for a client.
    pub async fn consent(&self, session: &Session, client: &ClientId) -> Result<Option<Consent>, Error> {
        let Some(bytes) = self.store.peek(&self.consent_key(session.subject(), client)).await? else { return Ok(None) };
        let consent: Consent = postcard::from_bytes(&bytes).map_err(|_| unreadable())?;
        let shard = session.family().id.shard();
        let credential = Credential {
            token: TokenId { family: FamilyId::new(shard, consent.given_at, 0), serial: 0, nonce: 0 },
            key: KeyId(0),
            client: client.as_str(),
            subject: Some(session.subject()),
            epoch: consent.epoch,
            is_managed: false,
            ancestors: &[],
        };
        // The copy has everything up to where the shard stood when the session was found alive.
        let is_covered = self.follower.denylist(shard).covering(&credential).is_some();
        Ok((!is_covered).then_some(consent))
    }

    /// Adds to what was approved.
    pub(super) async fn remember(&self, session: &Session, request: &AuthorizationRequest) -> Result<(), Error> {
        let known = self.consent(session, &request.client).await?;
        let mut consent = Consent {
            scope: request.scope.clone(),
            audience: request.audience.clone(),
            given_at: self.clock.now(),
            epoch: self.follower.denylist(session.family().id.shard()).head().position,
        };
        if let Some(known) = known {
            consent.scope = consent.scope.union(&known.scope);
            let more = known.audience.into_iter().filter(|resource| !request.audience.contains(resource));
            consent.audience.extend(more);
        }
        let key = self.consent_key(session.subject(), &request.client);
        let bytes = postcard::to_stdvec(&consent).map_err(|_| unreadable())?;
        // Of two at once one is forgotten: the person is asked once more.
        self.store.take(&key).await?;
        self.store.once(&key, &bytes, self.consent_lifetime).await?;
        Ok(())
    }

    /// The person is asked again next time.
    pub async fn withdraw(&self, session: &Session, client: &ClientId) -> Result<(), Error> {
        self.store.take(&self.consent_key(session.subject(), client)).await?;
        Ok(())
    }

    fn consent_key(&self, subject: &str, client: &ClientId) -> OnceKey {
        keyed(&self.keys.derive("consent"), &[subject, client.as_str()])
    }
}

/// What the store knows a thing by: nobody reads from it what it stands for.
pub(super) fn keyed(key: &HmacKey, parts: &[&str]) -> OnceKey {
    let mut context = Context::with_key(key);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    context.sign().as_ref().try_into().expect("HMAC-SHA-256 gives 32 bytes")
}

fn unreadable() -> Error {
    Error::Unavailable(Unavailable("what a person approved cannot be read".to_owned()))
}
