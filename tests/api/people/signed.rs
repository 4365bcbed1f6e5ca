//! Signed authorization requests (RFC 9101), pushed or in the URL.

use std::time::Duration;

use rstest::rstest;
use serde_json::{Value, json};

use super::authorization::assert_page;
use super::browser::{Back, Browser, CALLBACK, CHALLENGE, authorize, exchange, location, setup};
use crate::answer::Answer;
use crate::assertion::{TYPE, claims as assertion, sign as assert, sign_text, sign_with};
use crate::spawn::{App, ISSUER, Setup, tokens};

const CLIENT: &str = "web-key";
const PAR: &str = "/oauth/par";
const OTHER: &str = "https://web.example/elsewhere";

async fn app() -> App {
    App::with(setup()).await
}

/// The client is answered at two places, so that one has to be named.
fn with_two_places() -> Setup {
    let mut setup = setup();
    let other = atropos::domain::redirect::RedirectUri::register(OTHER).expect("a redirect URI");
    setup.clients.iter_mut().filter(|it| it.id.as_str() == CLIENT).for_each(|it| it.redirect_uris.push(other.clone()));
    setup
}

/// The claims of a request that nothing is wrong with, with some of them changed; null takes one away.
fn claims(app: &App, changes: &Value) -> Value {
    let now = app.now();
    let mut claims = json!({
        "iss": CLIENT, "aud": ISSUER, "exp": now + 60, "nbf": now, "client_id": CLIENT, "redirect_uri": CALLBACK,
        "response_type": "code", "scope": "read", "state": "inside", "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    });
    for (name, value) in changes.as_object().expect("changes") {
        let members = claims.as_object_mut().expect("claims");
        if value.is_null() {
            members.remove(name)
        } else {
            members.insert(name.clone(), value.clone())
        };
    }
    claims
}

fn sign(claims: &Value) -> String {
    sign_with(&json!({"alg": "ES256", "kid": "1", "typ": "oauth-authz-req+jwt"}), claims)
}

fn signed(app: &App, changes: &Value) -> String {
    sign(&claims(app, changes))
}

async fn by_client(app: &App, path: &str, form: &[(&str, &str)]) -> Answer {
    let mut claims = assertion(app);
    (claims["iss"], claims["sub"]) = (json!(CLIENT), json!(CLIENT));
    let assertion = assert(&claims);
    let proof = [("client_assertion_type", TYPE), ("client_assertion", assertion.as_str())];
    Answer::to(app.post(path, &[form, &proof].concat())).await
}

/// By a link, with what would be an error if it counted.
async fn linked(app: &App, request: &str) -> Answer {
    let asked = [("client_id", CLIENT), ("request", request), ("redirect_uri", CALLBACK), ("state", "outside")];
    app.get(&authorize(&[&asked[..], &[("scope", "admin"), ("max_age", "soon")]].concat())).await
}

async fn pushed(app: &App, request: &str) -> Answer {
    by_client(app, PAR, &[("request", request), ("state", "outside"), ("scope", "admin")]).await
}

/// RFC9101-6-a: what is said beside the object does not count.
#[rstest]
#[tokio::test]
async fn what_is_signed_is_asked_and_nothing_else(#[values(true, false)] by_name: bool) {
    let app = app().await;
    let browser = Browser::new(&app);
    let request =
        signed(&app, &json!({"prompt": "login", "max_age": 60, "resource": ["https://api.example"], "x": {}}));
    let mut asked = vec![("client_id", CLIENT)];
    let name;
    if by_name {
        name = pushed(&app, &request).await.json()["request_uri"].as_str().expect("a name").to_owned();
        asked.push(("request_uri", &name));
    } else {
        asked.push(("request", &request));
    }
    asked.extend([("scope", "admin"), ("state", "outside"), ("redirect_uri", "https://evil.example")]);
    let back = browser.approve(&asked).await;
    assert_eq!((back.uri.as_str(), back.told["state"].as_str()), (CALLBACK, "inside"));
    let found = tokens(&by_client(&app, "/oauth/token", &exchange(back.code(), &[])).await);
    assert_eq!(app.introspect("api", &found.access).await.json()["scope"], "read");
}

/// RFC9101-6-a: how a client may write it.
#[rstest]
#[case(json!({"alg": "ES256"}), json!({}))]
#[case(json!({"alg": "ES256", "typ": "JWT"}), json!({"aud": ["https://other.example", ISSUER]}))]
#[case(json!({"alg": "ES256", "typ": "application/OAuth-Authz-Req+JWT"}), json!({"nbf": null}))]
#[case(json!({"alg": "ES256"}), json!({"resource": "https://api.example", "sub": "alice"}))]
#[case(json!({"alg": "ES256"}), json!({"response_mode": "query", "max_age": 0, "login_hint": "alice"}))]
#[case(json!({"alg": "ES256"}), json!({"redirect_uri": null, "claims": {}, "display": 7}))]
#[tokio::test]
async fn it_may_be_written_so(#[case] header: Value, #[case] changes: Value) {
    let app = app().await;
    let request = sign_with(&header, &claims(&app, &changes));
    assert!(location(&linked(&app, &request).await).starts_with("/login/"));
    assert_eq!(pushed(&app, &request).await.status, 201);
}

/// What is signed and yet wrong is told as of any other request, to where the object says.
#[rstest]
#[case(json!({"response_type": null}), "invalid_request")]
#[case(json!({"response_type": "token"}), "unsupported_response_type")]
#[case(json!({"code_challenge": null}), "invalid_request")]
#[case(json!({"scope": "admin"}), "invalid_scope")]
#[case(json!({"prompt": "create"}), "invalid_request")]
#[case(json!({"resource": ["https://api.example", "https://elsewhere.example"]}), "invalid_target")]
#[case(json!({"registration": "{}"}), "registration_not_supported")]
#[tokio::test]
async fn what_is_wrong_in_it_is_told_to_the_application(#[case] changes: Value, #[case] error: &str) {
    let app = app().await;
    let request = signed(&app, &changes);
    let back = Back::of(&linked(&app, &request).await);
    back.assert_error(error);
    assert_eq!(back.told["state"], "inside");
    pushed(&app, &request).await.assert_error(400, error);
}

/// RFC9101-6-a: an object that is not to be believed is told to where the URL says, for that is registered.
#[rstest]
#[case::another_issuer(json!({"iss": "web"}))]
#[case::no_issuer(json!({"iss": null}))]
#[case::another_client(json!({"client_id": "web"}))]
#[case::no_client(json!({"client_id": null}))]
#[case::another_server(json!({"aud": "https://other.example"}))]
#[case::for_nobody(json!({"aud": null}))]
#[case::endless(json!({"exp": null}))]
#[case::nested(json!({"request": "eyJ"}))]
#[case::named(json!({"request_uri": "https://web.example/r"}))]
#[case::as_an_assertion(json!({"sub": CLIENT}))]
#[case::number_for_a_text(json!({"state": 7}))]
#[case::texts_for_a_text(json!({"scope": ["read"]}))]
#[case::object_for_a_text(json!({"registration": {}}))]
#[case::text_for_a_number(json!({"max_age": "60"}))]
#[case::below_zero(json!({"max_age": -1}))]
#[case::numbers_for_resources(json!({"resource": [1]}))]
#[tokio::test]
async fn what_is_not_to_be_believed_is_refused(#[case] changes: Value) {
    let app = app().await;
    assert_refused(&app, &signed(&app, &changes)).await;
}

async fn assert_refused(app: &App, request: &str) {
    let back = Back::of(&linked(app, request).await);
    back.assert_error("invalid_request_object");
    assert_eq!((back.uri.as_str(), back.told["state"].as_str()), (CALLBACK, "outside"));
    pushed(app, request).await.assert_error(400, "invalid_request_object");
}

/// RFC9101-6-a, RFC 8725 section 3: by a key of the client, and as what it is.
#[rstest]
#[case(json!({"alg": "none"}))]
#[case(json!({"alg": "HS256"}))]
#[case(json!({"alg": "ES384"}))]
#[case(json!({"alg": "ES256", "kid": "2"}))]
#[case(json!({"alg": "ES256", "typ": "client-authentication+jwt"}))]
#[case(json!({"alg": "ES256", "typ": "at+jwt"}))]
#[case(json!({"alg": "ES256", "crit": ["b64"], "b64": true}))]
#[tokio::test]
async fn it_has_to_be_signed_as_a_request(#[case] header: Value) {
    let app = app().await;
    assert_refused(&app, &sign_with(&header, &claims(&app, &json!({})))).await;
}

#[tokio::test]
async fn what_is_no_jwt_is_refused() {
    let app = app().await;
    let good = signed(&app, &json!({}));
    let (content, signature) = good.rsplit_once('.').expect("three parts");
    let other = signed(&app, &json!({"scope": "write"}));
    let (other, _) = other.rsplit_once('.').expect("three parts");
    let unsigned = format!("{content}.");
    let swapped = format!("{other}.{signature}");
    let encrypted = format!("{good}.e30.e30");
    for text in ["eyJ", "..", content, &unsigned, &swapped, &encrypted] {
        assert_refused(&app, text).await;
    }
    let twice = claims(&app, &json!({})).to_string().replacen('{', r#"{"state":"another","#, 1);
    assert_refused(&app, &sign_text(&json!({"alg": "ES256"}), &twice)).await;
}

/// An hour at most, and clocks may differ by half a minute.
#[tokio::test]
async fn it_is_good_for_a_while() {
    let app = app().await;
    let now = app.now();
    for good in [
        json!({"exp": now - 29}),
        json!({"exp": now + 3629}),
        json!({"nbf": now + 29}),
        json!({"iat": now + 29}),
        json!({"nbf": now - 86400}),
    ] {
        assert!(location(&linked(&app, &signed(&app, &good)).await).starts_with("/login/"), "{good}");
    }
    for bad in [
        json!({"exp": now - 31}),
        json!({"exp": now + 3632}),
        json!({"exp": -1}),
        json!({"exp": 1e300}),
        json!({"nbf": now + 31}),
        json!({"iat": now + 31}),
    ] {
        assert_refused(&app, &signed(&app, &bad)).await;
    }
    let request = signed(&app, &json!({"exp": now + 60}));
    app.clock.advance(Duration::from_secs(91));
    assert_refused(&app, &request).await;
}

/// Whoever sends it again asks what the client asked; a name is used up all the same.
#[tokio::test]
async fn it_may_be_sent_again() {
    let app = app().await;
    let request = signed(&app, &json!({}));
    for _ in 0..2 {
        assert!(location(&linked(&app, &request).await).starts_with("/login/"));
        assert_eq!(pushed(&app, &request).await.status, 201);
    }
}

/// RFC9101-6-a
#[tokio::test]
async fn a_client_without_keys_signs_nothing() {
    let app = app().await;
    for client in ["web", "web-public"] {
        let request = signed(&app, &json!({"iss": client, "client_id": client}));
        let asked = [("client_id", client), ("redirect_uri", CALLBACK), ("request", request.as_str())];
        Back::of(&app.get(&authorize(&asked)).await).assert_error("invalid_request_object");
        app.by(client, PAR, &[("request", &request)]).await.assert_error(400, "invalid_request_object");
    }
    let request = signed(&app, &json!({"iss": "nobody", "client_id": "nobody"}));
    assert_page(&app.get(&authorize(&[("client_id", "nobody"), ("request", &request)])).await, 400);
    assert_page(&app.get(&authorize(&[("request", &request), ("redirect_uri", CALLBACK)])).await, 400);
}

/// RFC9101-6-a, RFC9126-2-a: one of the two, and once; and a name that stands beside an object is not used up.
#[tokio::test]
async fn a_request_comes_in_one_way() {
    let app = app().await;
    let request = signed(&app, &json!({}));
    let answer = pushed(&app, &request).await.json();
    let name = answer["request_uri"].as_str().expect("a name");
    let asked = [("client_id", CLIENT), ("redirect_uri", CALLBACK), ("request", request.as_str())];
    for more in [("request_uri", name), ("request_uri", "https://web.example/r"), ("request", request.as_str())] {
        let link = authorize(&[&asked[..], &[more]].concat());
        Back::of(&app.get(&link).await).assert_error("invalid_request");
        by_client(&app, PAR, &[asked[2], more]).await.assert_error(400, "invalid_request");
    }
    let there = authorize(&[("client_id", CLIENT), ("request_uri", name)]);
    assert!(location(&app.get(&there).await).starts_with("/login/"));
    let elsewhere = authorize(&[asked[0], asked[1], ("request_uri", "https://web.example/r")]);
    Back::of(&app.get(&elsewhere).await).assert_error("request_uri_not_supported");
}

/// RFC6749-4.1.1-a: nothing is sent to where nobody registered, whoever signed that it should be.
#[tokio::test]
async fn without_a_place_to_answer_to_there_is_a_page() {
    let app = App::with(with_two_places()).await;
    let link = |request: &str, more: &[(&str, &str)]| {
        authorize(&[&[("client_id", CLIENT), ("request", request)][..], more].concat())
    };
    let (good, evil) = (signed(&app, &json!({})), signed(&app, &json!({"redirect_uri": "https://evil.example"})));
    let nowhere = signed(&app, &json!({"redirect_uri": null}));
    for unanswerable in [&evil, &nowhere] {
        assert_page(&app.get(&link(unanswerable, &[("redirect_uri", CALLBACK)])).await, 400);
        pushed(&app, unanswerable).await.assert_error(400, "invalid_request");
    }
    let late = signed(&app, &json!({"exp": 1}));
    assert_page(&app.get(&link(&late, &[])).await, 400);
    assert_page(&app.get(&link(&late, &[("redirect_uri", "https://evil.example")])).await, 400);
    pushed(&app, &late).await.assert_error(400, "invalid_request_object");
    let back = Back::of(&app.get(&link(&late, &[("redirect_uri", OTHER)])).await);
    back.assert_error("invalid_request_object");
    assert_eq!(back.uri, OTHER);
    assert!(location(&app.get(&link(&good, &[])).await).starts_with("/login/"));
}

/// RFC9101-6-a, RFC 9101 section 10.5
#[tokio::test]
async fn a_client_that_has_to_sign_asks_no_other_way() {
    let mut setup = setup();
    setup.clients.iter_mut().filter(|it| it.id.as_str() == CLIENT).for_each(|client| client.must_sign = true);
    let app = App::with(setup).await;
    let plain = super::browser::asks(CLIENT, &[]);
    Back::of(&app.get(&authorize(&plain)).await).assert_error("invalid_request");
    by_client(&app, PAR, &plain).await.assert_error(400, "invalid_request");
    let request = signed(&app, &json!({}));
    assert!(location(&linked(&app, &request).await).starts_with("/login/"));
    let answer = pushed(&app, &request).await.json();
    let name = answer["request_uri"].as_str().expect("a name");
    let there = authorize(&[("client_id", CLIENT), ("request_uri", name)]);
    assert!(location(&app.get(&there).await).starts_with("/login/"));
}

/// RFC9126-4-b: who has to push does so with what is signed, too.
#[tokio::test]
async fn a_client_that_has_to_push_pushes_what_it_signs() {
    let mut setup = setup();
    setup.clients.iter_mut().filter(|it| it.id.as_str() == CLIENT).for_each(|client| client.must_push = true);
    let app = App::with(setup).await;
    let request = signed(&app, &json!({}));
    Back::of(&linked(&app, &request).await).assert_error("invalid_request");
    assert_eq!(pushed(&app, &request).await.status, 201);
}

/// RFC 9101 section 10.8: what went through a browser proves nothing at the token endpoint.
#[tokio::test]
async fn a_request_object_is_no_assertion() {
    let app = app().await;
    let request = signed(&app, &json!({"sub": CLIENT, "jti": "1"}));
    let form = [("grant_type", "client_credentials"), ("client_assertion_type", TYPE), ("client_assertion", &request)];
    Answer::to(app.post("/oauth/token", &form)).await.assert_error(401, "invalid_client");
}
