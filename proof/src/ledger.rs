//! One session, as its client knows it: what it was told, what it does not know, and whether what is so agrees.
//!
//! A ledger belongs to one client that asks one thing at a time, so that what it was told has an order. Each answer is
//! compared with all before it as soon as it comes.

mod settle;

pub(crate) use settle::Found;

use anyhow::{Result, bail, ensure};

use crate::node::{Node, Outcome, Session};

/// What a client may do with its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Refresh,
    /// Presents the refresh token spent last again, as if the answer had been lost.
    Replay,
    /// Whether the token of this place, counted round and round, is active.
    Introspect(usize),
    RevokeAccess(usize),
    /// Revokes the refresh token, and with it the session.
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Alive,
    Dead,
    /// Whether its revocation was stored is not known.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Alive,
    Ended,
    /// A refresh was not answered: it was done as a whole, or not at all.
    PerhapsRefreshed,
    /// The same of the session's end.
    PerhapsEnded,
}

/// What the client of a session was told.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    access: Vec<(String, Fate)>,
    refresh: String,
    spent: Option<String>,
    life: Life,
    /// Whether the server gives the successors of a spent token again.
    window: bool,
}

const REFUSED: &str = "invalid_grant";

impl Ledger {
    /// Begins a session, on a server that answers.
    pub(crate) async fn begin(node: &Node, window: bool) -> Result<Self> {
        match node.issue().await {
            Outcome::Told(session) => Ok(Self::of(session, window)),
            other => bail!("a session cannot be begun: {other:?}"),
        }
    }

    fn of(session: Session, window: bool) -> Self {
        let access = vec![(session.access, Fate::Alive)];
        Self { access, refresh: session.refresh, spent: None, life: Life::Alive, window }
    }

    /// How many access tokens were handed out.
    pub(crate) fn len(&self) -> usize {
        self.access.len()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.life == Life::Ended
    }

    /// Does one thing. `true`: it was answered.
    ///
    /// Without a window whatever is asked about a refresh token whose fate is not known could end the session: only looking
    /// is harmless then.
    pub(crate) async fn ask(&mut self, node: &Node, deed: Deed) -> Result<bool> {
        let unsure = matches!(self.life, Life::PerhapsRefreshed | Life::PerhapsEnded);
        match deed {
            Deed::Refresh | Deed::Replay | Deed::End if unsure && !self.window => self.look(node, 0).await,
            Deed::Refresh => self.go_on(node).await,
            Deed::Replay => self.replay(node).await,
            Deed::Introspect(place) => self.look(node, place % self.access.len()).await,
            Deed::RevokeAccess(place) => self.revoke(node, place % self.access.len()).await,
            Deed::End => self.end(node).await,
        }
    }

    async fn go_on(&mut self, node: &Node) -> Result<bool> {
        let outcome = node.refresh(&self.refresh).await;
        match (outcome, self.life) {
            (Outcome::Told(next), Life::Alive | Life::PerhapsRefreshed) => self.succeed(next),
            // An end that was not answered may be stored even now, by a store that is slow.
            (Outcome::Told(next), Life::PerhapsEnded) => {
                self.succeed(next);
                self.life = Life::PerhapsEnded;
            }
            (Outcome::Told(_), Life::Ended) => bail!("a session that was ended has been refreshed"),
            (Outcome::Refused(code), life) => self.refused(&code, life)?,
            // An end that may have been stored is the greater doubt.
            (Outcome::Unavailable | Outcome::Lost, Life::Alive) => self.life = Life::PerhapsRefreshed,
            (Outcome::Unavailable | Outcome::Lost, _) => return Ok(false),
        }
        Ok(self.life != Life::PerhapsRefreshed)
    }

    fn succeed(&mut self, next: Session) {
        self.spent = Some(std::mem::replace(&mut self.refresh, next.refresh));
        self.access.push((next.access, Fate::Alive));
        self.life = Life::Alive;
    }

