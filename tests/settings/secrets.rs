//! Secrets by file, and where they must not show.

use std::path::PathBuf;

use atropos::domain::authenticate::hash_secret;
use atropos::domain::chance::SystemChance;
use atropos::settings::{Mode, Settings};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rstest::rstest;
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::{load, load_file, only_problem, serve};

const SECRET: &str = "a-master-secret-that-is-long-enough-for-anybody";

/// A folder with one file of this content.
fn file(content: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

fn serve_with_keys(keys: &str) -> Result<Settings, atropos::settings::Problems> {
    let text = format!("server.issuer = 'https://as.example'\nstore.durability = 'memory'\n[keys]\n{keys}");
    load(Mode::Serve, &text, &[])
}

#[rstest]
#[case::bare("")]
#[case::line("\n")]
#[case::dos("\r\n")]
fn a_secret_is_read_from_its_file(#[case] end: &str) {
    let (_folder, path) = file(format!("{SECRET}{end}").as_bytes());
    let settings = serve_with_keys(&format!("master_secret_file = '{}'", path.display())).unwrap();
    assert_eq!(settings.keys.master_secret.unwrap().expose_secret(), SECRET);
}

#[rstest]
#[case::master_secret("keys.master_secret", "keys.master_secret_file")]
#[case::previous("keys.previous_master_secret", "keys.previous_master_secret_file")]
#[case::password("store.password", "store.password_file")]
fn a_secret_is_given_once(#[case] text: &str, #[case] by_file: &str) {
    let (_folder, path) = file(SECRET.as_bytes());
    let both = format!("{text} = '{SECRET}'\n{by_file} = '{}'\nstore.url = 'redis://localhost'", path.display());
    let problem = only_problem(load(Mode::Dev, &both, &[]));
    assert!(problem.starts_with(&format!("{by_file}: is set, and so is {text}; ")), "{problem}");
}

#[test]
fn a_secret_given_in_two_layers_is_given_twice() {
    let (_folder, path) = file(SECRET.as_bytes());
    let path = path.display().to_string();
    let result = load(
        Mode::Dev,
        &format!("keys.master_secret = '{SECRET}'"),
        &[("ATROPOS__KEYS__MASTER_SECRET_FILE", path.as_str())],
    );
    assert!(only_problem(result).starts_with("keys.master_secret_file: is set, and so is keys.master_secret"));
}

#[rstest]
#[case::absent(None, "cannot be read: ")]
#[case::empty(Some(b"\n".as_slice()), "is empty")]
#[case::binary(Some(b"\xff\xfe".as_slice()), "cannot be read: ")]
fn a_secret_file_that_is_of_no_use_is_named(#[case] content: Option<&[u8]>, #[case] why: &str) {
    let (folder, mut path) = file(content.unwrap_or_default());
    if content.is_none() {
        path = folder.path().join("absent");
    }
    let problem = only_problem(serve_with_keys(&format!("master_secret_file = '{}'", path.display())));
    let expected = format!("keys.master_secret_file: is \"{}\", which {why}", path.display());
    assert!(problem.starts_with(&expected), "{problem}");
}

#[test]
fn a_short_master_secret_is_refused() {
    let problem = only_problem(serve_with_keys(&format!("master_secret = '{}'", "s".repeat(31))));
    assert_eq!(problem, "keys.master_secret: has 31 bytes; it needs at least 32 that nobody can guess");
    serve_with_keys(&format!("master_secret = '{}'", "s".repeat(32))).unwrap();
}

#[test]
fn the_previous_master_secret_is_another() {
    let keys = format!("master_secret = '{SECRET}'\nprevious_master_secret = '{SECRET}'");
    assert!(only_problem(serve_with_keys(&keys)).starts_with("keys.previous_master_secret: is the same as"));
    let keys = format!("master_secret = '{SECRET}'\nprevious_master_secret = '{SECRET}, before'");
    let settings = serve_with_keys(&keys).unwrap();
    assert_eq!(settings.keys.previous_master_secret.unwrap().expose_secret(), format!("{SECRET}, before"));
}

#[test]
fn a_password_has_one_place() {
    let text = "store.url = 'redis://user:pass@localhost'\nstore.password = 'other'";
    assert!(only_problem(serve(text)).starts_with("store.password: is set, and store.url has one as well"));
    let settings = serve("store.url = 'redis://user@localhost'\nstore.password = 'other'").unwrap();
    assert_eq!(settings.store.password.unwrap().expose_secret(), "other");
    assert!(only_problem(serve("store.password = 'other'")).starts_with("store.password: is set, and the embedded"));
}

#[test]
fn debug_shows_no_secret() {
    let text = format!(
        "store.url = 'redis://user:url-password@localhost'\nkeys.previous_master_secret = '{SECRET}'\n
        [[clients]]\nid = 'a'\ngrant_types = ['client_credentials']
        secrets = ['sha256:0dde17dbb26f0d62189c782b691d29636fc8679b37b7bdbbf87c8f7ce8f2cd61']"
    );
    let told = format!("{:?}", serve(&text).unwrap());
    for secret in ["url-password", SECRET, "correct horse", "0dde17"] {
        assert!(!told.contains(secret), "{told}");
    }
    // SHA-256 as numbers would be as good as the text.
    assert!(!told.contains("13, 222, 23"), "{told}");
    let password = serve("store.url = 'redis://localhost'\nstore.password = 'key-password'").unwrap();
    assert!(!format!("{password:?}").contains("key-password"));
}

/// Nothing that is written where a secret belongs comes back in a sentence, whatever is wrong with it.
#[rstest]
#[case::number_for_a_text("[keys]\nmaster_secret = 31415926")]
#[case::list_for_a_text("[keys]\nmaster_secret = ['31415926']")]
#[case::short("[keys]\nmaster_secret = '31415926'")]
#[case::line_that_is_no_toml("[keys]\nmaster_secret = '31415926")]
#[case::bare_text("[keys]\nmaster_secret = 31415926x")]
#[case::password_in_a_wrong_url("[store]\nurl = 'redi://:31415926@localhost'")]
#[case::client_secret("[[clients]]\nid = 'a'\ngrant_types = ['client_credentials']\nsecrets = ['31415926']")]
#[case::client_secret_text("[[clients]]\nid = 'a'\ngrant_types = ['client_credentials']\nsecrets = '31415926'")]
#[case::client_secret_with_words("[[clients]]\nid = 'a'\nsecrets = 'a, expected 31415926, expected 31415926'")]
#[case::private_key(
    "[[clients]]\nid = 'a'\ngrant_types = ['client_credentials']\njwks = '{\"keys\":[{\"d\":\"31415926\"}]}'"
)]
#[case::key_of_no_json("[[clients]]\nid = 'a'\ngrant_types = ['client_credentials']\njwks = '31415926'")]
fn problems_repeat_no_secret(#[case] text: &str) {
    let problems = load(Mode::Dev, text, &[]).unwrap_err();
    for told in [problems.to_string(), format!("{problems:?}")] {
        assert!(!told.contains("31415926"), "{told}");
    }
}

