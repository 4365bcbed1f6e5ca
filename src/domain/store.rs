//! The contract of whoever keeps families and revocations.
//!
//! Every promise here has its function in the conformance suite (`tests/store/suite`), which runs on every store.
//! A store knows no rule of OAuth: it compares, writes, appends and reads, atomically.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::family::Family;
use super::family::listing::Listing;
use super::{Entry, FamilyId, Head, Position, Revocation, Shard, Timestamp};

/// The store did not answer, not in time, or not so that the answer could be relied on. Never success, never the
/// client's fault. The text is for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store is unavailable: {0}")]
pub struct Unavailable(pub String);

/// Drawn anew with each write of a record: a version of one history is never taken for one of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Version(pub u64);

/// A record as it stood at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub family: Family,
    pub version: Version,
}

/// A record, or its absence, and the head of its shard, read in one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    pub stored: Option<Stored>,
    pub head: Head,
}

/// A change of one family.
#[derive(Clone, Debug)]
pub struct Commit<'a> {
    /// The version that was loaded. The record must still have it.
    pub expected: Version,
    pub version: Version,
    pub family: &'a Family,
    /// How long from now the record may be of use. It is kept at least so long, and need not be kept longer.
    pub keep_for: Duration,
    pub append: Append<'a>,
}

/// Revocations to append to one shard, all or none.
#[derive(Clone, Debug)]
pub struct Append<'a> {
    pub shard: Shard,
    pub revocations: &'a [Revocation],
    /// From where on the caller wants to be told what the log has (see [`Stretch`]).
    pub anchor: Option<Head>,
    /// No entry is put at or before this position, the highest that the caller has seen.
    pub floor: Position,
}

/// A stretch of a shard's log, in order: what follows the anchor, or all if none was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The log has the anchor at its place, or none was given. If not, the caller's history is not the store's, and the
    /// stretch begins where the anchor would be. An anchor that was forgotten need not be missed while the head is still its.
    pub joins: bool,
    pub entries: Vec<Entry>,
    /// Where the log stood when the stretch was read.
    pub head: Head,
    /// The stretch stopped short of `head` because it was long, perhaps before its first entry; [`Store::revocations`]
    /// has the rest.
    pub more: bool,
    /// The store's clock.
    pub now: Timestamp,
}

/// How a commit went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Committed {
    Done(Stretch),
    /// The record was not at the expected version; nothing was written.
    Conflict,
}

/// How a creation went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// The head was read after the record was there.
    Done(Head),
    /// There is a family of this id; nothing was written.
    Exists,
}

/// How an append went that was compared with the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    Done(Stretch),
    /// The log stood elsewhere; nothing was written.
    Moved,
}

/// What a revocation ended, counted by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub families: u64,
    pub refresh_tokens: u64,
    pub access_tokens: u64,
}

/// A family where it is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// What a list is ordered by; it means something to the store alone.
    pub place: u64,
    pub family: FamilyId,
}

/// A small named thing that all nodes share: the stamp, the key ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub version: Version,
    pub bytes: Vec<u8>,
}

/// The key of a short-lived thing: an HMAC of what it stands for.
pub type OnceKey = [u8; 32];

