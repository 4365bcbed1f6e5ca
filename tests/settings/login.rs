//! `[login]`: where people sign in.

use atropos::settings::Mode;
use rstest::rstest;

use crate::{load_file, only_problem, serve};

const LOGIN: &str = "[login]\napplication = 'https://login.example/?a=b'\napplication_client = 'my-login'";
const SECRET: &str = "secrets = ['sha256:0dde17dbb26f0d62189c782b691d29636fc8679b37b7bdbbf87c8f7ce8f2cd61']";

/// The client that says who people are proves who it is, and need do nothing else.
#[test]
fn people_may_sign_in_elsewhere() {
    assert_eq!(load_file(Mode::Dev, None, &[]).unwrap().login.application(), None);
    let settings = serve(&format!("{LOGIN}\n[[clients]]\nid = 'my-login'\n{SECRET}")).unwrap();
    let application = settings.login.application().unwrap();
    assert_eq!((application.client.as_str(), application.url.as_str()), ("my-login", "https://login.example/?a=b"));
}

#[rstest]
#[case("public = true", "is a public client")]
#[case("surfaces = ['kajabi']", "does not speak the surface")]
fn whose_word_counts_proves_who_it_is(#[case] client: &str, #[case] told: &str) {
    let secret = if client.starts_with("public") { "" } else { SECRET };
    let problem = only_problem(serve(&format!("{LOGIN}\n[[clients]]\nid = 'my-login'\n{client}\n{secret}")));
    assert!(problem.starts_with(&format!("login.application_client: {told}")), "{problem}");
}

#[rstest]
#[case("application = 'https://login.example'", "login.application_client: is missing; it names the client")]
#[case("application_client = 'nobody'", "login.application: is missing; its client alone")]
#[case(
    "application = 'http://login.example'",
    "login.application: \"http://login.example\" is http, and not on the loopback interface"
)]
#[case("application = 'app:/login'", "login.application: \"app:/login\" is no http or https URL")]
#[case("application = '/login'", "login.application: \"/login\" is no absolute URI")]
#[case(
    "application = 'https://login.example'\napplication_client = 'nobody'",
    "login.application_client: is \"nobody\", which is no client"
)]
fn half_a_login_application_is_refused(#[case] text: &str, #[case] told: &str) {
    let problems = serve(&format!("[login]\n{text}")).unwrap_err().to_string();
    assert!(problems.starts_with(told), "{problems}");
}
