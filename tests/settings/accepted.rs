use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use atropos::domain::client::{
    Authentication, Client, ClientId, GrantType, Reach, ResourceServer, SecretHash, Surface, TokenFormat,
};
use atropos::domain::keys::SigningAlgorithm;
use atropos::domain::scope::Scope;
use atropos::settings::{Durability, Location, Mode, Settings};
use rstest::rstest;
use secrecy::ExposeSecret as _;
use toml::{Table, Value};

use crate::{PRODUCTION, dev, load, load_file, serve};

const DEFAULT: &str = include_str!("../../config/default.toml");

#[test]
fn dev_needs_nothing() {
    let settings = load_file(Mode::Dev, None, &[]).unwrap();
    assert_eq!(settings.server.issuer, None);
    assert_eq!(settings.server.listen, SocketAddr::from(([127, 0, 0, 1], 8080)));
    assert_eq!(settings.metrics.listen, SocketAddr::from(([127, 0, 0, 1], 0)));
    assert_eq!(settings.server.cors_origins, ["*"]);
    assert_eq!(settings.store.durability, Durability::Memory);
    assert!(matches!(settings.store.location, Location::Embedded));
    assert!(settings.keys.master_secret.is_none());
}

#[test]
fn the_defaults_are_those_of_the_design() {
    let settings = serve("").unwrap();
    assert_eq!(settings.server.issuer.unwrap().as_str(), "https://as.example");
    assert_eq!(settings.server.workers, None);
    assert_eq!(settings.server.cors_origins, [""; 0]);
    assert_eq!(settings.store.shards, 16);
    assert_eq!(settings.store.durability, Durability::Fsync);
    assert!(!settings.store.allow_eviction);
    assert_eq!(settings.keys.signing_algorithm, SigningAlgorithm::Es256);
    let tokens = settings.tokens;
    let day = Duration::from_hours(24);
    assert_eq!(tokens.format, TokenFormat::Opaque);
    assert_eq!(tokens.opaque_access_token_lifetime, Duration::from_hours(1));
    assert_eq!(tokens.jwt_access_token_lifetime, Duration::from_mins(5));
    assert_eq!(tokens.refresh_token_idle, 30 * day);
    assert_eq!(tokens.family_lifetime, 90 * day);
    assert_eq!(tokens.replay_window, Duration::from_secs(10));
    assert_eq!(tokens.leeway, Duration::from_secs(30));
    assert_eq!(tokens.revoke_access_token, Reach::Token);
    assert_eq!(settings.clients.iter().count(), 0);
}

/// The file is the documentation: a key without a word on it, or on the keys it stands with, is an undocumented one.
#[test]
fn every_key_has_a_sentence() {
    let (mut told, mut count) = (false, 0);
    for line in DEFAULT.lines() {
        match line.chars().next() {
            Some('#') => told = line.ends_with(['.', ':', ')']) || told,
            Some('[') | None => told = false,
            Some(_) => {
                assert!(told, "{line}");
                count += 1;
            }
        }
    }
    assert_eq!(count, every_key().len());
}

/// Each key of each section, with its default.
fn every_key() -> Vec<(String, Value)> {
    let mut keys = Vec::new();
    for (name, value) in DEFAULT.parse::<Table>().unwrap() {
        match value {
            Value::Table(section) => {
                keys.extend(section.into_iter().map(|(key, value)| (format!("{name}.{key}"), value)));
            }
            value => keys.push((name, value)),
        }
    }
    keys
}

/// For every key, what is written in the environment is what counts: its default is taken, and what it cannot be is
/// refused.
#[test]
fn any_key_can_be_set_by_environment() {
    // Texts that may be anything.
    let texts = ["store.data", "log.filter", "surfaces.infisical_organization"];
    for (key, default) in every_key() {
        let name = format!("ATROPOS__{}", key.to_uppercase().replace('.', "__"));
        let as_default = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
        load(Mode::Dev, "", &[(&name, &as_default)]).unwrap_or_else(|problems| panic!("{name}: {problems}"));
        let problems = load(Mode::Dev, "", &[(&name, "no such thing")]).err();
        let told = problems.as_ref().map(ToString::to_string).unwrap_or_default();
        assert_eq!(told.contains(&key), !texts.contains(&&*key), "{name}: {told}");
    }
}

