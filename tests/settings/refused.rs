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
