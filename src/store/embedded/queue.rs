//! How callers reach the writer.

use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::fault::Fault;
use super::tables::Tables;
use crate::domain::store::Unavailable;

/// What the writer is asked.
pub(super) enum Message {
    Write(Box<dyn Job>),
    /// A reader met an error: look whether the file has to be opened anew.
    Look,
    /// Finish what was asked before, and end.
    Close,
}

/// One operation and whoever waits for it.
pub(super) trait Job: Send {
    /// Whether somebody still waits for the answer.
    fn is_wanted(&self) -> bool;

    /// Does it, in a transaction shared with others. An error concerns them all.
    fn apply(&mut self, tables: &mut Tables<'_>) -> Result<(), redb::StorageError>;

    /// Tells how it went, once the fate of the transaction is known.
    fn answer(self: Box<Self>, transaction: Result<(), Unavailable>);
}

#[derive(Clone)]
pub(super) struct Queue {
    sender: SyncSender<Message>,
    timeout: Duration,
}

impl Queue {
    pub(super) fn new(sender: SyncSender<Message>, timeout: Duration) -> Self {
        Self { sender, timeout }
    }

    /// Has the writer do `work` and waits until that is durable. Without an answer in time nobody knows whether it was
    /// done; what has not been begun by then is not done any more.
    pub(super) async fn write<T, W>(&self, work: W) -> Result<T, Unavailable>
    where
        T: Send + 'static,
        W: FnOnce(&mut Tables<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let answer = self.submit(work)?;
        match tokio::time::timeout(self.timeout, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(stopped()),
            Err(_) => Err(Unavailable(format!("nothing was written within {:?}", self.timeout))),
        }
    }

    /// As [`Self::write`], without waiting.
    pub(super) fn submit<T, W>(&self, work: W) -> Result<oneshot::Receiver<Result<T, Unavailable>>, Unavailable>
    where
        T: Send + 'static,
        W: FnOnce(&mut Tables<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let job = Box::new(Call { work: Some(work), done: None, caller });
        match self.sender.try_send(Message::Write(job)) {
            Ok(()) => Ok(answer),
            Err(TrySendError::Full(_)) => Err(Unavailable("too many writes wait for the disk".to_owned())),
            Err(TrySendError::Disconnected(_)) => Err(stopped()),
        }
    }

    /// Has the writer look after the file. If the queue is full it will meet the trouble by itself.
    pub(super) fn look(&self) {
        self.sender.try_send(Message::Look).ok();
    }

    /// Has the writer end after what was asked before.
    pub(super) fn close(&self) {
        self.sender.send(Message::Close).ok();
    }
}

fn stopped() -> Unavailable {
    Unavailable("the writer of the embedded store has stopped".to_owned())
}

struct Call<W, T> {
    work: Option<W>,
    done: Option<Result<T, Unavailable>>,
    caller: oneshot::Sender<Result<T, Unavailable>>,
}

impl<W, T> Job for Call<W, T>
where
    T: Send,
    W: FnOnce(&mut Tables<'_>) -> Result<T, Fault> + Send,
{
    fn is_wanted(&self) -> bool {
        !self.caller.is_closed()
    }

    fn apply(&mut self, tables: &mut Tables<'_>) -> Result<(), redb::StorageError> {
        let Some(work) = self.work.take() else { return Ok(()) };
        match work(tables) {
            Ok(done) => self.done = Some(Ok(done)),
            Err(Fault::Refused(why)) => self.done = Some(Err(why)),
            Err(Fault::Storage(error)) => return Err(error),
        }
        Ok(())
    }

    fn answer(self: Box<Self>, transaction: Result<(), Unavailable>) {
        let done = self.done.unwrap_or_else(|| Err(Unavailable("the operation was not done".to_owned())));
        // Whoever does not wait any more does not mind.
        self.caller.send(transaction.and(done)).ok();
    }
}
