//! What a revocation costs on each dialect, against one by the standard: within a tenth, and within three tenths where a
//! second record is read.
use crate::load::After;
use crate::request::{Ask, Proof};
use crate::rows::{Against, Row, Source, Tokens};

/// One over what it may cost.
const WITHIN_A_TENTH: f64 = 0.91;
const WITHIN_THREE_TENTHS: f64 = 0.77;

const KAJABI_TOKEN: &str = "/v1/oauth/token";
const KAJABI_REVOKE: Ask = Ask { path: "/v1/oauth/revoke", proof: Proof::Token, body: "token={token}" };

/// The identity of demo-identity, as bench/clients.toml has it.
const TOKENS_OF_IDENTITY: &str = "/api/v1/auth/token-auth/identities/5f0c3f1e-8a44-4b6c-9d7e-2f1b8c9a6d01/tokens";
const ATTACH: &str = "/api/v1/auth/token-auth/identities/5f0c3f1e-8a44-4b6c-9d7e-2f1b8c9a6d01";
const REVOKE_BY_ID: Ask =
    Ask { path: "/api/v1/auth/token-auth/tokens/{token}/revoke", proof: Proof::Bearer, body: "{}" };

/// How whoever manages the identity logs in, and what has to be done before the identity has tokens.
pub(crate) const MANAGER: Source =
    log_in(r#"{"clientId":"demo-identity-admin","clientSecret":"demo-identity-admin-secret"}"#);
pub(crate) const PREPARE: Ask = Ask { path: ATTACH, proof: Proof::Bearer, body: "{}" };

const fn log_in(body: &'static str) -> Source {
    Source { ask: Ask::bare("/api/v1/auth/universal-auth/login", body), field: "accessToken" }
}

pub(crate) static ROWS: [Row; 4] = [
    Row {
        name: "revoke-kajabi",
        title: "Kajabi: revoke a session by its access token",
        against: Against::Revoke,
        bar: WITHIN_A_TENTH,
        ask: KAJABI_REVOKE,
        tokens: Tokens::Many(Source {
            ask: Ask::bare(
                KAJABI_TOKEN,
                "grant_type=client_credentials&client_id=demo-kajabi&client_secret=demo-kajabi-secret",
            ),
            field: "access_token",
        }),
        after: After::Once,
        expected: "",
        used_up: Some((KAJABI_REVOKE, 401)),
    },
    Row {
        name: "revoke-anghami",
        title: "Anghami: revoke a refresh token",
        against: Against::Revoke,
        bar: WITHIN_A_TENTH,
        ask: Ask::bare("/v1/auth/token/revoke", r#"{"token":"{token}","clientId":"demo-app"}"#),
        // Sessions of an application that speaks both: where one was born does not matter to who ends it.
        tokens: Tokens::Many(Source {
            ask: Ask::bare(KAJABI_TOKEN, "username=alice&password=wonderland"),
            field: "refresh_token",
        }),
        after: After::Once,
        expected: "{}",
        used_up: Some((Ask::bare(KAJABI_TOKEN, "grant_type=refresh_token&refresh_token={token}"), 401)),
    },
    Row {
        name: "revoke-infisical",
        title: "Infisical: revoke a token by its value",
        against: Against::Revoke,
        bar: WITHIN_A_TENTH,
        ask: Ask::bare("/api/v1/auth/token/revoke", r#"{"accessToken":"{token}"}"#),
        tokens: Tokens::Many(log_in(r#"{"clientId":"demo-identity","clientSecret":"demo-identity-secret"}"#)),
        after: After::Once,
        expected: "Successfully",
        used_up: Some((Ask::bare("/api/v1/auth/token/renew", r#"{"accessToken":"{token}"}"#), 401)),
    },
    Row {
        name: "revoke-infisical-id",
        title: "Infisical: revoke a token by its id (two records)",
        against: Against::Revoke,
        bar: WITHIN_THREE_TENTHS,
        ask: REVOKE_BY_ID,
        tokens: Tokens::Many(Source {
            ask: Ask { path: TOKENS_OF_IDENTITY, proof: Proof::Bearer, body: "{}" },
            field: "id",
        }),
        after: After::Once,
        expected: "Successfully",
        used_up: Some((REVOKE_BY_ID, 404)),
    },
];
