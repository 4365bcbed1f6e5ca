//! Keeps this node's copy of every shard's denylist at the store's head.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use atropos_guard::Denylist;
use tokio::sync::Mutex;

use super::audit::{Audit, Event};
use super::chance::Chance;
use super::clock::Clock;
use super::store::{Append, Appended, Store, Stretch, Unavailable};
use super::{Entry, Head, Shard, Tag, Timestamp};

/// Entries asked for at once.
const PAGE: usize = 1000;

pub struct Follower {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
    audit: Arc<dyn Audit>,
    shards: Vec<Copy>,
}

struct Copy {
    shard: Shard,
    denylist: Denylist,
    /// Held by whoever fetches: the others wait for that answer instead of asking the same.
    fetching: Mutex<()>,
    /// When this copy was last known to stand where the store stood, in milliseconds.
    exact_at: AtomicU64,
}

impl Follower {
    /// Reads every shard whole: a node serves nothing before it knows what was revoked.
    pub async fn start(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        chance: Arc<dyn Chance>,
        audit: Arc<dyn Audit>,
    ) -> Result<Self, Unavailable> {
        let shards = (0..store.shards()).filter_map(Shard::new).map(Copy::new).collect();
        let follower = Self { store, clock, chance, audit, shards };
        for copy in &follower.shards {
            follower.fetch(copy).await?;
        }
        Ok(follower)
    }

    pub fn denylist(&self, shard: Shard) -> &Denylist {
        &self.copy(shard).denylist
    }

    pub fn shards(&self) -> impl Iterator<Item = Shard> {
        self.shards.iter().map(|copy| copy.shard)
    }

    /// How long ago the copy was last known to be exact.
    pub fn age(&self, shard: Shard) -> std::time::Duration {
        self.clock.now().since(Timestamp::from_millis(self.copy(shard).exact_at.load(Ordering::Relaxed)))
    }

    /// Returns when the copy has everything up to `head`, which was read from the store before this call.
    ///
    /// A copy that is ahead may hold what the store has lost since: it may say *alive*, but before it says *dead* by what
    /// stands beyond `head` the store has to be asked ([`Self::resync`]).
    pub async fn catch_up(&self, shard: Shard, head: Head) -> Result<(), Unavailable> {
        let copy = self.copy(shard);
        if copy.denylist.knows(head) {
            copy.exact(self.clock.now());
            return Ok(());
        }
        let _fetching = copy.fetching.lock().await;
        // Whoever held the lock may have brought it; if not, what is fetched now was read after `head` was.
        if copy.denylist.knows(head) { Ok(()) } else { self.fetch(copy).await }
    }

    /// Asks the store where it stands, whatever the copy believes.
    pub async fn resync(&self, shard: Shard) -> Result<(), Unavailable> {
        let copy = self.copy(shard);
        let _fetching = copy.fetching.lock().await;
        self.fetch(copy).await
    }

    /// Where a stretch that the store answers with should begin.
    pub fn anchor(&self, shard: Shard) -> Option<Head> {
        self.denylist(shard).anchor(self.clock.now())
    }

    /// Takes in what a commit or an append was answered with, before its caller answers.
    pub async fn take_in(&self, shard: Shard, stretch: Stretch) -> Result<(), Unavailable> {
        self.clock.observe(stretch.now);
        let copy = self.copy(shard);
        if !stretch.joins {
            return self.resync(shard).await;
        }
        if stretch.more {
            return self.catch_up(shard, stretch.head).await;
        }
        copy.denylist.apply(stretch.entries, stretch.head);
        copy.exact(self.clock.now());
        Ok(())
    }

    /// Looks at every shard once. Called in the background, so that a node that nobody asks still follows, and puts back
    /// what a failover lost.
    pub async fn poll(&self) -> Result<(), Unavailable> {
        let (heads, now) = self.store.heads().await?;
        self.clock.observe(now);
        for (copy, head) in self.shards.iter().zip(heads) {
            // Equal, not merely known: a store that stands *behind* the copy has lost something.
            if copy.denylist.head() == head {
                copy.exact(self.clock.now());
            } else {
                let _fetching = copy.fetching.lock().await;
                self.fetch(copy).await?;
            }
        }
        Ok(())
    }

