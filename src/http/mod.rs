//! The wire: every URL on one screen, and behind each a translation into one call of the authority and back.
//!
//! - `body`, `form`, `json`, `client_auth`, `bearer`: what a request says.
//! - `token`, `revoke`, `introspect`, `par`, `login`, `user_info`, `metadata`, `health`: the endpoints; `dialect`: those of
//!   other APIs; `docs`: what tells of them all.
//! - `browser`: what people meet in a browser.
//! - `error`: what a refusal looks like.
//! - `edge`: what is done once for every request; `cors`, `host`, `source`: where it may come from, and does.
//! - `mount`: how a URL is served; [`Listeners`]: the sockets; [`State`]: what all requests share.

mod bearer;
mod body;
mod browser;
mod client_auth;
mod cors;
mod dialect;
mod docs;
mod edge;
mod error;
mod form;
#[cfg(test)]
mod fuzz;
mod health;
mod host;
mod introspect;
mod json;
mod login;
mod metadata;
mod mount;
mod par;
mod revoke;
mod server;
#[cfg(test)]
mod shape;
mod source;
mod state;
mod token;
mod user_info;

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use url::Url;

use self::browser::authorize;
use self::dialect::infisical::{identities, login as universal, tokens};
use self::dialect::{anghami, kajabi};
use self::mount::Mount;
pub use self::server::{Listeners, terminated};
pub use self::state::{Options, State};
use crate::domain::client::Surface;

/// Every URL. An issuer with a path has its endpoints below that path, and its metadata where RFC 8414 section 3.1 and
/// `OpenID` Connect Discovery section 4 send clients to look.
fn configure(services: &mut ServiceConfig, state: &State) {
    let issuer = path(state.authority.issuer());
    let pages = |method| cors::layer(&state.options.cors_origins, method);
    let root = Mount { state, surface: None, prefix: "", suffix: "" };
    let known = Mount { suffix: &issuer, ..root };
    let below = Mount { prefix: &issuer, ..root };
    let oauth = Mount { surface: Some(Surface::Standard), ..below };
    services
        .service(oauth.post("/oauth/token", token::handle).wrap(pages(Method::POST)))
        .service(oauth.post("/oauth/par", par::handle))
        .service(oauth.post("/oauth/login/lookup", login::look_up))
        .service(oauth.post("/oauth/login/accept", login::accept))
        .service(oauth.post("/oauth/login/reject", login::reject))
        .service(oauth.post("/oauth/revoke", revoke::handle).wrap(pages(Method::POST)))
        .service(oauth.post("/oauth/introspect", introspect::handle))
        .service(
            oauth
                .resource("/oauth/authorize", "GET, HEAD, POST, OPTIONS")
                .route(web::get().to(authorize::asked))
                .route(web::head().to(authorize::asked))
                .route(web::post().to(authorize::posted)),
        )
        .service(below.get("/login", browser::handover::returned))
        .service(
            below
                .resource("/login/{request}", "GET, HEAD, POST, OPTIONS")
                .route(web::get().to(browser::login::show))
                .route(web::head().to(browser::login::show))
                .route(web::post().to(browser::login::answered)),
        )
        .service(
            below
                .resource("/account", "GET, HEAD, POST, OPTIONS")
                .route(web::get().to(browser::account::show))
                .route(web::head().to(browser::account::show))
                .route(web::post().to(browser::account::answered)),
        )
        .service(
            oauth
                .resource("/oauth/userinfo", "GET, HEAD, POST, OPTIONS")
                .route(web::get().to(user_info::handle))
                .route(web::head().to(user_info::handle))
                .route(web::post().to(user_info::handle))
                .wrap(pages(Method::GET)),
        )
        .service(
            below
                .resource("/oauth/logout", "GET, HEAD, POST, OPTIONS")
                .route(web::get().to(browser::logout::asked))
                .route(web::head().to(browser::logout::asked))
                .route(web::post().to(browser::logout::posted)),
        )
        .service(below.get("/oauth/jwks", metadata::jwks).wrap(pages(Method::GET)))
        .service(known.get("/.well-known/oauth-authorization-server", metadata::handle).wrap(pages(Method::GET)))
        .service(known.get("/.well-known/openid-configuration", metadata::handle).wrap(pages(Method::GET)))
        .service(below.get("/.well-known/openid-configuration", metadata::handle).wrap(pages(Method::GET)))
        .service(root.get("/health/live", health::live))
        .service(root.get("/health/ready", health::ready))
        .default_service(web::to(mount::not_found));
    if state.options.docs {
        let everybody = cors::layer(&["*".to_owned()], Method::GET);
        services
            .service(below.get("/openapi.json", docs::openapi).wrap(everybody))
            .service(below.get("/docs", docs::page));
    }
    for surface in &state.options.surfaces {
        speak(services, *surface, Mount { surface: Some(*surface), ..below });
    }
}

/// The URLs of one dialect.
fn speak(services: &mut ServiceConfig, surface: Surface, there: Mount<'_>) {
    let pages = || cors::layer(&there.state.options.cors_origins, Method::POST);
    match surface {
        Surface::Standard => services,
        Surface::Kajabi => services
            .service(there.post("/v1/oauth/token", kajabi::token))
            .service(there.post("/v1/oauth/revoke", kajabi::revoke)),
        Surface::Anghami => services
            .service(there.get("/v1/auth/authorize", authorize::asked_by_anghami))
            .service(there.post("/v1/auth/token", anghami::exchange).wrap(pages()))
            .service(there.post("/v1/auth/token/refresh", anghami::refresh).wrap(pages()))
            .service(there.post("/v1/auth/token/revoke", anghami::revoke).wrap(pages())),
        Surface::Infisical => services
            .service(there.post("/api/v1/auth/universal-auth/login", universal::log_in))
            .service(there.post("/api/v1/auth/token/renew", universal::renew))
            .service(there.post("/api/v1/auth/token/revoke", universal::revoke))
            .service(
                there
                    .resource(
                        "/api/v1/auth/token-auth/identities/{identity}",
                        "GET, HEAD, POST, PATCH, DELETE, OPTIONS",
                    )
                    .route(web::get().to(identities::show))
                    .route(web::head().to(identities::show))
                    .route(web::post().to(identities::attach))
                    .route(web::patch().to(identities::change))
                    .route(web::delete().to(identities::remove)),
            )
            .service(
                there
                    .resource("/api/v1/auth/token-auth/identities/{identity}/tokens", "GET, HEAD, POST, OPTIONS")
                    .route(web::get().to(tokens::list))
                    .route(web::head().to(tokens::list))
                    .route(web::post().to(tokens::create)),
            )
            .service(there.get("/api/v1/auth/token-auth/identities/{identity}/tokens/{token}", tokens::show))
            .service(
                there
                    .resource("/api/v1/auth/token-auth/tokens/{token}", "GET, HEAD, PATCH, OPTIONS")
                    .route(web::get().to(tokens::show))
                    .route(web::head().to(tokens::show))
                    .route(web::patch().to(tokens::rename)),
            )
            .service(there.post("/api/v1/auth/token-auth/tokens/{token}/revoke", tokens::revoke)),
    };
}

/// For the listener of its own.
fn configure_metrics(services: &mut ServiceConfig) {
    services.route("/metrics", web::get().to(health::metrics)).default_service(web::to(mount::not_found));
}

/// The path of an issuer, without a slash at its end.
fn path(issuer: &str) -> String {
    Url::parse(issuer).map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default()
}
