//! `dev`, `serve` and `check`.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use actix_web::web::Data;

use super::Failure;
use super::args::{ConfigArgs, DevArgs};
use crate::admin::socket::AdminSocket;
use crate::app::{App, Tending};
use crate::domain::authority::TokenText;
use crate::domain::client::Surface;
use crate::domain::clock::SystemClock;
use crate::http::{Listeners, terminated};
use crate::settings::{Location, Mode, Settings};
use crate::telemetry;

pub(super) async fn dev(args: &DevArgs) -> Result<(), Failure> {
    let mut overrides = vec![("server.listen", args.listen.to_string())];
    overrides.push(("store.data", args.data.display().to_string()));
    overrides.extend(args.store.clone().map(|url| ("store.url", url)));
    overrides.extend(args.issuer.clone().map(|issuer| ("server.issuer", issuer)));
    let settings = load(Mode::Dev, args.config.as_deref(), &overrides)?;
    start(settings, Mode::Dev).await
}

pub(super) async fn serve(args: &ConfigArgs) -> Result<(), Failure> {
    start(load(Mode::Serve, args.config.as_deref(), &[])?, Mode::Serve).await
}

pub(super) fn check(args: &ConfigArgs) -> Result<(), Failure> {
    load(Mode::Serve, args.config.as_deref(), &[])?;
    println!("the settings are fine");
    Ok(())
}

/// Every problem on a line of its own.
pub(super) fn load(mode: Mode, file: Option<&Path>, overrides: &[(&str, String)]) -> Result<Settings, Failure> {
    #[expect(clippy::disallowed_methods, reason = "here the environment becomes settings")]
    let environment =
        std::env::vars_os().filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)));
    Settings::load(mode, file, overrides, environment)
        .map_err(|problems| Failure(format!("does not start\n{problems}")))
}

async fn start(settings: Settings, mode: Mode) -> Result<(), Failure> {
    let _telemetry = telemetry::subscriber::start(&settings.log, &settings.otel)?;
    let listeners = Listeners::bind(settings.server.listen, Some(settings.metrics.listen))
        .map_err(|error| Failure(format!("server.listen, metrics.listen: cannot listen: {error}")))?;
    let address = listeners.address()?;
    let app = App::open(settings, mode, address, Arc::new(SystemClock::default())).await?;
    let _tending = Tending::of(&app.authority, app.notices()?);
    listen_for_operators(&app);
    if mode == Mode::Dev {
        introduce(&app, address).await?;
    }
    if let Some(metrics) = listeners.metrics_address()? {
        println!("metrics on http://{metrics}/metrics");
    }
    // Before anybody learns that there is something to end; not earlier, for a start that hangs must end at once.
    let terminated = terminated()?;
    println!("listening on http://{address}");
    listeners.serve(Data::new(app.state()), terminated).await?;
    Ok(())
}

/// Two nodes on one Redis may share a data folder: then the first has the socket, and either would do.
fn listen_for_operators(app: &App) {
    let data = &app.settings.store.data;
    match AdminSocket::bind(data) {
        Ok(socket) => drop(tokio::spawn(socket.serve(Arc::clone(&app.authority)))),
        Err(error) => {
            let embedded = matches!(app.settings.store.location, Location::Embedded);
            let folder = data.display();
            tracing::warn!(%folder, %error, embedded, "no socket for the command line in the data folder");
        }
    }
}

/// What an application would ask, with the challenge of RFC 7636 appendix B.
const AUTHORIZATION: &str = "client_id=demo-spa&response_type=code&scope=read&state=tour\
    &redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fcallback\
    &code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Tells a newcomer what there is, and what to type.
async fn introduce(app: &App, address: SocketAddr) -> Result<(), Failure> {
    let at = format!("http://{address}");
    println!("Atropos, for trying things out: sample clients, secrets that everybody knows, this machine only.");
    println!();
    println!("sample clients (the secret is the id and -secret):");
    let mut clients: Vec<_> = app.authority.clients.iter().collect();
    clients.sort_by(|a, b| a.id.cmp(&b.id));
    for client in clients {
        println!("  {:<20} {}", client.id, crate::admin::tree::describe(client));
    }
    println!();
    println!("issue, introspect, revoke:");
    println!(
        "  token=$(curl -s {at}/oauth/token -u demo-service:demo-service-secret -d grant_type=client_credentials \\"
    );
    println!("    | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')");
    println!("  curl -s {at}/oauth/introspect -u demo-api:demo-api-secret -d token=$token");
    println!("  curl -si {at}/oauth/revoke -u demo-service:demo-service-secret -d token=$token");
    println!();
    let dialects: Vec<_> = app.settings.surfaces.enabled().into_iter().map(Surface::as_str).collect();
    if !dialects.is_empty() {
        println!("APIs of others that are spoken as well: {}; README has a tour of each", dialects.join(", "));
        println!();
    }
    if app.authority.clients.find("demo-spa").is_some() {
        println!("to sign in with a browser, as alice (wonderland) or bob (builder), for the client demo-spa:");
        println!("  {at}/oauth/authorize?{AUTHORIZATION}");
        println!("nothing listens where it is sent then; README tells what to do with the code in that address");
        println!("where they are signed in, and what acts in their name:");
        println!("  {at}/account");
        println!();
    }
    for (id, surface) in [("demo-spa", Surface::Standard), ("demo-anghami", Surface::Anghami)] {
        let Some(client) = app.authority.clients.find(id) else { continue };
        let session = app.authority.begin_session(client, surface, "demo-user", client.scope.clone()).await?;
        let refresh_token = session.refresh_token.as_ref().map_or("", TokenText::expose);
        println!("a session of the public client {id}; its refresh token:");
        println!("  {refresh_token}");
        println!();
    }
    Ok(())
}
