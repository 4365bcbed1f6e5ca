//! What callgrind wrote: instructions by function, put together by the part of the server that a function belongs to.
use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};

/// By whom a function was written, which is what its name tells. What was compiled into its caller counts there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    Ours,
    Web,
    Redis,
    Cryptography,
    Texts,
    Memory,
    Rest,
}

/// In the order of the table's columns.
pub(super) const PARTS: [Part; 7] =
    [Part::Ours, Part::Web, Part::Redis, Part::Cryptography, Part::Texts, Part::Memory, Part::Rest];

const WEB: [&str; 10] =
    ["actix", "tokio", "http", "httparse", "mio", "bytes", "futures", "pin_project", "local_channel", "socket2"];
const CRYPTOGRAPHY: [&str; 8] =
    ["aws_lc", "sha2", "digest", "hmac", "jsonwebtoken", "subtle", "block_buffer", "argon2"];
const TEXTS: [&str; 7] = ["serde", "form_urlencoded", "percent_encoding", "base64", "url", "postcard", "memchr"];

impl Part {
    /// `object` is the file that the function was loaded from.
    fn of(function: &str, object: &str) -> Self {
        if object.contains("/libc") || object.contains("/ld-linux") {
            return Self::Memory;
        }
        // A name without a path is C: the allocator's, or the cryptography's.
        if !function.contains("::") {
            let is_allocator = ["mi_", "_mi_"].iter().any(|prefix| function.starts_with(prefix));
            return if is_allocator { Self::Memory } else { Self::Cryptography };
        }
        let name = function.trim_start_matches(['<', '&', '*', '(']).trim_start_matches("dyn ");
        let is_of = |names: &[&str]| names.iter().any(|start| name.starts_with(start));
        match () {
            () if name.starts_with("atropos") => Self::Ours,
            () if is_of(&WEB) => Self::Web,
            () if is_of(&["redis", "combine"]) => Self::Redis,
            () if is_of(&CRYPTOGRAPHY) => Self::Cryptography,
            () if is_of(&TEXTS) => Self::Texts,
            () => Self::Rest,
        }
    }
}

/// Instructions by part.
#[derive(Debug, Default)]
pub(super) struct Profile(HashMap<Part, u64>);

impl Profile {
    /// The format is described in Valgrind's manual ("Callgrind Format Specification"). A line of numbers is what the
    /// function named last cost by itself, unless it follows a `calls=`: then it is what was called, which counts there.
    pub(super) fn read(text: &str) -> Result<Self> {
        let (mut objects, mut functions) = (Names::default(), Names::default());
        let (mut object, mut function) = (String::new(), String::new());
        let mut profile = Self::default();
        let mut is_call = false;
        for line in text.lines() {
            match line.split_once('=') {
                Some(("ob", name)) => object = objects.resolve(name)?,
                Some(("cob", name)) => drop(objects.resolve(name)?),
                Some(("fn", name)) => function = functions.resolve(name)?,
                Some(("cfn", name)) => drop(functions.resolve(name)?),
                Some(("calls", _)) => is_call = true,
                None if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) => {
                    let cost = line.rsplit(' ').next().and_then(|cost| cost.parse::<u64>().ok());
                    let cost = cost.context("a line without a cost")?;
                    let own = if std::mem::take(&mut is_call) { 0 } else { cost };
                    *profile.0.entry(Part::of(&function, &object)).or_default() += own;
                }
                Some(_) | None => {}
            }
        }
        ensure!(profile.whole() > 0.0, "callgrind counted nothing");
        Ok(profile)
    }

    pub(super) fn whole(&self) -> f64 {
        PARTS.iter().map(|part| self.part(*part)).sum()
    }

    pub(super) fn part(&self, part: Part) -> f64 {
        // Far below 2^32 for a thousand requests.
        f64::from(u32::try_from(self.0.get(&part).copied().unwrap_or_default()).unwrap_or(u32::MAX))
    }
}

/// A name stands where it is first used, after its number; later its number alone.
#[derive(Default)]
struct Names(HashMap<String, String>);

impl Names {
    fn resolve(&mut self, text: &str) -> Result<String> {
        match text.split_once(") ") {
            Some((number, name)) => {
                self.0.insert(number.to_owned(), name.to_owned());
                Ok(name.to_owned())
            }
            None => {
                self.0.get(text.trim_end_matches(')')).cloned().with_context(|| format!("nothing is called {text}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUMP: &str = "\
events: Ir
summary: 1000

ob=(1) /opt/atropos
fl=(1) ???
fn=(1) atropos::http::revoke::revoke::{{closure}}
12 100
cfn=(2) <redis::cmd::Cmd as redis::types::ToRedisArgs>::write
calls=3 0
0 450
+2 11

ob=(1)
fn=(2)
0 400
cob=(2) /usr/lib/libc.so.6
cfn=(3) memcpy
calls=7 0
* 50

ob=(2)
fn=(3)
0 50
ob=(1)
fn=(4) aws_lc_0_47_0_SHA256_Update
0 7
totals: 568
";

    #[test]
    fn what_a_function_costs_counts_where_it_is_and_not_where_it_is_called() {
        let profile = Profile::read(DUMP).unwrap();
        let counts = PARTS.map(|part| profile.0.get(&part).copied().unwrap_or_default());
        assert_eq!(counts, [111, 0, 400, 7, 0, 50, 0]);
        assert!((profile.whole() - 568.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_function_belongs_to_whoever_wrote_it() {
        for (function, part) in [
            ("<actix_http::h1::codec::Codec as tokio_util::codec::decoder::Decoder>::decode", Part::Web),
            ("<atropos::store::redis::wire::Wire>::ask", Part::Ours),
            ("mi_free", Part::Memory),
            ("ecp_nistz256_point_double", Part::Cryptography),
            ("serde_json::ser::format_escaped_str_contents", Part::Texts),
            ("core::fmt::write", Part::Rest),
        ] {
            assert_eq!(Part::of(function, "/opt/atropos"), part, "{function}");
        }
    }

    #[test]
    fn what_is_no_profile_is_refused() {
        assert!(Profile::read("").is_err() && Profile::read("fn=(7)\n0 1\n").is_err());
    }
}
