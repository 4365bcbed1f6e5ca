//! Fuzz targets: functions that any bytes may be given to, and that panic where a promise is broken. Each stands beside
//! what it doubts, in a file `fuzz.rs`.
//!
//! `cargo test` gives each its corpus, `tests/corpus/NAME`: what once led somewhere new, or was once a fault.
//! `proof/fuzz NAME` compiles the same tests with libFuzzer and looks for more. docs/fuzzing.md has the rest.

pub(crate) mod server;

/// The target `name`, doubted by `judge`.
#[cfg(not(fuzzing))]
pub(crate) fn target(name: &str, judge: impl Fn(&[u8])) {
    let folder = std::path::Path::new("tests/corpus").join(name);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = files.map(|file| file.expect("a folder can be read").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} is empty", folder.display());
    for path in paths {
        // Shown only if it was the last.
        println!("{}", path.display());
        judge(&std::fs::read(path).expect("a file of the corpus can be read"));
    }
}

/// Of all targets only the one that is asked for does anything; without a question each tells its name.
#[cfg(fuzzing)]
pub(crate) fn target(name: &str, judge: impl Fn(&[u8])) {
    match std::env::var("FUZZ_TARGET") {
        Ok(asked) if asked == name => {
            let judge = std::panic::AssertUnwindSafe(judge);
            bolero::check!().with_shrink_time(std::time::Duration::ZERO).for_each(|bytes: &[u8]| judge(bytes));
        }
        Ok(_) => {}
        Err(_) => println!("fuzz target {name}"),
    }
}

/// What stands before the first `separator`, and what after it: a target of several inputs is given them so.
pub(crate) fn split(bytes: &[u8], separator: u8) -> (&[u8], &[u8]) {
    let at = bytes.iter().position(|byte| *byte == separator);
    at.map_or((bytes, &[]), |at| (&bytes[..at], &bytes[at + 1..]))
}

/// `whole` with bytes of it changed: three bytes of `changes` say where, and what is added to that byte.
pub(crate) fn change(whole: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut copy = whole.to_vec();
    for [high, low, add] in changes.as_chunks::<3>().0 {
        let place = usize::from(u16::from_be_bytes([*high, *low])) % whole.len();
        copy[place] = copy[place].wrapping_add(*add);
    }
    copy
}
