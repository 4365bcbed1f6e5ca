//! A store belongs to one issuer, and to one mode: production tokens must not meet sample clients, and an issuer's tokens
//! must not be looked for, and found missing, in the store of another.

use serde::{Deserialize, Serialize};

use super::StartError;
use crate::domain::chance::{Chance as _, SystemChance};
use crate::domain::store::{Document, Store, Version};
use crate::settings::Mode;
use crate::store::record::FORMAT;

const DOCUMENT: &str = "stamp";

#[derive(Serialize, Deserialize)]
struct Stamp {
    #[serde(flatten)]
    owner: Owner,
    /// In which format records are written here. Stores made before it was said have the first one.
    #[serde(default = "first_format")]
    format: u8,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "mode")]
enum Owner {
    /// The issuer of `dev` follows its port, so it says nothing.
    Dev,
    Serve {
        issuer: String,
    },
}

/// Stamps a new store, and compares with the stamp of one that is in use.
pub(super) async fn check(store: &dyn Store, mode: Mode, issuer: &str) -> Result<(), StartError> {
    loop {
        if let Some(document) = store.document(DOCUMENT).await? {
            return compare(&document, mode, issuer);
        }
        let ours = match mode {
            Mode::Dev => Owner::Dev,
            Mode::Serve => Owner::Serve { issuer: issuer.to_owned() },
        };
        let bytes = serde_json::to_vec(&Stamp { owner: ours, format: FORMAT }).expect("a stamp is plain data");
        let document = Document { version: Version(SystemChance.u64()), bytes };
        if store.replace_document(DOCUMENT, None, &document).await? {
            return Ok(());
        }
    }
}

fn compare(found: &Document, mode: Mode, issuer: &str) -> Result<(), StartError> {
    let refused = |sentence: String| Err(StartError::Refused(sentence));
    let Ok(Stamp { owner, format }) = serde_json::from_slice(&found.bytes) else {
        return refused("store.url: this store says it belongs to a version of Atropos unknown here".to_owned());
    };
    if format != FORMAT {
        return refused(format!(
            "store.url: this store has records of format {format}, and this version of Atropos reads format {FORMAT}; \
             start the version that wrote it, or give this one another store (for `dev`, another --data)"
        ));
    }
    match (owner, mode) {
        (Owner::Dev, Mode::Dev) => Ok(()),
        (Owner::Serve { issuer: theirs }, Mode::Serve) if theirs == issuer => Ok(()),
        (Owner::Serve { issuer: theirs }, Mode::Serve) => refused(format!(
            "store.url: this store belongs to the issuer {theirs}, not to {issuer}; give each issuer a store, or a \
             store.prefix, of its own"
        )),
        (Owner::Serve { .. }, Mode::Dev) => {
            refused("store.url: this store is used by `serve`; `dev` must not be let near it".to_owned())
        }
        (Owner::Dev, Mode::Serve) => refused(
            "store.url: this store was made by `dev`, with sample clients and secrets that everybody knows; give \
             `serve` another, or another store.prefix"
                .to_owned(),
        ),
    }
}

const fn first_format() -> u8 {
    1
}
