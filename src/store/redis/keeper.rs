//! The task that makes the connections to a primary, watches them and swaps them.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tracing::{info, warn};

use super::OpenError;
use super::examine::Demands;
use super::link::{Finder, Link};
use crate::domain::store::Unavailable;

/// How often the server is asked whether it is there and still a primary.
const PULSE: Duration = Duration::from_secs(1);

/// Every so many pulses the sentinels are asked where the primary is.
const RESOLVE: u64 = 2;

/// Every so many pulses the server is examined anew: somebody may have changed its settings.
const EXAMINE: u64 = 5;

/// Every so many pulses what is alarming is said again.
const REPEAT: u64 = 60;

/// What lies between two tries, at first and at most.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// What callers and the task have in common.
pub(super) struct Shared {
    pub(super) state: ArcSwap<State>,
    /// Told of every change of the state.
    pub(super) changed: Notify,
    /// Somebody has reason to think that the link is no good.
    pub(super) alarm: Arc<Notify>,
    pub(super) demands: Demands,
}

pub(super) enum State {
    Up(Arc<Link>),
    Trying,
    Down(Unavailable),
}

pub(super) async fn keep(shared: Arc<Shared>, mut finder: Finder) {
    loop {
        let since = Instant::now();
        let Some(link) = shared.current() else { return };
        let why = shared.watch(&link, &mut finder).await;
        drop(link);
        warn!(cause = %why, "the connection to the store is given up");
        shared.set(State::Trying);
        if since.elapsed() < PULSE {
            sleep(PAUSE).await;
        }
        shared.reconnect(&mut finder).await;
    }
}

impl Shared {
    /// Returns when the link is no good any more, with the cause.
    async fn watch(&self, link: &Link, finder: &mut Finder) -> String {
        let mut pulse = interval(PULSE);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut beat: u64 = 0;
        loop {
            if !link.is_lost() {
                tokio::select! {
                    () = self.alarm.notified() => {}
                    _ = pulse.tick() => beat += 1,
                }
            }
            if link.is_lost() {
                return "it was closed".to_owned();
            }
            if !link.is_alive(self.demands.timeout()).await {
                return "the server does not answer, or is no primary any more".to_owned();
            }
            if beat.is_multiple_of(RESOLVE) && self.has_moved(link, finder).await {
                return "the sentinels name another primary".to_owned();
            }
            if beat.is_multiple_of(EXAMINE) {
                match link.examine(&self.demands).await {
                    Ok(findings) if beat.is_multiple_of(REPEAT) => findings.repeat(),
                    Ok(_) => {}
                    Err(why) => return why.to_string(),
                }
            }
        }
    }

    /// Sentinels that cannot say are no reason to leave a primary that works; a link that is lost is not kept waiting.
    async fn has_moved(&self, link: &Link, finder: &mut Finder) -> bool {
        if matches!(finder, Finder::Fixed(_)) {
            return false;
        }
        let lost = async {
            while !link.is_lost() {
                self.alarm.notified().await;
            }
        };
        tokio::select! {
            found = finder.find() => found.is_ok_and(|client| !link.leads_to(&client)),
            () = lost => false,
        }
    }

    async fn reconnect(&self, finder: &mut Finder) {
        let mut pause = PAUSE;
        loop {
            match self.try_once(finder).await {
                Ok(link) => {
                    info!("the store is connected again");
                    return self.set(State::Up(Arc::new(link)));
                }
                Err(why) => {
                    if !matches!(&**self.state.load(), State::Down(known) if *known == why) {
                        warn!(cause = %why, "the store cannot be used");
                    }
                    self.set(State::Down(why));
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn try_once(&self, finder: &mut Finder) -> Result<Link, Unavailable> {
        let client = finder.find().await?;
        match Link::to(&client, &self.demands, &self.alarm).await {
            Ok((link, findings)) => {
                findings.tell();
                Ok(link)
            }
            Err(OpenError::Unavailable(why)) => Err(why),
            // What would be refused at the start is not taken on later either: the promise is the same.
            Err(why) => Err(Unavailable(why.to_string())),
        }
    }

    fn current(&self) -> Option<Arc<Link>> {
        match &**self.state.load() {
            State::Up(link) => Some(Arc::clone(link)),
            State::Trying | State::Down(_) => None,
        }
    }

    fn set(&self, state: State) {
        self.state.store(Arc::new(state));
        self.changed.notify_waiters();
    }
}
