//! A disk that is full or read-only, and files of a version that is not there yet.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use atropos_proof::{Node, Outcome, Program, Session, Start};
use atropos_testbed::{Flavor, RedisServer, until};
use futures_util::future::join_all;

use crate::program;

const FILE: &str = "atropos.redb";
/// What was spent is given again for as long as a test runs; and whoever syncs once a second needs a second.
const MORE: [(&str, &str); 2] = [("ATROPOS__TOKENS__REPLAY_WINDOW", "1h"), ("ATROPOS__STORE__TIMEOUT", "3s")];
/// Who write at once, until there is no room.
const WRITERS: usize = 16;

/// Whoever is told that a file may grow no further hears it as an error, not as a signal to end by.
fn on_a_disk_that_may_be_full() -> Program {
    program().by(&["sh", "-c", r#"trap "" XFSZ; exec "$0" "$@""#])
}

/// Without the capabilities by which root writes where nobody may.
fn without_privileges() -> Program {
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if is_root { program().by(&["setpriv", "--bounding-set=-all", "--inh-caps=-all"]) } else { program() }
}

fn embedded(data: &Path) -> Start<'_> {
    Start { data, store: None, durability: "fsync", more: &MORE }
}

/// What clients have when the disk fills: a session that goes on, and one that has ended.
struct Told {
    alive: Session,
    spent: String,
    dead: Session,
}

impl Told {
    async fn by(node: &Node) -> Self {
        let [first, dead] = [node.issue().await.told().unwrap(), node.issue().await.told().unwrap()];
        let alive = node.refresh(&first.refresh).await.told().unwrap();
        assert_eq!(node.revoke(&dead.refresh).await, Outcome::Told(()));
        Self { alive, spent: first.refresh, dead }
    }

    /// Reading needs no room.
    async fn can_be_read(&self, node: &Node) {
        assert_eq!(node.introspect(&self.alive.access).await, Outcome::Told(true));
        assert_eq!(node.introspect(&self.dead.access).await, Outcome::Told(false));
    }

    async fn holds(&self, node: &Node) {
        self.can_be_read(node).await;
        assert_eq!(node.refresh(&self.dead.refresh).await, Outcome::Refused("invalid_grant".to_owned()));
        assert_eq!(node.refresh(&self.spent).await, Outcome::Told(self.alive.clone()), "the same again");
    }
}

/// Writes until there is no room, and returns the sessions that were ended on the way.
async fn fill(node: &Node) -> Vec<Session> {
    let writing = (0..WRITERS).map(async |_| {
        let mut ended = Vec::new();
        while let Outcome::Told(session) = node.issue().await {
            match node.revoke(&session.refresh).await {
                Outcome::Told(()) => ended.push(session),
                Outcome::Unavailable => break,
                other => panic!("{other:?}"),
            }
            assert!(ended.len() < 10_000, "the disk is never full");
        }
        ended
    });
    join_all(writing).await.concat()
}

async fn are_over(node: &Node, ended: &[Session]) {
    for session in ended {
        assert_eq!(node.introspect(&session.access).await, Outcome::Told(false));
    }
}

/// S2, S5: what needs room is 503, what needs none is answered, and room is enough to go on.
#[tokio::test]
async fn a_full_disk_under_the_embedded_store_loses_nothing_and_is_over_when_there_is_room() {
    let data = tempfile::tempdir().unwrap();
    let mut node = on_a_disk_that_may_be_full().start(&embedded(data.path())).await;
    let told = Told::by(&node).await;
    let length = fs::metadata(data.path().join(FILE)).unwrap().len();
    node.limit_files(Some(length));
    let ended = fill(&node).await;
    // A reader may meet the moment in which the file is opened anew.
    until("it can be read", async || node.introspect(&told.alive.access).await != Outcome::Unavailable).await;
    told.can_be_read(&node).await;
    until("its log says why", async || node.stderr().contains("the database file failed")).await;

    node.limit_files(None);
    until("it can be written", async || node.issue().await.told().is_some()).await;
    told.holds(&node).await;
    are_over(&node, &ended).await;

    node.kill().await;
    let node = program().start(&embedded(data.path())).await;
    told.holds(&node).await;
    are_over(&node, &ended).await;
}

/// S2, S5
#[tokio::test]
async fn a_full_disk_under_redis_loses_nothing_and_is_over_when_there_is_room() {
    let data = tempfile::tempdir().unwrap();
    // One that goes on without its file, and tells who asks whether that is so.
    let settings = [("appendonly", "yes"), ("appendfsync", "everysec"), ("auto-aof-rewrite-percentage", "0")];
    let mut redis = RedisServer::start(Flavor::Valkey, &settings).await;
    let url = redis.url();
    let start = Start { data: data.path(), store: Some(&url), durability: "fsync", more: &MORE };
    let node = program().start(&start).await;
    let told = Told::by(&node).await;
    redis.limit_files(Some(longest_file(redis.folder())));
    assert_eq!(fill(&node).await, [], "what is not on disk was not acknowledged");
    let refused: Result<String, _> = redis.ask(&["SET", "something", "else"]).await;
    assert!(refused.unwrap_err().to_string().contains("MISCONF"));
    told.can_be_read(&node).await;
    assert_eq!(node.revoke(&told.alive.refresh).await, Outcome::Unavailable);

    redis.limit_files(None);
    until("it can be written", async || node.issue().await.told().is_some()).await;
    let session = node.issue().await.told().unwrap();
    assert_eq!(node.revoke(&session.refresh).await, Outcome::Told(()));
    redis.kill().await;
    redis.restart().await;
    until("it is found again", async || node.issue().await.told().is_some()).await;
    told.can_be_read(&node).await;
    assert_eq!(node.introspect(&session.access).await, Outcome::Told(false));
}

/// S2, S5: with `appendfsync always` Redis ends rather than go on without its file. Its server does not.
#[tokio::test]
async fn a_redis_that_ends_because_its_disk_is_full_is_found_again() {
    let data = tempfile::tempdir().unwrap();
    let settings = [("appendonly", "yes"), ("appendfsync", "always"), ("auto-aof-rewrite-percentage", "0")];
    let mut redis = RedisServer::start(Flavor::Redis, &settings).await;
    let url = redis.url();
    let node = program().start(&Start { data: data.path(), store: Some(&url), durability: "fsync", more: &MORE }).await;
    let told = Told::by(&node).await;
    redis.limit_files(Some(longest_file(redis.folder())));
    assert_eq!(fill(&node).await, [], "what is not on disk was not acknowledged");
    assert_eq!(node.introspect(&told.alive.access).await, Outcome::Unavailable);
    redis.restart().await;
    until("it is found again", async || node.issue().await.told().is_some()).await;
    told.holds(&node).await;
}

/// The length of the one file that grows.
fn longest_file(folder: &Path) -> u64 {
    let lengths =
        fs::read_dir(folder.join("appendonlydir")).unwrap().map(|file| file.unwrap().metadata().unwrap().len());
    lengths.max().unwrap()
}

/// A plain refusal, and nothing is changed by it.
#[tokio::test]
async fn a_folder_or_a_file_that_must_not_be_written_is_refused_in_plain_words() {
    let data = tempfile::tempdir().unwrap();
    let mut node = without_privileges().start(&embedded(data.path())).await;
    let told = Told::by(&node).await;
    node.terminate();
    node.ended().await;
    let file = data.path().join(FILE);
    let before = fs::read(&file).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o400)).unwrap();
    let said = refusal(&without_privileges(), data.path()).await;
    assert!(said.contains("atropos.redb cannot be written: this process may only read it"), "{said}");
    assert!(fs::read(&file).unwrap() == before, "refused means untouched");
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    told.holds(&without_privileges().start(&embedded(data.path())).await).await;

    let empty = tempfile::tempdir().unwrap();
    fs::set_permissions(empty.path(), Permissions::from_mode(0o500)).unwrap();
    let said = refusal(&without_privileges(), empty.path()).await;
    assert!(said.contains("atropos.redb cannot be written: this process may only read it"), "{said}");
}

