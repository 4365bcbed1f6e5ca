//! The names of things. All are fixed-size bytes with exactly one spelling as text.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

use crate::time::Timestamp;

/// What changes together: a family, its index, and the entries that can end it. 0 to 4095.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Shard(u16);

impl Shard {
    /// The most shards a store can have: a family id has twelve bits for its shard.
    pub const MOST: u16 = 1 << 12;

    /// `None` from [`Self::MOST`] on.
    pub const fn new(number: u16) -> Option<Self> {
        if number < Self::MOST { Some(Self(number)) } else { None }
    }

    pub const fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Names a family: 48 bits of milliseconds, 12 of shard, 62 of chance, laid out as a UUID of version 8 (RFC 9562
/// section 5.8). Ordered by time, for stores that keep keys in order write and sweep such keys several times faster.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FamilyId([u8; 16]);

impl FamilyId {
    /// `random` gives its lower 62 bits; `born` keeps 48 bits, enough until the year 10889.
    pub fn new(shard: Shard, born: Timestamp, random: u64) -> Self {
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&born.as_millis().to_be_bytes()[2..]);
        bytes[6..8].copy_from_slice(&shard.0.to_be_bytes());
        bytes[8..].copy_from_slice(&random.to_be_bytes());
        Self(Uuid::new_v8(bytes).into_bytes())
    }

    pub fn shard(self) -> Shard {
        Shard(u16::from_be_bytes([self.0[6], self.0[7]]) & (Shard::MOST - 1))
    }

    pub fn born_at(self) -> Timestamp {
        let b = self.0;
        Timestamp::from_millis(u64::from_be_bytes([0, 0, b[0], b[1], b[2], b[3], b[4], b[5]]))
    }

    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// `None` if the bytes are not a UUID of version 8.
    pub fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        let marked = Uuid::new_v8(bytes).into_bytes() == bytes;
        marked.then_some(Self(bytes))
    }
}

impl fmt::Display for FamilyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Uuid::from_bytes(self.0).as_hyphenated().fmt(f)
    }
}

impl fmt::Debug for FamilyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not the one spelling of what it should name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a well-formed identifier")]
pub struct Malformed;

impl FromStr for FamilyId {
    type Err = Malformed;

    /// Reads the hyphenated form in lower case, and no other spelling of a UUID.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let id = Uuid::try_parse(text).ok().and_then(|uuid| Self::from_bytes(uuid.into_bytes())).ok_or(Malformed)?;
        if id.to_string() == text { Ok(id) } else { Err(Malformed) }
    }
}

/// Names a token: its family, its number in it, and 64 random bits drawn when it was committed: a number that a lost
/// commit or a restored backup hands out twice is still two tokens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId {
    pub family: FamilyId,
    pub serial: u32,
    pub nonce: u64,
}

impl TokenId {
    /// Bytes of a token id: 16 of the family, 4 of the serial, 8 of chance, big endian.
    pub const LEN: usize = 28;

    pub fn to_bytes(self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..16].copy_from_slice(&self.family.0);
        bytes[16..20].copy_from_slice(&self.serial.to_be_bytes());
        bytes[20..].copy_from_slice(&self.nonce.to_be_bytes());
        bytes
    }

    pub fn from_bytes(bytes: &[u8; Self::LEN]) -> Option<Self> {
        let (family, rest) = bytes.split_first_chunk::<16>()?;
        let (serial, nonce) = rest.split_first_chunk::<4>()?;
        Some(Self {
            family: FamilyId::from_bytes(*family)?,
            serial: u32::from_be_bytes(*serial),
            nonce: u64::from_be_bytes(nonce.try_into().ok()?),
        })
    }
}

/// The `jti` of a JWT: base64url without padding (38 characters).
impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.to_bytes()))
    }
}

impl fmt::Debug for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.family, self.serial)
    }
}

impl FromStr for TokenId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let mut bytes = [0; Self::LEN];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(Self::LEN) => Self::from_bytes(&bytes).ok_or(Malformed),
            _ => Err(Malformed),
        }
    }
}

/// Names a key, of a MAC or of a signature alike (a JWT's `kid`); eight hexadecimal digits as text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KeyId(pub u32);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for KeyId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let id = u32::from_str_radix(text, 16).map(Self).map_err(|_| Malformed)?;
        if id.to_string() == text { Ok(id) } else { Err(Malformed) }
    }
}

/// Text where people read it (JSON), bytes where they do not (records).
impl Serialize for FamilyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { self.0.serialize(serializer) }
    }
}

impl<'de> Deserialize<'de> for FamilyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
        } else {
            Self::from_bytes(Deserialize::deserialize(deserializer)?).ok_or_else(|| de::Error::custom(Malformed))
        }
    }
}

impl Serialize for TokenId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            (self.family, self.serial, self.nonce.to_be_bytes()).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for TokenId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return String::deserialize(deserializer)?.parse().map_err(de::Error::custom);
        }
        let (family, serial, nonce): (FamilyId, u32, [u8; 8]) = Deserialize::deserialize(deserializer)?;
        Ok(Self { family, serial, nonce: u64::from_be_bytes(nonce) })
    }
}