/// Where families and revocations are kept.
///
/// - Each call is one trip, ends within the configured bound, and is not tried again inside: whoever loses the answer to
///   a write gets [`Unavailable`] and does not know whether it was written.
/// - What a call has acknowledged, every later call sees, from every node.
/// - [`Self::commit`], [`Self::append`], [`Self::append_at`] and [`Self::confirm`] answer only after what they wrote, or
///   found written, has passed the configured durability. Both happen on one connection: a failover between the two is
///   [`Unavailable`].
/// - A record that cannot be read back whole is [`Unavailable`], never an absent one and never a guess.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The number of shards; fixed when the store was made.
    fn shards(&self) -> u16;

    async fn load(&self, family: FamilyId) -> Result<Loaded, Unavailable>;

    /// As [`Self::load`], of each of these: what is of one shard is read in one instant.
    async fn load_each(&self, families: &[FamilyId]) -> Result<Vec<Loaded>, Unavailable>;

    /// Writes a family that must not be there yet, and lists it where [`Family::listing`] says, if anywhere, in the same
    /// instant. What it says never changes; only where in its list a family stands is another matter of [`Self::commit`].
    ///
    /// Not durable before it answers: a birth that is lost kills only what nobody has used.
    async fn create(&self, family: &Family, version: Version, keep_for: Duration) -> Result<Created, Unavailable>;

    /// Compares the version, writes the record, appends the revocations: all in one instant, or nothing.
    ///
    /// What was read is made sure of by writing it again, under the version that it has.
    async fn commit(&self, commit: Commit<'_>) -> Result<Committed, Unavailable>;

    /// Appends at rising positions: `max(last + 1, floor + 1, the store's clock in microseconds)`.
    async fn append(&self, append: Append<'_>) -> Result<Stretch, Unavailable>;

    /// Appends only if the shard's head is still `expected`: of any number of callers who know one head, one succeeds, and
    /// what lands late does not land.
    async fn append_at(&self, append: Append<'_>, expected: Head) -> Result<Appended, Unavailable>;

    /// Whether the log has the entry that makes this head, at that very place.
    async fn confirm(&self, shard: Shard, entry: Head) -> Result<bool, Unavailable>;

    /// At most `limit` entries after `anchor`, or from the beginning.
    async fn revocations(&self, shard: Shard, anchor: Option<Head>, limit: usize) -> Result<Stretch, Unavailable>;

    /// The head of every shard, by its number, and the store's clock.
    async fn heads(&self) -> Result<(Vec<Head>, Timestamp), Unavailable>;

    /// Forgets the entries at these positions. The head stays, also when the last entry goes.
    async fn forget(&self, shard: Shard, positions: &[Position]) -> Result<(), Unavailable>;

    /// What is listed there, after `after`: `limit`, unless there are fewer, and never more work than that. An identity's
    /// tokens come with the one first that changed last ([`Family::changed_at`]), and of several that changed at once the one
    /// of the greatest id; the sessions of a person in an order of the store's own.
    ///
    /// May name some whose record is gone, and names every one whose record is not, ended or alive. Whoever goes on until
    /// nothing is left meets once what nobody changes meanwhile; what is changed may come to stand before `after`. Lists of
    /// different kinds never mix, whatever the names.
    async fn families_of(
        &self,
        listing: Listing<'_>,
        after: Option<Listed>,
        limit: usize,
    ) -> Result<Vec<Listed>, Unavailable>;

    /// Some families of a shard, and a cursor to go on with; `None` begins and ends. A family that exists throughout is
    /// met at least once. For rare sweeps by an operator.
    async fn scan(&self, shard: Shard, cursor: Option<Cursor>) -> Result<(Vec<Family>, Option<Cursor>), Unavailable>;

    /// Keeps `value` for `ttl` if nothing is kept under `key`; of any number of callers one is told `true`.
    async fn once(&self, key: &OnceKey, value: &[u8], ttl: Duration) -> Result<bool, Unavailable>;

    /// Reads and removes, in one instant: of any number of callers one gets it.
    async fn take(&self, key: &OnceKey) -> Result<Option<Vec<u8>>, Unavailable>;

    async fn peek(&self, key: &OnceKey) -> Result<Option<Vec<u8>>, Unavailable>;

    async fn document(&self, name: &str) -> Result<Option<Document>, Unavailable>;

    /// Writes a document if it is still at `expected` (`None`: absent). `false`: it was not, and nothing was written.
    async fn replace_document(
        &self,
        name: &str,
        expected: Option<Version>,
        document: &Document,
    ) -> Result<bool, Unavailable>;

    async fn ping(&self) -> Result<(), Unavailable>;
}

/// Where a scan goes on; its bytes mean something to the store alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(pub Vec<u8>);
