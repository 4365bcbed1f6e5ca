//! Several at once, at two nodes on one store.

use futures_util::future::{join, join_all};
use reqwest::Method;
use serde_json::json;

use super::{token_path, tokens_of};
use crate::answer::Answer;
use crate::spawn::{App, Setup};

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status.as_u16() == status).count()
}

/// INF-2
#[tokio::test]
async fn of_many_who_revoke_one_token_one_does_it() {
    let app = App::spawn().await;
    let other = app.beside(Setup::default()).await;
    let admins = [app.machine("machine-admin").await, other.machine("machine-admin").await];
    admins[0].attach("machine", &json!({})).await.assert_ok();
    for _ in 0..5 {
        let made = admins[0].made("machine").await;
        let answers = join_all((0..12).map(|n| admins[n % 2].revoke(&made.id))).await;
        assert_eq!((count(&answers, 200), count(&answers, 404)), (1, 11), "{answers:#?}");
        for node in [&app, &other] {
            node.introspect("api", &made.token).await.assert_inactive();
        }
    }
}

#[tokio::test]
async fn of_many_uses_no_more_succeed_than_there_are() {
    let app = App::spawn().await;
    let other = app.beside(Setup::default()).await;
    let admin = app.machine("machine-admin").await;
    admin.attach("machine", &json!({})).await.assert_ok();
    admin.attach("machine-deputy", &json!({ "accessTokenNumUsesLimit": 5 })).await.assert_ok();
    for _ in 0..3 {
        let made = admin.made("machine-deputy").await;
        let holders = [app.holding(&made.token), other.holding(&made.token)];
        let path = tokens_of("machine");
        let answers = join_all((0..16).map(|n| holders[n % 2].send(Method::GET, &path))).await;
        assert_eq!((count(&answers, 200), count(&answers, 401)), (5, 11), "{answers:#?}");
        assert_eq!(admin.data(&made.id).await["accessTokenNumUses"], 5);
    }
}

/// INF-15: whoever was given a token has it from before the removal, and it is dead.
#[tokio::test]
async fn no_token_escapes_the_removal_of_its_configuration() {
    let app = App::spawn().await;
    let other = app.beside(Setup::default()).await;
    let admins = [app.machine("machine-admin").await, other.machine("machine-admin").await];
    for _ in 0..25 {
        admins[0].attach("machine", &json!({})).await.assert_ok();
        let body = json!({});
        let created = join_all((0..6).map(|n| admins[n % 2].create("machine", &body)));
        let (created, removed) = join(created, admins[1].remove("machine")).await;
        removed.assert_configuration();
        for answer in created {
            if answer.status.as_u16() == 400 {
                answer.assert_refused(400, "BadRequest", "The identity does not have Token Auth");
                continue;
            }
            app.introspect("api", &answer.access_token()).await.assert_inactive();
        }
        // Nor is anything left that nobody was told of.
        admins[0].attach("machine", &json!({})).await.assert_ok();
        for token in admins[0].listed("machine", "?limit=100").await {
            assert_eq!(token["isAccessTokenRevoked"], true, "{token}");
        }
        admins[0].remove("machine").await.assert_configuration();
    }
}

/// INF-13, S4: in whatever order, nothing is left alive of what was revoked.
#[tokio::test]
async fn no_renewal_or_change_of_name_outlives_a_revocation() {
    let app = App::spawn().await;
    let other = app.beside(Setup::default()).await;
    let admin = app.machine("machine-admin").await;
    admin.attach("machine", &json!({})).await.assert_ok();
    for _ in 0..10 {
        let made = admin.made("machine").await;
        let (path, body) = (token_path(&made.id), json!({ "name": "x" }));
        let renewals = join_all((0..4).map(|_| other.machine_renew(&made.token)));
        let renames = join_all((0..2).map(|_| admin.send_json(Method::PATCH, &path, &body)));
        let (renewals, (renames, revoked)) = join(renewals, join(renames, admin.revoke(&made.id))).await;
        revoked.assert_machine_revoked();
        for answer in renames {
            assert!([200, 404].contains(&answer.status.as_u16()), "{answer:?}");
        }
        let renewed = renewals.iter().filter(|answer| answer.status.as_u16() == 200).map(Answer::access_token);
        for token in renewed.chain([made.token.clone()]) {
            app.introspect("api", &token).await.assert_inactive();
            other.introspect("api", &token).await.assert_inactive();
        }
        assert_eq!(admin.data(&made.id).await["isAccessTokenRevoked"], true);
    }
}

#[tokio::test]
async fn of_many_who_attach_one_does_and_no_change_is_lost() {
    let app = App::spawn().await;
    let other = app.beside(Setup::default()).await;
    let admins = [app.machine("machine-admin").await, other.machine("machine-admin").await];
    let terms = json!({ "accessTokenTTL": 60 });
    let answers = join_all((0..8).map(|n| admins[n % 2].attach("machine", &terms))).await;
    assert_eq!((count(&answers, 200), count(&answers, 400)), (1, 7), "{answers:#?}");
    let changes = [json!({ "accessTokenTTL": 61 }), json!({ "accessTokenNumUsesLimit": 7 })];
    let answers = join_all((0..2).map(|n| admins[n].change("machine", &changes[n]))).await;
    assert_eq!(count(&answers, 200), 2, "{answers:#?}");
    let shown = admins[0].send(Method::GET, &super::configuration_of("machine")).await.json();
    let told = &shown["identityTokenAuth"];
    assert_eq!((&told["accessTokenTTL"], &told["accessTokenNumUsesLimit"]), (&json!(61), &json!(7)));
}
