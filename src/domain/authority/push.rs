//! Pushed authorization requests (RFC 9126): an application proves who it is and says what it wants before any browser is
//! sent, and the browser carries only a name for it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::authorize::Asked;
use super::kept::{Evidence, Known};
use super::request::Caller;
use super::{Authority, Bounded};
use crate::domain::authorization::AuthorizationRequest;
use crate::domain::authorization::answer::AuthorizationError;
use crate::domain::authorization::check::Unanswerable;
use crate::domain::authorization::parameters::Parameters;
use crate::domain::client::{Client, GrantType, Surface};
use crate::domain::error::Error;
use crate::domain::store::OnceKey;

/// How such names begin (section 2.2).
pub(super) const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";
/// How long the browser may take to come.
const LIFETIME: Duration = Duration::from_secs(90);

/// A request that was pushed, with when its client was known to be who it is: what takes the client's tokens takes this as
/// well (rule 3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pushed {
    request: AuthorizationRequest,
    surface: Surface,
    since: Known,
}

/// The name of a request, good for one browser once.
#[derive(Clone, Debug)]
pub struct RequestUri {
    pub text: String,
    pub expires_in: Duration,
}

impl Authority {
    /// Keeps a request of this client. The outer error is of who asks, the inner of what is asked.
    pub async fn push(
        &self,
        caller: &Caller,
        surface: Surface,
        parameters: &Parameters<'_>,
    ) -> Result<Result<RequestUri, AuthorizationError>, Error> {
        Self::may_use(&caller.client, surface, GrantType::AuthorizationCode)?;
        if parameters.get("request_uri").is_some() {
            let text = "request_uri is not for a request that is pushed (RFC 9126 section 2.1)";
            return Ok(Err(AuthorizationError::InvalidRequest(text)));
        }
        let request = match self.read_for(&caller.client, parameters) {
            Asked::May(request) => *request,
            Asked::Refused(_, error) | Asked::Unanswerable(Unanswerable::Object(error)) => return Ok(Err(error)),
            Asked::Unanswerable(Unanswerable::RedirectUri) => {
                return Ok(Err(AuthorizationError::InvalidRequest("redirect_uri is not one that is registered")));
            }
            Asked::Unanswerable(Unanswerable::Client | Unanswerable::RequestUri) => {
                return Err(Error::UnauthorizedClient);
            }
        };
        self.limits.issue(&caller.client.id)?;
        let id = self.draw_name::<32>();
        let pushed = Pushed { request, surface, since: self.known_now(None) };
        self.put(&self.pushed_key(&id), &pushed, LIFETIME).within(self.deadline).await?;
        Ok(Ok(RequestUri { text: format!("{PREFIX}{id}"), expires_in: LIFETIME }))
    }

    /// The request of this name, which is used up. `None`: there is none of this client's, or not any more.
    pub(super) async fn take_pushed(
        &self,
        uri: &str,
        client: &Client,
        surface: Surface,
    ) -> Result<Option<(AuthorizationRequest, Known)>, Error> {
        let Some(id) = uri.strip_prefix(PREFIX) else { return Ok(None) };
        let key = self.pushed_key(id);
        let Some(Pushed { request, surface: born, since }) = self.kept(&key).await? else { return Ok(None) };
        // What is another client's, or for another surface, stays there for it.
        if request.client != client.id || born != surface || self.store.take(&key).await?.is_none() {
            return Ok(None);
        }
        let evidence = Evidence { since, client: client.id.as_str(), subject: None };
        Ok(self.is_still_known(evidence).await?.then_some((request, since)))
    }

    fn pushed_key(&self, id: &str) -> OnceKey {
        self.keyed("pushed request", &[id])
    }
}
