//! What a person has approved before, so as not to be asked each time.
//!
//! It begets families like any other evidence, and so it is judged by the same predicate: a revocation that takes the
//! person's tokens, or the client's, takes what was approved as well (rule 3).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Authority, Session};
use crate::domain::Position;
use crate::domain::authorization::AuthorizationRequest;
use crate::domain::client::ClientId;
use crate::domain::error::Error;
use crate::domain::scope::Scope;
use crate::domain::store::OnceKey;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    pub scope: Scope,
    pub audience: Vec<Arc<str>>,
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
        let key = self.consent_key(session.subject(), client);
        let Some(consent) = self.kept::<Consent>(&key).await? else { return Ok(None) };
        // The copy has everything up to where the shard stood when the session was found alive.
        let shard = session.family().id.shard();
        let is_taken = self.is_taken(shard, consent.epoch, client.as_str(), Some(session.subject()));
        Ok((!is_taken).then_some(consent))
    }

    /// Adds to what was approved.
    pub(super) async fn remember(&self, session: &Session, request: &AuthorizationRequest) -> Result<(), Error> {
        let known = self.consent(session, &request.client).await?;
        let mut consent = Consent {
            scope: request.scope.clone(),
            audience: request.audience.clone(),
            epoch: self.follower.denylist(session.family().id.shard()).head().position,
        };
        if let Some(known) = known {
            consent.scope = consent.scope.union(&known.scope);
            let more = known.audience.into_iter().filter(|resource| !request.audience.contains(resource));
            consent.audience.extend(more);
        }
        let key = self.consent_key(session.subject(), &request.client);
        // Of two at once one is forgotten: the person is asked once more.
        self.store.take(&key).await?;
        self.put(&key, &consent, self.consent_lifetime).await.map(drop)
    }

    /// The person is asked again next time.
    pub async fn withdraw(&self, session: &Session, client: &ClientId) -> Result<(), Error> {
        self.store.take(&self.consent_key(session.subject(), client)).await?;
        Ok(())
    }

    fn consent_key(&self, subject: &str, client: &ClientId) -> OnceKey {
        self.keyed("consent", &[subject, client.as_str()])
    }
}
