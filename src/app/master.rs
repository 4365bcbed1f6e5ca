//! Where the master secret comes from.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::StartError;
use crate::domain::chance::{Chance as _, SystemChance};
use crate::domain::keys::{MasterSecret, MasterSecrets};
use crate::settings::{self, Mode};

const FILE: &str = "master-secret";

/// The settings', or with `dev` the one in the data folder, which is made at the first start.
pub(super) fn secrets(settings: &settings::Keys, data: &Path, mode: Mode) -> Result<MasterSecrets, StartError> {
    let current = match (&settings.master_secret, mode) {
        (Some(secret), _) => parse(secret)?,
        (None, Mode::Dev) => parse(&of_folder(data).map_err(|error| no_file(data, &error))?)?,
        (None, Mode::Serve) => return Err(StartError::Refused("keys.master_secret_file: is missing".to_owned())),
    };
    let previous = settings.previous_master_secret.as_ref().map(parse).transpose()?;
    Ok(MasterSecrets { current, previous })
}

fn parse(secret: &SecretString) -> Result<MasterSecret, StartError> {
    MasterSecret::new(secret.expose_secret().as_bytes()).map_err(|error| StartError::Refused(error.to_string()))
}

fn of_folder(data: &Path) -> io::Result<SecretString> {
    let path = data.join(FILE);
    match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(data, &path)?,
        Err(error) => return Err(error),
        Ok(text) => return Ok(text.trim_end().into()),
    }
    Ok(fs::read_to_string(&path)?.trim_end().into())
}

/// Of two nodes that start at once in one folder, one makes the secret: it appears under its name whole, or not at all.
fn make(data: &Path, path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(data)?;
    let mut secret = Zeroizing::new([0; 48]);
    SystemChance.fill(&mut *secret);
    let text = Zeroizing::new(STANDARD.encode(*secret));
    let draft = data.join(format!(".{FILE}.{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    let made = match fs::hard_link(&draft, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    };
    fs::remove_file(&draft)?;
    made?;
    tracing::info!(file = %path.display(), "made a master secret; whoever has it can make tokens");
    Ok(())
}

fn no_file(data: &Path, error: &io::Error) -> StartError {
    StartError::Refused(format!("store.data: {} cannot be read or made: {error}", data.join(FILE).display()))
}
