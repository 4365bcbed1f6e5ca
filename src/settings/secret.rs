//! Secrets, given as a text or as the path of a file that holds it.

use std::fs;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::problem::Problems;

/// The two keys of one secret, as they stand in a section. Empty means "not set".
#[derive(Deserialize)]
pub(super) struct Given {
    pub(super) text: SecretString,
    pub(super) file: String,
}

impl Given {
    /// `key` names the text; the file is `key` with `_file`. `None` if there is none, or none that can be used.
    pub(super) fn resolve(self, key: &str, problems: &mut Problems) -> Option<SecretString> {
        let text = Some(self.text).filter(|text| !text.expose_secret().is_empty());
        if self.file.is_empty() {
            return text;
        }
        let file_key = format!("{key}_file");
        if text.is_some() {
            problems.add(file_key, format!("is set, and so is {key}; which of them counts must not be left to chance"));
            return None;
        }
        match read(&self.file) {
            Ok(secret) => Some(secret),
            Err(why) => {
                problems.add(file_key, format!("is \"{}\", which {why}", self.file));
                None
            }
        }
    }
}

fn read(path: &str) -> Result<SecretString, String> {
    let mut text = fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    if text.is_empty() { Err("is empty".into()) } else { Ok(text.into()) }
}
