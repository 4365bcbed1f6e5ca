//! What a running server does without being asked.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::pace::Pace;
use crate::domain::authority::{Authority, Notices};
use crate::domain::store::Unavailable;

/// How often a node looks whether it still knows every revocation.
const FOLLOW: Duration = Duration::from_secs(1);
/// How often it looks whether somebody has to be told of a logout.
const NOTIFY: Duration = Duration::from_secs(1);
const SWEEP: Duration = Duration::from_secs(30);
/// How often a node looks whether another has changed the keys.
const KEYS: Duration = Duration::from_secs(30);
/// A failover may have lost what was announced.
const ANNOUNCE: Duration = Duration::from_secs(30);
const FORGET_GUESSES: Duration = Duration::from_mins(1);

/// Tasks that end when this is dropped.
pub struct Tending(#[expect(dead_code, reason = "dropping it is its use")] JoinSet<()>);

impl Tending {
    pub fn of(authority: &Arc<Authority>, notices: Option<Notices>) -> Self {
        let mut tasks = JoinSet::new();
        if let Some(notices) = notices.map(Arc::new) {
            tasks.spawn(again(NOTIFY, "tell applications of logouts", Arc::clone(authority), move |_| {
                let notices = Arc::clone(&notices);
                async move { notices.tend().await }
            }));
        }
        tasks.spawn(again(FOLLOW, "follow the denylist", Arc::clone(authority), |authority| async move {
            authority.follower.poll().await
        }));
        let (pace, started) = (Mutex::new(Pace::at(authority.clock.now())), Instant::now());
        tasks.spawn(again(SWEEP, "sweep the denylist", Arc::clone(authority), move |authority| {
            let mut pace = pace.lock().unwrap_or_else(PoisonError::into_inner);
            let is_due = pace.is_steady(started.elapsed(), authority.clock.now());
            async move { if is_due { authority.follower.sweep().await } else { Ok(()) } }
        }));
        tasks.spawn(again(KEYS, "read the keys", Arc::clone(authority), |authority| async move {
            authority.keys.refresh(&*authority.store).await.map_err(Unavailable::from)
        }));
        tasks.spawn(again(ANNOUNCE, "announce the lifetimes", Arc::clone(authority), |authority| async move {
            authority.announce_lifetimes().await
        }));
        tasks.spawn(again(FORGET_GUESSES, "forget old guesses", Arc::clone(authority), |authority| async move {
            authority.limits.forget();
            Ok(())
        }));
        Self(tasks)
    }
}

/// Says once that something fails, and once that it works again: an outage of an hour is two lines.
async fn again<F>(every: Duration, what: &'static str, authority: Arc<Authority>, task: impl Fn(Arc<Authority>) -> F)
where
    F: Future<Output = Result<(), Unavailable>>,
{
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut works = true;
    loop {
        ticks.tick().await;
        let outcome = task(Arc::clone(&authority)).await;
        match &outcome {
            Ok(()) if !works => tracing::info!(task = what, "works again"),
            Err(error) if works => tracing::warn!(task = what, %error, "fails, and is tried again until it works"),
            Ok(()) | Err(_) => {}
        }
        works = outcome.is_ok();
    }
}
