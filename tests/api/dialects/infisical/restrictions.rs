//! How often a token may be used, and from where.

use atropos::http::Options;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{RENEW, tokens_of};
use crate::answer::Answer;
use crate::spawn::{App, Setup, options};

/// A server that believes whoever connects to it as to where a request came from.
async fn behind_a_proxy() -> App {
    let options = Options { trusted_proxies: vec!["127.0.0.1/32".parse().expect("a network")], ..options() };
    App::with(Setup { options, ..Setup::default() }).await
}

/// A token of somebody who may list the tokens of `machine`, from where these networks say.
async fn made_for(app: &App, networks: &[&str], uses: u64) -> String {
    let admin = app.machine("machine-admin").await;
    let trusted: Value = networks.iter().map(|text| json!({ "ipAddress": text })).collect();
    let terms = json!({ "accessTokenTrustedIps": trusted, "accessTokenNumUsesLimit": uses });
    admin.attach("machine", &json!({})).await;
    admin.made_on("machine-deputy", &terms).await.token
}

async fn use_from(app: &App, token: &str, forwarded: &[&str]) -> Answer {
    let request = app.request(Method::GET, &tokens_of("machine")).bearer_auth(token);
    Answer::to(forwarded.iter().fold(request, |request, line| request.header("x-forwarded-for", *line))).await
}

impl Answer {
    #[track_caller]
    fn assert_from_elsewhere(&self) {
        let message = "You are not allowed to access this resource from the current IP address";
        self.assert_refused(403, "ForbiddenError", message);
    }
}

#[tokio::test]
async fn a_token_is_dead_after_so_many_uses() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    admin.attach("machine", &json!({})).await.assert_ok();
    let made = admin.made_on("machine-deputy", &json!({ "accessTokenNumUsesLimit": 3 })).await;
    let holder = app.holding(&made.token);
    for uses in 1..=3 {
        assert!(app.is_active("machine-deputy", &made.token).await, "to wonder is no use of it");
        assert!(holder.listed("machine", "").await.is_empty());
        let data = admin.data(&made.id).await;
        assert_eq!((&data["accessTokenNumUses"], &data["accessTokenNumUsesLimit"]), (&json!(uses), &json!(3)));
        assert_eq!(data["accessTokenLastUsedAt"], "2027-01-15T08:00:00.000Z");
    }
    holder.send(Method::GET, &tokens_of("machine")).await.assert_revoked_token();
    app.machine_renew(&made.token).await.assert_revoked_token();
    app.introspect("api", &made.token).await.assert_inactive();
    let data = admin.data(&made.id).await;
    assert_eq!((&data["accessTokenNumUses"], &data["isAccessTokenRevoked"]), (&json!(3), &json!(false)));
    admin.revoke(&made.id).await.assert_machine_revoked();
}

/// A resource server asks because somebody uses the token there.
#[tokio::test]
async fn each_use_at_a_resource_server_counts() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let made = admin.made_on("machine", &json!({ "accessTokenNumUsesLimit": 2 })).await;
    app.introspect("billing", &made.token).await.assert_inactive();
    for _ in 0..2 {
        assert!(app.is_active("api", &made.token).await);
    }
    app.introspect("api", &made.token).await.assert_inactive();
    app.introspect("machine", &made.token).await.assert_inactive();
    assert_eq!(admin.data(&made.id).await["accessTokenNumUses"], 2);
}

/// Whatever became of it: whoever asked, used it. To be refused for where one is, is no use.
#[tokio::test]
async fn a_use_is_a_use_also_of_a_renewal_or_for_what_is_refused() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let made = admin.made_on("machine", &json!({ "accessTokenNumUsesLimit": 2 })).await;
    let renewed = app.machine_renew(&made.token).await.access_token();
    app.holding(&made.token).show(&made.id).await.assert_envelope(403, "PermissionDenied");
    app.holding(&renewed).show("x").await.assert_envelope(404, "NotFound");
    for token in [&made.token, &renewed] {
        app.holding(token).show(&made.id).await.assert_revoked_token();
    }
}

/// A count costs a write, so there is none where nothing depends on it.
#[tokio::test]
async fn without_a_limit_nobody_counts() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let made = admin.made_on("machine", &json!({})).await;
    let before = admin.data(&made.id).await;
    for _ in 0..3 {
        app.holding(&made.token).show(&made.id).await.assert_envelope(403, "PermissionDenied");
    }
    assert_eq!(admin.data(&made.id).await, before);
    assert_eq!((&before["accessTokenNumUses"], &before["accessTokenLastUsedAt"]), (&json!(0), &Value::Null));
}

