//! One server or a cluster: from here on it makes no difference.

use std::sync::Arc;

use futures_util::future::try_join_all;
use redis::cluster_routing::Slot;
use redis::{Cmd, Pipeline, Value};

use super::OpenError;
use super::RedisSettings;
use super::client::Target;
use super::cluster::Cluster;
use super::examine::Demands;
use super::failure::{lacks_script, settle, unexpected};
use super::link::Finder;
use super::primary::Primary;
use super::script;
use crate::domain::store::Unavailable;

pub(super) enum Wire {
    Primary(Primary),
    Cluster(Cluster),
}

impl Wire {
    pub(super) async fn open(settings: &RedisSettings) -> Result<Self, OpenError> {
        let demands = |cluster| Demands::of(settings, cluster);
        match Target::of(settings)? {
            Target::Server(client) => Primary::open(Finder::Fixed(client), demands(false)).await.map(Self::Primary),
            Target::Sentinel(client) => {
                Primary::open(Finder::Sentinel(client), demands(false)).await.map(Self::Primary)
            }
            Target::Cluster(client) => Cluster::open(&client, demands(true)).await.map(Self::Cluster),
        }
    }

    /// One trip. All `commands` must be about keys of one slot, that of `key`. Errors of single commands are among the
    /// answers. In a cluster, several commands must be such that asking them twice changes nothing.
    pub(super) async fn ask(&self, key: &[u8], commands: &Pipeline) -> Result<Vec<Value>, Unavailable> {
        match self {
            Self::Primary(primary) => primary.ask(key, commands).await,
            Self::Cluster(cluster) => cluster.ask(key, commands).await,
        }
    }

    /// As [`Self::ask`], for one command.
    pub(super) async fn one(&self, key: &[u8], command: &Cmd) -> Result<Value, Unavailable> {
        match self {
            Self::Primary(primary) => primary.one(key, command).await,
            Self::Cluster(cluster) => last(cluster.ask(key, &script::pipeline([command.clone()])).await?),
        }
    }

    /// One command in one trip; a second one if it is a script that the server has lost.
    pub(super) async fn run(&self, key: &[u8], command: Cmd) -> Result<Value, Unavailable> {
        let answer = self.one(key, &command).await?;
        if !lacks_script(&answer) {
            return settle(answer);
        }
        let loading = script::pipeline(script::load_all().into_iter().chain([command]));
        settle(last(self.ask(key, &loading).await?)?)
    }

    /// One command for each key, whatever their slots, all at once.
    pub(super) async fn ask_each(&self, commands: Vec<(Vec<u8>, Cmd)>) -> Result<Vec<Value>, Unavailable> {
        match self {
            Self::Primary(primary) => {
                let Some((key, _)) = commands.first().cloned() else { return Ok(Vec::new()) };
                primary.ask(&key, &script::pipeline(commands.into_iter().map(|(_, command)| command))).await
            }
            Self::Cluster(_) => {
                try_join_all(commands.into_iter().map(async |(key, command)| self.one(&key, &command).await)).await
            }
        }
    }

    /// One command that writes; answers when what it wrote has the durability that was asked for.
    pub(super) async fn change(&self, key: &[u8], command: Cmd) -> Result<Value, Unavailable> {
        let lanes = match self {
            Self::Primary(primary) => primary.lanes().await?,
            Self::Cluster(cluster) => cluster.lanes()?.map(Arc::clone),
        };
        match lanes {
            Some(lanes) => lanes.change(Slot::for_key(key), command).await,
            None => self.run(key, command).await,
        }
    }
}

fn last(mut answers: Vec<Value>) -> Result<Value, Unavailable> {
    answers.pop().ok_or_else(|| unexpected("a command"))
}
