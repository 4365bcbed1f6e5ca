//! What a row is measured on: a server and its store, made for the row and gone after it.
use std::cell::OnceCell;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use atropos_testbed::{Flavor, RedisServer};
use futures_util::future::try_join_all;
use tempfile::TempDir;

use crate::browser::Browser;
use crate::compare::{Comparison, Load, Pair, Target};
use crate::connection::Connection;
use crate::dialects;
use crate::floor::{FloorServer, RECORDS, Trip};
use crate::load::{After, Span, Work, run};
use crate::request::{Ask, Proof, Request};
use crate::rows::{Against, Row, Source, Tokens, owner};
use crate::server::{DATA, SETTINGS, Server, Store, workspace};

/// The people in bench/clients.toml, and what all of them type.
const PEOPLE: usize = 100;
const PASSWORD: &str = "wonderland";

/// How the whole program was asked to measure.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) binary: PathBuf,
    pub(crate) load: Load,
    pub(crate) sessions: usize,
    /// Of each kind, where time is compared.
    pub(crate) trials: usize,
    /// The most of them, where their number is what matters.
    pub(crate) families: usize,
}

pub(crate) struct Stage<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) server: Server,
    pub(crate) redis: Option<RedisServer>,
    pub(crate) folder: TempDir,
    /// Of whoever manages the identity of a dialect.
    bearer: OnceCell<String>,
}

impl<'a> Stage<'a> {
    pub(crate) async fn set(plan: &'a Plan, store: Store) -> Result<Self> {
        Self::with_people(plan, store, "").await
    }

    /// With more people than bench/clients.toml has, as they would stand there.
    pub(crate) async fn with_people(plan: &'a Plan, store: Store, people: &str) -> Result<Self> {
        // Beside the build, not in /tmp, which may lie in memory: the embedded store is to meet a real disk.
        let folder = TempDir::new_in(std::env::current_exe()?.parent().context("a program lies in a folder")?)?;
        let clients = std::fs::read_to_string(workspace().join("bench/clients.toml"))?;
        std::fs::write(folder.path().join(SETTINGS), clients + people)?;
        let redis = match store {
            Store::Redis => Some(RedisServer::start(Flavor::Redis, &[]).await),
            Store::Embedded => None,
        };
        let server = Server::start(&plan.binary, folder.path(), redis.as_ref()).await?;
        Ok(Self::on(plan, server, redis, folder))
    }

    pub(crate) fn on(plan: &'a Plan, server: Server, redis: Option<RedisServer>, folder: TempDir) -> Self {
        Self { plan, server, redis, folder, bearer: OnceCell::new() }
    }

    /// Lets `row` run against what it is compared with.
    pub(crate) async fn compare(&self, row: &Row) -> Result<Comparison> {
        if let Proof::Bearer = row.ask.proof {
            self.prepare().await.context("what has to be there before")?;
        }
        match row.against {
            Against::Floor(trip) => self.compare_with_floor(row, trip).await,
            Against::Standard(ask, source) => self.compare_with_standard(row, (ask, source)).await,
        }
    }

    async fn compare_with_floor(&self, row: &Row, trip: Trip) -> Result<Comparison> {
        let answer = self.sample(row).await.context("the first request")?;
        let floor = FloorServer::start(&answer).await?;
        let floor_request = Request::new(Ask { path: trip.path(), ..row.ask });
        let mut witness = None;
        let comparison = self
            .plan
            .load
            .compare(floor.target(), self.target(), async || {
                let subject = self.work(row).await.context("preparing tokens")?;
                witness = subject.tokens.front().cloned();
                Ok(Pair { floor: on_floor(floor_request.clone(), &subject), subject })
            })
            .await?;
        self.check_used_up(row, witness).await?;
        floor.stop().await?;
        Ok(comparison)
    }