    /// The live refresh token was refused.
    fn refused(&mut self, code: &str, life: Life) -> Result<()> {
        ensure!(code == REFUSED, "a refresh was refused with {code}");
        match life {
            Life::Ended | Life::PerhapsEnded => {}
            // Without a window it had been spent, and presenting it again has ended the session.
            Life::PerhapsRefreshed if !self.window => {}
            Life::PerhapsRefreshed => bail!("a refresh whose answer was lost is not given again, but refused"),
            Life::Alive => bail!("the live refresh token of a session that goes on was refused"),
        }
        self.life = Life::Ended;
        Ok(())
    }

    async fn replay(&mut self, node: &Node) -> Result<bool> {
        let (Some(spent), Life::Alive | Life::Ended) = (&self.spent, self.life) else {
            return self.look(node, 0).await;
        };
        match node.refresh(spent).await {
            Outcome::Told(again) => {
                ensure!(self.life != Life::Ended, "a spent refresh token of a session that was ended was refreshed");
                ensure!(self.window, "a spent refresh token was taken though there is no replay window");
                let (access, fate) = self.access.last().expect("a session has an access token");
                ensure!(*fate != Fate::Dead, "an access token that was revoked was handed out again");
                let same = again.refresh == self.refresh && again.access == *access;
                ensure!(same, "a spent refresh token was given other successors than the first time: a second branch");
            }
            Outcome::Refused(code) => {
                ensure!(code == REFUSED, "a replay was refused with {code}");
                let last = self.access.last().map(|(_, fate)| *fate);
                let gone = self.life == Life::Ended || last != Some(Fate::Alive);
                ensure!(!self.window || gone, "successors that are alive were not given again");
                if !self.window {
                    self.life = Life::Ended;
                }
            }
            // Without a window the server may have ended the session for it.
            Outcome::Unavailable | Outcome::Lost => {
                if !self.window && self.life == Life::Alive {
                    self.life = Life::PerhapsEnded;
                }
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn look(&mut self, node: &Node, place: usize) -> Result<bool> {
        let (token, fate) = &self.access[place];
        let active = match node.introspect(token).await {
            Outcome::Told(active) => active,
            Outcome::Refused(code) => bail!("an introspection was refused with {code}"),
            Outcome::Unavailable | Outcome::Lost => return Ok(false),
        };
        match (self.life, fate) {
            (Life::Ended, _) => ensure!(!active, "an access token of a session that was ended is active"),
            (_, Fate::Dead) => ensure!(!active, "an access token that was revoked is active"),
            (Life::Alive | Life::PerhapsRefreshed, Fate::Alive) => {
                ensure!(active, "an access token that nobody has revoked is not active");
            }
            (Life::PerhapsEnded, _) | (_, Fate::Unknown) => {}
        }
        Ok(true)
    }

    async fn revoke(&mut self, node: &Node, place: usize) -> Result<bool> {
        let (token, fate) = &mut self.access[place];
        match node.revoke(token).await {
            Outcome::Told(()) => *fate = Fate::Dead,
            Outcome::Refused(code) => bail!("the revocation of an access token was refused with {code}"),
            Outcome::Unavailable | Outcome::Lost if *fate == Fate::Alive => *fate = Fate::Unknown,
            Outcome::Unavailable | Outcome::Lost => {}
        }
        Ok(*fate != Fate::Unknown)
    }

    async fn end(&mut self, node: &Node) -> Result<bool> {
        match node.revoke(&self.refresh).await {
            Outcome::Told(()) => self.life = Life::Ended,
            Outcome::Refused(code) => bail!("the end of a session was refused with {code}"),
            Outcome::Unavailable | Outcome::Lost if self.life != Life::Ended => {
                self.life = Life::PerhapsEnded;
                return Ok(false);
            }
            Outcome::Unavailable | Outcome::Lost => return Ok(false),
        }
        Ok(true)
    }
}
