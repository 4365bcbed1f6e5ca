//! What this server tells of itself (RFC 8414), and the keys by which its JWTs are verified (RFC 7517).

use actix_web::http::header::{CACHE_CONTROL, ContentType};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use jsonwebtoken::Algorithm;
use serde::Serialize;

use super::state::State;
use super::token::GRANT_TYPES;
use crate::domain::authority::AuthenticationMethod;
use crate::domain::client::AssertionKey;
use crate::domain::keys::SigningAlgorithm;

/// Long enough to spare a client a trip per request, short enough that a new key is known before its first token expires.
pub(super) const CACHED: &str = "public, max-age=60";

/// Only what is true, and no member without a value (section 3.2).
#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a member by its own name")]
struct Metadata<'a> {
    issuer: &'a str,
    authorization_endpoint: String,
    token_endpoint: String,
    pushed_authorization_request_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: String,
    end_session_endpoint: String,
    backchannel_logout_supported: bool,
    backchannel_logout_session_supported: bool,
    scopes_supported: Vec<&'a str>,
    claims_supported: [&'static str; 11],
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: Vec<&'static str>,
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 2],
    code_challenge_methods_supported: [&'static str; 1],
    authorization_response_iss_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
    request_object_signing_alg_values_supported: &'a [Algorithm],
    require_signed_request_object: bool,
    grant_types_supported: [&'static str; 3],
    token_endpoint_auth_methods_supported: &'a [&'static str],
    token_endpoint_auth_signing_alg_values_supported: &'a [Algorithm],
    revocation_endpoint: String,
    revocation_endpoint_auth_methods_supported: &'a [&'static str],
    revocation_endpoint_auth_signing_alg_values_supported: &'a [Algorithm],
    introspection_endpoint: String,
    introspection_endpoint_auth_methods_supported: &'a [&'static str],
    introspection_endpoint_auth_signing_alg_values_supported: &'a [Algorithm],
}

/// All methods by which somebody can prove who he is.
const CONFIDENTIAL: [&str; 3] = [
    AuthenticationMethod::ClientSecretBasic.as_str(),
    AuthenticationMethod::ClientSecretPost.as_str(),
    AuthenticationMethod::PrivateKeyJwt.as_str(),
];
const ALL: [&str; 4] = [CONFIDENTIAL[0], CONFIDENTIAL[1], CONFIDENTIAL[2], AuthenticationMethod::None.as_str()];

/// In ID tokens, and at the `UserInfo` endpoint.
const CLAIMS: [&str; 11] =
    ["iss", "sub", "aud", "iat", "exp", "auth_time", "nonce", "sid", "preferred_username", "name", "email"];

/// The metadata of this issuer, serialized.
///
/// `scopes`: those that mean something to people; `signs`: what access tokens are signed with.
pub(super) fn document<'a>(issuer: &str, scopes: impl Iterator<Item = &'a str>, signs: SigningAlgorithm) -> Bytes {
    let mut algorithms_of_people = vec![SigningAlgorithm::Rs256.as_str(), signs.as_str()];
    algorithms_of_people.dedup();
    let below = |path: &str| format!("{}{path}", issuer.trim_end_matches('/'));
    let algorithms = &AssertionKey::ALGORITHMS;
    let metadata = Metadata {
        issuer,
        authorization_endpoint: below("/oauth/authorize"),
        token_endpoint: below("/oauth/token"),
        pushed_authorization_request_endpoint: below("/oauth/par"),
        jwks_uri: below("/oauth/jwks"),
        userinfo_endpoint: below("/oauth/userinfo"),
        end_session_endpoint: below("/oauth/logout"),
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
        scopes_supported: scopes.collect(),
        claims_supported: CLAIMS,
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: algorithms_of_people,
        response_types_supported: ["code"],
        response_modes_supported: ["query", "form_post"],
        code_challenge_methods_supported: ["S256"],
        authorization_response_iss_parameter_supported: true,
        request_parameter_supported: true,
        // Those that were pushed need no support to be announced (RFC 9126 section 5); others are not fetched.
        request_uri_parameter_supported: false,
        request_object_signing_alg_values_supported: algorithms,
        // Not of everybody: a client may be set so.
        require_signed_request_object: false,
        grant_types_supported: GRANT_TYPES,
        token_endpoint_auth_methods_supported: &ALL,
        token_endpoint_auth_signing_alg_values_supported: algorithms,
        revocation_endpoint: below("/oauth/revoke"),
        revocation_endpoint_auth_methods_supported: &ALL,
        revocation_endpoint_auth_signing_alg_values_supported: algorithms,
        introspection_endpoint: below("/oauth/introspect"),
        // A public client's name is no credential: whoever asks about tokens proves who he is (RFC 7662 section 2.1).
        introspection_endpoint_auth_methods_supported: &CONFIDENTIAL,
        introspection_endpoint_auth_signing_alg_values_supported: algorithms,
    };
    serde_json::to_vec(&metadata).expect("text serializes").into()
}

pub(super) async fn handle(request: HttpRequest) -> HttpResponse {
    public(State::of(&request).metadata.clone())
}

pub(super) async fn jwks(request: HttpRequest) -> HttpResponse {
    public(Bytes::copy_from_slice(State::of(&request).authority.jwks().as_bytes()))
}

fn public(json: Bytes) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).insert_header((CACHE_CONTROL, CACHED)).body(json)
}
