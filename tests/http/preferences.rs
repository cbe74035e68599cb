//! How people choose which mails they get.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, Site, answered};
use crate::people::{colleague, manager, officer, operator};

async fn put(site: &Site, person: &usciere::domain::person::Person, wishes: &serde_json::Value) -> Answer {
    answered(site.call_as(person, Method::PUT, "/preferences").json(wishes)).await
}

#[tokio::test]
async fn everybody_chooses_for_himself_alone() {
    let site = Site::start().await;
    let never_chosen = site.get(&operator(), "/preferences").await.done(200);
    assert_eq!(never_chosen["events"]["reply"], "at_once");
    assert_eq!(never_chosen["digest_hour"], 8);
    let wishes = json!({
        "events": { "reply": "daily", "closed": "never" },
        "digest_hour": 18,
        "quiet_hours": { "from": "20:00", "to": "07:30" },
        "quiet_weekends": true,
    });
    let chosen = put(&site, &operator(), &wishes).await.done(200);
    assert_eq!(
        (
            &chosen["events"]["reply"],
            &chosen["events"]["overdue"],
            &chosen["quiet_holidays"]
        ),
        (&json!("daily"), &json!("at_once"), &json!(false))
    );
    assert_eq!(site.get(&operator(), "/preferences").await.done(200), chosen);
    assert_eq!(
        site.get(&colleague(), "/preferences").await.done(200),
        never_chosen
    );
    for other in [officer("230001"), manager()] {
        site.get(&other, "/preferences").await.problem(403, "forbidden");
        put(&site, &other, &wishes).await.problem(403, "forbidden");
    }
    answered(site.call(Method::GET, "/preferences"))
        .await
        .problem(401, "unauthorized");
    site.stop().await;
}

#[tokio::test]
async fn wishes_without_sense_are_refused_with_their_place() {
    let site = Site::start().await;
    for (wishes, pointer) in [
        (json!({ "digest_hour": 24 }), "/digest_hour"),
        (json!({ "events": { "reply": "sometimes" } }), "/events/reply"),
        (json!({ "events": { "digest": "never" } }), "/events/digest"),
        (
            json!({ "quiet_hours": { "from": "25:00", "to": "07:00" } }),
            "/quiet_hours",
        ),
        (
            json!({ "quiet_hours": { "from": "07:00", "to": "07:00" } }),
            "/quiet_hours",
        ),
        (json!([]), ""),
    ] {
        let problem = put(&site, &operator(), &wishes)
            .await
            .problem(422, "invalid_body");
        assert_eq!(problem["fields"][0]["pointer"], pointer, "{problem}");
    }
    site.stop().await;
}

#[tokio::test]
async fn a_mail_program_may_end_the_mails_of_who_got_one() {
    let site = Site::start().await;
    let request = site.submit(&operator()).await;
    let reply = json!({ "text": "Fatto." });
    site.post(
        &officer(crate::harness::SEDE),
        &format!("{request}/reply"),
        &reply,
    )
    .await
    .done(200);
    let token: uuid::Uuid = sqlx::query_scalar("select unsubscribe from mail_outbox")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    let click = |token: uuid::Uuid| {
        let call = site.call(Method::POST, &format!("/unsubscribe/{token}"));
        let form = "application/x-www-form-urlencoded";
        answered(
            call.header("content-type", form)
                .body("List-Unsubscribe=One-Click"),
        )
    };
    assert_eq!(click(token).await.status, 204);
    let preferences = site.get(&operator(), "/preferences").await.done(200);
    let events = preferences["events"].as_object().unwrap();
    assert!(
        events.values().all(|delivery| delivery == "never"),
        "{preferences}"
    );
    assert_eq!(click(uuid::Uuid::from_u128(7)).await.status, 404);
    let call = site.call(Method::POST, "/unsubscribe/op1");
    assert_eq!(answered(call).await.status, 404);
    site.stop().await;
}