/// What a stranger says of where he is counts for nothing.
#[tokio::test]
async fn nobody_says_himself_where_he_is() {
    let app = App::spawn().await;
    let token = made_for(&app, &["192.0.2.0/24"], 0).await;
    use_from(&app, &token, &[]).await.assert_from_elsewhere();
    use_from(&app, &token, &["192.0.2.7"]).await.assert_from_elsewhere();
    let renewal = app.post_json(RENEW, &json!({ "accessToken": token })).header("x-forwarded-for", "192.0.2.7");
    Answer::to(renewal).await.assert_from_elsewhere();
    // The only power is to end it, and that may be used from anywhere.
    assert!(app.is_active("api", &token).await);
    app.machine_revoke(&token).await.assert_machine_revoked();
    app.introspect("api", &token).await.assert_inactive();
}

#[rstest]
#[case(&["192.0.2.0/24"], &["192.0.2.0", "192.0.2.255", "192.0.2.7:4711", "::ffff:192.0.2.7"], &["192.0.3.0", "198.51.100.7", "2001:db8::1", "127.0.0.1"])]
#[case(&["192.0.2.7"], &["192.0.2.7"], &["192.0.2.6", "192.0.2.8"])]
#[case(&["2001:db8:1::/48"], &["2001:db8:1::1", "2001:DB8:1:ffff::", "[2001:db8:1::1]:443"], &["2001:db8:2::1", "192.0.2.7", "::1"])]
#[case(&["2001:db8::1", "10.0.0.0/8"], &["2001:db8::1", "10.255.0.1"], &["2001:db8::2", "11.0.0.1"])]
#[case(&["0.0.0.0/0"], &["203.0.113.9", "::ffff:203.0.113.9"], &["2001:db8::1"])]
#[case(&["::/0"], &["2001:db8::1"], &["203.0.113.9"])]
#[case(&["::ffff:192.0.2.0/120"], &["192.0.2.7", "::ffff:192.0.2.7"], &["192.0.3.1", "2001:db8::1"])]
#[case(&["0.0.0.0/0", "::/0"], &["203.0.113.9", "2001:db8::1"], &[])]
#[tokio::test]
async fn a_token_is_used_from_where_it_may_be(
    #[case] networks: &[&str],
    #[case] inside: &[&str],
    #[case] outside: &[&str],
) {
    let app = behind_a_proxy().await;
    let token = made_for(&app, networks, 0).await;
    for address in outside {
        use_from(&app, &token, &[address]).await.assert_from_elsewhere();
    }
    for address in inside {
        use_from(&app, &token, &[address]).await.assert_list();
    }
}

/// What the last proxy tells counts, and not what it was told.
#[tokio::test]
async fn of_several_hops_the_last_that_can_be_believed_counts() {
    let app = behind_a_proxy().await;
    let token = made_for(&app, &["192.0.2.7"], 0).await;
    use_from(&app, &token, &["203.0.113.9, 192.0.2.7"]).await.assert_list();
    use_from(&app, &token, &["203.0.113.9", "192.0.2.7, 127.0.0.1"]).await.assert_list();
    use_from(&app, &token, &["192.0.2.7, 203.0.113.9"]).await.assert_from_elsewhere();
    use_from(&app, &token, &["192.0.2.7", "203.0.113.9"]).await.assert_from_elsewhere();
    use_from(&app, &token, &["192.0.2.7, nonsense"]).await.assert_from_elsewhere();
}

#[tokio::test]
async fn to_be_refused_for_where_one_is_is_no_use() {
    let app = behind_a_proxy().await;
    let token = made_for(&app, &["192.0.2.7"], 1).await;
    for _ in 0..3 {
        use_from(&app, &token, &["203.0.113.9"]).await.assert_from_elsewhere();
    }
    use_from(&app, &token, &["192.0.2.7"]).await.assert_list();
    use_from(&app, &token, &["192.0.2.7"]).await.assert_revoked_token();
}

/// Tokens that are there keep what they were made by.
#[tokio::test]
async fn a_restriction_is_for_tokens_to_come() {
    let app = behind_a_proxy().await;
    let old = made_for(&app, &["192.0.2.7"], 0).await;
    let admin = app.machine("machine-admin").await;
    let terms = json!({ "accessTokenTrustedIps": [{ "ipAddress": "203.0.113.9" }] });
    admin.change("machine-deputy", &terms).await.assert_configuration();
    let new = admin.made("machine-deputy").await.token;
    use_from(&app, &old, &["192.0.2.7"]).await.assert_list();
    use_from(&app, &new, &["192.0.2.7"]).await.assert_from_elsewhere();
    use_from(&app, &new, &["203.0.113.9"]).await.assert_list();
    let renewed =
        Answer::to(app.post_json(RENEW, &json!({ "accessToken": new })).header("x-forwarded-for", "203.0.113.9"))
            .await
            .access_token();
    use_from(&app, &renewed, &["192.0.2.7"]).await.assert_from_elsewhere();
}
