//! Who is registered with the server under test. The secret of a confidential client is `<id>-secret`.

use std::collections::BTreeSet;
use std::time::Duration;

use atropos::domain::client::{
    AssertionKey, Authentication, Client, ClientId, GrantType, Manages, Reach, ResourceServer, SecretHash, Surface,
    TokenFormat, TokenPolicy,
};
use atropos::domain::openid::{Algorithm, BackChannel, Registration};
use atropos::domain::redirect::RedirectUri;
use atropos::domain::scope::Scope;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::assertion;

pub(crate) const API: &str = "https://api.example";

/// With refresh tokens: `session`, `session-jwt`, `other`, `wide` (an access token takes its family along), `key`
/// (`private_key_jwt`), `two` (tokens for two resources). Without: `service`, `service-jwt`, `login` (where people sign in). Public: `spa`, `mobile`.
/// `portal` is one of `OpenID` Connect. Resource servers: `api`, `billing` (which only cares for `write`). `disabled` is disabled, `abroad` lives on another
/// surface, `strange: ä+%` tries the encodings.
///
/// Of dialects: `kajabi`, `kajabi-jwt`, `kajabi-other`; `player` and `player-other` (public) and `studio` (which has a
/// secret) of Anghami's; of Infisical's `machine`, `machine-jwt`, `machine-admin`, who manages all, and `machine-deputy`, who
/// manages `machine`. All of these speak the standard as well.
pub(crate) fn clients() -> Vec<Client> {
    let refreshing = |id| Client { tokens: policy(true), ..client(id) };
    let jwt = |with_refresh| TokenPolicy {
        format: TokenFormat::Jwt,
        access_token_lifetime: Duration::from_mins(5),
        ..policy(with_refresh)
    };
    let public = |id| Client { authentication: Authentication::None, ..client(id) };
    let resource_server = |id, audience: &str, scope| Client {
        grant_types: BTreeSet::new(),
        resource_server: Some(ResourceServer { audience: audience.into(), scope }),
        ..client(id)
    };
    vec![
        refreshing("session"),
        refreshing("other"),
        Client { tokens: jwt(true), ..client("session-jwt") },
        Client { tokens: TokenPolicy { revoke_access_token: Reach::Family, ..policy(true) }, ..client("wide") },
        Client { audience: vec![API.into(), BILLING.into()], ..client("two") },
        client("service"),
        client("login"),
        client("strange: ä+%"),
        Client { tokens: jwt(false), ..client("service-jwt") },
        Client { authentication: Authentication::PrivateKeyJwt(vec![key()]), ..refreshing("key") },
        web("web"),
        Client { tokens: jwt(false), ..web("web-jwt") },
        Client { authentication: Authentication::None, ..web("web-public") },
        Client { authentication: Authentication::PrivateKeyJwt(vec![key()]), ..web("web-key") },
        native("native"),
        portal(),
        public("spa"),
        public("mobile"),
        resource_server("api", API, None),
        resource_server("billing", BILLING, Some(scope("write"))),
        Client { enabled: false, ..client("disabled") },
        Client { surfaces: BTreeSet::from([Surface::Kajabi]), ..client("abroad") },
        speaks(Surface::Kajabi, refreshing("kajabi")),
        speaks(Surface::Kajabi, refreshing("kajabi-other")),
        speaks(Surface::Kajabi, Client { tokens: jwt(true), ..client("kajabi-jwt") }),
        speaks(Surface::Anghami, Client { scope: scope("read stream"), ..public("player") }),
        speaks(
            Surface::Anghami,
            Client { authentication: Authentication::None, scope: scope("read stream"), ..web("player-web") },
        ),
        speaks(Surface::Anghami, public("player-other")),
        speaks(Surface::Anghami, refreshing("studio")),
        machine("machine", Manages::default()),
        Client { tokens: jwt(false), ..machine("machine-jwt", Manages::default()) },
        machine("machine-admin", Manages::Everybody),
        machine("machine-deputy", Manages::Only(BTreeSet::from([ClientId::new("machine")]))),
    ]
}

pub(crate) const BILLING: &str = "https://billing.example";

pub(crate) fn secret(client: &str) -> String {
    format!("{client}-secret")
}

pub(crate) fn scope(text: &str) -> Scope {
    Scope::parse(text).expect("a scope")
}

/// An application that people are sent back to; one of them has two places.
fn web(id: &str) -> Client {
    let mut uris = vec!["https://web.example/callback"];
    if id == "web" {
        uris.push("https://web.example/other?tenant=1");
    }
    Client {
        name: Some("Web <Shop>".into()),
        grant_types: BTreeSet::from([GrantType::AuthorizationCode, GrantType::RefreshToken]),
        redirect_uris: uris.into_iter().map(redirect_uri).collect(),
        ..client(id)
    }
}

/// An application of `OpenID` Connect, that is told of logouts.
fn portal() -> Client {
    Client {
        scope: scope("openid profile email offline_access read write"),
        openid: Registration {
            algorithm: Algorithm::default(),
            post_logout_redirect_uris: vec!["https://web.example/bye".into(), "https://web.example/bye?a=1".into()],
            back_channel: Some(BackChannel { uri: "https://web.example/out".into(), needs_session: true }),
        },
        ..web("portal")
    }
}

fn native(id: &str) -> Client {
    let uris = ["http://127.0.0.1/cb", "http://[::1]/cb", "com.example.native:/cb"];
    Client {
        authentication: Authentication::None,
        redirect_uris: uris.into_iter().map(redirect_uri).collect(),
        ..web(id)
    }
}

fn redirect_uri(text: &str) -> RedirectUri {
    RedirectUri::register(text).expect("a redirect URI")
}

fn speaks(surface: Surface, client: Client) -> Client {
    Client { surfaces: BTreeSet::from([Surface::Standard, surface]), ..client }
}

fn machine(id: &str, manages: Manages) -> Client {
    Client { identity_id: identity(id), manages, ..speaks(Surface::Infisical, client(id)) }
}

/// The client as an identity.
pub(crate) fn identity(client: &str) -> Uuid {
    let digest = Sha256::digest(client);
    Uuid::new_v8(std::array::from_fn(|i| digest[i]))
}

fn client(id: &str) -> Client {
    Client {
        id: ClientId::new(id),
        identity_id: Uuid::nil(),
        name: None,
        enabled: true,
        authentication: Authentication::Secret(vec![SecretHash::Sha256(Sha256::digest(secret(id)).into())]),
        grant_types: BTreeSet::from([GrantType::ClientCredentials, GrantType::RefreshToken]),
        surfaces: BTreeSet::from([Surface::Standard]),
        redirect_uris: Vec::new(),
        must_push: false,
        must_sign: false,
        scope: scope("read write"),
        audience: vec![API.into()],
        tokens: policy(false),
        resource_server: None,
        openid: Registration::default(),
        manages: Manages::default(),
    }
}

pub(crate) fn policy(client_credentials_refresh: bool) -> TokenPolicy {
    TokenPolicy {
        format: TokenFormat::Opaque,
        access_token_lifetime: Duration::from_hours(1),
        refresh_token_idle: Duration::from_hours(30 * 24),
        code_lifetime: Duration::from_mins(1),
        family_lifetime: Duration::from_hours(90 * 24),
        replay_window: Duration::from_secs(10),
        access_tokens_per_family: 100,
        client_credentials_refresh,
        revoke_access_token: Reach::Token,
    }
}

fn key() -> AssertionKey {
    AssertionKey(serde_json::from_value(assertion::public_jwk()).expect("a JWK"))
}