    /// Both at the same server.
    async fn compare_with_standard(&self, row: &Row, (ask, source): (Ask, Source)) -> Result<Comparison> {
        let mut witness = None;
        let comparison = self
            .plan
            .load
            .compare(self.target(), self.target(), async || {
                let tokens = self.tokens(Tokens::Many(source)).await.context("preparing tokens of the standard")?;
                let floor = Work { request: self.request(ask), tokens, after: After::Once, expected: "" };
                let subject = self.work(row).await.context("preparing tokens")?;
                witness = subject.tokens.front().cloned();
                Ok(Pair { floor, subject })
            })
            .await?;
        self.check_used_up(row, witness).await?;
        Ok(comparison)
    }

    /// `count` tokens.
    pub(crate) async fn mint(&self, count: usize, source: Source) -> Result<VecDeque<String>> {
        let owners: Vec<String> = (0..count).map(|number| owner(number % source.owners)).collect();
        Ok(self.spend(source.ask, &owners, Some(source.field)).await?.into())
    }

    /// `count` codes: as many people as there are connections, each of whom signs in and approves, and whose browser is
    /// then sent back with one code after another. All have one password, which the server remembers for a minute.
    pub(crate) async fn codes(&self, count: usize) -> Result<Vec<String>> {
        let people = self.plan.load.connections.min(count);
        let each = (0..people).map(async |number| {
            let mut browser = Browser::open(self.server.address).await?;
            let name = format!("person-{}", owner(number % PEOPLE));
            let mut codes = vec![browser.sign_in_and_approve(&name, PASSWORD).await?];
            for _ in (number + people..count).step_by(people) {
                codes.push(browser.code().await?);
            }
            anyhow::Ok(codes)
        });
        Ok(try_join_all(each).await?.concat())
    }

    /// Sends a request for each token, once, and gives back what stands in `field` of the answers, or nothing.
    pub(crate) async fn spend(&self, ask: Ask, tokens: &[String], field: Option<&'static str>) -> Result<Vec<String>> {
        let work = Work {
            request: self.request(ask),
            tokens: tokens.iter().cloned().collect(),
            after: field.map_or(After::Once, After::Collect),
            expected: "",
        };
        let Target { address, pid } = self.target();
        let connections = self.plan.load.connections.min(tokens.len());
        Ok(run(address, pid, connections, Span::UNTIL_EMPTY, work).await?.collected)
    }

    /// The server is stopped, `change` is done to the folder with its data, and it is started again.
    pub(crate) async fn restart(self, change: impl FnOnce(&Path) -> Result<()>) -> Result<Self> {
        let Self { plan, server, redis, folder, bearer } = self;
        server.stop().await?;
        change(&folder.path().join(DATA))?;
        let server = Server::start(&plan.binary, folder.path(), redis.as_ref()).await?;
        Ok(Self { plan, server, redis, folder, bearer })
    }

    pub(crate) async fn strike(self) -> Result<()> {
        self.server.stop().await
    }

    pub(crate) fn target(&self) -> Target {
        Target { address: self.server.address, pid: self.server.pid() }
    }

    pub(crate) fn request(&self, ask: Ask) -> Request {
        Request::with_bearer(ask, self.bearer.get().map_or("", String::as_str))
    }

    /// One round of a row.
    async fn work(&self, row: &Row) -> Result<Work> {
        let tokens = self.tokens(row.tokens).await?;
        Ok(Work { request: self.request(row.ask), tokens, after: row.after, expected: row.expected })
    }

    /// Logs in as whoever manages the identity, and lets it have tokens.
    pub(crate) async fn prepare(&self) -> Result<()> {
        let bearer = self.one(dialects::MANAGER).await?;
        ensure!(self.bearer.set(bearer).is_ok(), "a stage is for one row");
        let status = self.ask(dialects::PREPARE, "").await?;
        ensure!(status == 200, "the identity is not prepared: {status}");
        Ok(())
    }

