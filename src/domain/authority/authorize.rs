//! From an authorization request to its answer: who has to be asked what, and when nobody has to be asked any more.
//!
//! It is decided anew at each step, by what is true then. Between two steps a request waits in the store, and only the
//! browser that brought it may go on with it ([`Pending`]).

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::code::Approval;
use super::kept::{Evidence, Known};
use super::push;
use super::resource::Aim;
use super::{Authority, Bounded, Session};
use crate::domain::Timestamp;
use crate::domain::authorization::AuthorizationRequest;
use crate::domain::authorization::answer::{Answer, AuthorizationError, ReturnTo};
use crate::domain::authorization::check::{self, Unanswerable};
use crate::domain::authorization::object;
use crate::domain::authorization::parameters::Parameters;
use crate::domain::client::{Client, GrantType, Surface};
use crate::domain::error::{Error, GrantFault};
use crate::domain::openid::hint;
use crate::domain::store::OnceKey;

/// How long a person may take to answer.
pub(super) const PATIENCE: Duration = Duration::from_mins(30);

/// What comes next.
#[derive(Debug)]
pub enum Next {
    /// The application is told.
    Answer(Answer),
    /// There is nobody any more who could be told.
    Unanswerable(Unanswerable),
    /// The person has to prove who it is.
    SignIn,
    /// The person has to approve.
    Approve,
}

/// What became of what was sent.
#[derive(Debug)]
pub enum Asked {
    Unanswerable(Unanswerable),
    Refused(ReturnTo, AuthorizationError),
    May(Box<AuthorizationRequest>),
}

/// How a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Came {
    pub surface: Surface,
    pub at: Timestamp,
    /// When its client was known to be who it is, if it pushed the request.
    pub pushed: Option<Known>,
}

/// A request that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    pub request: AuthorizationRequest,
    pub came: Came,
    /// A hash of what the browser shows that brought it.
    browser: [u8; 16],
}

impl Pending {
    /// Until when it waits.
    pub(super) fn until(&self) -> Timestamp {
        self.came.at.plus(PATIENCE)
    }
}

impl Authority {
    /// Reads a request, or finds the one that was pushed under the name that it gives; when that was, too.
    pub async fn read_authorization(
        &self,
        surface: Surface,
        parameters: &Parameters<'_>,
    ) -> Result<(Asked, Option<Known>), Error> {
        let client = match parameters.get("client_id") {
            Some(id) if !parameters.is_repeated("client_id") => self.application(id, surface),
            _ => None,
        };
        let Some(client) = client else { return Ok((Asked::Unanswerable(Unanswerable::Client), None)) };
        let pushed = parameters.get("request_uri").filter(|uri| uri.starts_with(push::PREFIX));
        let pushed = pushed.filter(|_| parameters.get("request").is_none());
        let Some(uri) = pushed else {
            let asked = self.read_for(client, parameters);
            return Ok((if client.must_push { refused(asked, NOT_PUSHED) } else { asked }, None));
        };
        // Whatever else the URL says is not looked at (RFC 9126 section 4, RFC 9101 section 6.3).
        let found = if parameters.is_repeated("request_uri") {
            None
        } else {
            self.take_pushed(uri, client, surface).within(self.deadline).await?
        };
        Ok(match found {
            Some((request, since)) => (Asked::May(Box::new(request)), Some(since)),
            None => (Asked::Unanswerable(Unanswerable::RequestUri), None),
        })
    }

    /// Reads what this client sent, or what it signed of it.
    pub(super) fn read_for(&self, client: &Client, parameters: &Parameters<'_>) -> Asked {
        match object::read(client, parameters, &self.issuer, self.clock.now()) {
            Ok(Some(signed)) => self.read_plain(client, &signed),
            Ok(None) if client.must_sign => refused(self.read_plain(client, parameters), NOT_SIGNED),
            Ok(None) => self.read_plain(client, parameters),
            // Nothing in it is believed, and so not where to answer either.
            Err(error) => match check::return_to(client, parameters) {
                Ok(return_to) => Asked::Refused(return_to, error),
                Err(_) => Asked::Unanswerable(Unanswerable::Object(error)),
            },
        }
    }

