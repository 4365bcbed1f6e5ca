//! A store whose calls are timed.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use atropos::domain::family::Family;
use atropos::domain::family::listing::Listing;
use atropos::domain::store::{
    Append, Appended, Commit, Committed, Created, Cursor, Document, Listed, Loaded, OnceKey, Store, Stretch,
    Unavailable, Version,
};
use atropos::domain::{FamilyId, Head, Position, Shard, Timestamp};
use atropos::telemetry::{MeasuredStore, Metrics};

use crate::family;

/// Answers everything one way.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Willing,
    /// Somebody else was first.
    Late,
    Down,
}

struct Moody(Mood);

impl Moody {
    fn answer<T>(&self, willing: T, late: T) -> Result<T, Unavailable> {
        match self.0 {
            Mood::Willing => Ok(willing),
            Mood::Late => Ok(late),
            Mood::Down => Err(Unavailable("down".into())),
        }
    }

    fn either<T>(&self, answer: T) -> Result<T, Unavailable> {
        if self.0 == Mood::Down { Err(Unavailable("down".into())) } else { Ok(answer) }
    }
}

fn stretch() -> Stretch {
    Stretch { joins: true, entries: Vec::new(), head: Head::default(), more: false, now: Timestamp::from_secs(1) }
}

#[async_trait]
impl Store for Moody {
    fn shards(&self) -> u16 {
        5
    }

    async fn load(&self, _: FamilyId) -> Result<Loaded, Unavailable> {
        self.either(Loaded { stored: None, head: Head::default() })
    }

    async fn load_each(&self, _: &[FamilyId]) -> Result<Vec<Loaded>, Unavailable> {
        self.either(Vec::new())
    }

    async fn create(&self, _: &Family, _: Version, _: Duration) -> Result<Created, Unavailable> {
        self.answer(Created::Done(Head::default()), Created::Exists)
    }

    async fn commit(&self, _: Commit<'_>) -> Result<Committed, Unavailable> {
        self.answer(Committed::Done(stretch()), Committed::Conflict)
    }

    async fn append(&self, _: Append<'_>) -> Result<Stretch, Unavailable> {
        self.either(stretch())
    }

    async fn append_at(&self, _: Append<'_>, _: Head) -> Result<Appended, Unavailable> {
        self.answer(Appended::Done(stretch()), Appended::Moved)
    }

    async fn confirm(&self, _: Shard, _: Head) -> Result<bool, Unavailable> {
        self.either(true)
    }

    async fn revocations(&self, _: Shard, _: Option<Head>, _: usize) -> Result<Stretch, Unavailable> {
        self.either(stretch())
    }

    async fn heads(&self) -> Result<(Vec<Head>, Timestamp), Unavailable> {
        self.either((Vec::new(), Timestamp::from_secs(1)))
    }

    async fn forget(&self, _: Shard, _: &[Position]) -> Result<(), Unavailable> {
        self.either(())
    }

    async fn families_of(&self, _: Listing<'_>, _: Option<Listed>, _: usize) -> Result<Vec<Listed>, Unavailable> {
        self.either(Vec::new())
    }

    async fn scan(&self, _: Shard, _: Option<Cursor>) -> Result<(Vec<Family>, Option<Cursor>), Unavailable> {
        self.either((Vec::new(), None))
    }

    async fn once(&self, _: &OnceKey, _: &[u8], _: Duration) -> Result<bool, Unavailable> {
        self.either(true)
    }

    async fn take(&self, _: &OnceKey) -> Result<Option<Vec<u8>>, Unavailable> {
        self.either(Some(vec![1]))
    }

    async fn peek(&self, _: &OnceKey) -> Result<Option<Vec<u8>>, Unavailable> {
        self.either(Some(vec![2]))
    }

    async fn document(&self, _: &str) -> Result<Option<Document>, Unavailable> {
        self.either(None)
    }

    async fn replace_document(&self, _: &str, _: Option<Version>, _: &Document) -> Result<bool, Unavailable> {
        self.answer(true, false)
    }

    async fn ping(&self) -> Result<(), Unavailable> {
        self.either(())
    }
}

