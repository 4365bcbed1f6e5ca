//! `client hash-secret`.

use std::io::{self, BufRead as _, IsTerminal as _};

use zeroize::Zeroizing;

use super::Failure;
use crate::domain::authenticate::hash_secret;
use crate::domain::chance::SystemChance;

/// Reads one line, so that no secret stands in the list of processes or in a shell's history.
pub(super) fn hash() -> Result<(), Failure> {
    let secret = read_line("The secret: ")?;
    if secret.is_empty() {
        return Err(Failure("no secret came on the standard input".to_owned()));
    }
    println!("{}", hash_secret(&secret, &SystemChance));
    Ok(())
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
