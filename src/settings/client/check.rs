//! What is checked of one client.

use std::collections::BTreeSet;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::Around;
use super::entry::{Entry, Resource};
use super::jwks;
use crate::domain::authenticate::InvalidSecretHash;
use crate::domain::authority::BROWSER;
use crate::domain::client::{
    Authentication, Client, ClientId, GrantType, Manages, ResourceServer, Surface, TokenFormat, TokenPolicy,
};
use crate::domain::redirect::{InvalidRedirectUri, RedirectUri};
use crate::domain::scope::Scope;
use crate::settings::problem::Problems;

/// Where problems of one client go.
pub(super) struct Report<'a> {
    client: &'a str,
    problems: &'a mut Problems,
}

impl Report<'_> {
    pub(super) fn add(&mut self, key: &str, sentence: impl Into<String>) {
        self.problems.add(format!("{}.{key}", self.client), sentence);
    }

    pub(super) fn require(&mut self, condition: bool, key: &str, sentence: &str) {
        if !condition {
            self.add(key, sentence);
        }
    }
}

impl Entry {
    /// `name` is what the client is called in problems. `None` if it cannot be made at all.
    pub(super) fn check(self, name: &str, around: &Around<'_>, problems: &mut Problems) -> Option<Client> {
        let mut report = Report { client: name, problems };
        self.check_id(&mut report);
        self.check_grants(around.login.application_client() == Some(&self.id), &mut report);
        self.check_manages(&mut report);
        let tokens = around.tokens.policy(&self);
        self.check_tokens(&tokens, &mut report);
        let authentication = self.authentication(&mut report);
        let redirect_uris = self.redirect_uris(&mut report);
        let scope = scope(&self.scope, "scope", &mut report);
        let openid = self.openid(scope.as_ref(), &mut report);
        let resource_server = self.resource_server.map(|resource| resource.check(&mut report));
        Some(Client {
            identity_id: self.identity_id.unwrap_or_else(|| identity(&self.id)),
            id: ClientId::new(&self.id),
            name: self.name,
            enabled: self.enabled,
            authentication: authentication?,
            grant_types: self.grant_types,
            surfaces: self.surfaces,
            redirect_uris,
            must_push: self.require_pushed_authorization_requests,
            must_sign: self.require_signed_request_object,
            scope: scope?,
            audience: self.audience,
            tokens,
            resource_server,
            openid,
            manages: manages(self.manages),
        })
    }

    /// RFC 6749 appendix A.1: visible ASCII and space. A colon is allowed: Basic encodes it (section 2.3.1).
    fn check_id(&self, report: &mut Report<'_>) {
        let allowed = self.id.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
        report.require(!self.id.is_empty(), "id", "is missing");
        report.require(allowed, "id", "may have printable ASCII characters only (RFC 6749 appendix A.1)");
        report.require(self.id != BROWSER, "id", "is reserved for the sessions of people in their browsers");
        report.require(!self.surfaces.is_empty(), "surfaces", "is empty; leave it out for the standard surface");
        report.require(self.audience.iter().all(|it| !it.is_empty()), "audience", "has an empty entry");
    }

    /// `signs_in`: people sign in there.
    fn check_grants(&self, signs_in: bool, report: &mut Report<'_>) {
        let has = |grant| self.grant_types.contains(&grant);
        report.require(
            !self.grant_types.is_empty() || self.resource_server.is_some() || signs_in,
            "grant_types",
            "is missing, and the client is no resource_server either, so that it could do nothing",
        );
        report.require(
            !self.public || !has(GrantType::ClientCredentials),
            "grant_types",
            "has client_credentials, and the client is public; it has no credentials (RFC 6749 section 4.4)",
        );
        report.require(
            !self.public || self.resource_server.is_none(),
            "resource_server",
            "is set, and the client is public; who asks about tokens must prove who it is (RFC 7662 section 2.1)",
        );
        report.require(
            !has(GrantType::Password) || has(GrantType::RefreshToken) && self.surfaces.contains(&Surface::Kajabi),
            "grant_types",
            "has password, which is for clients of the surface \"kajabi\", together with refresh_token",
        );
        report.require(
            !self.client_credentials_refresh() || has(GrantType::ClientCredentials) && has(GrantType::RefreshToken),
            "client_credentials_refresh",
            "needs both client_credentials and refresh_token among the grant_types",
        );
    }

