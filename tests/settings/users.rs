//! People: what is read, what is refused, and of the client at which they sign in.

use atropos::domain::authenticate::hash_secret;
use atropos::domain::chance::SystemChance;
use atropos::settings::Mode;
use rstest::rstest;

use crate::{load_file, only_problem, serve};

const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$AXL3yi7VzPeTkBVzfvGn9g$aL5wN358Ljue6LxSbUysoaZnHzzoPZu1ewU3un4JEzc";

fn user(name: &str, more: &str) -> String {
    format!("[[users]]\nname = '{name}'\npassword = '{HASH}'\n{more}\n")
}

#[test]
fn the_example_of_users_for_production_loads() {
    let text = include_str!("../../config/users.toml");
    let users = serve(text).unwrap().users;
    let carol = users.find("carol@example.com").unwrap();
    assert_eq!((&*carol.subject, carol.enabled), ("u-1041", true));
    let named = serve(&text.replace("subject =", "# subject =")).unwrap().users;
    assert_eq!(&*named.find("carol@example.com").unwrap().subject, "carol@example.com");
}

/// KAJ-16
#[test]
fn people_sign_in_by_password_where_somebody_says_so() {
    assert!(serve("surfaces.kajabi = true").unwrap().clients.for_passwords().is_none());
    let dev = load_file(Mode::Dev, None, &[]).unwrap();
    assert_eq!(dev.clients.for_passwords().unwrap().id.as_str(), "demo-kajabi");
    for (name, password) in [("alice", "wonderland"), ("bob", "builder")] {
        assert!(dev.users.find(name).unwrap().password.is_of(password));
    }
}

#[rstest]
#[case(user("", ""), "users[1].name: is missing")]
#[case(user("a", "subject = ''"), "users[a].subject: is missing")]
#[case(user(&"a".repeat(256), "subject = 'a'"), "has more than 255 bytes, or a control character")]
#[case(user("a", "") + &user("a", "subject = 'b'"), "users[a].name: is the name of two people")]
#[case(user("a", "") + &user("b", "subject = 'a'"), "users[b].subject: is another person's as well")]
#[case(user("a", "admin = true"), "users[a].admin: is not a setting")]
#[case("users = ['a']".to_owned(), "users[1]: must be a table")]
#[case("users = 'a'".to_owned(), "users: must be a list of tables")]
#[case("[[users]]\nname = 'a'".to_owned(), "users[a].password: is no Argon2id hash")]
fn what_is_wrong_with_a_person_is_told(#[case] text: String, #[case] expected: &str) {
    let problem = only_problem(serve(&text));
    assert!(problem.contains(expected), "{problem}");
}

/// Somebody writes the password itself: it is refused, and not repeated.
#[rstest]
#[case("hunter2")]
#[case("sha256:0dde17dbb26f0d62189c782b691d29636fc8679b37b7bdbbf87c8f7ce8f2cd61")]
fn a_password_is_configured_by_a_hash_that_takes_its_time(#[case] text: &str) {
    let problem = only_problem(serve(&format!("[[users]]\nname = 'a'\npassword = '{text}'")));
    assert!(problem.starts_with("users[a].password: is no Argon2id hash in PHC form"), "{problem}");
    assert!(!problem.contains(text), "{problem}");
}

#[rstest]
#[case("alice", "wonderland")]
#[case("bob", "builder")]
fn serve_refuses_the_passwords_of_dev(#[case] name: &str, #[case] password: &str) {
    let hash = hash_secret(password, &SystemChance);
    let problem = only_problem(serve(&user(name, "").replace(HASH, &hash)));
    assert!(problem.starts_with(&format!("users[{name}].password: is the password of `atropos dev`")), "{problem}");
    assert!(serve(&user(name, "")).is_ok(), "the name alone is nobody's");
}

const CLIENT: &str = "[[clients]]\nid = 'app'\npublic = true\n";

#[rstest]
#[case("grant_types = ['password', 'refresh_token']")]
#[case("surfaces = ['anghami']\ngrant_types = ['password', 'refresh_token']")]
#[case("surfaces = ['kajabi']\ngrant_types = ['password']")]
fn passwords_are_for_a_client_of_kajabis(#[case] more: &str) {
    let problem = only_problem(serve(&format!("{CLIENT}{more}")));
    assert!(problem.starts_with("clients[app].grant_types: has password, which is for clients of"), "{problem}");
}

#[test]
fn passwords_are_for_one_client() {
    let client = format!("{CLIENT}surfaces = ['kajabi']\ngrant_types = ['password', 'refresh_token']\n");
    assert_eq!(serve(&client).unwrap().clients.for_passwords().unwrap().id.as_str(), "app");
    let problem = only_problem(serve(&format!("{client}{}", client.replace("app", "another"))));
    assert!(problem.starts_with("clients[another].grant_types: has password, as another client has"), "{problem}");
}
