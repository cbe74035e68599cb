//! The hours of a sede over HTTP: published, seen, booked, withdrawn.

use reqwest::Method;
use serde_json::json;

use crate::harness::{SEDE, Site, answered};
use crate::people::{colleague, manager, officer, operator};

#[tokio::test]
async fn a_sede_publishes_hours_that_members_see_and_book() {
    let site = Site::start().await;
    let path = format!("/sedi/{SEDE}/slots");
    let hours = json!({ "slots": [
        { "starts_at": "2026-11-24T09:00:00+01:00", "place": "Sportello 1" },
        { "starts_at": "2026-11-24T09:30:00+01:00", "place": "Sportello 1", "minutes": 45 },
    ]});
    let published = site.post(&officer(SEDE), &path, &hours).await.done(201);
    assert_eq!(published["published"], 2);
    assert_eq!(
        site.post(&officer(SEDE), &path, &hours).await.done(201)["published"],
        0
    );
    site.post(&officer("230001"), &path, &hours)
        .await
        .problem(403, "forbidden");
    site.post(&operator(), &path, &hours)
        .await
        .problem(403, "forbidden");
    let unknown = format!("/sedi/{}/slots", "999999");
    site.get(&operator(), &unknown).await.problem(404, "sede_unknown");

    let free = site.get(&operator(), &path).await.done(200);
    let starts: Vec<_> = free
        .as_array()
        .unwrap()
        .iter()
        .map(|slot| &slot["starts_at"])
        .collect();
    assert_eq!(
        starts,
        [&json!("2026-11-24T08:00:00Z"), &json!("2026-11-24T08:30:00Z")]
    );
    assert_eq!(site.get(&manager(), &path).await.done(200), free);
    let later = site
        .get(&operator(), &format!("{path}?from=2026-11-25"))
        .await
        .done(200);
    assert_eq!(later, json!([]));
    site.get(&operator(), &format!("{path}?form=2026-11-25"))
        .await
        .problem(422, "invalid_query");

    let request = site.submit(&operator()).await;
    let enable = json!({ "reason": "Serve un colloquio" });
    site.post(&officer(SEDE), &format!("{request}/enable-appointment"), &enable)
        .await
        .done(200);
    let booking = json!({ "slot": free[0]["starts_at"] });
    let appointments = format!("{request}/appointments");
    site.post(&colleague(), &appointments, &booking)
        .await
        .problem(403, "not_sender");
    site.post(&operator(), &appointments, &booking).await.done(200);
    let left = site.get(&operator(), &path).await.done(200);
    assert_eq!(left.as_array().unwrap().len(), 1);
    // Its officers see who holds it, and take back what nobody holds.
    let all = site.get(&officer(SEDE), &path).await.done(200);
    assert!(request.ends_with(all[0]["request_id"].as_str().unwrap()), "{all}");
    let of = |slot: &serde_json::Value| format!("{path}/{}", slot["id"].as_str().unwrap());
    let withdraw = async |slot| answered(site.call_as(&officer(SEDE), Method::DELETE, &of(slot))).await;
    withdraw(&all[0]).await.problem(409, "state_conflict");
    assert_eq!(withdraw(&all[1]).await.status, 204);
    withdraw(&all[1]).await.problem(404, "sede_unknown");
    site.stop().await;
}

#[tokio::test]
async fn hours_that_make_no_sense_are_refused_each_in_its_place() {
    let site = Site::start().await;
    let hours = json!({ "slots": [
        { "starts_at": "2026-11-22T09:00:00+01:00" },
        { "starts_at": "2026-11-24T09:00:00+01:00", "minutes": 1 },
        { "starts_at": "2026-11-24T09:00:00+01:00", "place": "x".repeat(101) },
    ]});
    let path = format!("/sedi/{SEDE}/slots");
    let problem = site
        .post(&officer(SEDE), &path, &hours)
        .await
        .problem(422, "invalid_body");
    let pointers: Vec<_> = problem["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| &field["pointer"])
        .collect();
    assert_eq!(
        pointers,
        [
            &json!("/slots/0/starts_at"),
            &json!("/slots/1/minutes"),
            &json!("/slots/2/place")
        ]
    );
    let none = json!({ "slots": [] });
    site.post(&officer(SEDE), &path, &none)
        .await
        .problem(422, "invalid_body");
    site.stop().await;
}
