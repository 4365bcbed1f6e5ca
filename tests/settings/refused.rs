use atropos::settings::{Mode, Settings};
use rstest::rstest;

use crate::{PRODUCTION, dev, lines, load, load_file, only_problem, serve};

/// `serve` says what it needs, all at once.
#[test]
fn serve_needs_three_decisions() {
    let problems = lines(&load_file(Mode::Serve, None, &[]).unwrap_err());
    let keys: Vec<&str> = problems.iter().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(keys, ["server.issuer", "store.durability", "keys.master_secret_file"]);
    assert!(problems.iter().all(|line| line.contains(": is missing; ")), "{problems:#?}");
}

/// There is no default for what a promise is worth.
#[test]
fn missing_durability_is_explained() {
    let problem = only_problem(load(Mode::Serve, &PRODUCTION.replace("\"fsync\"", "\"\""), &[]));
    for word in ["store.durability", "memory", "fsync", "replicas:N", "power cut", "crash", "primary"] {
        assert!(problem.contains(word), "{problem}");
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let text = r#"
        unknown = 1
        [server]
        listen = "nowhere"
        body_limit = "large"
        colour = "red"
        [tokens]
        leeway = 5
        replay_window = "soon"
        [store]
        url = "postgres://x"
        [[clients]]
        id = "a"
        scope = "\""
        grants = []
        [[clients]]
        public = true
    "#;
    let problems = lines(&load(Mode::Serve, text, &[("ATROPOS__STORE__URLL", "x")]).unwrap_err());
    let expected = [
        "ATROPOS__STORE__URLL: names no setting",
        "server.listen: is \"nowhere\", which is no address",
        "server.body_limit: must be a whole number",
        "server.colour: is not a setting",
        "tokens.leeway: must be a number with a unit",
        "tokens.replay_window: is \"soon\": it must be a number with a unit",
        "unknown: is no section",
        "server.issuer: is missing",
        "store.url: must be",
        "store.durability: is missing",
        "keys.master_secret_file: is missing",
        "clients[a].grants: is not a setting",
        "clients[a].grant_types: is missing",
        "clients[a].secrets: is missing",
        "clients[a].scope: is no scope",
        "clients[2].id: is missing",
        "clients[2].grant_types: is missing",
    ];
    for expected in expected {
        assert!(problems.iter().any(|line| line.starts_with(expected)), "{expected} is not in {problems:#?}");
    }
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
}

/// RFC6749-1.6-h is one of them: no http off loopback.
#[rstest]
#[case::unknown_key("store.urll = 'embedded:'", "store.urll: is not a setting")]
#[case::unknown_section("[stores]\nurl = 'embedded:'", "stores: is no section")]
#[case::a_section_that_is_none("log = 'debug'", "log: must be a section")]
#[case::http_off_loopback("server.issuer = 'http://as.example'", "server.issuer: is http off loopback")]
#[case::issuer_with_query("server.issuer = 'https://as.example?a=b'", "server.issuer: must have no query")]
#[case::issuer_with_fragment(
    "server.issuer = 'https://as.example#a'",
    "server.issuer: must have no query, no fragment"
)]
#[case::issuer_with_user(
    "server.issuer = 'https://me@as.example'",
    "server.issuer: must have no query, no fragment and no user"
)]
#[case::issuer_with_slash(
    "server.issuer = 'https://as.example/'",
    "server.issuer: is \"https://as.example/\"; clients compare"
)]
#[case::issuer_with_slash_after_path(
    "server.issuer = 'https://as.example/a/'",
    "server.issuer: is \"https://as.example/a/\"; clients"
)]
#[case::issuer_in_capitals(
    "server.issuer = 'https://AS.example'",
    "server.issuer: is \"https://AS.example\"; clients compare it byte by byte, so write it as \"https://as.example\""
)]
#[case::issuer_with_default_port(
    "server.issuer = 'https://as.example:443'",
    "server.issuer: is \"https://as.example:443\"; clients"
)]
#[case::issuer_of_no_web("server.issuer = 'urn:as'", "server.issuer: is \"urn:as\", which is no http or https URL")]
#[case::listen("server.listen = ':8080'", "server.listen: is \":8080\", which is no address with a port")]
#[case::listen_by_name("metrics.listen = 'localhost:80'", "metrics.listen: is \"localhost:80\", which is no address")]
#[case::proxy("server.trusted_proxies = ['10.0.0.0/33']", "server.trusted_proxies: has \"10.0.0.0/33\", which is no")]
#[case::origin(
    "server.cors_origins = ['https://app.example/']",
    "server.cors_origins: has \"https://app.example/\", which is no origin"
)]
#[case::origin_text("server.cors_origins = 'https://app.example'", "server.cors_origins: must be \"*\" or a list")]
#[case::no_body("server.body_limit = 0", "server.body_limit: is zero")]
#[case::negative("server.max_connections = -1", "server.max_connections: must be a whole number, not negative")]
#[case::zero_timeout("server.request_timeout = '0s'", "server.request_timeout: is zero")]
#[case::zero_access("tokens.opaque_access_token_lifetime = '0s'", "tokens.opaque_access_token_lifetime: is zero")]
#[case::zero_jwt("tokens.jwt_access_token_lifetime = '0s'", "tokens.jwt_access_token_lifetime: is zero")]
#[case::zero_idle("tokens.refresh_token_idle = '0s'", "tokens.refresh_token_idle: is zero")]
#[case::zero_store_timeout("store.timeout = '0ms'", "store.timeout: is zero")]
#[case::jwt_beyond_family(
    "tokens.jwt_access_token_lifetime = '91d'",
    "tokens.jwt_access_token_lifetime: is longer than tokens.family_lifetime"
)]
#[case::opaque_beyond_family(
    "tokens.opaque_access_token_lifetime = '91d'",
    "tokens.opaque_access_token_lifetime: is longer than"
)]
#[case::format("tokens.format = 'paseto'", "tokens.format: is `paseto`; it must be `opaque` or `jwt`")]
#[case::algorithm("keys.signing_algorithm = 'HS256'", "keys.signing_algorithm: is `HS256`; it must be one of `ES256`")]
#[case::scheme("store.url = 'http://localhost'", "store.url: must be \"embedded:\" or begin with one of \"redis://\"")]
#[case::no_host("store.url = 'redis:///0'", "store.url: names no host")]
#[case::port(
    "store.url = 'redis://localhost:http'",
    "store.url: has a host, port, user or password that cannot be read"
)]
#[case::parameter(
    "store.url = 'redis+sentinel://a,b/main?password=hidden'",
    "store.url: has a parameter other than one db"
)]
#[case::database("store.url = 'redis://localhost/first'", "store.url: has a database that is no number")]
#[case::one_of_many(
    "store.url = 'redis+cluster://localhost:7000,localhost:70000'",
    "store.url: has a host, port, user"
)]
#[case::durability("store.durability = 'maybe'", "store.durability: is \"maybe\"; it must be \"memory\", \"fsync\" or")]
#[case::no_replica("store.durability = 'replicas:0'", "store.durability: is \"replicas:0\"; it must be")]
#[case::replicas_of_a_file(
    "store.durability = 'replicas:1'",
    "store.durability: asks for replicas, and the embedded store"
)]
#[case::no_shards("store.shards = 0", "store.shards: is 0; it must be from 1 to 4096")]
#[case::too_many_shards("store.shards = 4097", "store.shards: is 4097; it must be from 1 to 4096")]
#[case::prefix("store.prefix = 'a{b}'", "store.prefix: must be 1 to 64 letters")]
#[case::ca_without_tls(
    "store.url = 'redis://localhost'\nstore.ca_file = '/dev/null'",
    "store.ca_file: is set, and store.url is not one with TLS"
)]
#[case::no_ca(
    "store.url = 'rediss://localhost'\nstore.ca_file = '/nonexistent'",
    "store.ca_file: is \"/nonexistent\", which is no"
)]
#[case::certificate_without_key(
    "store.url = 'rediss://localhost'\nstore.client_cert_file = '/nonexistent'",
    "store.client_key_file: is missing; a certificate and its key go together"
)]
#[case::user_without_password(
    "store.url = 'redis://localhost'\nstore.username = 'a'",
    "store.username: is set, and there is no"
)]
#[case::user_of_a_file("store.username = 'a'", "store.username: is set, and the embedded store has no use for it")]
#[case::sentinel_user_of_one(
    "store.url = 'redis://localhost'\nstore.sentinel_username = 'a'",
    "store.sentinel_username: is set, and store.url names no sentinels"
)]
#[case::unix("store.url = 'unix://redis.sock'", "store.url: names no host, or with \"unix://\" no absolute path")]
#[case::filter("log.filter = 'atropos=loud'", "log.filter: is \"atropos=loud\", which is no filter")]
#[case::log_format("log.format = 'xml'", "log.format: is `xml`; it must be one of `auto`, `text`, `json`")]
#[case::clients_text("clients = 'all'", "clients: must be a list of tables")]
#[case::clients_of_texts("clients = ['web']", "clients[1]: must be a table")]
fn serve_refuses(#[case] text: &str, #[case] problem: &str) {
    let key = text.split(" = ").next().unwrap();
    let rest: String = PRODUCTION.lines().filter(|line| !line.contains(key)).collect::<Vec<_>>().join("\n");
    // Before the rest: keys after a section's head would belong to that section.
    let whole = if text.starts_with('[') { format!("{rest}\n{text}") } else { format!("{text}\n{rest}") };
    let found = lines(&load(Mode::Serve, &whole, &[]).unwrap_err()).remove(0);
    assert!(found.starts_with(problem), "{found}");
}