#[rstest]
#[case::number("ATROPOS__SERVER__BODY_LIMIT", "1000", |s: &Settings| s.server.body_limit == 1000)]
#[case::boolean("ATROPOS__STORE__ALLOW_EVICTION", "true", |s: &Settings| s.store.allow_eviction)]
#[case::list(
    "ATROPOS__SERVER__CORS_ORIGINS", r#"["https://a.example"]"#,
    |s: &Settings| s.server.cors_origins == ["https://a.example"]
)]
#[case::all_origins("ATROPOS__SERVER__CORS_ORIGINS", "*", |s: &Settings| s.server.cors_origins == ["*"])]
#[case::duration("ATROPOS__TOKENS__REPLAY_WINDOW", "0s", |s: &Settings| s.tokens.replay_window.is_zero())]
#[case::digits_stay_a_text(
    "ATROPOS__STORE__PREFIX", "007", |s: &Settings| s.store.prefix == "007"
)]
#[case::secret_of_digits(
    "ATROPOS__KEYS__MASTER_SECRET", "12345678901234567890123456789012",
    |s: &Settings| s.keys.master_secret.as_ref().unwrap().expose_secret() == "12345678901234567890123456789012"
)]
#[case::clients(
    "ATROPOS__CLIENTS", r#"[{ id = "web", public = true, grant_types = ["refresh_token"] }]"#,
    |s: &Settings| s.clients.find("web").is_some() && s.clients.iter().count() == 1
)]
fn a_variable_has_the_type_of_its_key(#[case] name: &str, #[case] value: &str, #[case] holds: fn(&Settings) -> bool) {
    let settings = load(Mode::Dev, "", &[(name, value)]).unwrap();
    assert!(holds(&settings), "{settings:?}");
}

#[test]
fn later_layers_go_over_earlier_ones() {
    let file = "server.body_limit = 1\nserver.max_connections = 1\nstore.shards = 1\nstore.prefix = 'file'";
    let environment = [("ATROPOS__SERVER__BODY_LIMIT", "2"), ("ATROPOS__STORE__PREFIX", "env"), ("PATH", "/bin")];
    let path = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(path.path(), file).unwrap();
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let overrides = [("store.prefix", "line".to_owned()), ("server.listen", "127.0.0.1:0".to_owned())];
    let settings = Settings::load(Mode::Dev, Some(path.path()), &overrides, environment).unwrap();
    assert_eq!(settings.store.prefix, "line");
    assert_eq!(settings.server.listen.port(), 0);
    assert_eq!(settings.server.body_limit, 2);
    assert_eq!(settings.server.max_connections, 1);
    assert_eq!(settings.store.shards, 1);
    // What nobody wrote over is the default.
    assert_eq!(settings.server.cors_origins, ["*"]);
}

#[test]
fn a_list_replaces_the_list_below_it() {
    let settings = dev("[[clients]]\nid = 'web'\npublic = true\ngrant_types = ['refresh_token']").unwrap();
    assert_eq!(settings.clients.iter().count(), 1);
}

#[rstest]
#[case::no_port("https://as.example")]
#[case::path("https://example.com/tenants/one")]
#[case::port("https://as.example:8443")]
#[case::http_on_loopback("http://127.0.0.1:8080")]
#[case::http_on_loopback_6("http://[::1]:8080")]
#[case::http_on_localhost("http://localhost:8080")]
fn an_issuer_is_kept_as_it_was_written(#[case] issuer: &str) {
    let file = PRODUCTION.replace("https://as.example", issuer);
    let settings = load(Mode::Serve, &file, &[]).unwrap();
    assert_eq!(settings.server.issuer.unwrap().as_str(), issuer);
}

