//! The peer: node-oidc-provider on a Redis of its own, asked by the same requests and set beside the same floors.
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use atropos_testbed::{Flavor, RedisServer};

use crate::floor::Trip;
use crate::load::After;
use crate::request::Ask;
use crate::rows::{Against, INTROSPECT, ISSUE, REFRESH, Row, Source, TOKEN_PATH, Tokens};
use crate::server::{Server, workspace};
use crate::stage::{Plan, Stage};

/// What it is made of, in bench/peer.
const FILES: [&str; 3] = ["package.json", "package-lock.json", "server.mjs"];

/// What stands in its rows where it cannot be had.
pub(crate) const ABSENT: &str = "not measured: npm is not here";

/// Its sessions take it longer to make, and it uses fewer of them up in the same time.
pub(crate) fn plan(plan: &Plan) -> Plan {
    Plan { sessions: plan.sessions.div_ceil(4), ..plan.clone() }
}

/// The peer as it was installed.
pub(crate) struct Peer {
    folder: PathBuf,
    node: PathBuf,
}

impl Peer {
    /// Into a folder beside the build. `None` where there is no npm.
    pub(crate) fn install() -> Result<Option<Self>> {
        if !Command::new("npm").arg("--version").output().is_ok_and(|output| output.status.success()) {
            return Ok(None);
        }
        let folder = std::env::current_exe()?.parent().context("a program lies in a folder")?.join("peer");
        std::fs::create_dir_all(&folder)?;
        for file in FILES {
            std::fs::copy(workspace().join("bench/peer").join(file), folder.join(file)).context(file)?;
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"]).arg(&folder);
        let output = npm.output().context("cannot start npm")?;
        ensure!(output.status.success(), "npm ci: {}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(Some(Self { folder, node: node()? }))
    }

    /// With as many processes as the server has workers when it is not told otherwise.
    pub(crate) async fn stage<'a>(&self, plan: &'a Plan) -> Result<Stage<'a>> {
        let redis = RedisServer::start(Flavor::Redis, &[]).await;
        let folder = tempfile::tempdir()?;
        let mut command = Command::new(&self.node);
        command.arg("server.mjs").current_dir(&self.folder);
        command.env("NODE_ENV", "production").env("REDIS_URL", redis.url());
        command.env("WORKERS", std::thread::available_parallelism()?.to_string());
        let server = Server::spawn("node", command, folder.path()).await?;
        Ok(Stage::on(plan, server, Some(redis), folder))
    }
}

/// The program itself: what is called `node` may be a script that starts it, and that, stopped, leaves it running.
fn node() -> Result<PathBuf> {
    let output = Command::new("node").args(["--print", "process.execPath"]).output().context("cannot start node")?;
    ensure!(output.status.success(), "node does not tell where it is");
    Ok(String::from_utf8(output.stdout)?.trim().into())
}

/// Sessions that somebody consented to: `/begin` is no endpoint of the library's, see bench/peer/server.mjs.
const SESSION: Source = Source::new(Ask::bare("/begin", "consent=given"), "refresh_token");
const ISSUED: Source = Source::access_token("demo-service");

pub(crate) static ROWS: [Row; 4] = [
    Row {
        name: "peer-introspect",
        title: "node-oidc-provider: introspect, opaque",
        against: Against::Floor(Trip::Get),
        bar: None,
        ask: INTROSPECT,
        tokens: Tokens::Few(ISSUED),
        after: After::Again,
        expected: r#""active":true"#,
        used_up: None,
    },
    Row {
        name: "peer-issue",
        title: "node-oidc-provider: issue client_credentials, opaque",
        against: Against::Floor(Trip::Set),
        bar: None,
        ask: Ask::by("demo-service", TOKEN_PATH, ISSUE),
        tokens: Tokens::Absent,
        after: After::Again,
        expected: r#""access_token":""#,
        used_up: None,
    },
    Row {
        name: "peer-refresh",
        title: "node-oidc-provider: refresh",
        against: Against::Floor(Trip::Set),
        bar: None,
        ask: REFRESH,
        tokens: Tokens::Many(SESSION),
        after: After::Replace("refresh_token"),
        expected: r#""access_token":""#,
        used_up: None,
    },
    Row {
        name: "peer-revoke",
        title: "node-oidc-provider: revoke a refresh token",
        against: Against::Floor(Trip::Set),
        bar: None,
        ask: Ask::by("demo-session", "/oauth/revoke", "token={token}"),
        tokens: Tokens::Many(SESSION),
        after: After::Once,
        expected: "",
        used_up: Some((REFRESH, 400)),
    },
];
