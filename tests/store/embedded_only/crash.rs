//! `kill -9` in the midst of commits (lesson S5).

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use atropos::domain::clock::FixedClock;
use atropos::domain::store::{Append, Commit, Committed, Store, Version};
use atropos::store::embedded::Embedded;
use futures_util::future::join_all;
use tempfile::TempDir;

use crate::embedded::{START, settings};
use crate::suite::{DEADLINE, KEEP, family, generation, nth, reads_generation, revocations, to};

/// Set for the child, which is this very test: where the data are, and the number of its first family.
const FOLDER: &str = "ATROPOS_TEST_CRASH_FOLDER";
const FIRST: &str = "ATROPOS_TEST_CRASH_FIRST";

const FAMILIES: u64 = 8;

#[test]
fn what_was_acknowledged_outlives_a_kill_and_nothing_is_half_done() {
    if let (Some(folder), Some(first)) = (told(FOLDER), told(FIRST)) {
        commit_for_ever(Path::new(&folder), first.parse().unwrap());
    }
    let folder = TempDir::new().unwrap();
    let mut acknowledged = BTreeMap::new();
    for round in 0..4 {
        let child = Victim::start(folder.path(), round * FAMILIES);
        child.acknowledgements(&mut acknowledged, 30 + 70 * round);
        let refusal = open(folder.path()).err().expect("the child has the file").to_string();
        assert!(refusal.contains("in use by another process"), "{refusal}");
        child.kill(&mut acknowledged);

        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(everything_is_there(&open(folder.path()).unwrap(), &acknowledged));
    }
    assert_eq!(acknowledged.len() as u64, 4 * FAMILIES, "every family should have come to its first commit");
}

fn open(folder: &Path) -> Result<Embedded, atropos::store::embedded::OpenError> {
    Embedded::open(&settings(folder), Arc::new(FixedClock::at(START)))
}

#[expect(clippy::disallowed_methods, reason = "the arguments of a test binary are not its own")]
fn told(variable: &str) -> Option<String> {
    env::var(variable).ok()
}

/// The part of the child: tells each commit as soon as it is acknowledged.
fn commit_for_ever(folder: &Path, first: u64) -> ! {
    let store = open(folder).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    println!();
    runtime.block_on(join_all((first..first + FAMILIES).map(async |number| {
        let family = generation(&family(nth(0), number), 0);
        store.create(&family, Version(0), KEEP).await.unwrap();
        for count in 1.. {
            let (next, entries) = (generation(&family, count), revocations([tag(number, count)]));
            let append = Append { floor: family.epoch, ..to(nth(0), &entries) };
            let (expected, version) = (Version(u64::from(count) - 1), Version(u64::from(count)));
            let commit = Commit { expected, version, family: &next, keep_for: KEEP, append };
            assert_ne!(store.commit(commit).await.unwrap(), Committed::Conflict);
            println!("acknowledged {number} {count}");
        }
    })));
    unreachable!("it commits until it is killed")
}

/// Names one commit of one family in the log.
fn tag(family: u64, count: u32) -> u64 {
    family << 32 | u64::from(count)
}

/// Each record is at least where it was acknowledged to be, and the log has the entries of exactly its commits.
async fn everything_is_there(store: &Embedded, acknowledged: &BTreeMap<u64, u32>) {
    let log = store.revocations(nth(0), None, usize::MAX).await.unwrap().entries;
    assert!(log.is_sorted_by(|a, b| a.position < b.position));
    for (&number, &count) in acknowledged {
        let stored = store.load(family(nth(0), number).id).await.unwrap().stored.expect("it was acknowledged");
        let found = reads_generation(&stored.family);
        assert!(found >= count, "family {number} went back from {count} to {found}");
        let tags: Vec<_> = log.iter().map(|entry| entry.revocation.tag.0).filter(|tag| tag >> 32 == number).collect();
        assert_eq!(tags, (1..=found).map(|count| tag(number, count)).collect::<Vec<_>>(), "half of a commit");
    }
}

struct Victim {
    process: Child,
    lines: Receiver<String>,
}

impl Victim {
    fn start(folder: &Path, first: u64) -> Self {
        let test = "embedded_only::crash::what_was_acknowledged_outlives_a_kill_and_nothing_is_half_done";
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(FOLDER, folder)
            .env(FIRST, first.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            let mut line = String::new();
            // A line without an end is one that the child did not come to finish.
            while output.read_line(&mut line).is_ok() && line.ends_with('\n') {
                sender.send(std::mem::take(&mut line)).ok();
            }
        });
        Self { process, lines }
    }

    fn acknowledgements(&self, acknowledged: &mut BTreeMap<u64, u32>, wanted: u64) {
        let mut heard = 0;
        while heard < wanted {
            let line = self.lines.recv_timeout(DEADLINE).expect("the child commits");
            heard += u64::from(note(&line, acknowledged));
        }
    }

    /// Kills it, and hears what it still had said.
    fn kill(mut self, acknowledged: &mut BTreeMap<u64, u32>) {
        self.process.kill().unwrap();
        while let Ok(line) = self.lines.recv_timeout(DEADLINE) {
            note(&line, acknowledged);
        }
        self.process.wait().unwrap();
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn note(line: &str, acknowledged: &mut BTreeMap<u64, u32>) -> bool {
    let words: Vec<_> = line.split_whitespace().collect();
    let ["acknowledged", family, count] = words[..] else { return false };
    acknowledged.insert(family.parse().unwrap(), count.parse().unwrap());
    true
}