#[rstest]
#[case("redis://127.0.0.1:6379", "redis://127.0.0.1:6379")]
#[case("rediss://user:pass@redis.example:6380/2", "rediss://redis.example:6380/2")]
#[case("redis+cluster://:p%40ss%2Fword@a:7000,b:7000", "redis+cluster://a:7000,b:7000")]
#[case("redis+sentinel://:hidden@a:26379,b:26379/main?db=1", "redis+sentinel://a:26379,b:26379/main")]
#[case("unix:///run/redis.sock?pass=hidden", "unix:///run/redis.sock")]
fn a_redis_url_is_told_without_its_password(#[case] url: &str, #[case] told: &str) {
    let settings = serve(&format!("store.url = '{url}'")).unwrap();
    let Location::Redis(found) = settings.store.location else { panic!("not Redis") };
    assert_eq!(found.expose(), url);
    assert_eq!(found.redacted(), told);
    assert_eq!(format!("{found:?}"), told);
}

#[test]
fn a_redis_can_ask_for_everything() {
    let here = file!();
    let settings = serve(&format!(
        "store.url = 'rediss+sentinel://redis.example/main'
        store.username = 'atropos'
        store.password = 'one'
        store.sentinel_username = 'watched'
        store.sentinel_password = 'two'
        store.ca_file = '{here}'
        store.client_cert_file = '{here}'
        store.client_key_file = '{here}'"
    ));
    let store = settings.unwrap().store;
    assert_eq!(store.username.as_deref(), Some("atropos"));
    assert_eq!(store.password.unwrap().expose_secret(), "one");
    assert_eq!(store.sentinel_username.as_deref(), Some("watched"));
    assert_eq!(store.sentinel_password.unwrap().expose_secret(), "two");
    assert_eq!(store.ca_file.as_deref(), Some(Path::new(here)));
    assert_eq!(store.client_certificate, Some((here.into(), here.into())));
}

#[rstest]
#[case("memory", Durability::Memory)]
#[case("fsync", Durability::Fsync)]
#[case("replicas:2", Durability::Replicas(2.try_into().unwrap()))]
fn durability_has_three_forms(#[case] text: &str, #[case] durability: Durability) {
    let file = PRODUCTION.replace("fsync", text) + "store.url = 'redis://localhost'";
    assert_eq!(load(Mode::Serve, &file, &[]).unwrap().store.durability, durability);
}

#[test]
fn proxies_are_addresses_or_networks() {
    let settings = serve("server.trusted_proxies = ['10.0.0.0/8', '192.0.2.7', 'fd00::/8']").unwrap();
    let texts: Vec<String> = settings.server.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["10.0.0.0/8", "192.0.2.7/32", "fd00::/8"]);
}

fn sample(id: &str) -> Client {
    let settings = load_file(Mode::Dev, None, &[]).unwrap();
    Client::clone(settings.clients.find(id).unwrap())
}

#[rstest]
#[case("demo-service", &[GrantType::ClientCredentials], TokenFormat::Opaque, false)]
#[case("demo-service-jwt", &[GrantType::ClientCredentials], TokenFormat::Jwt, false)]
#[case("demo-session", &[GrantType::ClientCredentials, GrantType::RefreshToken], TokenFormat::Opaque, true)]
#[case("demo-session-jwt", &[GrantType::ClientCredentials, GrantType::RefreshToken], TokenFormat::Jwt, true)]
#[case("demo-other", &[GrantType::ClientCredentials], TokenFormat::Opaque, false)]
fn dev_has_sample_clients(
    #[case] id: &str,
    #[case] grants: &[GrantType],
    #[case] format: TokenFormat,
    #[case] refresh: bool,
) {
    use sha2::Digest as _;
    let client = sample(id);
    let Authentication::Secret(hashes) = &client.authentication else { panic!("{:?}", client.authentication) };
    let secret = sha2::Sha256::digest(format!("{id}-secret"));
    assert_eq!(*hashes, [SecretHash::Sha256(secret.into())]);
    assert!(client.enabled);
    assert!(client.grant_types.iter().eq(grants));
    assert!(client.surfaces.iter().eq(&[Surface::Standard]));
    assert_eq!(client.scope.as_str(), "read write");
    assert!(client.audience.iter().map(|audience| &**audience).eq(["https://api.example"]));
    assert_eq!(client.tokens.format, format);
    assert_eq!(client.tokens.client_credentials_refresh, refresh);
    let seconds = if format == TokenFormat::Jwt { 300 } else { 3600 };
    assert_eq!(client.tokens.access_token_lifetime, Duration::from_secs(seconds));
}

