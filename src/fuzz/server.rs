//! A whole server but for its sockets, for targets that are given requests.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tempfile::TempDir;

use crate::app::App;
use crate::domain::Timestamp;
use crate::domain::clock::FixedClock;
use crate::settings::{Mode, Settings};

/// With the sample clients, on the embedded store, at a time that stands still; nobody there asks too often. The folder
/// is the store's, for as long as it is kept.
pub(crate) async fn start() -> (App, TempDir) {
    let data = tempfile::tempdir().expect("a folder");
    let overrides = [
        ("store.data", data.path().display().to_string()),
        ("server.issuer", "https://as.example".to_owned()),
        ("limits.issues", "0".to_owned()),
        ("limits.unknown_tokens", "0".to_owned()),
        ("limits.waiting_requests", "0".to_owned()),
        ("limits.failed_authentications", "0".to_owned()),
    ];
    let settings = Settings::load(Mode::Dev, None, &overrides, []).expect("settings that hold");
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let clock = Arc::new(FixedClock::at(Timestamp::from_secs(1_800_000_000)));
    (App::open(settings, Mode::Dev, address, clock).await.expect("a server"), data)
}
