//! Secrets that are not right, of clients that exist and of one that does not.
use super::trial::{Group, Kind};
use crate::request::{Ask, Proof};
use crate::rows::{ISSUE, TOKEN_PATH};

/// As long as the names of the others.
const NOBODY: &str = "demo-nobody-";

/// An Argon2 hash takes a hundred times as long as all the rest.
const SLOW: usize = 20;

pub(super) fn groups() -> [Group; 2] {
    let quick = kind("wrong secret, kept as SHA-256", "demo-service");
    // No unknown client may cost an Argon2 hash, or anybody could have them made without end: the one is told from the
    // other by the time, and that is known. Limits on failures bound how many names can be tried.
    let slow = Kind { is_alike: false, ..kind("wrong secret, kept as Argon2id", "demo-by-hand") };
    [group(quick, 1), group(slow, SLOW)]
}

fn group(known: Kind, for_each: usize) -> Group {
    let kinds = vec![kind("unknown client", NOBODY), kind("unknown client, once more", NOBODY), known];
    Group { title: "authenticate", kinds, for_each }
}

fn kind(title: &'static str, client: &'static str) -> Kind {
    let ask = Ask { proof: Proof::Guess(client), ..Ask::bare(TOKEN_PATH, ISSUE) };
    Kind { title, ask, tokens: Vec::new(), is_alike: true }
}