#[test]
fn dev_has_an_api_and_an_application_in_a_browser() {
    let api = sample("demo-api");
    assert_eq!(api.resource_server, Some(ResourceServer { audience: "https://api.example".into(), scope: None }));
    assert!(matches!(api.authentication, Authentication::Secret(_)));
    let spa = sample("demo-spa");
    assert!(spa.authentication.is_public());
    assert!(spa.grant_types.iter().eq(&[GrantType::AuthorizationCode, GrantType::RefreshToken]));
    // RFC 8252 section 7.3: wherever it listens.
    assert!(spa.redirect_uris.iter().any(|uri| uri.is("http://127.0.0.1:8000/callback")));
    let web = sample("demo-web");
    assert!(matches!(web.authentication, Authentication::Secret(_)));
    assert_eq!((web.name.as_deref(), web.redirect_uris.len()), (Some("Demo on the web"), 2));
}

#[test]
fn dev_has_a_client_for_each_dialect() {
    let kajabi = sample("demo-kajabi");
    assert!(kajabi.surfaces.iter().eq(&[Surface::Standard, Surface::Kajabi]));
    assert!(kajabi.tokens.client_credentials_refresh);
    let anghami = sample("demo-anghami");
    assert!(anghami.surfaces.iter().eq(&[Surface::Standard, Surface::Anghami]));
    assert!(anghami.authentication.is_public());
}

/// KAJ-14
#[test]
fn client_credentials_come_with_a_refresh_token_where_kajabis_clients_expect_it() {
    let client = "[[clients]]\nid = \"a\"\nsecrets = [\"sha256:0dde17dbb26f0d62189c782b691d29636fc8679b37b7bdbbf87c8f7ce8f2cd61\"]";
    let both = r#"grant_types = ["client_credentials", "refresh_token"]"#;
    for (more, expected) in [
        (both.to_owned(), false),
        (format!("{both}\nsurfaces = [\"kajabi\"]"), true),
        (format!("{both}\nsurfaces = [\"kajabi\", \"standard\"]"), true),
        (format!("{both}\nsurfaces = [\"kajabi\"]\nclient_credentials_refresh = false"), false),
        ("grant_types = [\"client_credentials\"]\nsurfaces = [\"kajabi\"]".to_owned(), false),
    ] {
        let settings = serve(&format!("{client}\n{more}")).unwrap();
        let client = settings.clients.find("a").unwrap();
        assert_eq!(client.tokens.client_credentials_refresh, expected, "{more}");
    }
}

/// DIA-3
#[test]
fn dialects_are_spoken_where_somebody_says_so() {
    assert!(serve("").unwrap().surfaces.enabled().is_empty());
    let surfaces = serve("surfaces.anghami = true").unwrap().surfaces.enabled();
    assert!(surfaces.iter().eq(&[Surface::Anghami]));
    let surfaces = load_file(Mode::Dev, None, &[]).unwrap().surfaces.enabled();
    assert!(surfaces.iter().eq(&[Surface::Kajabi, Surface::Anghami, Surface::Infisical]));
}

#[test]
fn the_api_is_described_unless_somebody_says_otherwise() {
    assert!(serve("").unwrap().docs.enabled);
    assert!(!serve("docs.enabled = false").unwrap().docs.enabled);
}

