//! The scripts, and how they are called.

use std::sync::LazyLock;
use std::time::Duration;

use redis::{Cmd, Pipeline, Script};

use super::keys::Keys;
use crate::domain::family::Family;
use crate::domain::family::listing::Listing;
use crate::domain::store::{Append, Commit, Document, Version};
use crate::domain::{FamilyId, Head, Position, Revocation, Shard, Timestamp};
use crate::store::{STRETCH, record};

static COMMIT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("commit.lua")));
static REPLACE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("replace.lua")));
static SCAN: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scan.lua")));

/// The most entries that any answer has, whatever was asked for.
const LONGEST: usize = 1 << 20;

/// How many keys a step of a scan looks at: a millisecond or so of the server's time.
const SCAN_STEP: usize = 1000;

/// Commands after which a server has every script.
pub(super) fn load_all() -> [Cmd; 3] {
    let sources = [include_str!("commit.lua"), include_str!("replace.lua"), include_str!("scan.lua")];
    sources.map(|source| {
        let mut command = redis::cmd("SCRIPT");
        command.arg("LOAD").arg(source);
        command
    })
}

pub(super) fn pipeline(commands: impl IntoIterator<Item = Cmd>) -> Pipeline {
    let commands = commands.into_iter();
    let mut pipeline = Pipeline::with_capacity(commands.size_hint().0);
    for command in commands {
        pipeline.add_command(command);
    }
    pipeline
}

/// A call of `commit.lua`, whose head says what is what.
pub(super) struct Call<'a> {
    keys: &'a Keys,
    shard: Shard,
    expected: Vec<u8>,
    floor: Position,
    from: Begin,
    limit: Limit,
    record: Option<Record<'a>>,
    revocations: &'a [Revocation],
}

/// Where the stretch that is answered begins.
enum Begin {
    Beginning,
    /// After an entry; none that the caller knows is told again.
    Anchor(Head),
    /// After whatever stands at a position, which is told as well.
    Place(Position),
    /// After all there is.
    End,
}

/// How many entries the answer may have.
enum Limit {
    /// A page.
    Most(usize),
    /// All, or if there are more, none.
    AllOrNone(u8),
}

struct Record<'a> {
    family: FamilyId,
    listing: Option<Listing<'a>>,
    changed: Timestamp,
    bytes: Vec<u8>,
    keep_for: Duration,
}

impl<'a> Call<'a> {
    pub(super) fn revocations(keys: &'a Keys, shard: Shard, anchor: Option<Head>, limit: usize) -> Self {
        let from = anchor.map_or(Begin::Beginning, Begin::Anchor);
        let (expected, floor, limit) = (Vec::new(), Position(0), Limit::Most(limit));
        Self { keys, shard, expected, floor, from, limit, record: None, revocations: &[] }
    }

    /// Whether the entry stands there is to be seen, whatever the head says.
    pub(super) fn look(keys: &'a Keys, shard: Shard, entry: Head) -> Self {
        Self { from: Begin::Place(entry.position), ..Self::revocations(keys, shard, None, 0) }
    }

    pub(super) fn append(keys: &'a Keys, append: &Append<'a>) -> Self {
        let reading = Self::revocations(keys, append.shard, append.anchor, 0);
        let limit = Limit::AllOrNone(STRETCH);
        Self { floor: append.floor, limit, revocations: append.revocations, ..reading }
    }

    pub(super) fn append_at(keys: &'a Keys, append: &Append<'a>, expected: Head) -> Self {
        Self { expected: head_text(expected).into_bytes(), ..Self::append(keys, append) }
    }

    pub(super) fn commit(keys: &'a Keys, commit: &Commit<'a>) -> Self {
        let record = Record::new(commit.family, commit.version, commit.keep_for);
        let expected = commit.expected.0.to_be_bytes().to_vec();
        Self { expected, record: Some(record), ..Self::append(keys, &commit.append) }
    }

