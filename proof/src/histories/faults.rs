//! What goes wrong while a history happens.

use std::time::Duration;

use atropos_testbed::RedisServer;
use fastrand::Rng;
use tokio::time::{sleep, timeout};

use super::site::{Backing, STORE_TIMEOUT, Site};

#[derive(Clone, Copy, Debug)]
enum Fault {
    /// One node's way to its store is cut, and mended.
    Cut,
    /// One node's requests and answers are held, for longer than it waits or not so long, and delivered then.
    Freeze,
    /// One node's store is slow.
    Delay,
    /// The store does what one node asked, and the node is not told.
    LoseCommit,
    /// A node does what a client asked, and the client is not told.
    LoseAnswer,
    /// A node is killed, and started anew.
    Kill,
    /// A server of the store stops as it stands, and goes on.
    Pause,
}

/// Does one thing, some time within the next milliseconds, and makes it good again.
pub(super) async fn strike(site: &Site, rng: &mut Rng) {
    let _calm = site.calm.write().await;
    let number = rng.usize(..site.seats.len());
    let fault = choose(&*site.backing.lock().await, rng);
    sleep(Duration::from_millis(rng.u64(..8))).await;
    let seat = &site.seats[number];
    // So that a node may have given up what comes to pass then, or may not.
    let a_while = Duration::from_millis(rng.u64(10..200)) + if rng.bool() { STORE_TIMEOUT } else { Duration::ZERO };
    match (fault, &seat.wire) {
        (Fault::Kill, _) => site.restart(number).await,
        (Fault::LoseAnswer, _) => {
            let path = ["POST /oauth/token", "POST /oauth/revoke"][rng.usize(..2)];
            seat.running.lock().await.front.lose_answer_to(path);
        }
        (Fault::Pause, _) => pause(&mut *site.backing.lock().await, rng, a_while).await,
        (Fault::LoseCommit, Some(wire)) => {
            wire.lose_answer_to("EVALSHA");
            // A node that starts would lose its first answer, and give up.
            let _ = timeout(Duration::from_millis(100), wire.struck()).await;
            wire.spare();
        }
        (Fault::Cut, Some(wire)) => {
            wire.cut().await;
            sleep(Duration::from_millis(rng.u64(..40))).await;
            wire.mend();
        }
        (Fault::Freeze, Some(wire)) => {
            wire.freeze();
            sleep(a_while).await;
            wire.thaw();
        }
        (Fault::Delay, Some(wire)) => {
            wire.delay(Duration::from_millis(rng.u64(1..6)));
            sleep(Duration::from_millis(rng.u64(10..60))).await;
            wire.delay(Duration::ZERO);
        }
        (Fault::LoseCommit | Fault::Cut | Fault::Freeze | Fault::Delay, None) => {}
    }
}

fn choose(backing: &Backing, rng: &mut Rng) -> Fault {
    let possible: &[Fault] = match backing {
        Backing::Embedded => &[Fault::LoseAnswer, Fault::LoseAnswer, Fault::Kill],
        Backing::Cluster(_) => &[Fault::LoseAnswer, Fault::Kill, Fault::Pause],
        Backing::Redis(_) => &[
            Fault::Cut,
            Fault::Freeze,
            Fault::Delay,
            Fault::LoseCommit,
            Fault::LoseCommit,
            Fault::LoseAnswer,
            Fault::Kill,
            Fault::Pause,
        ],
    };
    possible[rng.usize(..possible.len())]
}

async fn pause(backing: &mut Backing, rng: &mut Rng, long: Duration) {
    match backing {
        Backing::Embedded => {}
        Backing::Redis(redis) => hold(redis, long).await,
        Backing::Cluster(cluster) => {
            let nodes = cluster.nodes();
            let which = rng.usize(..nodes.len());
            hold(&mut nodes[which], long).await;
            cluster.up().await;
        }
    }
}

async fn hold(server: &mut RedisServer, long: Duration) {
    server.pause();
    sleep(long).await;
    server.resume();
}