#[test]
fn the_example_of_clients_for_production_loads() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/clients.toml");
    let variables = [
        ("ATROPOS__SERVER__ISSUER", "https://as.example"),
        ("ATROPOS__STORE__DURABILITY", "fsync"),
        ("ATROPOS__KEYS__MASTER_SECRET", "correct horse battery staple, and then some"),
    ];
    let clients = load_file(Mode::Serve, Some(&path), &variables).unwrap().clients;
    let kind = |id: &str| match &clients.find(id).unwrap().authentication {
        Authentication::None => "none",
        Authentication::Secret(hashes) => match hashes[..] {
            [SecretHash::Argon2id(_)] => "argon2id",
            _ => "sha256",
        },
        Authentication::PrivateKeyJwt(_) => "private_key_jwt",
    };
    let kinds = ["billing", "reports", "payroll", "gateway", "invoices-web", "invoices-api"].map(kind);
    assert_eq!(kinds, ["sha256", "argon2id", "private_key_jwt", "sha256", "none", "sha256"]);
    let api = clients.find("invoices-api").unwrap().resource_server.clone().unwrap();
    assert_eq!(api.scope, Some(Scope::parse("invoices:read invoices:write").unwrap()));
}

#[test]
fn a_client_can_have_its_own_token_policy() {
    let settings = serve(
        r#"
        [[clients]]
        id = "own"
        public = true
        enabled = false
        grant_types = ["refresh_token"]
        scope = "write read"
        audience = ["https://a.example", "https://b.example"]
        surfaces = ["kajabi", "anghami"]
        identity_id = "7f000101-0000-8000-8000-000000000001"
        format = "jwt"
        access_token_lifetime = "1m"
        refresh_token_idle = "2m"
        family_lifetime = "3m"
        replay_window = "0s"
        access_tokens_per_family = 4
        revoke_access_token = "family"
        "#,
    )
    .unwrap();
    let client = settings.clients.find("own").unwrap();
    assert_eq!(client.id, ClientId::new("own"));
    assert!(!client.enabled);
    assert_eq!(client.scope.as_str(), "read write");
    assert_eq!(client.audience.len(), 2);
    assert!(client.surfaces.iter().eq(&[Surface::Kajabi, Surface::Anghami]));
    assert_eq!(client.identity_id.to_string(), "7f000101-0000-8000-8000-000000000001");
    let minutes = Duration::from_mins;
    let tokens = &client.tokens;
    assert_eq!(tokens.format, TokenFormat::Jwt);
    assert_eq!(tokens.access_token_lifetime, minutes(1));
    assert_eq!(tokens.refresh_token_idle, minutes(2));
    assert_eq!(tokens.family_lifetime, minutes(3));
    assert!(tokens.replay_window.is_zero());
    assert_eq!(tokens.access_tokens_per_family, 4);
    assert_eq!(tokens.revoke_access_token, Reach::Family);
}

/// An identity that changed with a restart, or from node to node, would be another client's.
#[test]
fn an_identity_derives_from_the_id() {
    assert_eq!(sample("demo-service").identity_id, sample("demo-service").identity_id);
    assert_ne!(sample("demo-service").identity_id, sample("demo-other").identity_id);
    assert_eq!(sample("demo-service").identity_id.get_version_num(), 8);
}

/// RFC9068-6-i: who checks a JWT by itself hears of its revocation as late as README says, and no later.
#[test]
fn a_jwt_lives_for_as_long_as_readme_says() {
    let text =
        "[[clients]]\nid = 'a'\npublic = true\ngrant_types = ['refresh_token']\naudience = ['https://api.example']
        format = 'jwt'";
    let lifetime = serve(text).unwrap().clients.find("a").unwrap().tokens.access_token_lifetime;
    assert_eq!(lifetime, Duration::from_mins(5));
    let readme = std::fs::read_to_string("README.md").unwrap();
    assert!(readme.contains("accepts a revoked one until it expires: five minutes, by\n  default."), "{readme}");
}