/// Every call, once; whether each was answered.
async fn call_all(store: &dyn Store) -> Vec<(&'static str, bool)> {
    let shard = Shard::default();
    let append = || Append { shard, revocations: &[], anchor: None, floor: Position(0) };
    let family = record();
    let commit = Commit {
        expected: Version(1),
        version: Version(2),
        family: &family,
        keep_for: Duration::ZERO,
        append: append(),
    };
    let document = Document { version: Version(1), bytes: Vec::new() };
    vec![
        ("load", store.load(family.id).await.is_ok()),
        ("create", store.create(&family, Version(1), Duration::ZERO).await.is_ok()),
        ("commit", store.commit(commit).await.is_ok()),
        ("append", store.append(append()).await.is_ok()),
        ("append_at", store.append_at(append(), Head::default()).await.is_ok()),
        ("confirm", store.confirm(shard, Head::default()).await.is_ok()),
        ("revocations", store.revocations(shard, None, 1).await.is_ok()),
        ("heads", store.heads().await.is_ok()),
        ("forget", store.forget(shard, &[]).await.is_ok()),
        ("families_of", store.families_of(Listing::Subject("somebody"), None, 1).await.is_ok()),
        ("scan", store.scan(shard, None).await.is_ok()),
        ("once", store.once(&[0; 32], &[], Duration::ZERO).await.is_ok()),
        ("take", store.take(&[0; 32]).await.is_ok()),
        ("peek", store.peek(&[0; 32]).await.is_ok()),
        ("document", store.document("stamp").await.is_ok()),
        ("replace_document", store.replace_document("stamp", None, &document).await.is_ok()),
        ("ping", store.ping().await.is_ok()),
    ]
}

fn record() -> Family {
    use atropos::domain::Cause;
    use atropos::domain::client::Surface;
    use atropos::domain::family::State;
    use atropos::domain::scope::Scope;
    Family {
        id: family(),
        client: crate::client(),
        subject: None,
        surface: Surface::Standard,
        begotten_by: None,
        scope: Scope::default(),
        audience: Vec::new(),
        epoch: Position(0),
        expires_at: Timestamp::from_secs(2),
        ancestors: Vec::new(),
        state: State::Ended { at: Timestamp::from_secs(1), cause: Cause::Requested },
        managed: None,
        login: None,
    }
}

/// The outcomes under which each call was counted, once each.
fn counted(metrics: &Metrics) -> Vec<(String, String)> {
    let text = metrics.render();
    let counts = text.lines().filter_map(|line| {
        let labels = line.strip_prefix("atropos_store_call_duration_seconds_count{call=\"")?.strip_suffix("\"} 1")?;
        let (call, outcome) = labels.split_once("\",outcome=\"")?;
        Some((call.to_owned(), outcome.to_owned()))
    });
    let mut counts: Vec<_> = counts.collect();
    counts.sort();
    counts
}

async fn outcomes(mood: Mood) -> Vec<(&'static str, &'static str)> {
    let metrics = Metrics::new();
    let store = MeasuredStore::new(Arc::new(Moody(mood)), &metrics);
    assert_eq!(store.shards(), 5);
    let mut expected: Vec<(&'static str, &'static str)> = Vec::new();
    for (call, answered) in call_all(&store).await {
        assert_eq!(answered, mood != Mood::Down, "{call}");
        let compares = matches!(call, "create" | "commit" | "append_at" | "replace_document");
        expected.push(match mood {
            Mood::Down => (call, "unavailable"),
            Mood::Late if compares => (call, "conflict"),
            Mood::Late | Mood::Willing => (call, "done"),
        });
    }
    expected.sort_unstable();
    let counted = counted(&metrics);
    assert!(counted.iter().map(|(call, outcome)| (&**call, &**outcome)).eq(expected.iter().copied()), "{counted:?}");
    expected
}

#[tokio::test]
async fn every_call_is_counted_as_it_ended() {
    for mood in [Mood::Willing, Mood::Late, Mood::Down] {
        assert_eq!(outcomes(mood).await.len(), 17);
    }
}
