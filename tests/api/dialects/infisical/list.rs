//! The list of an identity's tokens.

use std::time::Duration;

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{token_path, tokens_of};
use crate::spawn::App;

fn ids(tokens: &[Value]) -> Vec<&str> {
    tokens.iter().map(|token| token["id"].as_str().expect("an id")).collect()
}

/// INF-14
#[tokio::test]
async fn a_revoked_token_is_listed_as_one_and_no_token_is_ever_shown() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    assert_eq!(admin.attach("machine", &json!({})).await.status.as_u16(), 200);
    assert!(admin.listed("machine", "").await.is_empty());
    let (dead, alive) = (admin.made("machine").await, admin.made("machine").await);
    let jwt = admin.made_on("machine-jwt", &json!({})).await;
    admin.revoke(&dead.id).await.assert_machine_revoked();
    let answer = admin.send(Method::GET, &tokens_of("machine")).await;
    answer.assert_list();
    let revoked = |made: &super::Made| {
        let body = answer.json();
        let mut tokens = body["tokens"].as_array().expect("a list").iter();
        tokens.find(|token| token["id"] == *made.id).map(|token| token["isAccessTokenRevoked"] == true)
    };
    assert_eq!((revoked(&dead), revoked(&alive)), (Some(true), Some(false)));
    for made in [&dead, &alive] {
        assert!(!answer.body.contains(&made.token[3..]) && !answer.body.contains(&made.token[44..]));
        assert!(!admin.show(&made.id).await.body.contains(&made.token[44..]));
    }
    assert_eq!(ids(&admin.listed("machine-jwt", "").await), [jwt.id]);
}

/// What was touched last comes first: made, used, renewed, renamed, revoked or not.
#[tokio::test]
async fn what_was_updated_last_comes_first() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    admin.attach("machine", &json!({ "accessTokenNumUsesLimit": 100 })).await.assert_ok();
    let mut made = Vec::new();
    for _ in 0..4 {
        app.clock.advance(Duration::from_millis(1));
        made.push(admin.made("machine").await);
    }
    let order =
        async || ids(&admin.listed("machine", "").await).iter().map(|id| position(&made, id)).collect::<Vec<_>>();
    assert_eq!(order().await, [3, 2, 1, 0]);
    app.clock.advance(Duration::from_millis(1));
    app.machine_renew(&made[1].token).await.assert_ok();
    assert_eq!(order().await, [1, 3, 2, 0]);
    app.clock.advance(Duration::from_millis(1));
    admin.send_json(Method::PATCH, &token_path(&made[0].id), &json!({ "name": "x" })).await.assert_ok();
    assert_eq!(order().await, [0, 1, 3, 2]);
    app.clock.advance(Duration::from_millis(1));
    app.holding(&made[2].token).show(&made[2].id).await.assert_envelope(403, "PermissionDenied");
    assert_eq!(order().await, [2, 0, 1, 3]);
}

fn position(made: &[super::Made], id: &str) -> usize {
    made.iter().position(|made| made.id == id).expect("one of them")
}

/// INF-14
#[tokio::test]
async fn a_list_is_given_in_pages() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    admin.attach("machine", &json!({})).await.assert_ok();
    let mut made = Vec::new();
    for _ in 0..105 {
        app.clock.advance(Duration::from_millis(1));
        made.insert(0, admin.made("machine").await.id);
    }
    for (query, range) in [
        ("", 0..20),
        ("?limit=100", 0..100),
        ("?limit=1", 0..1),
        ("?offset=100&limit=100", 100..105),
        ("?offset=3", 3..23),
        ("?limit=2&offset=1&colour=red", 1..3),
        ("?", 0..20),
    ] {
        let listed = admin.listed("machine", query).await;
        assert_eq!(ids(&listed), made[range], "{query}");
    }
    let admin = app.machine("machine-admin").await;
    admin.made_on("machine-jwt", &json!({})).await;
    assert!(admin.listed("machine-jwt", "?offset=1").await.is_empty());
}

/// However many there are: a page is read, and not the rest; and all end in as many steps as one.
#[tokio::test]
async fn a_page_and_the_end_of_all_take_as_many_trips_of_many_tokens_as_of_few() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    admin.attach("machine", &json!({})).await.assert_ok();
    for made in [3, 300] {
        for _ in 0..made {
            admin.made("machine").await;
        }
        for query in ["", "?offset=50&limit=50", "?offset=100&limit=100"] {
            app.store.trips();
            admin.listed("machine", query).await;
            // The bearer, the configuration, ids and records.
            assert_eq!(app.store.trips(), 4, "{made} {query}");
        }
        app.store.trips();
        admin.remove("machine").await.assert_configuration();
        assert_eq!(app.store.trips(), 5, "{made}");
        admin.attach("machine", &json!({})).await.assert_ok();
    }
}

/// What has expired is passed over, however much of it comes first.
#[tokio::test]
async fn what_has_expired_takes_nobodys_place_in_a_page() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    admin.attach("machine", &json!({})).await.assert_ok();
    let mut lasting = Vec::new();
    for _ in 0..5 {
        app.clock.advance(Duration::from_millis(1));
        lasting.insert(0, admin.made("machine").await.id);
    }
    admin.change("machine", &json!({ "accessTokenTTL": 1 })).await.assert_ok();
    for _ in 0..230 {
        admin.made("machine").await;
    }
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(ids(&admin.listed("machine", "").await), lasting);
    assert_eq!(ids(&admin.listed("machine", "?offset=2&limit=2").await), lasting[2..4]);
    assert!(admin.listed("machine", "?offset=5").await.is_empty());
}

/// INF-14
#[rstest]
#[case("?limit=0", &["limit"])]
#[case("?limit=101", &["limit"])]
#[case("?offset=101", &["offset"])]
#[case("?offset=-1", &["offset"])]
#[case("?offset=x&limit=", &["offset", "limit"])]
#[case("?limit=1.5", &["limit"])]
#[case("?limit=1&limit=2", &["limit"])]
#[case("?limit=%ff", &["limit"])]
#[tokio::test]
async fn a_page_that_cannot_be_is_refused(#[case] query: &str, #[case] names: &[&str]) {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    admin.made_on("machine", &json!({})).await;
    admin.send(Method::GET, &format!("{}{query}", tokens_of("machine"))).await.assert_issues(names);
}

#[tokio::test]
async fn what_has_expired_is_not_listed() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let short = admin.made_on("machine", &json!({ "accessTokenTTL": 60 })).await;
    app.clock.advance(Duration::from_secs(30));
    let renewed = admin.made("machine").await;
    app.machine_renew(&renewed.token).await.assert_ok();
    assert_eq!(admin.listed("machine", "").await.len(), 2);
    app.clock.advance(Duration::from_secs(30));
    assert_eq!(ids(&admin.listed("machine", "").await), [&*renewed.id]);
    admin.show(&short.id).await.assert_unknown_token(&short.id);
    app.clock.advance(Duration::from_secs(30));
    assert!(admin.listed("machine", "").await.is_empty());
}
