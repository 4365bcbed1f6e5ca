//! Connections that single threads have to themselves, beside the one that all share.
//!
//! A connection is carried by the thread that made it. Over the shared one each question wakes that thread, and each answer
//! the thread that asked; over its own, a thread wakes nobody, and all that it asks in one turn goes out together.
//!
//! They are made when a thread first asks, by the thread itself, while it uses the shared one; and given up for the shared
//! one when they are lost or fall silent. Nothing depends on them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread::ThreadId;
use std::time::Duration;

use arc_swap::ArcSwap;
use redis::aio::MultiplexedConnection;
use tokio::time::sleep;
use tracing::warn;

use super::link::{Link, ask};

/// How often a thread's connection is asked whether it is alive.
const PULSE: Duration = Duration::from_secs(1);

/// What lies between two tries to make one.
const PAUSE: Duration = Duration::from_mins(1);

/// All of one link, found by reading a short list.
#[derive(Default)]
pub(super) struct Own {
    seats: ArcSwap<Vec<Seat>>,
}

#[derive(Clone)]
struct Seat {
    thread: ThreadId,
    /// None yet, or none for a while.
    connection: Option<MultiplexedConnection>,
    lost: Arc<AtomicBool>,
}

impl Seat {
    fn usable(&self) -> Option<MultiplexedConnection> {
        if self.lost.load(Ordering::Relaxed) { None } else { self.connection.clone() }
    }
}

/// This thread's own connection, if it has one. If it has none, and nobody is at it, one is made.
pub(super) fn find(link: &Arc<Link>, here: ThreadId) -> Option<MultiplexedConnection> {
    if let Some(seat) = link.own.seats.load().iter().find(|seat| seat.thread == here) {
        return seat.usable();
    }
    let lost = Arc::new(AtomicBool::new(false));
    link.own.put(&Seat { thread: here, connection: None, lost: Arc::clone(&lost) });
    tokio::spawn(keep(Arc::downgrade(link), here, lost));
    None
}

/// Makes a thread's connection, watches it, and leaves its seat to another try when it is no good.
async fn keep(link: Weak<Link>, thread: ThreadId, lost: Arc<AtomicBool>) {
    let _taken = Taken { link: Weak::clone(&link), thread };
    let Some(strong) = link.upgrade() else { return };
    match strong.another(&lost).await {
        Ok(made) => {
            let connection = Some(made.clone());
            strong.own.put(&Seat { thread, connection, lost: Arc::clone(&lost) });
            let limit = strong.limit();
            drop(strong);
            watch(&link, &made, &lost, limit).await;
        }
        Err(why) => {
            drop(strong);
            warn!(cause = %why, "a thread has no connection of its own to the store, and uses the shared one");
            sleep(PAUSE).await;
        }
    }
}

/// A seat that somebody is at. It is left also when a runtime ends, and with it whatever its thread carried.
struct Taken {
    link: Weak<Link>,
    thread: ThreadId,
}

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some(link) = self.link.upgrade() {
            link.own.leave(self.thread);
        }
    }
}

/// Returns when the connection is no good any more, or nobody needs it.
async fn watch(link: &Weak<Link>, connection: &MultiplexedConnection, lost: &AtomicBool, limit: Duration) {
    let mut question = redis::pipe();
    question.cmd("PING");
    while link.strong_count() > 0 && !lost.load(Ordering::Relaxed) {
        sleep(PULSE).await;
        if ask(connection, &question, limit).await.is_err() {
            return;
        }
    }
}

impl Own {
    fn put(&self, seat: &Seat) {
        self.seats.rcu(|seats| {
            let others = seats.iter().filter(|other| other.thread != seat.thread);
            others.chain([seat]).cloned().collect::<Vec<_>>()
        });
    }

    fn leave(&self, thread: ThreadId) {
        self.seats.rcu(|seats| seats.iter().filter(|seat| seat.thread != thread).cloned().collect::<Vec<_>>());
    }
}
