//! What is told, and what is not done, when the store does not answer (lesson S2), and to those who ask too often.

use std::num::NonZeroU32;

use atropos::domain::authority::PerMinute;
use serde_json::{Value, json};

use super::managing;
use crate::answer::Answer;
use crate::spawn::{App, Setup};

impl Answer {
    #[track_caller]
    fn assert_unavailable(&self) {
        self.assert_envelope(503, "ServiceUnavailable");
        assert_eq!(self.header("retry-after"), Some("2"), "{self:?}");
    }
}

/// S2, at every call.
#[tokio::test]
async fn without_a_store_nothing_is_believed_or_done() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    let made = admin.made_on("machine", &json!({})).await;
    let before = admin.data(&made.id).await;
    app.store.cut();
    for (method, path) in managing("machine", &made.id) {
        admin.send(method, &path).await.assert_unavailable();
    }
    app.machine_login("machine", "machine-secret").await.assert_unavailable();
    app.machine_renew(&made.token).await.assert_unavailable();
    app.machine_revoke(&made.token).await.assert_unavailable();
    app.store.mend();
    assert_eq!(admin.data(&made.id).await, before);
    assert_eq!(admin.listed("machine", "").await.len(), 1);
    assert!(app.is_active("api", &made.token).await);
}

/// S2: wherever on its way it fails, a revocation is 503, and done when it is asked for again.
#[tokio::test]
async fn a_revocation_is_answered_when_it_is_done_and_not_before() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    admin.attach("machine", &json!({})).await.assert_ok();
    let mut refused = 0;
    loop {
        let [by_id, held] = [admin.made("machine").await, admin.made("machine").await];
        app.store.cut_after(refused);
        let answers = [admin.revoke(&by_id.id).await];
        app.store.cut_after(refused);
        let possessed = app.machine_revoke(&held.token).await;
        app.store.mend();
        for (answer, made) in answers.iter().chain([&possessed]).zip([&by_id, &held]) {
            if answer.status.as_u16() == 200 {
                app.introspect("api", &made.token).await.assert_inactive();
            } else {
                answer.assert_unavailable();
                assert!(app.is_active("api", &made.token).await, "nothing was written");
            }
        }
        let again = admin.revoke(&by_id.id).await;
        assert!([200, 404].contains(&again.status.as_u16()), "{again:?}");
        app.machine_revoke(&held.token).await.assert_machine_revoked();
        for made in [by_id, held] {
            app.introspect("api", &made.token).await.assert_inactive();
        }
        if answers[0].status.as_u16() == 200 {
            break;
        }
        refused += 1;
    }
    // The bearer, the record, the commit.
    assert!(refused >= 3, "{refused}");
}

/// S2: an answer that was lost on its way from the store may have been a yes.
#[tokio::test]
async fn a_revocation_whose_answer_was_lost_is_unavailable_and_then_known() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    admin.attach("machine", &json!({})).await.assert_ok();
    let [by_id, held] = [admin.made("machine").await, admin.made("machine").await];
    app.store.lose_answers();
    admin.revoke(&by_id.id).await.assert_unavailable();
    app.store.mend();
    admin.revoke(&by_id.id).await.assert_unknown_token(&by_id.id);
    app.store.lose_answers();
    app.machine_revoke(&held.token).await.assert_unavailable();
    app.store.mend();
    app.machine_revoke(&held.token).await.assert_machine_revoked();
    for made in [by_id, held] {
        app.introspect("api", &made.token).await.assert_inactive();
    }
}

/// INF-15, S2: what a removal left undone, the next does.
#[tokio::test]
async fn a_removal_that_was_cut_short_is_finished_by_the_next() {
    for refused in 0.. {
        let app = App::spawn().await;
        let admin = app.machine("machine-admin").await;
        admin.attach("machine", &json!({})).await.assert_ok();
        let made = [admin.made("machine").await, admin.made("machine").await];
        app.store.cut_after(refused);
        let answer = admin.remove("machine").await;
        app.store.mend();
        let is_done = answer.status.as_u16() == 200;
        if !is_done {
            answer.assert_unavailable();
            admin.remove("machine").await.assert_configuration();
        }
        for made in &made {
            app.introspect("api", &made.token).await.assert_inactive();
        }
        if is_done {
            // The bearer, the configuration twice, the longest life that anything has, and one entry for all of them.
            assert_eq!(refused, 5);
            return;
        }
    }
}

/// S2: no token is handed out, no name changed, no use granted that was not written down.
#[tokio::test]
async fn nothing_is_handed_out_that_was_not_written() {
    let app = App::spawn().await;
    let admin = app.machine("machine-admin").await;
    admin.attach("machine", &json!({ "accessTokenNumUsesLimit": 50 })).await.assert_ok();
    let made = admin.made("machine").await;
    let uses = async || admin.data(&made.id).await["accessTokenNumUses"].clone();
    let mut cuts = 0;
    loop {
        app.store.cut_after(cuts);
        let answer = app.holding(&made.token).show(&made.id).await;
        app.store.mend();
        if answer.status.as_u16() != 503 {
            // The use is written before anything is granted; that nothing is, is another matter.
            answer.assert_envelope(403, "PermissionDenied");
            break;
        }
        answer.assert_unavailable();
        cuts += 1;
        assert!(uses().await.as_u64() <= Some(cuts as u64));
    }
    assert!(cuts >= 3, "{cuts}");
    for trips in 0.. {
        app.store.cut_after(trips);
        let answer = admin.create("machine", &json!({})).await;
        app.store.mend();
        if answer.status.as_u16() == 200 {
            assert!(app.is_active("api", &answer.access_token()).await);
            break;
        }
        answer.assert_unavailable();
        assert_eq!(answer.json().get("accessToken"), None::<&Value>);
    }
}

/// What is issued is limited, to each identity, and what is revoked never.
#[tokio::test]
async fn so_many_tokens_are_issued_a_minute() {
    let per_minute = PerMinute { issued: NonZeroU32::new(3), ..PerMinute::default() };
    let app = App::with(Setup { per_minute, ..Setup::default() }).await;
    let admin = app.machine("machine-admin").await;
    admin.attach("machine", &json!({})).await.assert_ok();
    let made = [admin.made("machine").await, admin.made("machine").await];
    let logged_in = app.machine("machine").await;
    for answer in [admin.create("machine", &json!({})).await, app.machine_login("machine", "machine-secret").await] {
        answer.assert_envelope(429, "RateLimitExceeded");
        assert_eq!(answer.header("retry-after"), Some("20"));
    }
    app.machine_login("machine-jwt", "machine-jwt-secret").await.assert_ok();
    app.machine_renew(&logged_in.token).await.assert_ok();
    for made in &made {
        admin.revoke(&made.id).await.assert_machine_revoked();
    }
    app.machine_revoke(&logged_in.token).await.assert_machine_revoked();
}