    pub(super) fn create(keys: &'a Keys, family: &'a Family, version: Version, keep_for: Duration) -> Self {
        let reading = Self::revocations(keys, family.id.shard(), None, 0);
        Self { from: Begin::End, record: Some(Record::new(family, version, keep_for)), ..reading }
    }

    /// What the caller knows: the entry that the answer follows, and the entries that it appends.
    pub(super) fn known(&self) -> (Option<Head>, &'a [Revocation]) {
        match self.from {
            Begin::Anchor(anchor) => (Some(anchor), self.revocations),
            Begin::Beginning | Begin::Place(_) | Begin::End => (None, self.revocations),
        }
    }

    /// `must_write`: somebody will wait for what this connection has written.
    pub(super) fn command(self, must_write: bool) -> Cmd {
        let (keys, shard) = (self.keys, self.shard);
        let record = self.record.as_ref();
        let listing = record.and_then(|record| record.listing);
        let mut names = vec![keys.head(shard), keys.denylist(shard)];
        names.extend(record.map(|record| keys.record(record.family)));
        names.extend(listing.map(|listing| keys.list(shard, listing)));
        names.extend(listing.and_then(|listing| keys.changes(shard, listing)));
        let count = names.len();
        names.extend(must_write.then(|| keys.beat(shard)));
        let mut command = redis::cmd("EVALSHA");
        command.arg(COMMIT.get_hash()).arg(names.len()).arg(names);
        command.arg(count).arg(self.expected).arg(self.floor.0);
        match self.from {
            Begin::Beginning => command.arg("-inf"),
            Begin::Anchor(anchor) => command.arg(head_text(anchor)),
            Begin::Place(position) => command.arg(position.0),
            Begin::End => command.arg("+inf"),
        };
        match self.limit {
            Limit::Most(limit) => command.arg(limit.min(LONGEST)),
            Limit::AllOrNone(limit) => command.arg(-i64::from(limit)),
        };
        if let Some(record) = self.record {
            command.arg(record.bytes).arg(millis(record.keep_for));
            if listing.is_some() {
                command.arg(record.family.as_bytes()).arg(record.changed.as_millis());
            }
        }
        for revocation in self.revocations {
            let tag = format!("{:016x}", revocation.head_tag().0);
            command.arg(tag).arg(record::encode_revocation(revocation));
        }
        command
    }
}

impl<'a> Record<'a> {
    fn new(family: &'a Family, version: Version, keep_for: Duration) -> Self {
        let bytes = record::encode(version, family);
        Self { family: family.id, listing: family.listing(), changed: family.changed_at(), bytes, keep_for }
    }
}

/// Writes a document if it is still at `expected`.
pub(super) fn replace(keys: &Keys, name: &str, expected: Option<Version>, document: &Document) -> Cmd {
    let mut bytes = document.version.0.to_be_bytes().to_vec();
    bytes.extend_from_slice(&document.bytes);
    let mut command = redis::cmd("EVALSHA");
    command.arg(REPLACE.get_hash()).arg(1).arg(keys.document(name));
    match expected {
        Some(version) => command.arg(&version.0.to_be_bytes()),
        None => command.arg(""),
    };
    command.arg(bytes);
    command
}

/// A step of a scan; `cursor` is the server's own.
pub(super) fn scan(keys: &Keys, shard: Shard, cursor: &str) -> Cmd {
    let mut command = redis::cmd("EVALSHA");
    command.arg(SCAN.get_hash()).arg(1).arg(keys.head(shard)).arg(keys.records(shard)).arg(cursor).arg(SCAN_STEP);
    command
}

/// How a head stands in the store; [`super::answer::head`] reads it.
pub(super) fn head_text(head: Head) -> String {
    format!("{} {:016x}", head.position.0, head.tag.0)
}

/// A time to live as Redis takes it: it refuses zero, and what overflows its clock.
pub(super) fn millis(duration: Duration) -> u64 {
    const LONGEST: u64 = 1 << 52;
    u64::try_from(duration.as_millis()).unwrap_or(LONGEST).clamp(1, LONGEST)
}
