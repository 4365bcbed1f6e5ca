//! `client hash-secret` and `user hash-password`.

use std::io::{self, BufRead as _, IsTerminal as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::Failure;
use crate::domain::authenticate::hash_secret;
use crate::domain::chance::{Chance as _, SystemChance};

/// Reads one line, a `what`, so that none stands in the list of processes or in a shell's history.
pub(super) fn hash(what: &str) -> Result<(), Failure> {
    let secret = read_line(&format!("The {what}: "))?;
    if secret.is_empty() {
        return Err(Failure(format!("no {what} came on the standard input")));
    }
    println!("{}", hash_secret(&secret, &SystemChance));
    Ok(())
}

/// 256 random bits: nothing to guess, so a plain hash is enough, and checking it costs nothing.
pub(super) fn generate() {
    let mut bits = Zeroizing::new([0; 32]);
    SystemChance.fill(&mut *bits);
    let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(*bits));
    println!("secret    {}", *secret);
    println!("register  sha256:{}", URL_SAFE_NO_PAD.encode(Sha256::digest(secret.as_bytes())));
}

/// One line of the standard input, without its end.
pub(super) fn read_line(prompt: &str) -> io::Result<Zeroizing<String>> {
    if io::stdin().is_terminal() {
        eprint!("{prompt}");
    }
    let mut line = Zeroizing::new(String::new());
    io::stdin().lock().read_line(&mut line)?;
    let length = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(length);
    Ok(line)
}
