//! What the clients of one session have been told, and what they may be told next.

use std::time::Duration;

use tokio::time::Instant;

use super::{Durability, Phase};
use crate::node::{Outcome, Session};

/// The server's window for a repeated refresh, and less: the client looks at its own clock.
const REPLAY: Duration = Duration::from_secs(8);

/// A session as its clients know it.
#[derive(Debug)]
pub(super) struct Told {
    /// As it was begun, and after each refresh that was answered.
    pub(super) pairs: Vec<Session>,
    pub(super) state: State,
    /// The node by which it was begun, if the two nodes were parted then.
    born_at: Option<usize>,
    /// Nobody asks for it, or about it, since the end of that phase.
    pub(super) resting_since: Option<Phase>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Live,
    /// Its revocation was answered.
    Revoked,
    /// Its revocation was answered by a node whose store had never heard of it.
    RevokedUnheard,
    /// Asked since then to be refreshed, without a word.
    Refreshing(Instant),
    /// Asked to be revoked, without a word.
    Revoking,
    /// Found dead, though nobody was told that it was revoked.
    Gone,
    /// The same, by a node that may have asked another primary than the other node.
    Disputed,
}

/// By which node something was heard, and what may be so besides what is heard.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard {
    pub(super) node: usize,
    pub(super) durability: Durability,
    /// Nothing was done to the store so far.
    pub(super) calm: bool,
    /// The nodes write to different primaries.
    pub(super) parted: bool,
}

impl Heard {
    fn dead(self) -> State {
        if self.parted { State::Disputed } else { State::Gone }
    }
}

impl Told {
    pub(super) fn begun(pair: Session, heard: Heard) -> Self {
        let born_at = heard.parted.then_some(heard.node);
        Self { pairs: vec![pair], state: State::Live, born_at, resting_since: None }
    }

    pub(super) fn last(&self) -> &Session {
        self.pairs.last().expect("it has been begun")
    }

    /// Whether something of it was answered that a failover must not lose: a birth is not made durable, a refresh is.
    fn must_live(&self, heard: Heard) -> bool {
        heard.calm || (heard.durability.outlives_the_primary() && self.pairs.len() > 1)
    }

    /// The error, if what was heard must not be.
    pub(super) fn refreshed(&mut self, answer: Outcome<Session>, asked: Instant, heard: Heard) -> Result<(), String> {
        let since = match self.state {
            State::Refreshing(since) => since,
            _ => asked,
        };
        let in_time = since.elapsed() < REPLAY;
        match answer {
            Outcome::Told(pair) => {
                self.pairs.push(pair);
                self.state = State::Live;
            }
            Outcome::Refused(why) => {
                self.state = heard.dead();
                if self.must_live(heard) && in_time {
                    return Err(format!("a live session was not refreshed ({why}): {self:?}"));
                }
            }
            Outcome::Unavailable | Outcome::Lost => self.state = State::Refreshing(since),
        }
        Ok(())
    }

    pub(super) fn revoked(&mut self, answer: Outcome<()>, heard: Heard) -> Result<(), String> {
        match answer {
            Outcome::Told(()) if heard.parted && self.born_at.is_some_and(|node| node != heard.node) => {
                self.state = State::RevokedUnheard;
            }
            Outcome::Told(()) => self.state = State::Revoked,
            Outcome::Refused(why) => return Err(format!("a client's own session was not revoked: {why}: {self:?}")),
            Outcome::Unavailable | Outcome::Lost => self.state = State::Revoking,
        }
        Ok(())
    }

    /// `true` in the answer: a revoked token was called active, and may be for now.
    pub(super) fn introspected(&mut self, answer: &Outcome<bool>, heard: Heard) -> Result<bool, String> {
        match (answer, self.state) {
            (Outcome::Told(true), State::Revoked) if heard.calm || heard.durability.outlives_the_primary() => {
                Err(format!("a revoked token is active: {self:?}"))
            }
            (Outcome::Told(true), State::Revoked) => Ok(true),
            (Outcome::Told(false), State::Live) if self.must_live(heard) => {
                Err(format!("a live token is not active: {self:?}"))
            }
            (Outcome::Told(false), State::Live) => {
                self.state = heard.dead();
                Ok(false)
            }
            _ => Ok(false),
        }
    }
}
