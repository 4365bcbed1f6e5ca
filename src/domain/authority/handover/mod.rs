//! Signing in at the operator's own login application: it is handed a person by a challenge, says who it is, and sends the
//! person back with a verifier.
//!
//! Three things are kept under one name, each of them written once: what waits, the answer, and that the person came back
//! with it. Challenge and verifier are that name with a MAC each, and so neither of the two is kept, and neither can be
//! made of the other. Both mean something only together with the browser that was sent.

mod answer;
mod back;

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

pub use self::answer::LoginAsked;
pub use self::back::Back;
use super::authorize::{PATIENCE, Pending, hash};
use super::{Authority, Bounded, Session};
use crate::domain::Timestamp;
use crate::domain::client::ClientId;
use crate::domain::error::{Error, GrantFault};
use crate::domain::store::OnceKey;

/// Where people sign in, and by whom it is said who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginApplication {
    pub client: ClientId,
    pub url: Url,
}

/// What goes on once somebody is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GoesOn {
    /// The authorization request of this name, which waits.
    Request(String),
    /// The page on which a person sees where it is signed in.
    Account,
}

/// A person who is sent away to sign in.
#[derive(Clone, Copy)]
pub struct Leaving<'a> {
    /// The request that waits, and its name; `None`: for its account.
    pub request: Option<(&'a str, &'a Pending)>,
    /// What only its browser knows.
    pub browser: &'a str,
    pub session: Option<&'a Session>,
    /// It is not, or does not want to be, the one who is signed in.
    pub wants_another: bool,
    pub source: Option<IpAddr>,
}

/// What is kept of that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct HandOver {
    goes_on: GoesOn,
    browser: [u8; 16],
    signed_in: Option<Box<str>>,
    wants_another: bool,
    /// Until when its request waits.
    until: Timestamp,
}

const CHALLENGE: &str = "login challenge";
const VERIFIER: &str = "login verifier";

impl Authority {
    /// Where a person is sent to sign in; `None`: nowhere, for it does so here.
    pub async fn send_to_login(&self, leaving: Leaving<'_>) -> Result<Option<String>, Error> {
        let Some(LoginApplication { client, url }) = &self.login_application else { return Ok(None) };
        self.limits.wait(client, leaving.source)?;
        let Leaving { request, browser, session, wants_another, .. } = leaving;
        let kept = HandOver {
            goes_on: request.map_or(GoesOn::Account, |(id, _)| GoesOn::Request(id.to_owned())),
            browser: hash(browser),
            signed_in: session.map(|session| session.subject().into()),
            wants_another,
            until: request.map_or_else(|| self.clock.now().plus(PATIENCE), |(_, pending)| pending.until()),
        };
        let name = self.draw_name::<16>();
        self.put(&self.kept_key(Kept::HandOver, &name), &kept, self.rest_of(&kept)).within(self.deadline).await?;
        let mut url = url.clone();
        url.query_pairs_mut().append_pair("login_challenge", &self.signed_name(CHALLENGE, &name));
        Ok(Some(url.into()))
    }

    /// What waits under this name; [`GrantFault::NotWaiting`] if nothing does any more.
    async fn find_hand_over(&self, name: &str) -> Result<HandOver, Error> {
        let kept = self.kept::<HandOver>(&self.kept_key(Kept::HandOver, name)).await?;
        kept.ok_or(Error::InvalidGrant(GrantFault::NotWaiting))
    }

    /// How long it still waits.
    fn rest_of(&self, hand_over: &HandOver) -> Duration {
        hand_over.until.since(self.clock.now())
    }

    fn kept_key(&self, what: Kept, name: &str) -> OnceKey {
        self.keyed(what.purpose(), &[name])
    }
}

/// The three things of one name.
#[derive(Clone, Copy)]
enum Kept {
    HandOver,
    Answer,
    /// That the person came back with the answer.
    Return,
}

impl Kept {
    const fn purpose(self) -> &'static str {
        match self {
            Self::HandOver => "hand-over",
            Self::Answer => "answer to a hand-over",
            Self::Return => "return from a hand-over",
        }
    }
}