    /// The body of one answer, for the floor to give.
    pub(crate) async fn sample(&self, row: &Row) -> Result<Vec<u8>> {
        let token = match row.tokens {
            Tokens::Absent => String::new(),
            Tokens::Few(source) | Tokens::Many(source) => self.one(source).await?,
            Tokens::Spoilt(source) => spoil(self.one(source).await?),
            Tokens::Codes => self.codes(1).await?.pop().context("nobody was sent back with a code")?,
        };
        let mut bytes = Vec::new();
        self.request(row.ask).render(&token, &mut bytes);
        let mut connection = Connection::open(self.server.address).await?;
        Ok(connection.expect(&bytes, row.expected).await?.to_vec())
    }

    async fn one(&self, source: Source) -> Result<String> {
        self.mint(1, source).await?.pop_front().context("the server issued nothing")
    }

    /// The tokens of one round: never fewer than keep every connection busy.
    pub(crate) async fn tokens(&self, tokens: Tokens) -> Result<VecDeque<String>> {
        let busy = 2 * self.plan.load.connections;
        let few = busy.max(usize::try_from(RECORDS)?);
        Ok(match tokens {
            Tokens::Absent => vec![String::new(); busy].into(),
            Tokens::Few(source) => self.mint(few, source).await?,
            Tokens::Spoilt(source) => self.mint(few, source).await?.into_iter().map(spoil).collect(),
            Tokens::Many(source) => self.mint(busy.max(self.plan.sessions), source).await?,
            Tokens::Codes => self.codes(busy.max(self.plan.sessions)).await?.into(),
        })
    }

    pub(crate) async fn check_used_up(&self, row: &Row, token: Option<String>) -> Result<()> {
        let (Some((ask, expected)), Some(token)) = (row.used_up, token) else { return Ok(()) };
        let status = self.ask(ask, &token).await?;
        ensure!(status == expected, "what was used up is answered {status}, not {expected}");
        Ok(())
    }

    /// What the command line says, asked about the server by its data folder.
    pub(crate) fn operate(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.plan.binary);
        let output = command.args(arguments).arg("--data").arg(self.folder.path().join(DATA)).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(String::from_utf8(output.stdout)?)
    }

    pub(crate) async fn ask(&self, ask: Ask, token: &str) -> Result<u16> {
        let mut bytes = Vec::new();
        self.request(ask).render(token, &mut bytes);
        let mut connection = Connection::open(self.server.address).await?;
        Ok(connection.exchange(&bytes).await?.0)
    }
}

/// The floor against itself: what comes out beside 1.00 is the noise of this machine.
pub(crate) async fn calibrate(load: Load) -> Result<Comparison> {
    let answer = vec![b'x'; 256];
    let (floor, subject) = (FloorServer::start(&answer).await?, FloorServer::start(&answer).await?);
    let work = Work {
        request: Request::new(Ask::by("demo-api", Trip::Get.path(), "token={token}")),
        tokens: (0..2 * load.connections).map(|turn| format!("at_{turn:061}")).collect(),
        after: After::Again,
        expected: "x",
    };
    let comparison = load
        .compare(floor.target(), subject.target(), async || Ok(Pair { floor: work.clone(), subject: work.clone() }))
        .await?;
    floor.stop().await?;
    subject.stop().await?;
    Ok(comparison)
}

/// The same work for the floor, which does not mind a token that it has seen.
fn on_floor(request: Request, subject: &Work) -> Work {
    let after = if subject.after == After::Once { After::Again } else { subject.after };
    Work { request, after, ..subject.clone() }
}

/// Another last character: of the right form, and nobody's.
pub(crate) fn spoil(mut token: String) -> String {
    let last = token.pop();
    token.push(if last == Some('A') { 'B' } else { 'A' });
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spoilt_token_differs_and_keeps_its_length() {
        for token in ["at_A", "at_B", "at_-"] {
            let spoilt = spoil(token.to_owned());
            assert!(spoilt != token && spoilt.len() == token.len(), "{spoilt}");
        }
    }
}
