//! What the vendor's schemas say of answers: which members there are, of what kind, and no others.

use serde_json::Value;
use uuid::Uuid;

use super::REVOKED;
use crate::answer::Answer;

/// Of a member: its name, whether it may be missing, and what it has to be.
struct Member(&'static str, bool, fn(&Value) -> bool);

const fn must(name: &'static str, is: fn(&Value) -> bool) -> Member {
    Member(name, false, is)
}

const fn may(name: &'static str, is: fn(&Value) -> bool) -> Member {
    Member(name, true, is)
}

const ERROR: &[Member] = &[
    must("reqId", Value::is_string),
    must("statusCode", Value::is_number),
    must("message", Value::is_string),
    must("error", Value::is_string),
];

/// 403 may have details, of any kind.
const FORBIDDEN: &[Member] = &[
    must("reqId", Value::is_string),
    must("statusCode", Value::is_number),
    must("message", Value::is_string),
    may("details", |_| true),
    must("error", Value::is_string),
];

/// 422 may have a message, of any kind. Ours is always there, and is the list of what is wrong.
const UNPROCESSABLE: &[Member] = &[
    must("reqId", Value::is_string),
    must("statusCode", Value::is_number),
    must("message", is_issues),
    must("error", Value::is_string),
];

const ISSUE: &[Member] =
    &[must("code", Value::is_string), must("path", Value::is_array), must("message", Value::is_string)];

const ISSUED: &[Member] = &[
    must("accessToken", Value::is_string),
    must("expiresIn", Value::is_u64),
    must("accessTokenMaxTTL", Value::is_u64),
    must("tokenType", |value| value == "Bearer"),
];

const CREATED: &[Member] = &[
    must("accessToken", Value::is_string),
    must("expiresIn", Value::is_u64),
    must("accessTokenMaxTTL", Value::is_u64),
    must("tokenType", |value| value == "Bearer"),
    must("tokenData", |value| conforms(value, TOKEN)),
];

const TOKEN: &[Member] = &[
    must("id", is_uuid),
    must("accessTokenTTL", Value::is_u64),
    must("accessTokenMaxTTL", Value::is_u64),
    must("accessTokenNumUses", Value::is_u64),
    must("accessTokenNumUsesLimit", Value::is_u64),
    must("accessTokenLastUsedAt", |value| value.is_null() || is_time(value)),
    must("accessTokenLastRenewedAt", |value| value.is_null() || is_time(value)),
    must("isAccessTokenRevoked", Value::is_boolean),
    must("identityUAClientSecretId", Value::is_null),
    must("identityId", is_uuid),
    must("createdAt", is_time),
    must("updatedAt", is_time),
    must("name", |value| value.is_null() || value.is_string()),
    must("authMethod", |value| value == "token-auth"),
    must("accessTokenPeriod", |value| *value == 0),
    must("subOrganizationId", Value::is_null),
];

const CONFIGURATION: &[Member] = &[
    must("id", is_uuid),
    must("accessTokenTTL", Value::is_u64),
    must("accessTokenMaxTTL", Value::is_u64),
    must("accessTokenNumUsesLimit", Value::is_u64),
    must("accessTokenTrustedIps", |value| value.as_array().is_some_and(|list| all(list, ADDRESS))),
    must("createdAt", is_time),
    must("updatedAt", is_time),
    must("identityId", is_uuid),
];

const ADDRESS: &[Member] = &[
    must("ipAddress", Value::is_string),
    must("prefix", Value::is_u64),
    must("type", |value| value == "ipv4" || value == "ipv6"),
];

fn is_issues(value: &Value) -> bool {
    value.as_array().is_some_and(|list| !list.is_empty() && all(list, ISSUE))
}

fn is_uuid(value: &Value) -> bool {
    value.as_str().is_some_and(|text| Uuid::try_parse(text).is_ok_and(|uuid| uuid.to_string() == text))
}

/// As JavaScript writes it: `2027-01-15T08:00:00.000Z`.
fn is_time(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.len() == 24 && text.ends_with('Z') && text.as_bytes()[10] == b'T')
}

fn all(list: &[Value], members: &[Member]) -> bool {
    list.iter().all(|value| conforms(value, members))
}

/// Whether every member is declared and as it is to be, and those are there that must be.
fn conforms(value: &Value, members: &[Member]) -> bool {
    let Some(object) = value.as_object() else { return false };
    let declared = object.keys().all(|name| members.iter().any(|Member(known, ..)| known == name));
    declared && members.iter().all(|Member(name, optional, is)| object.get(*name).map_or(*optional, is))
}

