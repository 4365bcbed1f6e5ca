//! How long a family may live, by the settings of any node that this store ever had.
//!
//! A wide revocation is remembered for as long as something that it covers may live. What was given under other settings,
//! before a restart or by another node, lives under those: so the longest lifetime of all stands in the store. It never
//! shrinks, for nobody knows what was given last while it was longer.

use std::time::Duration;

use super::Authority;
use crate::domain::store::{Document, Unavailable};

const DOCUMENT: &str = "longest-family";

impl Authority {
    /// Makes known to every node how long families of this one's clients may live. Before the first of them is begotten.
    pub async fn announce_lifetimes(&self) -> Result<(), Unavailable> {
        loop {
            let known = self.store.document(DOCUMENT).await?;
            if known.as_ref().map(read).transpose()?.is_some_and(|longest| longest >= self.longest_family) {
                return Ok(());
            }
            let seconds = self.longest_family.as_secs() + u64::from(self.longest_family.subsec_nanos() > 0);
            let document = Document { version: self.version(), bytes: seconds.to_string().into_bytes() };
            let expected = known.map(|document| document.version);
            if self.store.replace_document(DOCUMENT, expected, &document).await? {
                return Ok(());
            }
        }
    }

    pub(super) async fn longest_lifetime(&self) -> Result<Duration, Unavailable> {
        let known = self.store.document(DOCUMENT).await?.as_ref().map(read).transpose()?;
        Ok(self.longest_family.max(known.unwrap_or_default()))
    }
}

fn read(document: &Document) -> Result<Duration, Unavailable> {
    let seconds = std::str::from_utf8(&document.bytes).ok().and_then(|text| text.parse().ok());
    let unreadable = || Unavailable(format!("the document {DOCUMENT} is not a number of seconds"));
    seconds.map(Duration::from_secs).ok_or_else(unreadable)
}
