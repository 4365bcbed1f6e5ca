//! The listeners, and how they end.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use futures_util::FutureExt as _;
use futures_util::future::OptionFuture;
use tokio::net::TcpSocket;
use tokio::signal::unix::{SignalKind, signal};

use super::state::State;
use super::{configure, configure_metrics, edge};

/// Connections that the kernel keeps until they are accepted; it has a bound of its own (`net.core.somaxconn`).
const BACKLOG: u32 = 4096;

/// How long a client may take to close after its last answer.
const DISCONNECT: Duration = Duration::from_secs(1);

/// Sockets that are bound and do not answer yet: an issuer may want to know its port first.
#[derive(Debug)]
pub struct Listeners {
    service: TcpListener,
    metrics: Option<TcpListener>,
}

impl Listeners {
    /// Port 0 stands for a free one. Must be called within a tokio runtime.
    pub fn bind(service: SocketAddr, metrics: Option<SocketAddr>) -> io::Result<Self> {
        allow_open_files();
        Ok(Self { service: listen(service)?, metrics: metrics.map(listen).transpose()? })
    }

    pub fn address(&self) -> io::Result<SocketAddr> {
        self.service.local_addr()
    }

    /// `None` if metrics are not served.
    pub fn metrics_address(&self) -> io::Result<Option<SocketAddr>> {
        self.metrics.as_ref().map(TcpListener::local_addr).transpose()
    }

    /// Serves until `shutdown`, then denies readiness, waits for load balancers to notice, stops accepting, and lets
    /// requests in flight end. Metrics are told to the last.
    pub async fn serve(self, state: Data<State>, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let service = serve(self.service, state.clone())?;
        let metrics = self.metrics.map(|listener| serve_metrics(listener, state.clone())).transpose()?;
        let handles = (service.handle(), metrics.as_ref().map(Server::handle));
        let end = async {
            shutdown.await;
            state.drain();
            tokio::time::sleep(state.options.drain_notice).await;
            handles.0.stop(true).await;
            if let Some(metrics) = handles.1 {
                metrics.stop(false).await;
            }
            Ok(())
        };
        let metrics = OptionFuture::from(metrics).map(Option::transpose);
        tokio::try_join!(service, metrics, end).map(drop)
    }
}

fn serve(listener: TcpListener, state: Data<State>) -> io::Result<Server> {
    let options = state.options.clone();
    let workers = options.workers.or_else(|| thread::available_parallelism().ok()).map_or(1, usize::from);
    let application = move || {
        App::new().app_data(state.clone()).wrap(from_fn(edge::around)).configure(|services| configure(services, &state))
    };
    let server = HttpServer::new(application)
        .workers(workers)
        .max_connections(options.max_connections)
        .keep_alive(options.keep_alive)
        .client_request_timeout(options.head_timeout)
        .client_disconnect_timeout(DISCONNECT)
        .tcp_nodelay(true)
        .shutdown_timeout(options.drain_timeout.as_secs())
        .disable_signals();
    Ok(server.listen(listener)?.run())
}

fn serve_metrics(listener: TcpListener, state: Data<State>) -> io::Result<Server> {
    let application = move || App::new().app_data(state.clone()).configure(configure_metrics);
    Ok(HttpServer::new(application).workers(1).disable_signals().listen(listener)?.run())
}

/// The operating system asks to end: SIGTERM, or Ctrl-C. Heard from this call on, not only once it is awaited.
pub fn terminated() -> io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Thousands of connections may lie idle, and each is an open file. A shell gives its programs 1024, for the sake of those
/// that use `select`; what they may have beyond that for the asking is enough.
fn allow_open_files() {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the limit of open files, and so of connections, cannot be raised");
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart must not wait for old connections to be forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}
