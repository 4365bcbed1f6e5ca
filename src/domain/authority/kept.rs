//! Short-lived things that the store keeps for the authority: what they are known by, how they are written, and by what they are
//! judged if they can beget a family (rule 3).

use std::time::Duration;

use aws_lc_rs::hmac::Context;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use super::Authority;
use crate::domain::error::Error;
use crate::domain::family::listing::Listing;
use crate::domain::store::{OnceKey, Unavailable};
use crate::domain::{Credential, FamilyId, KeyId, Position, Shard, Timestamp, TokenId};

/// Where a shard stood when something was known of a client, or of a person at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    shard: Shard,
    epoch: Position,
}

/// What was known, of whom, and since when: what takes their tokens takes what this would beget as well (rule 3).
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence<'a> {
    pub(super) since: Known,
    pub(super) client: &'a str,
    pub(super) subject: Option<&'a str>,
}

/// The bytes of a name that carries our MAC, and those of the MAC: together they have one spelling in base64url.
const NAME_LEN: usize = 16;
const MAC_LEN: usize = 20;

impl Authority {
    /// What the store knows a thing of this kind by: nobody reads from it what it stands for.
    pub(super) fn keyed(&self, kind: &'static str, parts: &[&str]) -> OnceKey {
        let mut context = Context::with_key(&self.keys.derive(kind));
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        context.sign().as_ref().try_into().expect("HMAC-SHA-256 gives 32 bytes")
    }

    /// A name of `LEN` bytes of chance, as text.
    pub(super) fn draw_name<const LEN: usize>(&self) -> String {
        let mut bits = [0; LEN];
        self.chance.fill(&mut bits);
        URL_SAFE_NO_PAD.encode(bits)
    }

    /// A name that this server gives away, with a MAC of it: what is none of these never reaches the store. Whoever has a
    /// name for one purpose cannot make of it the one for another.
    pub(super) fn signed_name(&self, purpose: &'static str, name: &str) -> String {
        let mut bytes = [0; NAME_LEN + MAC_LEN];
        URL_SAFE_NO_PAD.decode_slice(name, &mut bytes).expect("it was drawn here, of sixteen bytes");
        bytes[NAME_LEN..].copy_from_slice(&self.keyed(purpose, &[name])[..MAC_LEN]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The name in a text of [`Self::signed_name`]. `None`: it was not made here, or for another purpose.
    pub(super) fn read_name(&self, purpose: &'static str, text: &str) -> Option<String> {
        let mut bytes = [0; NAME_LEN + MAC_LEN];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        let (name, mac) = bytes.split_at(NAME_LEN);
        let name = URL_SAFE_NO_PAD.encode(name);
        let is_ours: bool = self.keyed(purpose, &[&name])[..MAC_LEN].ct_eq(mac).into();
        (is_ours && length == NAME_LEN + MAC_LEN).then_some(name)
    }

    /// `false`: something is kept under this key. By our clock it is there for `lifetime`: that the store forgets it, somewhat
    /// later, only collects rubbish.
    pub(super) async fn put<T: Serialize>(&self, key: &OnceKey, value: &T, lifetime: Duration) -> Result<bool, Error> {
        let kept = (self.clock.now().plus(lifetime), value);
        let bytes = postcard::to_stdvec(&kept).expect("it is plain data and memory does not refuse a write");
        Ok(self.store.once(key, &bytes, lifetime + self.margin).await?)
    }

    pub(super) async fn kept<T: DeserializeOwned>(&self, key: &OnceKey) -> Result<Option<T>, Error> {
        let unreadable = |_| Unavailable("a short-lived thing cannot be read".to_owned());
        let Some(bytes) = self.store.peek(key).await? else { return Ok(None) };
        let (until, value): (Timestamp, T) = postcard::from_bytes(&bytes).map_err(unreadable)?;
        Ok((self.clock.now() < until).then_some(value))
    }

    /// Before evidence is judged: in the shard where it will beget something, if that is known yet.
    pub(super) fn known_now(&self, listing: Option<Listing<'_>>) -> Known {
        let shard = self.shard_of(listing);
        Known { shard, epoch: self.follower.denylist(shard).head().position }
    }

    /// Whether nothing has taken this since.
    pub(super) async fn is_still_known(&self, evidence: Evidence<'_>) -> Result<bool, Unavailable> {
        let Evidence { since: Known { shard, epoch }, client, subject } = evidence;
        self.follower.resync(shard).await?;
        Ok(!self.is_taken(shard, epoch, client, subject))
    }

    /// Whether a revocation takes what was known of a client, or of a person at it, when the shard stood at `epoch`: the
    /// predicate for tokens, asked of one that there is not. By this node's copy, which the caller has brought up to now.
    pub(super) fn is_taken(&self, shard: Shard, epoch: Position, client: &str, subject: Option<&str>) -> bool {
        let credential = Credential {
            token: TokenId { family: FamilyId::new(shard, Timestamp::default(), 0), serial: 0, nonce: 0 },
            key: KeyId(0),
            client,
            subject,
            epoch,
            is_managed: false,
            ancestors: &[],
        };
        self.follower.denylist(shard).covering(&credential).is_some()
    }
}
