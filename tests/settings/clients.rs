//! Clients that the server refuses to start with.

use rstest::rstest;

use crate::{lines, only_problem, serve};

/// A client that is in order; each case breaks one thing.
const CLIENT: &str = r#"
    [[clients]]
    id = "a"
    secrets = ["sha256:0dde17dbb26f0d62189c782b691d29636fc8679b37b7bdbbf87c8f7ce8f2cd61"]
    grant_types = ["client_credentials"]
    scope = "read"
    audience = ["https://api.example"]
"#;

#[rstest]
#[case::no_id("id = \"a\"", "", "clients[1].id: is missing")]
#[case::id_with_a_bell("id = \"a\"", "id = \"a\\u0007\"", "clients[a\u{7}].id: may have printable ASCII")]
#[case::unknown_key("scope", "scopes", "clients[a].scopes: is not a setting")]
#[case::scope("\"read\"", "\"re\\\\ad\"", "clients[a].scope: is no scope: a scope token may have printable ASCII")]
#[case::scope_list("\"read\"", "[\"read\"]", "clients[a].scope: must be a text")]
#[case::grant("\"client_credentials\"", "\"implicit\"", "clients[a].grant_types[0]: is `implicit`; it must be")]
#[case::no_grant("[\"client_credentials\"]", "[]", "clients[a].grant_types: is missing, and the client is no resource")]
#[case::public_with_secret(
    "id = \"a\"",
    "id = \"a\"\npublic = true",
    "clients[a].grant_types: has client_credentials, and the client is public"
)]
#[case::not_a_hash("\"sha256:", "\"sha-256:", "clients[a].secrets: has something that is no hash: ")]
#[case::short_hash("0dde17", "0dde1", "clients[a].secrets: has something that is no hash: ")]
#[case::argon2i(
    "\"sha256:",
    "\"$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$",
    "clients[a].secrets: has something that is no hash: "
)]
#[case::dear_hash(
    "\"sha256:",
    "\"$argon2id$v=19$m=4000000,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA\"]#",
    "clients[a].secrets: has something that is no hash: this Argon2id hash costs more than"
)]
#[case::forgotten_secret(
    "secrets = ",
    "#",
    "clients[a].secrets: is missing; give secrets or jwks, or say public = true"
)]
#[case::refresh_without_grant(
    "id = \"a\"",
    "id = \"a\"\nclient_credentials_refresh = true",
    "clients[a].client_credentials_refresh: needs both"
)]
#[case::surface(
    "id = \"a\"",
    "id = \"a\"\nsurfaces = ['soap']",
    "clients[a].surfaces[0]: is `soap`; it must be one of"
)]
#[case::manages_nothing(
    "id = \"a\"",
    "id = \"a\"\nmanages = ['*']",
    "clients[a].manages: is set, and the client does not speak the surface \"infisical\""
)]
#[case::manages_all_and_more(
    "id = \"a\"",
    "id = \"a\"\nsurfaces = ['infisical']\nmanages = ['*', 'a']",
    "clients[a].manages: has \"*\", which means everybody, and others beside it"
)]
#[case::manages_a_stranger(
    "id = \"a\"",
    "id = \"a\"\nsurfaces = ['infisical']\nmanages = ['b']",
    "clients[a].manages: has \"b\", which is no client"
)]
#[case::no_surface("id = \"a\"", "id = \"a\"\nsurfaces = []", "clients[a].surfaces: is empty")]
#[case::identity("id = \"a\"", "id = \"a\"\nidentity_id = 'a'", "clients[a].identity_id: is \"a\", which is no UUID")]
#[case::empty_audience("https://api.example", "", "clients[a].audience: has an empty entry")]
#[case::jwt_without_audience(
    "audience = ",
    "format = 'jwt' #",
    "clients[a].audience: is missing, and a JWT access token"
)]
#[case::jwt_beyond_family(
    "id = \"a\"",
    "id = \"a\"\nformat = 'jwt'\naccess_token_lifetime = '2h'\nfamily_lifetime = '1h'",
    "clients[a].access_token_lifetime: makes access tokens live longer than their family"
)]
#[case::family_below_default(
    "id = \"a\"",
    "id = \"a\"\nfamily_lifetime = '1m'",
    "clients[a].family_lifetime: makes access tokens live longer"
)]
#[case::zero_lifetime(
    "id = \"a\"",
    "id = \"a\"\naccess_token_lifetime = '0s'",
    "clients[a].access_token_lifetime: is zero"
)]
#[case::zero_idle("id = \"a\"", "id = \"a\"\nrefresh_token_idle = '0s'", "clients[a].refresh_token_idle: is zero")]
#[case::no_access_tokens(
    "id = \"a\"",
    "id = \"a\"\naccess_tokens_per_family = 0",
    "clients[a].access_tokens_per_family: must be a whole number above zero"
)]
#[case::nobody_to_introspect_for(
    "id = \"a\"",
    "id = \"a\"\nresource_server = { audience = '' }",
    "clients[a].resource_server.audience: is empty"
)]
#[case::code_without_a_place(
    "[\"client_credentials\"]",
    "[\"authorization_code\"]",
    "clients[a].redirect_uris: and authorization_code among the grant_types need each other"
)]
#[case::place_without_a_code(
    "id = \"a\"",
    "id = \"a\"\nredirect_uris = ['https://a.example/']",
    "clients[a].redirect_uris: and"
)]
#[case::place_in_the_clear(
    "grant_types = [",
    "redirect_uris = ['http://a.example/']\ngrant_types = [\"authorization_code\", ",
    "clients[a].redirect_uris: \"http://a.example/\" is http, and not on the loopback interface"
)]
#[case::long_code(
    "id = \"a\"",
    "id = \"a\"\ncode_lifetime = '11m'",
    "clients[a].code_lifetime: is longer than ten minutes"
)]
#[case::signed_by_nobody(
    "grant_types = [",
    "require_signed_request_object = true\nredirect_uris = ['https://a.example/']\ngrant_types = [\"authorization_code\", ",
    "clients[a].require_signed_request_object: is true, and the client has no jwks"
)]
#[case::nothing_to_sign(
    "id = \"a\"",
    "id = \"a\"\nrequire_signed_request_object = true",
    "clients[a].require_signed_request_object: is true, and the client makes no authorization requests"
)]
#[case::nothing_to_push(
    "id = \"a\"",
    "id = \"a\"\nrequire_pushed_authorization_requests = true",
    "clients[a].require_pushed_authorization_requests: is true, and the client makes no authorization requests"
)]
#[case::reserved("id = \"a\"", "id = \"urn:atropos:browser\"", "clients[urn:atropos:browser].id: is reserved")]
fn serve_refuses_a_client(#[case] right: &str, #[case] wrong: &str, #[case] problem: &str) {
    serve(CLIENT).unwrap();
    let text = CLIENT.replace(right, wrong);
    let problems = lines(&serve(&text).unwrap_err());
    assert!(problems[0].starts_with(problem), "{problems:#?}");
}

