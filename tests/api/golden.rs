//! The exchanges in tests/golden, byte for byte. tests/golden/README.md tells how they are written down.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use atropos::domain::authority::PerMinute;

use crate::raw;
use crate::spawn::{App, Setup, Tokens};

const FOLDER: &str = "tests/golden";

/// What a test of the wire may know of a token: that it is one.
const TOKEN_LENGTH: usize = 75;

#[tokio::test]
async fn every_recorded_exchange_is_repeated_to_the_byte() {
    let mut different = Vec::new();
    let mut files = files(Path::new(FOLDER));
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let recorded = fs::read_to_string(&file).unwrap();
        let repeated = Script::begin().await.repeat(&recorded).await;
        if recorded != repeated {
            let told = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&file);
            fs::create_dir_all(told.parent().unwrap()).unwrap();
            fs::write(&told, repeated).unwrap();
            different.push(format!("{} is not what {} has", file.display(), told.display()));
        }
    }
    assert!(different.is_empty(), "{different:#?}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let files = files.into_iter().filter(|path| path.extension().is_some_and(|found| found == "txt"));
    files.chain(folders.iter().flat_map(|folder| self::files(folder))).collect()
}

/// A server, and what stands for what in a recorded exchange.
struct Script {
    app: App,
    /// By name, with its angle brackets.
    tokens: BTreeMap<String, String>,
}

impl Script {
    async fn begin() -> Self {
        let per_minute = PerMinute { issued: None, misses: NonZeroU32::new(1) };
        let app = App::with(Setup { per_minute, ..Setup::default() }).await;
        let mut script = Self { app, tokens: BTreeMap::new() };
        let app = &script.app;
        let sessions = [
            ("session", app.issue("session").await),
            ("other", app.issue("other").await),
            ("kajabi", app.kajabi_session("kajabi").await),
            ("kajabi-other", app.kajabi_session("kajabi-other").await),
            ("player", app.anghami_session("player").await),
            ("player-other", app.anghami_session("player-other").await),
        ];
        for (client, Tokens { access, refresh }) in sessions {
            script.tokens.insert(format!("<access token of {client}>"), access);
            script.tokens.extend(refresh.map(|token| (format!("<refresh token of {client}>"), token)));
        }
        script
    }

    /// The same text, with the answers that come now.
    async fn repeat(&mut self, recorded: &str) -> String {
        let (mut repeated, mut request) = (String::new(), Vec::new());
        for line in recorded.lines() {
            if let Some(sent) = line.strip_prefix('>') {
                request.push(sent.strip_prefix(' ').unwrap_or(sent));
            } else if !request.is_empty() {
                repeated += &self.answer(&std::mem::take(&mut request)).await;
            }
            if line == "! the store does not answer" {
                self.app.store.cut();
            }
            if !line.starts_with('<') {
                repeated += &format!("{line}\n");
            }
        }
        if !request.is_empty() {
            repeated += &self.answer(&request).await;
        }
        repeated
    }

    async fn answer(&mut self, request: &[&str]) -> String {
        let request = self.tokens.iter().fold(request.join("\r\n"), |text, (name, token)| text.replace(name, token));
        // A body has no line break at its end, a head without a body two.
        let bare = if request.ends_with("\r\n") { "\r\n" } else { "" };
        let answer = raw::exchange(self.app.address, format!("{request}{bare}").as_bytes()).await;
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let mut head = head.split("\r\n");
        let status = head.next().expect("a status line");
        let mut headers: Vec<_> = head.map(timeless).collect();
        headers.sort_unstable();
        let lines = [status.to_owned()].into_iter().chain(headers).chain([String::new()]);
        let lines = lines.chain((!body.is_empty()).then(|| self.name_tokens(body)));
        lines.map(|line| format!("< {line}").trim_end().to_owned() + "\n").collect()
    }

    /// Tokens that are known by their names; those that are new become known.
    fn name_tokens(&mut self, body: &str) -> String {
        for (prefix, kind) in [("at_", "access"), ("rt_", "refresh")] {
            for (start, _) in body.match_indices(&format!("\"{prefix}")) {
                let token = &body[start + 1..][..TOKEN_LENGTH];
                if !self.tokens.values().any(|known| known == token) {
                    self.tokens.insert(format!("<new {kind} token>"), token.to_owned());
                }
            }
        }
        self.tokens.iter().fold(body.to_owned(), |text, (name, token)| text.replace(token, name))
    }
}

/// A header without what is of the moment.
fn timeless(line: &str) -> String {
    let (name, value) = line.split_once(": ").expect("a header");
    match name {
        "date" => "date: <date>".to_owned(),
        "x-request-id" => {
            assert_eq!(value.len(), 36, "{value}");
            "x-request-id: <id>".to_owned()
        }
        _ => line.to_owned(),
    }
}
