//! Reads what the server answers. Whatever has not exactly the expected form makes the store unavailable.

use redis::Value;

use super::failure::{settle, unexpected};
use crate::domain::store::{Document, Listed, Loaded, Stretch, Unavailable, Version};
use crate::domain::{Entry, FamilyId, Head, Position, Revocation, Tag, Timestamp};
use crate::store::record;

/// What `commit.lua` answers; `None` if it found something else than was expected. `anchor` and `appended` are what its
/// caller said, and what it does not say again.
pub(super) fn stretch(
    value: Value,
    anchor: Option<Head>,
    appended: &[Revocation],
) -> Result<Option<Stretch>, Unavailable> {
    let text = match settle(value)? {
        Value::Int(0) => return Ok(None),
        Value::BulkString(text) => text,
        _ => return Err(unexpected("a script")),
    };
    let mut text = Text(&text);
    let (now, length) = (text.double()?, text.byte()?);
    let (now, head) = (from_micros(now)?, head_of(text.take(length.into())?)?);
    if text.0.is_empty() {
        let entries = placed(appended, head)?;
        return Ok(Some(Stretch { joins: true, entries, head, more: false, now }));
    }
    let more = match text.byte()? {
        0 => false,
        1 => true,
        _ => return Err(unexpected("a script")),
    };
    let mut entries = Vec::new();
    while !text.0.is_empty() {
        let length = text.length()?;
        entries.push(entry(text.take(length)?)?);
    }
    let joins = anchor.is_none_or(|anchor| entries.first().is_some_and(|first: &Entry| first.head() == anchor));
    if joins && anchor.is_some() {
        entries.remove(0);
    }
    Ok(Some(Stretch { joins, entries, head, more, now }))
}

/// What is left of the text that a script answers with.
struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Unavailable> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(|| unexpected("a script"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], Unavailable> {
        let (taken, rest) = self.0.split_first_chunk().ok_or_else(|| unexpected("a script"))?;
        self.0 = rest;
        Ok(*taken)
    }

    fn byte(&mut self) -> Result<u8, Unavailable> {
        self.chunk().map(|[byte]| byte)
    }

    fn length(&mut self) -> Result<usize, Unavailable> {
        self.chunk().map(|bytes| u32::from_be_bytes(bytes) as usize)
    }

    fn double(&mut self) -> Result<f64, Unavailable> {
        self.chunk().map(f64::from_be_bytes)
    }
}

/// What was appended at one time stands at positions in a row, the last of them the head's.
fn placed(appended: &[Revocation], head: Head) -> Result<Vec<Entry>, Unavailable> {
    let before = head.position.0.checked_sub(appended.len() as u64).ok_or_else(|| unexpected("a script"))?;
    let positions = (before + 1..).map(Position);
    Ok(positions.zip(appended.iter().cloned()).map(|(position, revocation)| Entry { position, revocation }).collect())
}

/// A member of the denylist: its position, which is its score too, and the revocation.
fn entry(member: &[u8]) -> Result<Entry, Unavailable> {
    let mut member = Text(member);
    let position = position(member.double()?)?;
    Ok(Entry { position, revocation: record::decode_revocation(member.0)? })
}

pub(super) fn loaded(value: Value) -> Result<Loaded, Unavailable> {
    let Value::Array(parts) = settle(value)? else { return Err(unexpected("MGET")) };
    let Ok([record, head_text]) = <[Value; 2]>::try_from(parts) else { return Err(unexpected("MGET")) };
    let stored = record::read(optional_bytes(record, "MGET")?.as_deref())?;
    Ok(Loaded { stored, head: head(head_text)? })
}

/// So many records of a shard, and last its head.
pub(super) fn loaded_each(value: Value, count: usize) -> Result<Vec<Loaded>, Unavailable> {
    let Value::Array(mut parts) = settle(value)? else { return Err(unexpected("MGET")) };
    let head = head(parts.pop().ok_or_else(|| unexpected("MGET"))?)?;
    if parts.len() != count {
        return Err(unexpected("MGET"));
    }
    let stored =
        parts.into_iter().map(|record| optional_bytes(record, "MGET")?.map(|bytes| record::decode(&bytes)).transpose());
    stored.map(|stored| Ok(Loaded { stored: stored?, head })).collect()
}

/// Absent as long as nothing was ever appended.
pub(super) fn head(value: Value) -> Result<Head, Unavailable> {
    let Some(text) = optional_bytes(value, "GET")? else { return Ok(Head::default()) };
    head_of(&text)
}

fn head_of(text: &[u8]) -> Result<Head, Unavailable> {
    let parse = || {
        let (position, tag) = str::from_utf8(text).ok()?.split_once(' ')?;
        // Scripts compare heads as texts: one that is written otherwise would never be found again.
        let plain = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if tag.len() != 16
            || !tag.bytes().all(plain)
            || position.starts_with('+')
            || (position.starts_with('0') && position != "0")
        {
            return None;
        }
        Some(Head { position: Position(position.parse().ok()?), tag: Tag(u64::from_str_radix(tag, 16).ok()?) })
    };
    parse().ok_or_else(|| Unavailable("the head of a shard cannot be read".to_owned()))
}

