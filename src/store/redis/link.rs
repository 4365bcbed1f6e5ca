//! Connections to one server that was found to be fit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::sentinel::SentinelClient;
use redis::{AsyncConnectionConfig, Client, Pipeline, PushInfo, PushKind, RedisResult, Value};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::OpenError;
use super::examine::{Demands, Findings};
use super::failure::{failure, settle};
use super::lane::{LANES, Lanes, Road};
use super::own::{self, Own};
use super::report::{Report, questions};
use super::script;
use crate::domain::store::Unavailable;

/// Questions that a connection takes before those who ask have to wait for each other.
const QUEUE: usize = 1024;

/// Where the primary is.
pub(super) enum Finder {
    Fixed(Box<Client>),
    /// Wherever the sentinels say it is just now.
    Sentinel(Box<SentinelClient>),
}

impl Finder {
    /// Asks sentinels one after another; each may take a second not to answer.
    const PATIENCE: Duration = Duration::from_secs(5);

    pub(super) async fn find(&mut self) -> Result<Client, Unavailable> {
        match self {
            Self::Fixed(client) => Ok((**client).clone()),
            Self::Sentinel(sentinels) => match timeout(Self::PATIENCE, sentinels.async_get_client()).await {
                Ok(found) => found.map_err(|error| failure(&error)),
                Err(_) => Err(Unavailable("the sentinels do not answer".to_owned())),
            },
        }
    }
}

/// What everybody shares, and where it is durable also the lanes beside it. One of them lost is all lost: they are made
/// together, to one server, after it was examined. What single threads have to themselves may come and go.
pub(super) struct Link {
    shared: MultiplexedConnection,
    /// The thread that carries what is shared.
    home: ThreadId,
    pub(super) own: Own,
    pub(super) lanes: Option<Arc<Lanes>>,
    client: Client,
    limit: Duration,
    /// The run of the server, which no other server and no later run has.
    run: String,
    lost: Arc<AtomicBool>,
}

impl Link {
    /// `alarm` is told when a connection is lost.
    pub(super) async fn to(
        client: &Client,
        demands: &Demands,
        alarm: &Arc<Notify>,
    ) -> Result<(Self, Findings), OpenError> {
        let lost = Arc::new(AtomicBool::new(false));
        let limit = demands.timeout();
        let (flag, bell) = (Arc::clone(&lost), Arc::clone(alarm));
        let config = config(limit, move || {
            flag.store(true, Ordering::Relaxed);
            bell.notify_one();
        });
        let shared = connect(client, &config).await?;
        let report = Report::read(ask(&shared, &questions(), limit).await?)?;
        let findings = demands.judge(&report).map_err(OpenError::Refused)?;
        demands.see(&report.history);
        let mut lanes = None;
        if let Some(wait) = findings.wait {
            let mut roads = Vec::with_capacity(LANES);
            for _ in 0..LANES {
                roads.push(Road::Primary(connect(client, &config).await?));
            }
            lanes = Some(Lanes::open(roads, wait, limit, demands.leases()));
        }
        for loaded in ask(&shared, &script::pipeline(script::load_all()), limit).await? {
            settle(loaded)?;
        }
        let (client, home) = (client.clone(), thread::current().id());
        let link = Self { shared, home, own: Own::default(), lanes, client, limit, run: report.run, lost };
        Ok((link, findings))
    }

    /// The connection that this thread is to use. One that is not at home gets its own; until it has it, it uses what is
    /// shared.
    pub(super) fn connection(self: &Arc<Self>) -> MultiplexedConnection {
        let here = thread::current().id();
        let own = if here == self.home { None } else { own::find(self, here) };
        own.unwrap_or_else(|| self.shared.clone())
    }

    /// One more connection, if it leads to the very server that was examined: a name may lead elsewhere by now. That it is
    /// lost is told by `lost` alone.
    pub(super) async fn another(&self, lost: &Arc<AtomicBool>) -> Result<MultiplexedConnection, Unavailable> {
        let lost = Arc::clone(lost);
        let config = config(self.limit, move || lost.store(true, Ordering::Relaxed));
        let made = connect(&self.client, &config).await?;
        let mut question = redis::pipe();
        question.cmd("INFO").arg("server");
        let report = Report::read(ask(&made, &question, self.limit).await?)?;
        let is_the_same = !self.run.is_empty() && report.run == self.run;
        is_the_same.then_some(made).ok_or_else(|| Unavailable("it may lead to another server".to_owned()))
    }

    /// Whether the server is still fit for all that is asked of it.
    pub(super) async fn examine(&self, demands: &Demands) -> Result<Findings, OpenError> {
        let report = Report::read(ask(&self.shared, &questions(), demands.timeout()).await?)?;
        demands.judge(&report).map_err(OpenError::Refused)
    }

    /// Whether the server is there, and still a primary.
    pub(super) async fn is_alive(&self, limit: Duration) -> bool {
        let mut question = redis::pipe();
        question.cmd("INFO").arg("replication");
        let answer = ask(&self.shared, &question, limit).await.and_then(Report::read);
        !self.is_lost() && answer.is_ok_and(|report| report.is_primary())
    }

    /// The bound of every call.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    pub(super) fn leads_to(&self, client: &Client) -> bool {
        self.client.get_connection_info().addr() == client.get_connection_info().addr()
    }
}

async fn connect(client: &Client, config: &AsyncConnectionConfig) -> Result<MultiplexedConnection, Unavailable> {
    let made = client.get_multiplexed_async_connection_with_config(config).await;
    made.map_err(|error| failure(&error))
}

pub(super) async fn ask(
    connection: &MultiplexedConnection,
    commands: &Pipeline,
    limit: Duration,
) -> Result<Vec<Value>, Unavailable> {
    let mut connection = connection.clone();
    let asked: Result<RedisResult<_>, _> =
        timeout(limit, connection.send_packed_commands(commands, 0, commands.len())).await;
    match asked {
        Ok(answered) => answered.map_err(|error| failure(&error)),
        Err(_) => Err(Unavailable("the server does not answer".to_owned())),
    }
}

/// The bound of a call is set by the call; a connection that only lost its answer goes on.
fn config(limit: Duration, lost: impl Fn() + Send + Sync + 'static) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(limit))
        .set_response_timeout(None)
        .set_pipeline_buffer_size(QUEUE)
        .set_push_sender(move |push: PushInfo| {
            if push.kind == PushKind::Disconnection {
                lost();
            }
            Ok::<(), ()>(())
        })
}
