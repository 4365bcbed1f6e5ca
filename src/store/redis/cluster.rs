//! A cluster: every command goes to the primary that has its slot.
//!
//! The client keeps connections and the map of slots. It would also send a write again when a connection breaks, so it
//! may not try anything twice: what a node says it did *not* do is asked again here.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{MultipleNodeRoutingInfo, Route, RoutingInfo, SingleNodeRoutingInfo, Slot, SlotAddr};
use redis::{Cmd, Pipeline, RedisResult, Value};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout};
use tracing::error;

use super::OpenError;
use super::examine::{Demands, Findings};
use super::failure::{failure, is_moving, settle, unexpected};
use super::lane::{LANES, Lanes, Road};
use super::lease;
use super::report::{Report, questions};
use super::script;
use crate::domain::store::Unavailable;

/// How often all primaries are examined anew, and what is alarming is said again.
const EXAMINE: Duration = Duration::from_mins(1);

/// What lies between two questions about a slot on the move.
const PAUSE: Duration = Duration::from_millis(20);

pub(super) struct Cluster {
    connection: ClusterConnection,
    lanes: Option<Arc<Lanes>>,
    /// Why the cluster may not be used, while that is so.
    unfit: Arc<ArcSwapOption<Unavailable>>,
    demands: Demands,
    keeper: AbortHandle,
}

impl Cluster {
    pub(super) async fn open(client: &ClusterClient, demands: Demands) -> Result<Self, OpenError> {
        let connect = async || match timeout(demands.timeout() * 5, client.get_async_connection()).await {
            Ok(made) => made.map_err(|error| failure(&error)),
            Err(_) => Err(Unavailable("the cluster does not answer".to_owned())),
        };
        let connection = connect().await?;
        let findings = examine(&connection, &demands).await?;
        findings.tell();
        for load in script::load_all() {
            for (_, answer) in ask_all(&connection, &load, demands.timeout()).await? {
                settle(answer)?;
            }
        }
        let mut lanes = None;
        if let Some(wait) = findings.wait {
            let mut roads = Vec::with_capacity(LANES);
            for _ in 0..LANES {
                roads.push(Road::Cluster(connect().await?));
            }
            lanes = Some(Lanes::open(roads, wait, demands.timeout(), demands.leases()));
        }
        let unfit = Arc::new(ArcSwapOption::empty());
        let keeper = tokio::spawn(keep(connection.clone(), demands.clone(), Arc::clone(&unfit))).abort_handle();
        Ok(Self { connection, lanes, unfit, demands, keeper })
    }

    /// `commands` must all be of the slot of `key`, and such that asking them again changes nothing if there are several.
    pub(super) async fn ask(&self, key: &[u8], commands: &Pipeline) -> Result<Vec<Value>, Unavailable> {
        self.fit()?;
        match &self.lanes {
            Some(lanes) if lanes.has_leases() => {
                let with_who = script::pipeline(commands.cmd_iter().cloned().chain([lease::who()]));
                let mut answers = self.route(key, &with_who).await?;
                let node = lease::node(answers.pop())?;
                lanes.vouch(key, &node).await?;
                Ok(answers)
            }
            _ => self.route(key, commands).await,
        }
    }

    async fn route(&self, key: &[u8], commands: &Pipeline) -> Result<Vec<Value>, Unavailable> {
        let patience = self.demands.timeout() / 2;
        route(&self.connection, Slot::for_key(key), commands, patience).await.map_err(|error| failure(&error))
    }

    /// For what must wait until it is safe; none where nothing has to.
    pub(super) fn lanes(&self) -> Result<Option<&Arc<Lanes>>, Unavailable> {
        self.fit()?;
        Ok(self.lanes.as_ref())
    }

    fn fit(&self) -> Result<(), Unavailable> {
        match &*self.unfit.load() {
            Some(why) => Err((**why).clone()),
            None => Ok(()),
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

/// Sends to the primary of a slot, for as long as `patience` lasts again and again if the slot is elsewhere or on the
/// move (`MOVED`, `ASK`, `TRYAGAIN`). An `ASK` is not followed: at the other end, what was left behind looks absent.
pub(super) async fn route(
    connection: &ClusterConnection,
    slot: Slot,
    commands: &Pipeline,
    patience: Duration,
) -> RedisResult<Vec<Value>> {
    let until = Instant::now() + patience;
    loop {
        let to = SingleNodeRoutingInfo::SpecificNode(Route::with_slot(slot, SlotAddr::Master));
        match connection.clone().route_pipeline(commands.clone(), 0, commands.len(), to).await {
            Err(error) if is_moving(&error) && Instant::now() + PAUSE < until => sleep(PAUSE).await,
            result => return result,
        }
    }
}

async fn keep(connection: ClusterConnection, demands: Demands, unfit: Arc<ArcSwapOption<Unavailable>>) {
    loop {
        sleep(EXAMINE).await;
        match examine(&connection, &demands).await {
            Ok(findings) => {
                findings.repeat();
                unfit.store(None);
            }
            Err(OpenError::Unavailable(_)) => {}
            Err(why) => {
                error!(cause = %why, "the store must not be used any longer");
                unfit.store(Some(Arc::new(Unavailable(why.to_string()))));
            }
        }
    }
}

/// Examines every primary; the cluster is as good as the worst of them.
async fn examine(connection: &ClusterConnection, demands: &Demands) -> Result<Findings, OpenError> {
    let mut answers: HashMap<Vec<u8>, Vec<Value>> = HashMap::new();
    for question in questions().cmd_iter() {
        for (address, answer) in ask_all(connection, question, demands.timeout()).await? {
            answers.entry(address).or_default().push(answer);
        }
    }
    let mut worst: Option<Findings> = None;
    for (address, answers) in answers {
        let report = Report::read(answers)?;
        demands.see(&report.history);
        let findings = demands.judge(&report);
        let findings =
            findings.map_err(|why| OpenError::Refused(format!("{}: {why}", String::from_utf8_lossy(&address))))?;
        worst = Some(match worst {
            Some(worst) => worst.and(findings),
            None => findings,
        });
    }
    worst.ok_or_else(|| Unavailable("the cluster names no primary".to_owned()).into())
}

/// What each primary answers, by its address.
async fn ask_all(
    connection: &ClusterConnection,
    command: &Cmd,
    limit: Duration,
) -> Result<Vec<(Vec<u8>, Value)>, Unavailable> {
    let everybody = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
    let mut connection = connection.clone();
    let asked = timeout(limit, connection.route_command(command.clone(), everybody)).await;
    let told = asked.map_err(|_| Unavailable("a primary does not answer".to_owned()))?;
    // Not settled as a whole: what one of them will not answer is for the caller to judge.
    let Value::Map(told) = told.map_err(|error| failure(&error))? else {
        return Err(unexpected("a question to all primaries"));
    };
    let address = |address| match address {
        Value::BulkString(address) => Ok(address),
        _ => Err(unexpected("a question to all primaries")),
    };
    told.into_iter().map(|(from, answer)| Ok((address(from)?, answer))).collect()
}
