//! A person who comes back from the login application.

use super::answer::Answer;
use super::{GoesOn, Kept, VERIFIER};
use crate::domain::authority::authorize::hash;
use crate::domain::authority::kept::Evidence;
use crate::domain::authority::{Authority, Session, TokenText};
use crate::domain::client::ClientId;
use crate::domain::error::{Error, GrantFault};

/// How somebody has come back.
#[derive(Debug)]
pub enum Back {
    /// Signed in, and with which cookie.
    SignedIn(Box<Session>, TokenText, GoesOn),
    /// It was there before, or what was said of it has been taken back: what is left to do will show.
    Again(GoesOn),
    Rejected(GoesOn),
}

impl Authority {
    /// Signs in whoever comes back with a verifier, once, in the browser that was sent away and in no other: by a link to it
    /// nobody becomes somebody else. In the session whose `cookie` the browser shows, if it is the same person's. `None`: there
    /// is nothing of this name, or not for this browser, or not any more.
    pub async fn come_back(
        &self,
        verifier: &str,
        browser: &str,
        agent: Option<&str>,
        cookie: Option<&str>,
    ) -> Result<Option<Back>, Error> {
        let Some(name) = self.read_name(VERIFIER, verifier) else { return Ok(None) };
        let hand_over = match self.find_hand_over(&name).await {
            Ok(hand_over) if hand_over.browser == hash(browser) => hand_over,
            Ok(_) | Err(Error::InvalidGrant(GrantFault::NotWaiting)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let keep = self.rest_of(&hand_over);
        let goes_on = hand_over.goes_on;
        let (subject, by, since) = match self.kept::<Answer>(&self.kept_key(Kept::Answer, &name)).await? {
            Some(Answer::Accepted { subject, by, since }) if self.is_believed(&by) => (subject, by, since),
            Some(Answer::Rejected) => return Ok(Some(Back::Rejected(goes_on))),
            Some(Answer::Accepted { .. }) | None => return Ok(None),
        };
        let current = match cookie {
            Some(cookie) => self.session(cookie).await?,
            None => None,
        };
        // Before anything is begun: of any number of requests with one verifier one signs somebody in.
        if !self.put(&self.kept_key(Kept::Return, &name), &(), keep).await? {
            return Ok(Some(Back::Again(goes_on)));
        }
        let evidence = Evidence { since, client: by.as_str(), subject: Some(&subject) };
        match self.begin_by(&subject, agent, current.as_ref(), Some(evidence)).await {
            Ok((session, cookie)) => Ok(Some(Back::SignedIn(Box::new(session), cookie, goes_on))),
            Err(Error::InvalidGrant(GrantFault::Ended)) => Ok(Some(Back::Again(goes_on))),
            Err(error) => Err(error),
        }
    }

    /// The operator may have changed its mind since.
    fn is_believed(&self, by: &ClientId) -> bool {
        let is_enabled = self.clients.find(by.as_str()).is_some_and(|client| client.enabled);
        is_enabled && self.login_application.as_ref().is_some_and(|it| it.client == *by)
    }
}
