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
        ("opened_at::date = protocol_on", 20),
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
