//! The one primary of a single server or of sentinels, and the connections to it.
//!
//! One task makes the connections and swaps them: when one is lost, when the server hangs, when it was demoted, when
//! sentinels name another, when it became unfit. Callers take no lock. While a new connection is being tried they wait,
//! each within its own bound; once a try has failed they hear so at once, until one succeeds.

use std::sync::Arc;

use arc_swap::ArcSwap;
use redis::{Cmd, Pipeline, Value};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::OpenError;
use super::examine::Demands;
use super::failure::{failure, is_read_only};
use super::keeper::{Shared, State, keep};
use super::lane::Lanes;
use super::link::{Finder, Link};
use crate::domain::store::Unavailable;

pub(super) struct Primary {
    shared: Arc<Shared>,
    keeper: AbortHandle,
}

impl Primary {
    pub(super) async fn open(mut finder: Finder, demands: Demands) -> Result<Self, OpenError> {
        let alarm = Arc::new(Notify::new());
        let client = finder.find().await?;
        let (link, findings) = Link::to(&client, &demands, &alarm).await?;
        findings.tell();
        let state = ArcSwap::from_pointee(State::Up(Arc::new(link)));
        let shared = Arc::new(Shared { state, changed: Notify::new(), alarm, demands });
        let keeper = tokio::spawn(keep(Arc::clone(&shared), finder)).abort_handle();
        Ok(Self { shared, keeper })
    }

    /// `key`: one of those that are asked about.
    pub(super) async fn ask(&self, key: &[u8], commands: &Pipeline) -> Result<Vec<Value>, Unavailable> {
        let (mut connection, lanes) = self.through(|link| (link.connection(), link.lanes.clone())).await?;
        let answers = connection.send_packed_commands(commands, 0, commands.len()).await;
        let answers = answers.map_err(|error| failure(&error))?;
        for answer in &answers {
            self.heed(answer);
        }
        vouch(lanes, key).await?;
        Ok(answers)
    }

    /// As [`Self::ask`], for one command.
    pub(super) async fn one(&self, key: &[u8], command: &Cmd) -> Result<Value, Unavailable> {
        let (mut connection, lanes) = self.through(|link| (link.connection(), link.lanes.clone())).await?;
        let answer = connection.send_packed_command(command).await.map_err(|error| failure(&error))?;
        self.heed(&answer);
        vouch(lanes, key).await?;
        Ok(answer)
    }

    fn heed(&self, answer: &Value) {
        if is_read_only(answer) {
            self.shared.alarm.notify_one();
        }
    }

    /// Where changes wait until they are safe; none where nothing has to.
    pub(super) async fn lanes(&self) -> Result<Option<Arc<Lanes>>, Unavailable> {
        self.through(|link| link.lanes.clone()).await
    }

    /// What a call needs of the link, and not the link: to count who holds it, threads would pass a line of memory around.
    async fn through<T>(&self, take: impl Fn(&Arc<Link>) -> T) -> Result<T, Unavailable> {
        loop {
            let changed = self.shared.changed.notified();
            match &**self.shared.state.load() {
                State::Up(link) => return Ok(take(link)),
                State::Down(why) => return Err(why.clone()),
                State::Trying => {}
            }
            changed.await;
        }
    }
}

/// Returns when what the server has just answered about `key` may be believed.
async fn vouch(lanes: Option<Arc<Lanes>>, key: &[u8]) -> Result<(), Unavailable> {
    match lanes {
        Some(lanes) => lanes.vouch(key, b"").await,
        None => Ok(()),
    }
}

impl Drop for Primary {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}
