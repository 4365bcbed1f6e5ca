//! What a row is measured on: a server and its store, made for the row and gone after it.
use std::collections::VecDeque;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use atropos_testbed::{Flavor, RedisServer};
use tempfile::TempDir;

use crate::compare::{Comparison, Load, Pair, Target};
use crate::connection::Connection;
use crate::floor::{FloorServer, RECORDS, Trip};
use crate::load::{After, Span, Work, run};
use crate::request::Request;
use crate::rows::{ISSUE, REFRESH, Row, TOKEN_PATH, Tokens};
use crate::server::{Server, Store};

/// How the whole program was asked to measure.
pub(crate) struct Plan {
    pub(crate) binary: PathBuf,
    pub(crate) load: Load,
    pub(crate) sessions: usize,
}

pub(crate) struct Stage<'a> {
    plan: &'a Plan,
    pub(crate) server: Server,
    pub(crate) redis: Option<RedisServer>,
    pub(crate) folder: TempDir,
}

impl<'a> Stage<'a> {
    pub(crate) async fn set(plan: &'a Plan, store: Store) -> Result<Self> {
        // Beside the build, not in /tmp, which may lie in memory: the embedded store is to meet a real disk.
        let folder = TempDir::new_in(std::env::current_exe()?.parent().context("a program lies in a folder")?)?;
        let redis = match store {
            Store::Redis => Some(RedisServer::start(Flavor::Redis, &[]).await),
            Store::Embedded => None,
        };
        let server = Server::start(&plan.binary, folder.path(), redis.as_ref()).await?;
        Ok(Self { plan, server, redis, folder })
    }

    /// Lets `row` run against its floor.
    pub(crate) async fn compare(&self, row: &Row) -> Result<Comparison> {
        let request = Request::post(row.path, row.caller, row.body);
        let answer = self.sample(row, &request).await.context("the first request")?;
        let floor = FloorServer::start(&answer).await?;
        let floor_request = Request::post(row.floor.path(), row.caller, row.body);
        let mut witness = None;
        let comparison = self
            .plan
            .load
            .compare(floor.target(), self.target(), async || {
                let tokens = self.tokens(row.tokens).await.context("preparing tokens")?;
                witness = tokens.front().cloned();
                let subject = Work { request: request.clone(), tokens, after: row.after, expected: row.expected };
                Ok(Pair { floor: on_floor(floor_request.clone(), &subject), subject })
            })
            .await?;
        if let (After::Once, Some(token)) = (row.after, witness) {
            self.refuses(&token).await?;
        }
        floor.stop().await?;
        Ok(comparison)
    }

    /// `count` tokens, each out of `field` of an answer to `client`.
    pub(crate) async fn mint(&self, count: usize, client: &str, field: &'static str) -> Result<VecDeque<String>> {
        let work = Work {
            request: Request::post(TOKEN_PATH, client, ISSUE),
            tokens: vec![String::new(); count].into(),
            after: After::Collect(field),
            expected: "",
        };
        let Target { address, pid } = self.target();
        let run = run(address, pid, self.plan.load.connections.min(count), Span::UNTIL_EMPTY, work).await?;
        Ok(run.collected.into())
    }

    pub(crate) async fn strike(self) -> Result<()> {
        self.server.stop().await
    }

    fn target(&self) -> Target {
        Target { address: self.server.address, pid: self.server.pid() }
    }

    /// The body of one answer, for the floor to give.
    async fn sample(&self, row: &Row, request: &Request) -> Result<Vec<u8>> {
        let token = match row.tokens {
            Tokens::Absent => String::new(),
            Tokens::Few(client, field) | Tokens::Many(client, field) => self.one(client, field).await?,
            Tokens::Spoilt(client, field) => spoil(self.one(client, field).await?),
        };
        let mut bytes = Vec::new();
        request.render(&token, &mut bytes);
        let mut connection = Connection::open(self.server.address).await?;
        Ok(connection.expect(&bytes, row.expected).await?.to_vec())
    }

    async fn one(&self, client: &str, field: &'static str) -> Result<String> {
        self.mint(1, client, field).await?.pop_front().context("the server issued nothing")
    }

    /// The tokens of one round: never fewer than keep every connection busy.
    async fn tokens(&self, tokens: Tokens) -> Result<VecDeque<String>> {
        let busy = 2 * self.plan.load.connections;
        let few = busy.max(usize::try_from(RECORDS)?);
        Ok(match tokens {
            Tokens::Absent => vec![String::new(); busy].into(),
            Tokens::Few(client, field) => self.mint(few, client, field).await?,
            Tokens::Spoilt(client, field) => self.mint(few, client, field).await?.into_iter().map(spoil).collect(),
            Tokens::Many(client, field) => self.mint(busy.max(self.plan.sessions), client, field).await?,
        })
    }

    /// That a run of revocations really ended something: speed at doing nothing is not a result.
    async fn refuses(&self, revoked: &str) -> Result<()> {
        let mut bytes = Vec::new();
        Request::post(TOKEN_PATH, "demo-session", REFRESH).render(revoked, &mut bytes);
        match Connection::open(self.server.address).await?.exchange(&bytes).await? {
            (400, _) => Ok(()),
            (status, _) => bail!("a refresh token that was revoked is answered {status}, not 400"),
        }
    }
}

/// The floor against itself: what comes out beside 1.00 is the noise of this machine.
pub(crate) async fn calibrate(load: Load) -> Result<Comparison> {
    let answer = vec![b'x'; 256];
    let (floor, subject) = (FloorServer::start(&answer).await?, FloorServer::start(&answer).await?);
    let work = Work {
        request: Request::post(Trip::Get.path(), "demo-api", "token="),
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
fn spoil(mut token: String) -> String {
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
