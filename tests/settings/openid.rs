//! Clients of `OpenID` Connect.

use atropos::domain::keys::SigningAlgorithm;
use rstest::rstest;

use crate::{lines, serve};

const CLIENT: &str = "
    [[clients]]
    id = \"a\"
    public = true
    grant_types = [\"authorization_code\"]
    redirect_uris = [\"https://a.example/\"]
    scope = \"openid read\"
";

#[test]
fn what_is_not_said_of_openid_is_as_the_specification_has_it() {
    let settings = serve(CLIENT).unwrap();
    let openid = &settings.clients.find("a").unwrap().openid;
    assert_eq!(openid.algorithm.0, SigningAlgorithm::Rs256);
    assert!(openid.back_channel.is_none() && openid.post_logout_redirect_uris.is_empty());
}

#[test]
fn everything_of_openid_can_be_said() {
    let text = format!(
        "keys.signing_algorithm = \"EdDSA\"
        {CLIENT}
        id_token_signed_response_alg = \"EdDSA\"
        post_logout_redirect_uris = [\"https://a.example/bye\", \"example.a:/bye\"]
        backchannel_logout_uri = \"http://127.0.0.1:8080/out\"
        backchannel_logout_session_required = true"
    );
    let settings = serve(&text).unwrap();
    let openid = &settings.clients.find("a").unwrap().openid;
    assert_eq!(openid.algorithm.0, SigningAlgorithm::EdDsa);
    assert_eq!(openid.post_logout_redirect_uris.len(), 2);
    let back_channel = openid.back_channel.as_ref().unwrap();
    assert_eq!((&*back_channel.uri, back_channel.needs_session), ("http://127.0.0.1:8080/out", true));
}

#[rstest]
#[case("id_token_signed_response_alg = 'ES256K'", "clients[a].id_token_signed_response_alg: ")]
#[case(
    "id_token_signed_response_alg = 'PS256'",
    "clients[a].id_token_signed_response_alg: is PS256; there are keys for"
)]
#[case("post_logout_redirect_uris = ['/bye']", "clients[a].post_logout_redirect_uris: has \"/bye\"")]
#[case("post_logout_redirect_uris = ['https://a.example/#b']", "clients[a].post_logout_redirect_uris: has")]
#[case("backchannel_logout_uri = 'http://a.example/'", "clients[a].backchannel_logout_uri: is no https")]
#[case("backchannel_logout_session_required = true", "clients[a].backchannel_logout_session_required: is true, and")]
fn what_could_not_work_is_refused(#[case] line: &str, #[case] problem: &str) {
    let problems = lines(&serve(&format!("{CLIENT}\n{line}")).unwrap_err());
    assert!(problems[0].starts_with(problem), "{problems:#?}");
}

#[test]
fn who_is_never_told_anything_is_told_so() {
    let text = CLIENT.replace("openid read", "read");
    let text = format!("{text}\nbackchannel_logout_uri = 'https://a.example/out'");
    let problems = lines(&serve(&text).unwrap_err());
    assert!(
        problems[0].starts_with("clients[a].backchannel_logout_uri: is set, and the scope has no"),
        "{problems:#?}"
    );
    let text =
        "[[clients]]\nid='b'\nsecrets=['sha256:65fe1594b4211b5955cfca1e543e5825eae1debb9af13905e3422399eaa87979']
        grant_types=['client_credentials']\npost_logout_redirect_uris=['https://b.example/']";
    let problems = lines(&serve(text).unwrap_err());
    assert!(problems[0].contains("nobody signs in at this client"), "{problems:#?}");
}