/// A client of this id with one secret more, and one that nobody knows.
fn client_with(id: &str, hash: &str) -> String {
    let nobodys = "sha256:0dde17dbb26f0d62189c782b691d29636fc8679b37b7bdbbf87c8f7ce8f2cd61";
    format!("[[clients]]\nid = '{id}'\nsecrets = ['{hash}', '{nobodys}']\ngrant_types = ['client_credentials']")
}

#[rstest]
#[case("demo-service")]
#[case("demo-service-jwt")]
#[case("demo-session")]
#[case("demo-session-jwt")]
#[case("demo-other")]
#[case("demo-api")]
#[case("demo-kajabi")]
#[case("demo-identity")]
fn serve_refuses_the_secrets_of_dev(#[case] sample: &str) {
    let settings = load_file(Mode::Dev, None, &[]).unwrap();
    assert!(settings.clients.find(sample).is_some());
    let hash = sha256(&format!("{sample}-secret"));
    // Whatever the client is called, and however many secrets it has.
    let problem = only_problem(serve(&client_with("a", &hash)));
    assert!(problem.starts_with("clients[a].secrets: has a sample secret of `atropos dev`"), "{problem}");
    assert!(!problem.contains(&hash));
}

/// Nor one that is made like them, in either form: a hash of Argon2id is another each time it is made.
#[rstest]
#[case::sample("demo-session")]
#[case::alike("billing")]
fn serve_refuses_a_secret_that_the_id_gives_away(#[case] id: &str) {
    let secret = format!("{id}-secret");
    for hash in [sha256(&secret), hash_secret(&secret, &SystemChance)] {
        let text = client_with(id, &hash);
        let problem = only_problem(serve(&text));
        assert!(problem.starts_with(&format!("clients[{id}].secrets: has ")), "{problem}");
        assert!(problem.contains("`atropos dev`") && !problem.contains(&hash), "{problem}");
        load(Mode::Dev, &text, &[]).unwrap();
    }
    serve(&client_with(id, &hash_secret("correct horse battery staple", &SystemChance))).unwrap();
}

fn sha256(secret: &str) -> String {
    format!("sha256:{}", URL_SAFE_NO_PAD.encode(Sha256::digest(secret)))
}