    fn read_plain(&self, client: &Client, parameters: &Parameters<'_>) -> Asked {
        let return_to = match check::return_to(client, parameters) {
            Ok(return_to) => return_to,
            Err(why) => return Asked::Unanswerable(why),
        };
        let aim = |resources: &[_], scope| match self.aim(client, resources, scope) {
            Ok(Aim { audience, scope }) => Ok((audience, scope)),
            Err(Error::InvalidScope) => Err(AuthorizationError::InvalidScope),
            Err(_) => Err(AuthorizationError::InvalidTarget),
        };
        let whom = |hint: &str| {
            let claims = hint::read(&self.keys, hint)?;
            (claims.aud == client.id).then_some(claims.sub)
        };
        match check::check(client, return_to.clone(), parameters, aim, whom) {
            Ok(request) => Asked::May(Box::new(request)),
            Err(error) => Asked::Refused(return_to, error),
        }
    }

    /// A client that people may be sent here by.
    fn application(&self, id: &str, surface: Surface) -> Option<&Client> {
        let client = self.clients.find(id).filter(|client| client.enabled)?;
        Self::may_use(client, surface, GrantType::AuthorizationCode).ok()?;
        Some(client)
    }

    /// The client that asked, if it can still be told: it may have been disabled, or have moved, while the person thought.
    fn asker(&self, request: &AuthorizationRequest, surface: Surface) -> Result<&Client, Unanswerable> {
        let client = self.application(request.client.as_str(), surface).ok_or(Unanswerable::Client)?;
        let redirect = &request.return_to.redirect.uri;
        let is_there = client.redirect_uris.iter().any(|known| known.is(redirect));
        is_there.then_some(client).ok_or(Unanswerable::RedirectUri)
    }

    /// What is left to do for a request. `approved`: the person has just said yes.
    pub async fn proceed(
        &self,
        request: &AuthorizationRequest,
        came: Came,
        session: Option<&Session>,
        approved: bool,
    ) -> Result<Next, Error> {
        let refuse = |error| {
            let return_to = request.return_to.clone();
            Ok(Next::Answer(Answer { return_to, outcome: Err(error) }))
        };
        let client = match self.asker(request, came.surface) {
            Ok(client) => client,
            Err(why) => return Ok(Next::Unanswerable(why)),
        };
        if !request.scope.is_within(&client.scope) {
            return refuse(AuthorizationError::InvalidScope);
        }
        // Who has just signed in for this has said who it is: asking once more would go on for ever.
        if session.is_some_and(|session| !request.is_for(session.subject()) && session.signed_in_at() >= came.at) {
            return refuse(AuthorizationError::LoginRequired);
        }
        let prompts = request.prompts;
        let Some(session) = session.filter(|session| self.may_answer(session, request, came.at)) else {
            return if prompts.none { refuse(AuthorizationError::LoginRequired) } else { Ok(Next::SignIn) };
        };
        let asks = prompts.approval || Self::may_be_anybody(client, request);
        if !approved && (asks || !self.is_approved(session, request).await?) {
            return if prompts.none { refuse(AuthorizationError::ConsentRequired) } else { Ok(Next::Approve) };
        }
        let approval = Approval {
            client,
            surface: came.surface,
            session,
            pushed: came.pushed,
            scope: request.scope.clone(),
            audience: request.audience.clone(),
            challenge: request.challenge,
            nonce: request.nonce.clone(),
            redirect: request.return_to.redirect.clone(),
        };
        match self.issue_code(approval).await {
            Ok(code) => Ok(Next::Answer(Answer { return_to: request.return_to.clone(), outcome: Ok(code) })),
            // Signed out in this very moment.
            Err(Error::InvalidGrant(GrantFault::Ended)) if !prompts.none => Ok(Next::SignIn),
            Err(Error::InvalidGrant(GrantFault::Ended)) => refuse(AuthorizationError::LoginRequired),
            Err(error) => Err(error),
        }
    }

    /// Whether it is the right person, and has proved it not too long ago.
    fn may_answer(&self, session: &Session, request: &AuthorizationRequest, since: Timestamp) -> bool {
        let at = session.signed_in_at();
        let is_fresh = at >= since;
        let is_young = |seconds| self.clock.now().since(at) <= Duration::from_secs(seconds);
        let is_recent = is_fresh || !request.prompts.login && request.max_age.is_none_or(is_young);
        request.is_for(session.subject()) && is_recent
    }

