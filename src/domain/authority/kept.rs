//! Short-lived things that the store keeps for the authority: what they are known by, how they are written, and by what they are
//! judged if they can beget a family (rule 3).

use std::time::Duration;

use aws_lc_rs::hmac::Context;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Authority;
use crate::domain::error::Error;
use crate::domain::store::{OnceKey, Unavailable};
use crate::domain::{Credential, FamilyId, KeyId, Position, Shard, Timestamp, TokenId};

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

    /// `false`: something is kept under this key.
    pub(super) async fn put<T: Serialize>(&self, key: &OnceKey, value: &T, ttl: Duration) -> Result<bool, Error> {
        let bytes = postcard::to_stdvec(value).expect("it is plain data and memory does not refuse a write");
        Ok(self.store.once(key, &bytes, ttl).await?)
    }

    pub(super) async fn kept<T: DeserializeOwned>(&self, key: &OnceKey) -> Result<Option<T>, Error> {
        let unreadable = |_| Unavailable("a short-lived thing cannot be read".to_owned());
        let bytes = self.store.peek(key).await?;
        Ok(bytes.map(|bytes| postcard::from_bytes(&bytes)).transpose().map_err(unreadable)?)
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
