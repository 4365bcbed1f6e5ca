//! The rows that are compared: which request, with which tokens, against what, held to which bar.
use crate::dialects;
use crate::floor::Trip;
use crate::load::After;
use crate::request::Ask;

pub(crate) struct Row {
    /// For `--only`.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) against: Against,
    /// The least ratio to that, on Redis; `None` where it is told and not judged.
    pub(crate) bar: Option<f64>,
    pub(crate) ask: Ask,
    pub(crate) tokens: Tokens,
    pub(crate) after: After,
    /// Part of the body of every right answer.
    pub(crate) expected: &'static str,
    /// How this is answered when the row has used a token up: speed at doing nothing is not a result.
    pub(crate) used_up: Option<(Ask, u16)>,
}

pub(crate) fn all() -> impl Iterator<Item = &'static Row> {
    STANDARD.iter().chain([&EXCHANGE, &REVOKE]).chain(&dialects::ROWS)
}

/// What a row is compared with.
#[derive(Clone, Copy)]
pub(crate) enum Against {
    Floor(Trip),
    /// The same tokens, revoked by the standard at the same server.
    Standard(Ask, Source),
}

impl Against {
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Floor(trip) => trip.title(),
            Self::Standard(..) => "/oauth/revoke",
        }
    }
}

/// Where the tokens of a row come from.
#[derive(Clone, Copy)]
pub(crate) enum Tokens {
    /// The request carries none.
    Absent,
    /// Obtained before the round: as many as are asked about in turns.
    Few(Source),
    /// The same, then spoilt, so that they look like tokens of ours and are none.
    Spoilt(Source),
    /// The same, as many as there are sessions, because a request uses its token up.
    Many(Source),
    /// Authorization codes, as many: people sign in, approve, and are sent back with them.
    Codes,
}

/// A token is what stands in a field of the answer to a request.
#[derive(Clone, Copy)]
pub(crate) struct Source {
    pub(crate) ask: Ask,
    pub(crate) field: &'static str,
    /// For how many they are asked for, in turns; [`owner`] stands where else a token stands.
    pub(crate) owners: usize,
}

impl Source {
    pub(crate) const fn new(ask: Ask, field: &'static str) -> Self {
        Self { ask, field, owners: 1 }
    }

    pub(crate) const fn access_token(client: &'static str) -> Self {
        Self::new(Ask::by(client, TOKEN_PATH, ISSUE), "access_token")
    }
}

/// What one of several owners is called.
pub(crate) fn owner(number: usize) -> String {
    format!("{number:02}")
}

pub(crate) const SESSION: Source = Source::new(Ask::by("demo-session", TOKEN_PATH, ISSUE), "refresh_token");
pub(crate) const ISSUE: &str = "grant_type=client_credentials&scope=read";
pub(crate) const REFRESH: Ask = Ask::by("demo-session", TOKEN_PATH, "grant_type=refresh_token&refresh_token={token}");
pub(crate) const INTROSPECT: Ask = Ask::by("demo-api", "/oauth/introspect", "token={token}");
pub(crate) const TOKEN_PATH: &str = "/oauth/token";

/// The row of this name, for what measures the same request in another way.
pub(crate) fn named(name: &str) -> &'static Row {
    all().find(|row| row.name == name).expect("only names of rows are asked for")
}

static STANDARD: [Row; 6] = [
    Row {
        name: "introspect-opaque",
        title: "introspect, opaque",
        against: Against::Floor(Trip::Get),
        bar: Some(0.80),
        ask: INTROSPECT,
        tokens: Tokens::Few(Source::access_token("demo-service")),
        after: After::Again,
        expected: r#""active":true"#,
        used_up: None,
    },
    Row {
        name: "introspect-jwt",
        title: "introspect, JWT (warm)",
        against: Against::Floor(Trip::Get),
        bar: Some(0.75),
        ask: INTROSPECT,
        tokens: Tokens::Few(Source::access_token("demo-service-jwt")),
        after: After::Again,
        expected: r#""active":true"#,
        used_up: None,
    },
    Row {
        name: "garbage",
        title: "introspect, garbage token",
        against: Against::Floor(Trip::Nothing),
        bar: Some(0.90),
        ask: INTROSPECT,
        tokens: Tokens::Spoilt(Source::access_token("demo-service")),
        after: After::Again,
        expected: r#""active":false"#,
        used_up: None,
    },
    Row {
        name: "issue-opaque",
        title: "issue client_credentials, opaque",
        against: Against::Floor(Trip::Set),
        bar: Some(0.75),
        ask: Ask::by("demo-service", TOKEN_PATH, ISSUE),
        tokens: Tokens::Absent,
        after: After::Again,
        expected: r#""access_token":""#,
        used_up: None,
    },
    Row {
        name: "issue-jwt",
        title: "issue client_credentials, ES256",
        against: Against::Floor(Trip::Set),
        bar: Some(0.60),
        ask: Ask::by("demo-service-jwt", TOKEN_PATH, ISSUE),
        tokens: Tokens::Absent,
        after: After::Again,
        expected: r#""access_token":""#,
        used_up: None,
    },
    Row {
        name: "refresh",
        title: "refresh",
        against: Against::Floor(Trip::Set),
        bar: Some(0.45),
        ask: REFRESH,
        tokens: Tokens::Many(SESSION),
        after: After::Replace("refresh_token"),
        expected: r#""access_token":""#,
        used_up: None,
    },
];

/// With the verifier of the challenge that the codes were asked for with (`browser.rs`).
const EXCHANGE_CODE: Ask = Ask::by(
    "demo-web",
    TOKEN_PATH,
    "grant_type=authorization_code&code={token}&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback\
     &code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
);

static EXCHANGE: Row = Row {
    name: "exchange",
    title: "exchange a code",
    against: Against::Floor(Trip::Set),
    bar: Some(0.40),
    ask: EXCHANGE_CODE,
    tokens: Tokens::Codes,
    after: After::Once,
    expected: r#""refresh_token":""#,
    used_up: Some((EXCHANGE_CODE, 400)),
};

static REVOKE: Row = Row {
    name: "revoke",
    title: "revoke a refresh token",
    against: Against::Floor(Trip::Set),
    bar: Some(0.45),
    ask: Ask::by("demo-session", "/oauth/revoke", "token={token}"),
    tokens: Tokens::Many(SESSION),
    after: After::Once,
    expected: "",
    used_up: Some((REFRESH, 400)),
};