#[test]
fn two_clients_cannot_have_one_id() {
    assert_eq!(only_problem(serve(&CLIENT.repeat(2))), "clients[a].id: is the id of two clients");
}

#[test]
fn two_clients_cannot_have_one_identity() {
    let with = |id| CLIENT.replace("id = \"a\"", id);
    let first = with("id = 'a'\nidentity_id = '7f000101-0000-8000-8000-000000000001'");
    let second = with("id = 'b'\nidentity_id = '7f000101-0000-8000-8000-000000000001'");
    let problem = only_problem(serve(&(first + &second)));
    assert!(problem.starts_with("clients[b].identity_id: is 7f000101-"), "{problem}");
}

/// RFC 7662 section 2.1: the endpoint is protected.
#[test]
fn a_public_client_cannot_introspect() {
    let text = "[[clients]]\nid = 'a'\npublic = true\nresource_server = { audience = 'https://api.example' }";
    let problem = only_problem(serve(text));
    assert!(problem.starts_with("clients[a].resource_server: is set, and the client is public"), "{problem}");
}

/// RFC 6749 section 2.3: one method.
#[test]
fn a_client_has_one_way_to_prove_who_it_is() {
    let text = format!("{CLIENT}\njwks = '{{}}'");
    assert!(only_problem(serve(&text)).starts_with("clients[a].jwks: is set, and so are secrets"));
    let text = CLIENT.replace("\"client_credentials\"", "\"refresh_token\"") + "public = true";
    assert!(only_problem(serve(&text)).starts_with("clients[a].public: is true, and there are secrets or jwks"));
}