    fn redirect_uris(&self, report: &mut Report<'_>) -> Vec<RedirectUri> {
        report.require(
            self.grant_types.contains(&GrantType::AuthorizationCode) != self.redirect_uris.is_empty(),
            "redirect_uris",
            "and authorization_code among the grant_types need each other (RFC 6749 section 3.1.2.2)",
        );
        report.require(
            !self.require_pushed_authorization_requests || !self.redirect_uris.is_empty(),
            "require_pushed_authorization_requests",
            "is true, and the client makes no authorization requests",
        );
        report.require(
            !self.require_signed_request_object || !self.redirect_uris.is_empty(),
            "require_signed_request_object",
            "is true, and the client makes no authorization requests",
        );
        report.require(
            !self.require_signed_request_object || self.jwks.is_some(),
            "require_signed_request_object",
            "is true, and the client has no jwks, so that nothing could be signed by it",
        );
        let mut refuse = |text: &str, why: InvalidRedirectUri| report.add("redirect_uris", format!("{text:?} {why}"));
        let uris = self.redirect_uris.iter();
        uris.filter_map(|text| RedirectUri::register(text).map_err(|why| refuse(text, why)).ok()).collect()
    }

    fn check_manages(&self, report: &mut Report<'_>) {
        report.require(
            self.manages.is_empty() || self.surfaces.contains(&Surface::Infisical),
            "manages",
            "is set, and the client does not speak the surface \"infisical\", where identities are managed",
        );
        report.require(
            self.manages.len() < 2 || !self.manages.contains(EVERYBODY),
            "manages",
            "has \"*\", which means everybody, and others beside it",
        );
    }

    fn check_tokens(&self, tokens: &TokenPolicy, report: &mut Report<'_>) {
        report.require(
            tokens.format != TokenFormat::Jwt || !self.audience.is_empty() || self.grant_types.is_empty(),
            "audience",
            "is missing, and a JWT access token must say whom it is for (RFC 9068 section 2.2)",
        );
        report.require(
            tokens.code_lifetime <= LONGEST_CODE,
            "code_lifetime",
            "is longer than ten minutes (RFC 6749 section 4.1.2)",
        );
        let key = if self.access_token_lifetime.is_some() { "access_token_lifetime" } else { "family_lifetime" };
        report.require(
            tokens.access_token_lifetime <= tokens.family_lifetime,
            key,
            "makes access tokens live longer than their family, and no token does",
        );
    }

    /// One registered method (RFC 6749 section 2.3), and "none" only if somebody says so: a forgotten secret must not
    /// open the door.
    fn authentication(&self, report: &mut Report<'_>) -> Option<Authentication> {
        match (self.public, self.secrets.is_empty(), &self.jwks) {
            (true, true, None) => Some(Authentication::None),
            (true, ..) => {
                report.add("public", "is true, and there are secrets or jwks; a public client has neither");
                None
            }
            (false, false, None) => {
                let hashes = self.secrets.iter().map(|secret| secret.parse()).collect::<Result<_, InvalidSecretHash>>();
                let refuse = |error| report.add("secrets", format!("has something that is no hash: {error}"));
                hashes.map(Authentication::Secret).map_err(refuse).ok()
            }
            (false, true, Some(set)) => {
                jwks::parse(set).map(Authentication::PrivateKeyJwt).map_err(|why| report.add("jwks", why)).ok()
            }
            (false, false, Some(_)) => {
                report.add("jwks", "is set, and so are secrets; a client has one method (RFC 6749 section 2.3)");
                None
            }
            (false, true, None) => {
                report
                    .add("secrets", "is missing; give secrets or jwks, or say public = true if it can keep no secret");
                None
            }
        }
    }
}

const LONGEST_CODE: Duration = Duration::from_mins(10);

/// Stands for every identity.
const EVERYBODY: &str = "*";

fn manages(clients: BTreeSet<ClientId>) -> Manages {
    if clients.contains(EVERYBODY) { Manages::Everybody } else { Manages::Only(clients) }
}

impl Resource {
    fn check(self, report: &mut Report<'_>) -> ResourceServer {
        report.require(!self.audience.is_empty(), "resource_server.audience", "is empty");
        let scope = self.scope.and_then(|text| scope(&text, "resource_server.scope", report));
        ResourceServer { audience: self.audience, scope }
    }
}

fn scope(text: &str, key: &str, report: &mut Report<'_>) -> Option<Scope> {
    Scope::parse(text).map_err(|error| report.add(key, format!("is no scope: {error} (RFC 6749 section 3.3)"))).ok()
}

/// The same on every node and after every restart: a UUID of version 8 (RFC 9562 section 5.8) from the id.
fn identity(id: &str) -> Uuid {
    let digest = Sha256::new().chain_update(b"atropos client identity\0").chain_update(id).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Uuid::new_v8(bytes)
}
