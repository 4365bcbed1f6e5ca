//! What is so, once everything answers again, compared with all that a client was told.

use anyhow::{Context as _, Result, bail, ensure};

use super::{Fate, Ledger, Life, REFUSED};
use crate::node::{Node, Outcome, Session};

/// What had become of something whose answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Everything was known.
    NoDoubt,
    Done,
    NotDone,
    /// A refresh is answered the same whether it was.
    Either,
}

impl Ledger {
    /// Asks once more for every revocation that was not answered: it may be stored even now, by a store that is slow, until
    /// it is answered.
    pub(crate) async fn insist(&mut self, node: &Node) -> Result<()> {
        for place in 0..self.len() {
            if self.access[place].1 == Fate::Unknown {
                ensure!(self.revoke(node, place).await?, "a server that answers does not answer a revocation");
            }
        }
        if self.life == Life::PerhapsEnded {
            ensure!(self.end(node).await?, "a server that answers does not answer the end of a session");
        }
        Ok(())
    }

    /// Looks at every token of the session, on a server that answers. What was in doubt was done as a whole or not at all,
    /// and is known afterwards.
    pub(crate) async fn settle(&mut self, node: &Node) -> Result<Found> {
        let doubt = self.life;
        let mut found = self.settle_access(node).await?;
        match doubt {
            Life::Ended => {}
            Life::PerhapsEnded if self.is_over() => found = Found::Done,
            Life::PerhapsEnded => found = Found::NotDone,
            Life::PerhapsRefreshed => found = self.settle_refresh(node).await?,
            Life::Alive => self.settle_replay(node).await?,
        }
        if self.is_over() {
            return self.is_dead(node).await.map(|()| found);
        }
        let next = told(node.refresh(&self.refresh).await).context("a session that goes on is not refreshed")?;
        self.succeed(next);
        let last = self.len() - 1;
        ensure!(self.active(node, last).await?, "an access token is not active right after it was handed out");
        Ok(found)
    }

    /// Each access token is as it was said to be; all of a session that was perhaps ended are alive, or none.
    async fn settle_access(&mut self, node: &Node) -> Result<Found> {
        let mut found = Found::NoDoubt;
        let mut whole = None;
        for place in 0..self.len() {
            let active = self.active(node, place).await?;
            match (self.life, self.access[place].1) {
                (_, Fate::Dead) => ensure!(!active, "an access token that was revoked has come back"),
                (Life::Ended, _) => ensure!(!active, "a session that was ended has come back"),
                (Life::PerhapsEnded, Fate::Unknown) if !active => {}
                (Life::PerhapsEnded, _) => {
                    let first = *whole.get_or_insert(active);
                    ensure!(first == active, "half a cascade: of one session, some tokens are alive and some are dead");
                }
                (_, Fate::Alive) => ensure!(active, "an access token was lost that nobody has revoked"),
                (_, Fate::Unknown) => {
                    found = if active { Found::NotDone } else { Found::Done };
                    self.access[place].1 = if active { Fate::Alive } else { Fate::Dead };
                }
            }
        }
        if self.life == Life::PerhapsEnded {
            self.settle_end(node, whole).await?;
        }
        Ok(found)
    }

    /// The refresh token goes with the access tokens.
    async fn settle_end(&mut self, node: &Node, alive: Option<bool>) -> Result<()> {
        match (node.refresh(&self.refresh).await, alive) {
            (Outcome::Told(next), None | Some(true)) => self.succeed(next),
            (Outcome::Told(_), Some(false)) => bail!("half a cascade: the access tokens are dead, the session goes on"),
            (Outcome::Refused(code), None | Some(false)) if code == REFUSED => self.life = Life::Ended,
            (Outcome::Refused(_), _) => bail!("half a cascade: the access tokens are alive, the session is over"),
            (Outcome::Unavailable | Outcome::Lost, _) => bail!("a server that answers does not answer a refresh"),
        }
        for place in 0..self.len() {
            if self.access[place].1 == Fate::Unknown {
                self.access[place].1 = if self.active(node, place).await? { Fate::Alive } else { Fate::Dead };
            }
        }
        Ok(())
    }

    /// It is asked again, as a client would. Twice, for the second must be the first again.
    async fn settle_refresh(&mut self, node: &Node) -> Result<Found> {
        match node.refresh(&self.refresh).await {
            Outcome::Told(next) => {
                if self.window {
                    let again = told(node.refresh(&self.refresh).await)?;
                    ensure!(again == next, "two answers to one refresh differ: a second branch");
                }
                self.succeed(next);
                Ok(if self.window { Found::Either } else { Found::NotDone })
            }
            Outcome::Refused(code) => {
                self.refused(&code, Life::PerhapsRefreshed)?;
                Ok(Found::Done)
            }
            Outcome::Unavailable | Outcome::Lost => bail!("a server that answers does not answer a refresh"),
        }
    }

    /// What was spent gives the same again, or without a window ends the session.
    async fn settle_replay(&mut self, node: &Node) -> Result<()> {
        if self.spent.is_some() {
            ensure!(self.replay(node).await?, "a server that answers does not answer a replay");
        }
        Ok(())
    }

    /// Whatever it has, nothing of it is taken.
    async fn is_dead(&mut self, node: &Node) -> Result<()> {
        for place in 0..self.len() {
            ensure!(!self.active(node, place).await?, "an access token outlives its session");
        }
        for token in self.spent.iter().chain([&self.refresh]) {
            match node.refresh(token).await {
                Outcome::Refused(code) if code == REFUSED => {}
                Outcome::Told(_) => bail!("a session that was ended has been refreshed"),
                other => bail!("a refresh token of a session that was ended was answered {other:?}"),
            }
        }
        Ok(())
    }

    async fn active(&self, node: &Node, place: usize) -> Result<bool> {
        match node.introspect(&self.access[place].0).await {
            Outcome::Told(active) => Ok(active),
            Outcome::Refused(code) => bail!("an introspection was refused with {code}"),
            Outcome::Unavailable | Outcome::Lost => bail!("a server that answers does not answer an introspection"),
        }
    }
}

fn told(outcome: Outcome<Session>) -> Result<Session> {
    match outcome {
        Outcome::Told(session) => Ok(session),
        Outcome::Refused(code) => bail!("it was refused with {code}"),
        Outcome::Unavailable | Outcome::Lost => bail!("it was not answered"),
    }
}
