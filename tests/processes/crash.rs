//! `kill -9` in the midst of revocations.

use std::path::Path;
use std::process::Command;

use atropos_testbed::Binary;
use futures_util::StreamExt as _;
use futures_util::stream::iter;
use serde_json::Value;

use crate::program::{PROGRAM, Session, is_active, post, session};

const CLIENT: &str = "demo-session";

/// How many sessions are ended at a time, of how many, and after how many answers the server is killed.
const AT_ONCE: usize = 16;
const SESSIONS: usize = 40;
const ANSWERS: usize = 12;

/// All tokens of a session that began with one refresh, so that more than one token hangs from it.
struct Whole {
    access: [String; 2],
    refresh: String,
}

async fn start(data: &Path) -> Binary {
    let mut command = Command::new(PROGRAM);
    command.args(["dev", "--listen", "127.0.0.1:0", "--issuer", "http://127.0.0.1:1", "--data"]).arg(data);
    command.env("ATROPOS__METRICS__LISTEN", "127.0.0.1:0").env("ATROPOS__STORE__DURABILITY", "fsync");
    Binary::start_command(&mut command).await
}

async fn whole_session(server: &Binary) -> Whole {
    let Session { access, refresh } = session(server, CLIENT).await;
    let form = [("grant_type", "refresh_token"), ("refresh_token", &*refresh)];
    let body: Value = post(server, "/oauth/token", CLIENT, &form).await.json().await.unwrap();
    let text = |member: &str| body[member].as_str().unwrap().to_owned();
    Whole { access: [access, text("access_token")], refresh: text("refresh_token") }
}

/// Whether the client was told that the session is over.
async fn end(url: &str, session: &Whole) -> bool {
    let request = reqwest::Client::new().post(url);
    let request = request.basic_auth(CLIENT, Some(format!("{CLIENT}-secret"))).form(&[("token", &session.refresh)]);
    request.send().await.is_ok_and(|answer| answer.status() == 200)
}

async fn is_refreshed(server: &Binary, session: &Whole) -> bool {
    let form = [("grant_type", "refresh_token"), ("refresh_token", &*session.refresh)];
    post(server, "/oauth/token", CLIENT, &form).await.status() == 200
}

/// RFC7009-2.1-bg, INV-3, S5: of a session that was being ended either all is dead or nothing, and all if it was said so.
#[tokio::test]
async fn a_cascade_that_a_kill_interrupts_has_happened_as_a_whole_or_not_at_all() {
    let data = tempfile::tempdir().unwrap();
    let mut server = start(data.path()).await;
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        sessions.push(whole_session(&server).await);
    }
    let url = server.url("/oauth/revoke");
    let mut told = iter(&sessions).map(|session| end(&url, session)).buffered(AT_ONCE);
    let mut answers = Vec::new();
    while answers.len() < ANSWERS {
        answers.push(told.next().await.unwrap());
    }
    assert!(answers.iter().all(|&told| told));
    // As many others are on their way just now.
    let (rest, ()) = tokio::join!(told.collect::<Vec<_>>(), server.kill());
    answers.extend(rest);

    let server = start(data.path()).await;
    for (session, told) in sessions.iter().zip(answers) {
        let mut alive = Vec::new();
        for token in &session.access {
            alive.push(is_active(&server, token).await);
        }
        alive.push(is_refreshed(&server, session).await);
        assert!(alive.iter().all(|&one| one == alive[0]), "half a cascade: {alive:?}");
        assert!(!told || !alive[0], "it was said to be dead");
    }
}