    /// Forgets what can cover nothing alive any more, here and in the store.
    pub async fn sweep(&self) -> Result<(), Unavailable> {
        let (_, now) = self.store.heads().await?;
        for copy in &self.shards {
            // By the store's clock: one node's fast clock must not make all forget.
            let due = copy.denylist.forget(now.min(self.clock.now()));
            for positions in due.chunks(PAGE) {
                self.store.forget(copy.shard, positions).await?;
            }
        }
        Ok(())
    }

    fn copy(&self, shard: Shard) -> &Copy {
        &self.shards[usize::from(shard.number())]
    }

    /// Brings the copy to the store's head. The caller holds `fetching`.
    async fn fetch(&self, copy: &Copy) -> Result<(), Unavailable> {
        let stood = copy.denylist.head();
        let Some(mut anchor) = copy.denylist.anchor(self.clock.now()) else {
            // Nothing that the store must still have: no telling one history from another but by reading all of it.
            let (entries, head) = self.whole(copy.shard).await?;
            copy.denylist.rebase(entries, head);
            copy.exact(self.clock.now());
            return Ok(());
        };
        loop {
            let stretch = self.store.revocations(copy.shard, Some(anchor), PAGE).await?;
            self.clock.observe(stretch.now);
            if !stretch.joins {
                return self.heal(copy).await;
            }
            // Only the end of the log speaks for the head: until then the copy stands where the page ends.
            let last = stretch.entries.last().map_or(anchor, Entry::head);
            copy.denylist.apply(stretch.entries, if stretch.more { last } else { stretch.head });
            if !stretch.more {
                // Asked after the copy stood there, and still behind it: what a failover has lost was due to be forgotten.
                if stretch.head.position < stood.position {
                    copy.denylist.turn_back(stood, stretch.head);
                }
                copy.exact(self.clock.now());
                return Ok(());
            }
            anchor = last;
        }
    }

    /// The store has another history than the copy: a failover lost writes. The copy takes the store's, and what it
    /// alone remembers goes back into the store at new positions, with bound and tag as they were. Comparing the head
    /// keeps two nodes from putting back the same entry; what is drawn anew keeps the head that it makes from being taken
    /// for the one that the entry made before.
    async fn heal(&self, copy: &Copy) -> Result<(), Unavailable> {
        loop {
            let (entries, head) = self.whole(copy.shard).await?;
            let mut missing = copy.denylist.missing_from(&entries, self.clock.now());
            if missing.is_empty() {
                copy.denylist.rebase(entries, head);
                copy.exact(self.clock.now());
                return Ok(());
            }
            missing.truncate(PAGE);
            for revocation in &mut missing {
                revocation.put_back = Some(Tag(self.chance.u64()));
            }
            let append = Append {
                shard: copy.shard,
                revocations: &missing,
                anchor: entries.last().map(Entry::head),
                floor: copy.denylist.highest(),
            };
            if let Appended::Done(_) = self.store.append_at(append, head).await? {
                self.audit.record(&Event::Healed { shard: copy.shard.number(), entries: missing.len() });
            }
        }
    }

    async fn whole(&self, shard: Shard) -> Result<(Vec<Entry>, Head), Unavailable> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let anchor = entries.last().map(Entry::head);
            let stretch = self.store.revocations(shard, anchor, PAGE).await?;
            if !stretch.joins {
                // It forked again while being read.
                entries.clear();
                continue;
            }
            entries.extend(stretch.entries);
            if !stretch.more {
                return Ok((entries, stretch.head));
            }
        }
    }
}

impl Copy {
    fn new(shard: Shard) -> Self {
        Self { shard, denylist: Denylist::default(), fetching: Mutex::default(), exact_at: AtomicU64::default() }
    }

    fn exact(&self, now: Timestamp) {
        self.exact_at.fetch_max(now.as_millis(), Ordering::Relaxed);
    }
}
