//! Who did what over HTTP stands in the audit, and nothing of what was said.

use serde_json::json;
use sqlx::Row as _;

use crate::harness::{Site, until};
use crate::people::{of_pomezia, officer, operator};

/// A row of the audit: actor, standing, action, outcome, code, requests, persons.
type Line = (Option<String>, String, String, String, Option<String>, i32, i32);

impl Site {
    async fn audit(&self) -> Vec<Line> {
        sqlx::query_as(
            "select actor, capacity || coalesce(' ' || patronato, '') || coalesce(' ' || office, '') \
                    || coalesce(' ' || sede, ''), action, outcome, code, cardinality(requests), cardinality(persons) \
             from audit order by id",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap()
    }

    /// Waits until the node has chained what is there.
    async fn until_chained(&self) {
        let chained = "select not exists (select from audit_pending)";
        until("the chain", async || {
            let chained: bool = sqlx::query_scalar(chained).fetch_one(&self.pool).await.unwrap();
            chained.then_some(())
        })
        .await;
    }

    async fn run_sql(&self, statement: &'static str) {
        sqlx::query(statement).execute(&self.pool).await.unwrap();
    }
}

fn line(actor: &str, standing: &str, action: &str, outcome: &str, code: &str, persons: i32) -> Line {
    let code = (!code.is_empty()).then(|| code.to_owned());
    (
        Some(actor.to_owned()),
        standing.to_owned(),
        action.to_owned(),
        outcome.to_owned(),
        code,
        1,
        persons,
    )
}

#[tokio::test]
async fn commands_and_attempts_are_written_down_once() {
    let site = Site::start().await;
    let request = site.submit(&operator()).await;
    let message = json!({ "text": "Ci sono novità?" });
    let messages = format!("{request}/messages");
    site.post(&of_pomezia(), &messages, &message)
        .await
        .problem(404, "request_unknown");
    site.post(&operator(), &messages, &message)
        .await
        .problem(409, "awaiting_reply");
    site.post(&operator(), &format!("{request}/take"), &json!({}))
        .await
        .problem(403, "forbidden");
    // Shows nobody.
    site.get(&operator(), "/topics").await.done(200);
    let expected = [
        line(
            "op1",
            "patronato inca INCA-RM-001",
            "request.submit",
            "done",
            "",
            1,
        ),
        line(
            "op3",
            "patronato inca INCA-RM-002",
            "request.message",
            "denied",
            "request_unknown",
            0,
        ),
        line(
            "op1",
            "patronato inca INCA-RM-001",
            "request.message",
            "refused",
            "awaiting_reply",
            0,
        ),
        line(
            "op1",
            "patronato inca INCA-RM-001",
            "POST /api/v1/requests/{id}/take",
            "denied",
            "403",
            0,
        ),
    ];
    assert_eq!(site.audit().await, expected);
    // A node chains by itself.
    site.until_chained().await;
    let whole = site
        .node
        .store
        .read_audit()
        .await
        .unwrap()
        .walk(None)
        .await
        .unwrap();
    assert_eq!(
        (whole.verdict.faults, whole.verdict.head.position, whole.waiting),
        (vec![], 4, 0)
    );
    let everything: Vec<String> = sqlx::query("select a::text from audit as a")
        .fetch_all(&site.pool)
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    for personal in ["Rossi", "BNCMRA", "Bianchi", "novità", "030010110000000"] {
        assert!(!everything.concat().contains(personal), "{personal}");
    }
    site.stop().await;
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_answered() {
    let site = Site::start().await;
    let request = site.submit(&operator()).await;
    site.run_sql("revoke insert on audit from usciere_engine").await;
    site.post(&officer("230001"), &format!("{request}/messages"), &json!({}))
        .await
        .problem(503, "audit_unavailable");
    site.get(&operator(), "/topics").await.done(200);
    site.run_sql("grant insert on audit to usciere_engine").await;
    site.post(&officer("230001"), &format!("{request}/messages"), &json!({}))
        .await
        .problem(403, "forbidden");
    site.stop().await;
}
