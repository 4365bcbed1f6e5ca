//! A history as people read it: a line for each operation, in the order in which they began, with a bar for how long.

use std::fmt;
use std::time::Duration;

use super::model::{Answer, Call, Owner, Token};
use super::record::Operation;

/// How wide the bars are together.
const WIDTH: usize = 40;

pub struct Shown<'a>(pub &'a [Operation]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.0.iter().map(|operation| operation.answered.time).max().unwrap_or_default();
        let column = |time: Duration| {
            let column = time.as_micros() * (WIDTH as u128 - 1) / last.as_micros().max(1);
            usize::try_from(column).unwrap_or_default()
        };
        let millis = |time: Duration| time.as_secs_f64() * 1000.0;
        writeln!(f, "process node  from (ms)    to (ms)  {:WIDTH$}  what was asked and answered", "")?;
        for Operation { process, node, call, answer, invoked, answered } in self.0 {
            let (from, to) = (column(invoked.time), column(answered.time));
            let bar = format!("{}{}", " ".repeat(from), "=".repeat(to - from + 1));
            let (begun, ended) = (millis(invoked.time), millis(answered.time));
            writeln!(f, "{process:>7} {node:>4} {begun:>10.3} {ended:>10.3}  {bar:WIDTH$}  {call} -> {answer}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Access(number) => write!(f, "a{number}"),
            Self::Refresh(number) => write!(f, "r{number}"),
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issue(owner) => write!(f, "issue to {owner}"),
            Self::Refresh(token) => write!(f, "refresh {token}"),
            Self::Revoke(token) => write!(f, "revoke {token}"),
            Self::Introspect(token) => write!(f, "introspect {token}"),
            Self::End(Some(owner)) => write!(f, "operator: end all of {owner}"),
            Self::End(None) => f.write_str("operator: end everything"),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(pair) => write!(f, "{} {}", pair.access, pair.refresh),
            Self::Refused => f.write_str("invalid_grant"),
            Self::Done => f.write_str("done"),
            Self::Active(true) => f.write_str("active"),
            Self::Active(false) => f.write_str("not active"),
            Self::Unknown => f.write_str("no answer"),
        }
    }
}
