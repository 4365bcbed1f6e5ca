//! Secrets that people chose: a hash that costs time and memory, computed away from the worker threads, and seldom.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use aws_lc_rs::hmac::{Context, HMAC_SHA256, Key as HmacKey};
use quick_cache::sync::Cache;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::secret::verify_argon2id;
use crate::domain::Timestamp;
use crate::domain::chance::Chance;
use crate::domain::error::Error;
use crate::domain::store::Unavailable;

/// A bounded pool, and a short memory of successes.
pub(super) struct SlowHashes {
    running: Arc<Semaphore>,
    waiting: Semaphore,
    /// When a secret was right, by an HMAC of it and of the hash it was right for: another hash, another entry. The key
    /// was drawn when the process started, so that the memory of this process is worth nothing elsewhere.
    remembered: Cache<[u8; 32], Timestamp>,
    memory_key: HmacKey,
}

/// Lets the threads that answer requests go first: they wake up for a tenth of a millisecond, and a thread of their own rank would
/// keep a core until its turn is over, which is as long as thirty answers take. What is left over is enough on all but a machine
/// that has nothing left (see [`SlowHashes::work`]).
fn give_way() {
    #[cfg(target_os = "linux")]
    {
        use thread_priority::{NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy};
        let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        // Where that is not to be had it is a thread like any other.
        let here = thread_priority::thread_native_id();
        let _ = thread_priority::set_thread_priority_and_policy(here, ThreadPriority::Min, idle);
    }
}

/// Why nothing is remembered.
enum Refused {
    Wrong,
    Failed(Error),
}

impl SlowHashes {
    const REMEMBERED_FOR: Duration = Duration::from_mins(1);
    const REMEMBERED: usize = 4096;
    /// What takes so much longer than a hash takes by itself has not been let to work.
    const PATIENCE: Duration = Duration::from_secs(1);

    pub(super) fn new(running: usize, waiting: usize, chance: &dyn Chance) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        chance.fill(key.as_mut_slice());
        Self {
            running: Arc::new(Semaphore::new(running)),
            waiting: Semaphore::new(waiting),
            remembered: Cache::new(Self::REMEMBERED),
            memory_key: HmacKey::new(HMAC_SHA256, key.as_slice()),
        }
    }

    /// Whether `secret` is the one of `hash`. `admit` is asked before there is work to do. Of many requests with one secret
    /// one does the work and the others wait for its answer.
    pub(super) async fn verify(
        &self,
        hash: &str,
        secret: &str,
        now: Timestamp,
        admit: impl FnOnce() -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let entry = self.entry(hash, secret);
        self.remembered.remove_if(&entry, |since| now.since(*since) >= Self::REMEMBERED_FOR);
        let work = async {
            admit().map_err(Refused::Failed)?;
            match self.work(hash, secret).await {
                Ok(true) => Ok(now),
                Ok(false) => Err(Refused::Wrong),
                Err(unavailable) => Err(Refused::Failed(unavailable.into())),
            }
        };
        match self.remembered.get_or_insert_async(&entry, work).await {
            Ok(_) => Ok(true),
            Err(Refused::Wrong) => Ok(false),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    async fn work(&self, hash: &str, secret: &str) -> Result<bool, Unavailable> {
        let Ok(_place) = self.waiting.try_acquire() else {
            return Err(Unavailable("too many secrets wait to be checked".to_owned()));
        };
        let permit = Arc::clone(&self.running).acquire_owned().await.expect("nobody closes this semaphore");
        let permit = Arc::new(permit);
        let first = spawn(hash, secret, &permit, give_way)?;
        match timeout(Self::PATIENCE, first).await {
            Ok(outcome) => outcome.map_err(|_| broken_off()),
            // Nothing is left over: once more, at the cost of whoever else waits. The first one ends some time.
            Err(_) => spawn(hash, secret, &permit, || {})?.await.map_err(|_| broken_off()),
        }
    }

    fn entry(&self, hash: &str, secret: &str) -> [u8; 32] {
        let mut context = Context::with_key(&self.memory_key);
        context.update(&(hash.len() as u64).to_be_bytes());
        context.update(hash.as_bytes());
        context.update(secret.as_bytes());
        context.sign().as_ref().try_into().expect("HMAC-SHA-256 gives 32 bytes")
    }
}

/// Computes a hash on a thread of its own, which costs nothing beside that: one that gives way could never do anything else
/// again. The permit goes along with the work, which goes on when the request that wanted it is gone.
fn spawn(
    hash: &str,
    secret: &str,
    permit: &Arc<OwnedSemaphorePermit>,
    begin: fn(),
) -> Result<oneshot::Receiver<bool>, Unavailable> {
    let (hash, secret) = (hash.to_owned(), Zeroizing::new(secret.to_owned()));
    let (done, outcome) = oneshot::channel();
    let permit = Arc::clone(permit);
    let work = move || {
        begin();
        let _ = done.send(verify_argon2id(&hash, secret.as_bytes()));
        drop(permit);
    };
    let spawned = thread::Builder::new().name("slow hash".to_owned()).spawn(work);
    spawned.map_err(|error| Unavailable(format!("no thread to check a secret: {error}")))?;
    Ok(outcome)
}

fn broken_off() -> Unavailable {
    Unavailable("the check of a secret was broken off".to_owned())
}