#[rstest]
#[case::server("server.listen")]
#[case::metrics("metrics.listen")]
fn dev_listens_on_loopback_only(#[case] key: &str) {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let problem = only_problem(dev(&format!("{key} = '{address}'")));
        assert!(problem.starts_with(&format!("{key}: is {address}, but `dev` listens on loopback only")), "{problem}");
        serve(&format!("{key} = '{address}'")).unwrap();
    }
    dev(&format!("{key} = '[::1]:0'")).unwrap();
}

#[test]
fn an_endpoint_for_traces_needs_the_feature() {
    let result = serve("otel.endpoint = 'http://127.0.0.1:4318/v1/traces'");
    if cfg!(feature = "otel") {
        assert_eq!(result.unwrap().otel.endpoint, "http://127.0.0.1:4318/v1/traces");
        for wrong in ["https://127.0.0.1:4318/v1/traces", "127.0.0.1:4318", "collector"] {
            let problem = only_problem(serve(&format!("otel.endpoint = '{wrong}'")));
            assert!(problem.starts_with("otel.endpoint: must be an http URL"), "{problem}");
        }
    } else {
        let problem = only_problem(result);
        assert!(problem.starts_with("otel.endpoint: is set, but this program was built without"), "{problem}");
    }
}

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

/// Of what nobody could read nothing else is said: all that seems to be missing may be there.
#[test]
fn a_file_that_cannot_be_read_is_named() {
    let path = std::path::Path::new("/nonexistent/atropos.toml");
    let problem = only_problem(Settings::load(Mode::Serve, Some(path), &[], []));
    assert!(problem.starts_with("/nonexistent/atropos.toml: cannot be read: "), "{problem}");
    let problem = only_problem(load(Mode::Serve, "[server]\nlisten = \n", &[]));
    assert!(problem.contains("atropos.toml: is not TOML at line 2: "), "{problem}");
}

#[test]
fn an_override_that_names_nothing_is_refused() {
    for key in ["store.urll", "store", "urll"] {
        let problems = Settings::load(Mode::Dev, None, &[(key, "x".into())], []).unwrap_err();
        assert_eq!(problems.to_string(), format!("{key}: names no setting; config/default.toml has them all"));
    }
}
