//! The rows that are compared: which request, with which tokens, against which floor, held to which bar.
use crate::floor::Trip;
use crate::load::After;

pub(crate) struct Row {
    /// For `--only`.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) floor: Trip,
    /// The least ratio to the floor, on Redis.
    pub(crate) bar: f64,
    pub(crate) path: &'static str,
    /// The client that asks.
    pub(crate) caller: &'static str,
    /// What stands before the token in the form.
    pub(crate) body: &'static str,
    pub(crate) tokens: Tokens,
    pub(crate) after: After,
    /// Part of the body of every right answer.
    pub(crate) expected: &'static str,
}

/// Where the tokens of a row come from.
#[derive(Clone, Copy)]
pub(crate) enum Tokens {
    /// The request carries none.
    Absent,
    /// Issued to a client before the round, in this field of the answer: as many as are asked about in turns.
    Few(&'static str, &'static str),
    /// The same, then spoilt, so that they look like tokens of ours and are none.
    Spoilt(&'static str, &'static str),
    /// The same, as many as there are sessions, because a request uses its token up.
    Many(&'static str, &'static str),
}

pub(crate) const ISSUE: &str = "grant_type=client_credentials&scope=read";
pub(crate) const REFRESH: &str = "grant_type=refresh_token&refresh_token=";
pub(crate) const TOKEN_PATH: &str = "/oauth/token";

pub(crate) const ROWS: [Row; 7] = [
    Row {
        name: "introspect-opaque",
        title: "introspect, opaque",
        floor: Trip::Get,
        bar: 0.80,
        path: "/oauth/introspect",
        caller: "demo-api",
        body: "token=",
        tokens: Tokens::Few("demo-service", "access_token"),
        after: After::Again,
        expected: r#""active":true"#,
    },
    Row {
        name: "introspect-jwt",
        title: "introspect, JWT (warm)",
        floor: Trip::Get,
        bar: 0.75,
        path: "/oauth/introspect",
        caller: "demo-api",
        body: "token=",
        tokens: Tokens::Few("demo-service-jwt", "access_token"),
        after: After::Again,
        expected: r#""active":true"#,
    },
    Row {
        name: "garbage",
        title: "introspect, garbage token",
        floor: Trip::Nothing,
        bar: 0.90,
        path: "/oauth/introspect",
        caller: "demo-api",
        body: "token=",
        tokens: Tokens::Spoilt("demo-service", "access_token"),
        after: After::Again,
        expected: r#""active":false"#,
    },
    Row {
        name: "issue-opaque",
        title: "issue client_credentials, opaque",
        floor: Trip::Set,
        bar: 0.75,
        path: TOKEN_PATH,
        caller: "demo-service",
        body: ISSUE,
        tokens: Tokens::Absent,
        after: After::Again,
        expected: r#""access_token":""#,
    },
    Row {
        name: "issue-jwt",
        title: "issue client_credentials, ES256",
        floor: Trip::Set,
        bar: 0.60,
        path: TOKEN_PATH,
        caller: "demo-service-jwt",
        body: ISSUE,
        tokens: Tokens::Absent,
        after: After::Again,
        expected: r#""access_token":""#,
    },
    Row {
        name: "refresh",
        title: "refresh",
        floor: Trip::Set,
        bar: 0.45,
        path: TOKEN_PATH,
        caller: "demo-session",
        body: REFRESH,
        tokens: Tokens::Many("demo-session", "refresh_token"),
        after: After::Replace("refresh_token"),
        expected: r#""access_token":""#,
    },
    Row {
        name: "revoke",
        title: "revoke a refresh token",
        floor: Trip::Set,
        bar: 0.45,
        path: "/oauth/revoke",
        caller: "demo-session",
        body: "token=",
        tokens: Tokens::Many("demo-session", "refresh_token"),
        after: After::Once,
        expected: "",
    },
];
