//! One connection through a wire: two lanes, one of which is slow on demand.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::atomic::{AtomicBool, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
    try_join,
};

use super::{Condition, Fault};

/// The most that is read at once.
const CHUNK: usize = 64 * 1024;

/// How many chunks of answers may be under way; beyond that the upstream has to wait.
const UNDER_WAY: usize = 256;

/// Carries bytes until both sides have said all, one of them is gone, or the wire is cut (for the `cuts + 1`st time).
pub(super) async fn serve(
    (client, from): (TcpStream, IpAddr),
    upstream: SocketAddr,
    condition: &watch::Sender<Condition>,
    cuts: u64,
) {
    let mut watching = condition.subscribe();
    let connection = Connection { condition, from, losing: AtomicBool::new(false) };
    tokio::select! {
        biased;
        _ = watching.wait_for(|condition| condition.cuts != cuts) => {}
        // An upstream that cannot be reached looks like one that hangs up.
        _ = connection.carry(client, upstream) => {}
    }
}

struct Connection<'a> {
    condition: &'a watch::Sender<Condition>,
    /// Where the client is.
    from: IpAddr,
    /// The next answer on this connection is to be lost.
    losing: AtomicBool,
}

impl Connection<'_> {
    async fn carry(&self, mut client: TcpStream, upstream: SocketAddr) -> io::Result<()> {
        let mut upstream = TcpStream::connect(upstream).await?;
        client.set_nodelay(true)?;
        upstream.set_nodelay(true)?;
        let (from_client, to_client) = client.split();
        let (from_upstream, to_upstream) = upstream.split();
        let carried = try_join!(self.requests(from_client, to_upstream), self.answers(from_upstream, to_client));
        drop(client);
        if carried.is_err() {
            // A reset could take away from the upstream what it has not read yet, though it was delivered: end politely.
            upstream.shutdown().await?;
            tokio::io::copy(&mut upstream, &mut tokio::io::sink()).await?;
        }
        Ok(())
    }

    async fn requests(&self, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>) -> io::Result<()> {
        let mut chunk = vec![0; CHUNK];
        loop {
            let length = from.read(&mut chunk).await?;
            self.thawed().await;
            if length == 0 {
                return to.shutdown().await;
            }
            self.note_request(&chunk[..length]);
            to.write_all(&chunk[..length]).await?;
        }
    }

    async fn answers(&self, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>) -> io::Result<()> {
        let (given, mut due) = mpsc::channel(UNDER_WAY);
        let take = async move {
            let mut chunk = vec![0; CHUNK];
            loop {
                let length = from.read(&mut chunk).await?;
                let at = Instant::now() + self.condition.borrow().delay;
                // An empty chunk stands for the end. The other side is gone only when an error ends both.
                let _ = given.send((at, chunk[..length].to_vec())).await;
                if length == 0 {
                    return Ok(());
                }
            }
        };
        let give = async move {
            while let Some((at, answer)) = due.recv().await {
                sleep_until(at).await;
                self.released().await;
                if answer.is_empty() {
                    to.shutdown().await?;
                } else if let Some(length) = self.strike(answer.len()) {
                    to.write_all(&answer[..length]).await?;
                    return Err(io::ErrorKind::ConnectionAborted.into());
                } else {
                    to.write_all(&answer).await?;
                }
            }
            Ok(())
        };
        try_join!(take, give).map(|((), ())| ())
    }

    async fn thawed(&self) {
        let mut condition = self.condition.subscribe();
        // Fails only when the wire itself is gone, and this with it.
        let _ = condition.wait_for(|condition| !condition.is_frozen_for(self.from)).await;
    }

    async fn released(&self) {
        let mut condition = self.condition.subscribe();
        let _ = condition.wait_for(|condition| !condition.is_frozen_for(self.from) && !condition.holding).await;
    }

    fn note_request(&self, request: &[u8]) {
        self.condition.send_if_modified(|condition| {
            let Some(Fault::LoseAnswerTo(part)) = &condition.fault else { return false };
            let wanted = request.windows(part.len()).any(|window| window == part);
            if wanted {
                condition.fault = Some(Fault::LoseAnswer);
                self.losing.store(true, Ordering::Relaxed);
            }
            wanted
        });
    }

    /// Whether the connection ends with an answer of `length` bytes, and if so, how many of them still pass.
    fn strike(&self, length: usize) -> Option<usize> {
        let mut passing = None;
        self.condition.send_if_modified(|condition| match &mut condition.fault {
            Some(Fault::TruncateAfter(left)) if length <= *left => {
                *left -= length;
                false
            }
            Some(Fault::TruncateAfter(left)) => {
                passing = Some(*left);
                condition.fault = None;
                true
            }
            Some(Fault::LoseAnswer) if self.losing.load(Ordering::Relaxed) => {
                passing = Some(0);
                condition.fault = None;
                true
            }
            _ => false,
        });
        passing
    }
}
