//! What the login application asks and says, behind the browser's back.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{CHALLENGE, GoesOn, HandOver, Kept, VERIFIER};
use crate::domain::authority::kept::Known;
use crate::domain::authority::{Authority, Bounded, Caller};
use crate::domain::authorization::AuthorizationRequest;
use crate::domain::client::{ClientId, Surface};
use crate::domain::error::{Error, GrantFault};
use crate::domain::family::listing::Listing;
use crate::domain::user::is_name;

/// What a login application has to know of a person who comes to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginAsked {
    /// `None`: the person wants to see its account.
    pub request: Option<AuthorizationRequest>,
    /// Who is signed in, and has to prove it again.
    pub signed_in: Option<Box<str>>,
    pub wants_another: bool,
    pub expires_in: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Answer {
    /// Who it is, on whose word, and where the shard stood before that was judged: whatever takes the tokens of either takes
    /// this.
    Accepted {
        subject: Box<str>,
        by: ClientId,
        since: Known,
    },
    Rejected,
}

impl Answer {
    fn is_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Accepted { subject, .. }, Self::Accepted { subject: other, .. }) => subject == other,
            (Self::Rejected, Self::Rejected) => true,
            _ => false,
        }
    }
}

/// What no person is called: it would be taken for something of ours.
const RESERVED: &str = "urn:atropos:";

impl Authority {
    pub async fn look_up_login(&self, caller: &Caller, challenge: Option<&str>) -> Result<LoginAsked, Error> {
        let name = self.read_challenge(caller, challenge)?;
        let (hand_over, request) = self.find_asked(&name).within(self.deadline).await?;
        let expires_in = self.rest_of(&hand_over);
        let HandOver { signed_in, wants_another, .. } = hand_over;
        Ok(LoginAsked { request, signed_in, wants_another, expires_in })
    }

    /// The verifier with which the person comes back.
    pub async fn accept_login(
        &self,
        caller: &Caller,
        challenge: Option<&str>,
        subject: Option<&str>,
    ) -> Result<String, Error> {
        let name = self.read_challenge(caller, challenge)?;
        let subject = subject.ok_or(Error::InvalidRequest("subject is missing"))?;
        self.check_subject(subject)?;
        let since = self.known_now(Some(Listing::Subject(subject)));
        let answer = Answer::Accepted { subject: subject.into(), by: caller.client.id.clone(), since };
        self.answer_login(&name, answer).within(self.deadline).await
    }

    pub async fn reject_login(&self, caller: &Caller, challenge: Option<&str>) -> Result<String, Error> {
        let name = self.read_challenge(caller, challenge)?;
        self.answer_login(&name, Answer::Rejected).within(self.deadline).await
    }

    /// Only one client is told who comes here, and believed who that is.
    fn read_challenge(&self, caller: &Caller, challenge: Option<&str>) -> Result<String, Error> {
        Self::may_speak(&caller.client, Surface::Standard)?;
        let is_meant = self.login_application.as_ref().is_some_and(|it| it.client == caller.client.id);
        // A public client proves nothing.
        if !is_meant || caller.client.authentication.is_public() {
            return Err(Error::UnauthorizedClient);
        }
        let challenge = challenge.ok_or(Error::InvalidRequest("login_challenge is missing"))?;
        self.read_name(CHALLENGE, challenge).ok_or(NOT_WAITING)
    }

    /// As the subjects of our own directory, and besides no client: whoever reads `sub` in a token must not take one for the
    /// other (RFC 9700 section 4.15).
    fn check_subject(&self, subject: &str) -> Result<(), Error> {
        if !is_name(subject) {
            return Err(Error::InvalidRequest("subject has more than 255 bytes, or a control character"));
        }
        if self.clients.find(subject).is_some() || subject.starts_with(RESERVED) {
            return Err(Error::InvalidRequest("subject is the name of a client, or reserved"));
        }
        if self.authenticator.is_disabled(subject) {
            return Err(Error::InvalidRequest("subject is a person of the directory here, who may not sign in"));
        }
        Ok(())
    }

    /// What waits, with the request that it waits for.
    async fn find_asked(&self, name: &str) -> Result<(HandOver, Option<AuthorizationRequest>), Error> {
        let hand_over = self.find_hand_over(name).await?;
        let request = match &hand_over.goes_on {
            GoesOn::Request(id) => Some(self.find_pending(id).await?.ok_or(NOT_WAITING)?.request),
            GoesOn::Account => None,
        };
        Ok((hand_over, request))
    }

    /// Of any number of answers the first counts. The same once more is told the same, for a lost answer is no other one.
    async fn answer_login(&self, name: &str, answer: Answer) -> Result<String, Error> {
        let (hand_over, _) = self.find_asked(name).await?;
        let key = self.kept_key(Kept::Answer, name);
        if !self.put(&key, &answer, self.rest_of(&hand_over)).await? {
            let before = self.kept::<Answer>(&key).await?.ok_or(NOT_WAITING)?;
            if !before.is_as(&answer) {
                return Err(Error::InvalidGrant(GrantFault::OtherAnswer));
            }
        }
        Ok(self.signed_name(VERIFIER, name))
    }
}

const NOT_WAITING: Error = Error::InvalidGrant(GrantFault::NotWaiting);