pub(super) fn time(value: Value) -> Result<Timestamp, Unavailable> {
    let parts: (u64, u64) = redis::from_redis_value(settle(value)?).map_err(|_| unexpected("TIME"))?;
    Ok(Timestamp::from_millis(parts.0.saturating_mul(1000).saturating_add(parts.1 / 1000)))
}

pub(super) fn document(value: Value) -> Result<Option<Document>, Unavailable> {
    let Some(bytes) = optional_bytes(value, "GET")? else { return Ok(None) };
    let Some((version, rest)) = bytes.split_first_chunk() else { return Err(unexpected("GET")) };
    Ok(Some(Document { version: Version(u64::from_be_bytes(*version)), bytes: rest.to_vec() }))
}

/// Some of a list's families in one shard, with their scores.
pub(super) fn listed(value: Value) -> Result<Vec<Listed>, Unavailable> {
    const OF: &str = "ZREVRANGEBYSCORE";
    let Value::Array(members) = settle(value)? else { return Err(unexpected(OF)) };
    let member = |member| {
        let Value::Array(parts) = member else { return Err(unexpected(OF)) };
        let Ok([id, Value::Double(score)]) = <[Value; 2]>::try_from(parts) else { return Err(unexpected(OF)) };
        let id = <[u8; 16]>::try_from(bytes(id, OF)?).ok().and_then(FamilyId::from_bytes);
        Ok(Listed { place: whole(score).ok_or_else(|| unexpected(OF))?, family: id.ok_or_else(|| unexpected(OF))? })
    };
    members.into_iter().map(member).collect()
}

/// A step of a scan.
pub(super) struct Step {
    /// Names the server and its run that the place belongs to.
    pub(super) run: String,
    pub(super) place: String,
    pub(super) records: Vec<Vec<u8>>,
}

pub(super) fn step(value: Value) -> Result<Step, Unavailable> {
    let Value::Array(parts) = settle(value)? else { return Err(unexpected("a scan")) };
    let Ok([run, place, Value::Array(records)]) = <[Value; 3]>::try_from(parts) else {
        return Err(unexpected("a scan"));
    };
    let text = |value| String::from_utf8(bytes(value, "a scan")?).map_err(|_| unexpected("a scan"));
    let records = records.into_iter().filter_map(|record| optional_bytes(record, "a scan").transpose());
    Ok(Step { run: text(run)?, place: text(place)?, records: records.collect::<Result<_, _>>()? })
}

/// `true` if it was written, `false` if something else was there.
pub(super) fn written(value: Value) -> Result<bool, Unavailable> {
    match settle(value)? {
        Value::Okay | Value::Int(1) => Ok(true),
        Value::Nil | Value::Int(0) => Ok(false),
        _ => Err(unexpected("a write")),
    }
}

pub(super) fn optional_bytes(value: Value, to: &str) -> Result<Option<Vec<u8>>, Unavailable> {
    match settle(value)? {
        Value::Nil => Ok(None),
        Value::BulkString(bytes) => Ok(Some(bytes)),
        _ => Err(unexpected(to)),
    }
}

fn bytes(value: Value, to: &str) -> Result<Vec<u8>, Unavailable> {
    optional_bytes(value, to)?.ok_or_else(|| unexpected(to))
}

fn position(score: f64) -> Result<Position, Unavailable> {
    whole(score).map(Position).ok_or_else(|| Unavailable("the position of an entry cannot be read".to_owned()))
}

/// Positions and times are below 2^53, so that a double, which is all that Lua has, has them exactly.
fn whole(double: f64) -> Option<u64> {
    const LIMIT: f64 = 9_007_199_254_740_992.0;
    if double.is_sign_negative() || !(0.0..LIMIT).contains(&double) || double.fract() != 0.0 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, not negative, and below 2^53")]
    Some(double as u64)
}

fn from_micros(micros: f64) -> Result<Timestamp, Unavailable> {
    let micros = whole(micros).ok_or_else(|| unexpected("TIME"))?;
    Ok(Timestamp::from_millis(micros / 1000))
}

#[cfg(test)]
mod fuzz;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_has_one_spelling() {
        let read = |text: &str| head(Value::BulkString(text.into()));
        assert_eq!(read("5 000000000000000f"), Ok(Head { position: Position(5), tag: Tag(15) }));
        for other in
            ["5 f", "5 000000000000000F", "05 000000000000000f", "+5 000000000000000f", "5  000000000000000f", "5"]
        {
            assert!(read(other).is_err(), "{other}");
        }
    }
}