/// The vendor declares 400, 401, 403, 404, 422 and 500; the others are ours, and no different.
fn error_of(status: u16) -> &'static [Member] {
    match status {
        403 => FORBIDDEN,
        422 => UNPROCESSABLE,
        400 | 401 | 404 | 405 | 408 | 413 | 421 | 429 | 500 | 503 => ERROR,
        _ => panic!("no answer of {status} is declared"),
    }
}

impl Answer {
    /// INF-16, DIA-5: a refusal, in the one envelope there is.
    #[track_caller]
    pub(crate) fn assert_envelope(&self, status: u16, error: &str) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self.assert_json_headers();
        let body = self.json();
        assert!(conforms(&body, error_of(status)), "{self:?}");
        assert_eq!(body["statusCode"], status, "{self:?}");
        assert_eq!(body["error"], error, "{self:?}");
        assert_eq!(body["reqId"].as_str(), self.header("x-request-id"), "{self:?}");
        assert!(is_uuid(&body["reqId"]), "{self:?}");
    }

    #[track_caller]
    pub(super) fn assert_refused(&self, status: u16, error: &str, message: &str) {
        self.assert_envelope(status, error);
        assert_eq!(self.json()["message"], message, "{self:?}");
    }

    /// 422, by the members that are wrong, in order.
    #[track_caller]
    pub(super) fn assert_issues(&self, members: &[&str]) {
        self.assert_envelope(422, "ValidationFailure");
        let body = self.json();
        let issues = body["message"].as_array().expect("a list");
        let named: Vec<_> = issues.iter().map(|issue| issue["path"][0].as_str().expect("a name")).collect();
        assert_eq!(named, members, "{self:?}");
    }

    #[track_caller]
    pub(super) fn assert_unknown_token(&self, id: &str) {
        self.assert_refused(404, "NotFound", &format!("Token with ID {id} not found or already revoked"));
    }

    /// The bearer is none of this surface.
    #[track_caller]
    pub(super) fn assert_malformed_token(&self) {
        let message =
            "The provided access token is malformed. Please use a valid token or generate a new one and try again.";
        self.assert_refused(403, "TokenError", message);
        self.assert_challenge();
    }

    #[track_caller]
    pub(super) fn assert_expired_token(&self) {
        self.assert_refused(403, "TokenError", "Your token has expired. Please re-authenticate.");
        self.assert_challenge();
    }

    #[track_caller]
    pub(super) fn assert_revoked_token(&self) {
        self.assert_refused(401, "UnauthorizedError", "No identity access token found");
        self.assert_challenge();
    }

    #[track_caller]
    fn assert_challenge(&self) {
        let challenge = self.header("www-authenticate");
        assert_eq!(challenge, Some("Bearer realm=\"atropos\", error=\"invalid_token\""), "{self:?}");
    }

    #[track_caller]
    pub(super) fn assert_machine_revoked(&self) {
        self.assert_conforms(&[must("message", Value::is_string)]);
        assert_eq!(self.body, REVOKED);
    }

    #[track_caller]
    pub(super) fn assert_issued(&self, expires_in: u64, longest: u64) {
        self.assert_conforms(ISSUED);
        let body = self.json();
        assert_eq!((&body["expiresIn"], &body["accessTokenMaxTTL"]), (&expires_in.into(), &longest.into()));
    }

    #[track_caller]
    pub(super) fn assert_created(&self) {
        self.assert_conforms(CREATED);
    }

    #[track_caller]
    pub(super) fn assert_token(&self) {
        self.assert_conforms(&[must("token", |value| conforms(value, TOKEN))]);
    }

    #[track_caller]
    pub(super) fn assert_list(&self) {
        self.assert_conforms(&[must("tokens", |value| value.as_array().is_some_and(|list| all(list, TOKEN)))]);
    }

    #[track_caller]
    pub(super) fn assert_configuration(&self) {
        self.assert_conforms(&[must("identityTokenAuth", |value| conforms(value, CONFIGURATION))]);
    }

    #[track_caller]
    fn assert_conforms(&self, members: &[Member]) {
        assert_eq!(self.status.as_u16(), 200, "{self:?}");
        self.assert_json_headers();
        assert!(conforms(&self.json(), members), "{self:?}");
    }
}
