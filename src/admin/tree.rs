//! A family, drawn for a terminal: each token on a line, under what begot it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use super::operation::FamilyReport;
use crate::domain::Timestamp;
use crate::domain::client::{Client, GrantType, Surface, TokenFormat};
use crate::domain::family::birth::THE_GRANT;
use crate::domain::family::code::Code;
use crate::domain::family::{AccessToken, State, Tokens};

/// Several lines, the last without a line break. No token stands in it, and nothing a token could be made of.
pub fn draw(report: &FamilyReport) -> String {
    let family = &report.family;
    let subject = family.subject.as_deref().unwrap_or("the client itself");
    let mut out = format!("family {}\n", family.id);
    line(&mut out, "client", family.client.as_str());
    line(&mut out, "subject", subject);
    line(&mut out, "surface", family.surface.as_str());
    line(&mut out, "scope", family.scope.as_str());
    line(&mut out, "audience", &family.audience.join(" "));
    line(&mut out, "born", &time(family.id.born_at()));
    line(&mut out, "ends", &time(family.expires_at));
    if let Some(managed) = &family.managed {
        let limit = managed.uses_limit.map(|limit| format!(" of {limit}")).unwrap_or_default();
        line(&mut out, "name", managed.name.as_deref().unwrap_or("none"));
        line(&mut out, "uses", &format!("{}{limit}", managed.uses));
    }
    for link in &family.ancestors {
        line(&mut out, "exchanged", &format!("from {:?} of {}", link.token, link.client));
    }
    match (&family.state, report.covered) {
        (State::Ended { at, cause }, _) => {
            line(&mut out, "state", &format!("ended {} ({})", time(*at), cause.as_str()));
        }
        (State::Live(_), Some(cause)) => line(&mut out, "state", &format!("revoked ({})", cause.as_str())),
        (State::Live(_), None) if family.expires_at <= report.now => line(&mut out, "state", "expired"),
        (State::Live(tokens), None) => {
            line(&mut out, "state", "live");
            out.push_str(&branches(tokens, report.now));
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Rotation never branches: refresh tokens are a chain in the order of their numbers, access tokens hang from it.
fn branches(tokens: &Tokens, now: Timestamp) -> String {
    let mut nodes: BTreeSet<u32> = tokens.access.iter().map(|access| access.parent).collect();
    nodes.insert(THE_GRANT);
    nodes.extend(tokens.spent.as_ref().map(|spent| spent.serial));
    nodes.extend(tokens.refresh.as_ref().map(|refresh| refresh.serial));
    let mut out = String::new();
    let last = nodes.last().copied();
    for node in nodes {
        let (branch, stem) = if last == Some(node) { ("└─", "   ") } else { ("├─", "│  ") };
        let _ = writeln!(out, "{branch} {}", name(tokens, node, now));
        let children: Vec<&AccessToken> = tokens.access.iter().filter(|access| access.parent == node).collect();
        for (i, access) in children.iter().enumerate() {
            let branch = if i + 1 == children.len() { "└─" } else { "├─" };
            let format = match access.format {
                TokenFormat::Opaque => "opaque",
                TokenFormat::Jwt => "JWT",
            };
            let until = lives(access.expires_at, now);
            let scope = access.scope.as_ref().map(|scope| format!(", scope {scope}")).unwrap_or_default();
            let _ = writeln!(out, "{stem}{branch} #{} access token, {format}, {until}{scope}", access.serial);
        }
    }
    out
}

fn name(tokens: &Tokens, node: u32, now: Timestamp) -> String {
    if node == THE_GRANT {
        return tokens.code.as_ref().map_or_else(|| "grant".to_owned(), |code| of_code(code, now));
    }
    if let Some(refresh) = tokens.refresh.as_ref().filter(|refresh| refresh.serial == node) {
        return format!("#{node} refresh token, {}", lives(refresh.expires_at, now));
    }
    match tokens.spent.as_ref().filter(|spent| spent.serial == node) {
        Some(spent) => format!("#{node} refresh token, spent {}", time(spent.at)),
        None => format!("#{node} refresh token, spent earlier"),
    }
}

fn of_code(code: &Code, now: Timestamp) -> String {
    let state = code.spent_at.map_or_else(|| lives(code.expires_at, now), |at| format!("spent {}", time(at)));
    format!("#{} authorization code, {state}", code.serial)
}

fn lives(until: Timestamp, now: Timestamp) -> String {
    if until > now { format!("live until {}", time(until)) } else { format!("expired {}", time(until)) }
}

fn line(out: &mut String, name: &str, value: &str) {
    let _ = writeln!(out, "  {name:<9} {value}");
}

/// What a client may do, in half a line.
pub fn describe(client: &Client) -> String {
    let grants = client.grant_types.iter().map(|grant| match grant {
        GrantType::AuthorizationCode => "authorization_code",
        GrantType::ClientCredentials => "client_credentials",
        GrantType::RefreshToken => "refresh_token",
        GrantType::Password => "password",
    });
    let mut parts: Vec<String> = grants.map(ToOwned::to_owned).collect();
    if client.grant_types.contains(&GrantType::ClientCredentials) {
        parts.push(if client.tokens.format == TokenFormat::Jwt { "JWT" } else { "opaque" }.to_owned());
    }
    if client.authentication.is_public() {
        parts.push("public".to_owned());
    }
    let elsewhere = client.surfaces.iter().filter(|surface| **surface != Surface::Standard);
    parts.extend(elsewhere.map(|surface| format!("speaks {}", surface.as_str())));
    parts.extend(client.resource_server.as_ref().map(|api| format!("introspects tokens for {}", api.audience)));
    parts.join(", ")
}

/// RFC 3339, in UTC, to the second.
pub fn time(at: Timestamp) -> String {
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(at.as_secs())).to_string()
}