    /// Any program on the person's machine may take the place of one that is reached there and has no secret (RFC 8252
    /// section 8.6): what was approved for the one is not given to another unasked.
    fn may_be_anybody(client: &Client, request: &AuthorizationRequest) -> bool {
        client.authentication.is_public() && !request.return_to.redirect.uri.starts_with("https://")
    }

    /// Lets a request wait. `browser` is what only the browser knows that brought it.
    pub async fn await_person(
        &self,
        request: AuthorizationRequest,
        came: Came,
        browser: &str,
        source: Option<IpAddr>,
    ) -> Result<String, Error> {
        self.limits.wait(&request.client, source)?;
        let id = self.draw_name::<16>();
        let pending = Pending { request, came, browser: hash(browser) };
        self.put(&self.pending_key(&id), &pending, PATIENCE).await?;
        Ok(id)
    }

    /// A request that waits. `None`: it was answered, or too much time has passed, or another browser brought it.
    pub async fn pending(&self, id: &str, browser: &str) -> Result<Option<Pending>, Error> {
        Ok(self.find_pending(id).await?.filter(|pending| pending.browser == hash(browser)))
    }

    /// As [`Self::pending`], whichever browser brought it.
    pub(super) async fn find_pending(&self, id: &str) -> Result<Option<Pending>, Error> {
        let Some(pending) = self.kept::<Pending>(&self.pending_key(id)).await? else { return Ok(None) };
        let client = pending.request.client.as_str();
        let is_still_asked = match pending.came.pushed {
            Some(since) => self.is_still_known(Evidence { since, client, subject: None }).await?,
            None => true,
        };
        Ok(is_still_asked.then_some(pending))
    }

    /// Takes a request out of those that wait: of two answers one counts. Whether this was the one.
    async fn take_pending(&self, id: &str) -> Result<bool, Error> {
        Ok(self.store.take(&self.pending_key(id)).await?.is_some())
    }

    /// The person's answer. `None`: it was answered before.
    pub async fn decide(
        &self,
        id: &str,
        pending: &Pending,
        session: Option<&Session>,
        allow: bool,
    ) -> Result<Option<Next>, Error> {
        let Pending { request, came, .. } = pending;
        if let Err(why) = self.asker(request, came.surface) {
            return Ok(Some(Next::Unanswerable(why)));
        }
        if !allow {
            let outcome = Err(AuthorizationError::AccessDenied);
            let answer = Answer { return_to: request.return_to.clone(), outcome };
            return Ok(self.take_pending(id).await?.then_some(Next::Answer(answer)));
        }
        // Who has to sign in once more has not answered yet.
        let Some(session) = session.filter(|session| self.may_answer(session, request, came.at)) else {
            return Ok(Some(Next::SignIn));
        };
        if !self.take_pending(id).await? {
            return Ok(None);
        }
        self.remember(session, request).await?;
        self.proceed(request, *came, Some(session), true).await.map(Some)
    }

    /// As [`Self::proceed`], of a request that waits: what is answered waits no longer. `None`: it was answered before.
    pub async fn resume(&self, id: &str, pending: &Pending, session: Option<&Session>) -> Result<Option<Next>, Error> {
        let Pending { request, came, .. } = pending;
        let next = self.proceed(request, *came, session, false).await?;
        match next {
            Next::Answer(_) | Next::Unanswerable(_) if !self.take_pending(id).await? => Ok(None),
            next => Ok(Some(next)),
        }
    }

    fn pending_key(&self, id: &str) -> OnceKey {
        self.keyed("authorization request", &[id])
    }
}

/// RFC 9126 section 5.
const NOT_PUSHED: &str = "this client has to push its requests (RFC 9126)";
/// RFC 9101 section 10.5.
const NOT_SIGNED: &str = "this client has to sign its requests (RFC 9101)";

/// What could be asked, if it had come as this client's requests have to.
fn refused(asked: Asked, text: &'static str) -> Asked {
    match asked {
        Asked::May(request) => Asked::Refused(request.return_to, AuthorizationError::InvalidRequest(text)),
        asked => asked,
    }
}

/// What is kept of the text by which a browser is known.
pub(super) fn hash(browser: &str) -> [u8; 16] {
    let digest = Sha256::digest(browser);
    std::array::from_fn(|place| digest[place])
}
