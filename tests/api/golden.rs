//! The exchanges in tests/golden, byte for byte. tests/golden/README.md tells how they are written down.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use atropos::domain::authority::PerMinute;
use serde_json::json;

use crate::answer::Answer;
use crate::clients::identity;
use crate::raw;
use crate::spawn::{App, Setup, Tokens};

const FOLDER: &str = "tests/golden";

/// What a test of the wire may know of what is drawn by chance: where it stands, how long it is, and what it is called.
const DRAWN: [(&str, usize, &str); 4] = [
    ("\"at_", 75, "new access token"),
    ("\"rt_", 75, "new refresh token"),
    ("\"id\":\"", 36, "new id"),
    ("\"jti\":\"", 38, "jti"),
];

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
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let files = files.into_iter().filter(|path| path.extension().is_some_and(|found| found == "txt"));
    files.chain(folders.iter().flat_map(|folder| self::files(folder))).collect()
}

/// A server, and what stands for what in a recorded exchange.
struct Script {
    app: App,
    /// By name, with its angle brackets.
    names: BTreeMap<String, String>,
}

impl Script {
    async fn begin() -> Self {
        let per_minute = PerMinute { misses: NonZeroU32::new(1), ..PerMinute::default() };
        let app = App::with(Setup { per_minute, ..Setup::default() }).await;
        let mut names = BTreeMap::new();
        let sessions = [
            ("session", app.issue("session").await),
            ("other", app.issue("other").await),
            ("kajabi", app.kajabi_session("kajabi").await),
            ("kajabi-other", app.kajabi_session("kajabi-other").await),
            ("player", app.anghami_session("player").await),
            ("player-other", app.anghami_session("player-other").await),
            ("machine", app.infisical_session("machine").await),
            ("machine-admin", app.infisical_session("machine-admin").await),
        ];
        for (client, Tokens { access, refresh }) in sessions {
            names.insert(format!("<access token of {client}>"), access);
            names.extend(refresh.map(|token| (format!("<refresh token of {client}>"), token)));
        }
        for client in ["machine", "machine-jwt"] {
            names.insert(format!("<identity of {client}>"), identity(client).to_string());
        }
        Self { app, names }
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
            match line {
                "! the store does not answer" => self.app.store.cut(),
                "! ten wrong secrets came before" => self.guess().await,
                _ => assert!(!line.starts_with('!'), "{line}"),
            }
            if !line.starts_with('<') {
                repeated += line;
                repeated.push('\n');
            }
        }
        if !request.is_empty() {
            repeated += &self.answer(&request).await;
        }
        repeated
    }

    async fn guess(&self) {
        for _ in 0..10 {
            let body = json!({ "clientId": "machine", "clientSecret": "guess" });
            let answer = Answer::to(self.app.post_json("/api/v1/auth/universal-auth/login", &body)).await;
            assert_eq!(answer.status.as_u16(), 401, "{answer:?}");
        }
    }

    async fn answer(&mut self, request: &[&str]) -> String {
        let request = self.names.iter().fold(request.join("\r\n"), |text, (name, value)| text.replace(name, value));
        // A body has no line break at its end, a head without a body two.
        let bare = if request.ends_with("\r\n") { "\r\n" } else { "" };
        let answer = raw::exchange(self.app.address, format!("{request}{bare}").as_bytes()).await;
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let mut head = head.split("\r\n");
        let status = head.next().expect("a status line");
        let mut headers: Vec<_> = head.map(|header| self.timeless(header)).collect();
        headers.sort_unstable();
        let lines = [status.to_owned()].into_iter().chain(headers).chain([String::new()]);
        let lines = lines.chain((!body.is_empty()).then(|| self.named(body)));
        lines.map(|line| if line.is_empty() { "<\n".to_owned() } else { format!("< {line}\n") }).collect()
    }

    /// A header without what is of the moment.
    fn timeless(&mut self, line: &str) -> String {
        let (name, value) = line.split_once(": ").expect("a header");
        match name {
            "date" => "date: <date>".to_owned(),
            "x-request-id" => {
                assert_eq!(value.len(), 36, "{value}");
                // It may stand in the body as well, and is another one in the next answer.
                self.names.insert("<request>".to_owned(), value.to_owned());
                "x-request-id: <request>".to_owned()
            }
            _ => line.to_owned(),
        }
    }

    /// What is known by its names; what is new becomes known.
    fn named(&mut self, body: &str) -> String {
        for (before, length, kind) in DRAWN {
            let quote = before.rfind('"').expect("a quote");
            for (start, _) in body.match_indices(before) {
                let value = &body[start + quote + 1..][..length];
                if !self.names.values().any(|known| known == value) {
                    let earlier = self.names.keys().filter(|name| name.starts_with(&format!("<{kind}"))).count();
                    let number = if earlier == 0 { String::new() } else { format!(" {}", earlier + 1) };
                    self.names.insert(format!("<{kind}{number}>"), value.to_owned());
                }
            }
        }
        self.names.iter().fold(body.to_owned(), |text, (name, value)| text.replace(value, name))
    }
}
