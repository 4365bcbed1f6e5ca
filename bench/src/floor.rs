//! The floor: the least that an endpoint of this kind can be. actix-web parses a form, then nothing, one GET or one
//! SET, then the very body that the server under test answered. Run as a process of its own.
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::error::{ErrorBadRequest, ErrorInternalServerError, ErrorServiceUnavailable};
use actix_web::http::header::{CACHE_CONTROL, ContentType};
use actix_web::web::{Bytes, Data, Form, post};
use actix_web::{App, HttpResponse, HttpServer, Result};
use atropos_testbed::{Flavor, RedisServer};
use clap::Args;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use redis::{AsyncCommands as _, SetExpiry, SetOptions};
use serde::Deserialize;
use tempfile::TempDir;

use crate::compare::Target;
use crate::process::Process;

/// What a family record weighs, roughly; `used_memory` per session is a row of its own.
const RECORD: [u8; 160] = [b'r'; 160];
const RECORD_LIVES_MS: u64 = 3_600_000;
/// As many records as a row about introspection has tokens, so that both read from the same depth of cache.
pub(crate) const RECORDS: u32 = 2_000;

/// What the floor does besides parsing the form.
#[derive(Clone, Copy)]
pub(crate) enum Trip {
    Nothing,
    Get,
    Set,
}

impl Trip {
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Nothing => "/nothing",
            Self::Get => "/get",
            Self::Set => "/set",
        }
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Nothing => "no store",
            Self::Get => "one GET",
            Self::Set => "one SET",
        }
    }
}

/// The floor as a child process, with a Redis of its own.
pub(crate) struct FloorServer {
    process: Process,
    _redis: RedisServer,
    address: SocketAddr,
    _folder: TempDir,
}

impl FloorServer {
    /// `answer` is the body of every answer.
    pub(crate) async fn start(answer: &[u8]) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("answer");
        std::fs::write(&file, answer)?;
        let redis = RedisServer::start(Flavor::Redis, &[]).await;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["floor", "--redis", &redis.url(), "--answer"]).arg(file);
        let mut process = Process::spawn("floor", command, folder.path())?;
        let address = process.says("listening on http://").await?.parse()?;
        Ok(Self { process, _redis: redis, address, _folder: folder })
    }

    pub(crate) fn target(&self) -> Target {
        Target { address: self.address, pid: self.process.pid() }
    }

    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.process.stop().await
    }
}

#[derive(Args)]
pub(crate) struct FloorArguments {
    /// The Redis of `/get` and `/set`.
    #[arg(long)]
    redis: String,
    /// The file that holds the body of every answer.
    #[arg(long)]
    answer: PathBuf,
}

struct Floor {
    redis: ConnectionManager,
    answer: Bytes,
    turn: AtomicU64,
}

/// What the three endpoints know of a form.
#[derive(Deserialize)]
struct TokenForm {
    token: Option<String>,
    grant_type: Option<String>,
    refresh_token: Option<String>,
    code: Option<String>,
}

/// Serves until it is stopped; says `listening on http://ADDRESS` first, as the server does.
pub(crate) async fn serve(arguments: FloorArguments) -> anyhow::Result<()> {
    let mut redis = connect(&arguments.redis).await?;
    for turn in 0..RECORDS {
        let () = redis.set(format!("{{0}}:r:{turn:016}"), &RECORD).await?;
    }
    let answer = std::fs::read(&arguments.answer)?.into();
    let floor = Data::new(Floor { redis, answer, turn: AtomicU64::new(0) });
    let server = HttpServer::new(move || {
        App::new()
            .app_data(floor.clone())
            .route(Trip::Nothing.path(), post().to(nothing))
            .route(Trip::Get.path(), post().to(get))
            .route(Trip::Set.path(), post().to(set))
    })
    .bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    println!("listening on http://{}", server.addrs()[0]);
    Ok(server.run().await?)
}

/// One multiplexed connection for all workers, set up as the server's.
async fn connect(url: &str) -> redis::RedisResult<ConnectionManager> {
    let info = redis::IntoConnectionInfo::into_connection_info(url)?;
    let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
    redis::Client::open(info)?.get_connection_manager_with_config(ConnectionManagerConfig::new()).await
}

async fn nothing(form: Form<TokenForm>, floor: Data<Floor>) -> Result<HttpResponse> {
    floor.answer(&form)
}

async fn get(form: Form<TokenForm>, floor: Data<Floor>) -> Result<HttpResponse> {
    let key = format!("{{0}}:r:{:016}", floor.turn.fetch_add(1, Ordering::Relaxed) % u64::from(RECORDS));
    let record: Option<Vec<u8>> = floor.redis.clone().get(key).await.map_err(ErrorServiceUnavailable)?;
    match record {
        Some(record) if record == RECORD => floor.answer(&form),
        _ => Err(ErrorInternalServerError("the record is not there")),
    }
}

async fn set(form: Form<TokenForm>, floor: Data<Floor>) -> Result<HttpResponse> {
    let key = format!("{{0}}:f:{:016}", floor.turn.fetch_add(1, Ordering::Relaxed));
    let options = SetOptions::default().with_expiration(SetExpiry::PX(RECORD_LIVES_MS));
    let _: String = floor.redis.clone().set_options(key, &RECORD, options).await.map_err(ErrorServiceUnavailable)?;
    floor.answer(&form)
}

impl Floor {
    fn answer(&self, form: &TokenForm) -> Result<HttpResponse> {
        let asks = [&form.token, &form.refresh_token, &form.code, &form.grant_type].into_iter().flatten().next();
        if asks.is_none_or(String::is_empty) {
            return Err(ErrorBadRequest("neither a token nor a grant"));
        }
        Ok(HttpResponse::Ok()
            .insert_header(ContentType::json())
            .insert_header((CACHE_CONTROL, "no-store"))
            .body(self.answer.clone()))
    }
}
