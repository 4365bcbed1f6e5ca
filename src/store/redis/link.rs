//! Connections to one server that was found to be fit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::sentinel::SentinelClient;
use redis::{AsyncConnectionConfig, Client, ConnectionAddr, Pipeline, PushInfo, PushKind, RedisResult, Value};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::OpenError;
use super::examine::{Demands, Findings};
use super::failure::{failure, settle};
use super::lane::{LANES, Lanes, Road};
use super::report::{Report, questions};
use super::script;
use crate::domain::store::Unavailable;

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
/// together, to one server, after it was examined.
pub(super) struct Link {
    pub(super) connection: MultiplexedConnection,
    pub(super) lanes: Option<Lanes>,
    address: ConnectionAddr,
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
        let config = config(&lost, alarm, demands.timeout());
        let connect = async || {
            let made = client.get_multiplexed_async_connection_with_config(&config).await;
            made.map_err(|error| failure(&error))
        };
        let connection = connect().await?;
        let mut link = Self { connection, lanes: None, address: client.get_connection_info().addr().clone(), lost };
        let findings = link.examine(demands).await?;
        if let Some(wait) = findings.wait {
            let mut roads = Vec::with_capacity(LANES);
            for _ in 0..LANES {
                roads.push(Road::Primary(connect().await?));
            }
            link.lanes = Some(Lanes::open(roads, wait, demands.timeout()));
        }
        for loaded in link.ask(&script::pipeline(script::load_all()), demands.timeout()).await? {
            settle(loaded)?;
        }
        Ok((link, findings))
    }

    /// Whether the server is still fit for all that is asked of it.
    pub(super) async fn examine(&self, demands: &Demands) -> Result<Findings, OpenError> {
        let report = Report::read(self.ask(&questions(), demands.timeout()).await?)?;
        demands.judge(&report).map_err(OpenError::Refused)
    }

    /// Whether the server is there, and still a primary.
    pub(super) async fn is_alive(&self, limit: Duration) -> bool {
        let mut question = redis::pipe();
        question.cmd("INFO").arg("replication");
        let answer = self.ask(&question, limit).await.and_then(Report::read);
        !self.is_lost() && answer.is_ok_and(|report| report.is_primary())
    }

    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    pub(super) fn leads_to(&self, client: &Client) -> bool {
        self.address == *client.get_connection_info().addr()
    }

    async fn ask(&self, commands: &Pipeline, limit: Duration) -> Result<Vec<Value>, Unavailable> {
        let mut connection = self.connection.clone();
        let asked: Result<RedisResult<_>, _> =
            timeout(limit, connection.send_packed_commands(commands, 0, commands.len())).await;
        match asked {
            Ok(answered) => answered.map_err(|error| failure(&error)),
            Err(_) => Err(Unavailable("the server does not answer".to_owned())),
        }
    }
}

/// The bound of a call is set by the call; a connection that only lost its answer goes on.
fn config(lost: &Arc<AtomicBool>, alarm: &Arc<Notify>, limit: Duration) -> AsyncConnectionConfig {
    let (lost, alarm) = (Arc::clone(lost), Arc::clone(alarm));
    AsyncConnectionConfig::new().set_connection_timeout(Some(limit)).set_response_timeout(None).set_push_sender(
        move |push: PushInfo| {
            if push.kind == PushKind::Disconnection {
                lost.store(true, Ordering::Relaxed);
                alarm.notify_one();
            }
            Ok::<(), ()>(())
        },
    )
}
