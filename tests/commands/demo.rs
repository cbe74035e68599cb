//! `usciere demo load`.

use sqlx::AssertSqlSafe;

use crate::system::System;

#[tokio::test]
async fn every_situation_is_lived_through() {
    let system = System::start().await;
    let loaded = system.usciere(&["demo", "load", "--requests", "20"]);
    assert_eq!(loaded.code, 0, "{}", loaded.talk);
    assert_eq!(loaded.all("requests"), vec![2; 10]);
    for (condition, requests) in [
        ("overdue", 8),
        ("first_solicit is not null", 6),
        ("second_solicit is not null", 2),
        ("state = 'chiuso_da_funzionario'", 6),
        ("barred", 2),
        ("interactions = 2", 2),
        ("appointment = 'confirmed'", 2),
        ("(opened_at at time zone 'Europe/Rome')::date = protocol_on", 20),
    ] {
        let counted: i64 = sqlx::query_scalar(AssertSqlSafe(format!(
            "select count(*) from cases where {condition}"
        )))
        .fetch_one(&system.database.pool)
        .await
        .unwrap();
        assert_eq!(counted, requests, "{condition}");
    }
    assert_eq!(system.usciere(&["dead", "list"]).json(), serde_json::json!([]));
}

#[tokio::test]
async fn what_was_lived_through_is_multiplied() {
    let system = System::start().await;
    let loaded = system.usciere(&["demo", "load", "--requests", "10", "--cases", "500"]);
    assert_eq!(loaded.code, 0, "{}", loaded.talk);
    let count = async |query: &'static str| -> i64 {
        sqlx::query_scalar(query)
            .fetch_one(&system.database.pool)
            .await
            .unwrap()
    };
    assert_eq!(count("select count(*) from cases").await, 510);
    // Whole histories, each with what questions are answered from, and gapless numbers.
    for broken in [
        "select count(*) from cases as c
         where c.version <> (select count(*) from case_event where case_id = c.id)",
        "select count(*) from cases as c where not exists (select from request_digest where case_id = c.id)",
        "select count(*) from protocol_register as r where r.last <> (
             select count(*) from cases where protocol_office = r.office and protocol_year = r.year)",
        "select count(*) from cases where due_on < now()::date",
    ] {
        assert_eq!(count(broken).await, 0, "{broken}");
    }
    let listed = system.usciere(&["case", "list", "--limit", "100"]);
    assert_eq!(listed.code, 0, "{}", listed.talk);
    let oldest: String = sqlx::query_scalar("select id::text from cases order by opened_at limit 1")
        .fetch_one(&system.database.pool)
        .await
        .unwrap();
    let traced = system.usciere(&["case", "trace", &oldest]);
    assert_eq!(traced.code, 0, "a copy reads as a request does: {}", traced.talk);
}
