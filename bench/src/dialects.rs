//! What a revocation costs on each dialect, against one of the same kind of token by the standard: within a tenth, and within
//! three tenths where a second record is read.
use crate::load::After;
use crate::request::{Ask, Proof};
use crate::rows::{Against, Row, Source, Tokens};

/// One over what it may cost.
const WITHIN_A_TENTH: f64 = 0.91;
const WITHIN_THREE_TENTHS: f64 = 0.77;

const KAJABI_TOKEN: &str = "/v1/oauth/token";
const KAJABI_REVOKE: Ask = Ask { proof: Proof::Token, ..Ask::bare("/v1/oauth/revoke", "token={token}") };
const KAJABI_SESSIONS: Source = Source::new(
    Ask::bare(KAJABI_TOKEN, "grant_type=client_credentials&client_id=demo-kajabi&client_secret=demo-kajabi-secret"),
    "access_token",
);

/// Sessions of an application that speaks both, and of the people in bench/clients.toml: where one was born does not matter
/// to who ends it, and all that one person has is in one shard.
pub(crate) const ANGHAMI_SESSIONS: Source = Source {
    ask: Ask::bare(KAJABI_TOKEN, "username=person-{token}&password=wonderland"),
    field: "refresh_token",
    owners: 100,
};

const MACHINE_TOKENS: Source = log_in(r#"{"clientId":"demo-identity","clientSecret":"demo-identity-secret"}"#);

/// The identity of demo-identity, as bench/clients.toml has it.
const IDENTITY: &str = "/api/v1/auth/token-auth/identities/5f0c3f1e-8a44-4b6c-9d7e-2f1b8c9a6d01";
const TOKENS: &str = "/api/v1/auth/token-auth/identities/5f0c3f1e-8a44-4b6c-9d7e-2f1b8c9a6d01/tokens";
const LAST_TOKENS: &str =
    "/api/v1/auth/token-auth/identities/5f0c3f1e-8a44-4b6c-9d7e-2f1b8c9a6d01/tokens?offset=100&limit=20";
const REVOKE_BY_ID: Ask = Ask::managed("POST", "/api/v1/auth/token-auth/tokens/{token}/revoke", "{}");

/// How whoever manages the identity logs in, and what has to be done before the identity has tokens.
pub(crate) const MANAGER: Source =
    log_in(r#"{"clientId":"demo-identity-admin","clientSecret":"demo-identity-admin-secret"}"#);
pub(crate) const PREPARE: Ask = Ask::managed("POST", IDENTITY, "{}");

/// The tokens of the identity: made, listed as whoever asks for nothing in particular is shown them, listed from as far on as
/// anybody may ask for, and ended.
pub(crate) const MANAGED: Source = Source::new(Ask::managed("POST", TOKENS, "{}"), "accessToken");
pub(crate) const LIST: Ask = Ask::managed("GET", TOKENS, "");
pub(crate) const LIST_LAST: Ask = Ask::managed("GET", LAST_TOKENS, "");
pub(crate) const REMOVE: Ask = Ask::managed("DELETE", IDENTITY, "");

const fn log_in(body: &'static str) -> Source {
    Source::new(Ask::bare("/api/v1/auth/universal-auth/login", body), "accessToken")
}

/// By a client that is set to end the family by an access token, as the dialects do.
const fn standard(client: &'static str) -> Ask {
    Ask::by(client, "/oauth/revoke", "token={token}")
}

pub(crate) static ROWS: [Row; 4] = [
    Row {
        name: "revoke-kajabi",
        title: "Kajabi: revoke a session by its access token",
        against: Against::Standard(standard("demo-kajabi"), KAJABI_SESSIONS),
        bar: Some(WITHIN_A_TENTH),
        ask: KAJABI_REVOKE,
        tokens: Tokens::Many(KAJABI_SESSIONS),
        after: After::Once,
        expected: "",
        used_up: Some((KAJABI_REVOKE, 401)),
    },
    Row {
        name: "revoke-anghami",
        title: "Anghami: revoke a refresh token",
        against: Against::Standard(Ask::bare("/oauth/revoke", "client_id=demo-app&token={token}"), ANGHAMI_SESSIONS),
        bar: Some(WITHIN_A_TENTH),
        ask: Ask::bare("/v1/auth/token/revoke", r#"{"token":"{token}","clientId":"demo-app"}"#),
        tokens: Tokens::Many(ANGHAMI_SESSIONS),
        after: After::Once,
        expected: "{}",
        used_up: Some((Ask::bare(KAJABI_TOKEN, "grant_type=refresh_token&refresh_token={token}"), 401)),
    },
    Row {
        name: "revoke-infisical",
        title: "Infisical: revoke a token by its value",
        against: Against::Standard(standard("demo-identity"), MACHINE_TOKENS),
        bar: Some(WITHIN_A_TENTH),
        ask: Ask::bare("/api/v1/auth/token/revoke", r#"{"accessToken":"{token}"}"#),
        tokens: Tokens::Many(MACHINE_TOKENS),
        after: After::Once,
        expected: "Successfully",
        used_up: Some((Ask::bare("/api/v1/auth/token/renew", r#"{"accessToken":"{token}"}"#), 401)),
    },
    Row {
        name: "revoke-infisical-id",
        title: "Infisical: revoke a token by its id (two records)",
        against: Against::Standard(standard("demo-identity"), MANAGED),
        bar: Some(WITHIN_THREE_TENTHS),
        ask: REVOKE_BY_ID,
        tokens: Tokens::Many(Source { field: "id", ..MANAGED }),
        after: After::Once,
        expected: "Successfully",
        used_up: Some((REVOKE_BY_ID, 404)),
    },
];