/// A start that finds no room says so, and the same file serves when there is some.
#[tokio::test]
async fn a_disk_without_room_for_the_first_byte_is_refused_in_plain_words() {
    let data = tempfile::tempdir().unwrap();
    let full = program().by(&["sh", "-c", r#"trap "" XFSZ; ulimit -f 8; exec "$0" "$@""#]);
    let said = refusal(&full, data.path()).await;
    assert!(said.contains("atropos.redb") && said.contains("File too large"), "{said}");
    let node = program().start(&embedded(data.path())).await;
    assert!(node.issue().await.told().is_some(), "what an opening that failed has left behind does no harm");
}

async fn refusal(program: &Program, data: &Path) -> String {
    let said = program.attempt(&embedded(data)).await.err().expect("it should not start");
    assert!(!said.contains("panicked"), "{said}");
    let sentence = said.lines().find(|line| line.starts_with("atropos: "));
    sentence.unwrap_or_else(|| panic!("no sentence: {said}")).to_owned()
}

/// A store that a version of the future has stamped is refused; a record of it is 503, whatever is asked, and not absent.
#[tokio::test]
async fn what_a_newer_version_wrote_is_neither_guessed_at_nor_taken_for_absent() {
    let data = tempfile::tempdir().unwrap();
    let redis = RedisServer::start(Flavor::Redis, &[]).await;
    let url = redis.url();
    let start = Start { data: data.path(), store: Some(&url), durability: "memory", more: &[] };
    let mut node = program().start(&start).await;
    let session = node.issue().await.told().unwrap();
    let said = async |words: &[&str]| redis.ask::<redis::Value>(words).await.unwrap();
    // Any record may be that of the session.
    let records: Vec<String> = redis.ask(&["KEYS", "atropos{*}:f:*"]).await.unwrap();
    // The version stands before the format.
    let stamp_all = async |format: &str| {
        for record in &records {
            said(&["SETRANGE", record, "8", format]).await;
        }
    };
    let ours: String = redis.ask(&["GETRANGE", &records[0], "8", "8"]).await.unwrap();
    stamp_all("\u{63}").await;
    assert_eq!(node.introspect(&session.access).await, Outcome::Unavailable);
    assert_eq!(node.refresh(&session.refresh).await, Outcome::Unavailable);
    assert_eq!(node.revoke(&session.access).await, Outcome::Unavailable);
    assert_eq!(node.revoke(&session.refresh).await, Outcome::Unavailable);
    stamp_all(&ours).await;
    assert_eq!(node.introspect(&session.access).await, Outcome::Told(true));
    assert_eq!(node.revoke(&session.refresh).await, Outcome::Told(()));
    assert_eq!(node.introspect(&session.access).await, Outcome::Told(false));

    node.terminate();
    node.ended().await;
    said(&["SET", "atropos:d:stamp", "\0\0\0\0\0\0\0\u{1}{\"mode\":\"dev\",\"format\":99}"]).await;
    let said = program().attempt(&start).await.err().expect("it should not start");
    assert!(said.contains("this store has records of format 99"), "{said}");
}
