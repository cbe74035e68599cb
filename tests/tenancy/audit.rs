//! The audit: written, chained, walked; and what a walk says when somebody was at it.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use usciere::domain::audit::{AuditAction, AuditEntry, AuditOutcome, ChainHash, Fault, Standing};
use usciere::domain::ids::{ActorId, PatronatoCode, PersonId, RequestId};
use usciere::store::{AuditFilter, Walked};
use uuid::Uuid;

use crate::database::TestDatabase;

fn entry(actor: &str) -> AuditEntry {
    AuditEntry {
        actor: Some(ActorId::parse(actor).unwrap()),
        standing: Standing::Patronato {
            patronato: PatronatoCode::parse("inca").unwrap(),
            office: None,
        },
        action: AuditAction::of_call("GET", "/api/v1/requests/{id}").unwrap(),
        outcome: AuditOutcome::Done,
        code: Some("200".to_owned()),
        requests: vec![RequestId(Uuid::from_u128(7)), RequestId(Uuid::from_u128(8))],
        persons: vec![PersonId::parse(r#"p,"1\"#).unwrap()],
        correlation: None,
    }
}

async fn recorded(rows: usize) -> TestDatabase {
    let database = TestDatabase::create().await;
    for number in 0..rows {
        database
            .store
            .record(&[entry(&format!("op{number}"))])
            .await
            .unwrap();
    }
    database
}

impl TestDatabase {
    /// What somebody does who rules the database and knows its triggers.
    async fn tamper(&self, statement: &str) {
        let mut connection = PgConnection::connect_with(&self.pool.connect_options())
            .await
            .unwrap();
        let statement = format!("set session_replication_role = replica; {statement}");
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut connection)
            .await
            .unwrap();
    }

    async fn seal(&self) -> usize {
        self.store.seal_audit().await.unwrap().rows
    }

    async fn walk(&self, head: Option<ChainHash>) -> Walked {
        self.store.read_audit().await.unwrap().walk(head).await.unwrap()
    }

    async fn faults(&self) -> Vec<Fault> {
        self.walk(None).await.verdict.faults
    }
}

#[tokio::test]
async fn what_is_written_is_chained_and_reads_back() {
    let database = recorded(3).await;
    assert_eq!(database.walk(None).await.waiting, 3);
    assert_eq!(database.seal().await, 3);
    assert_eq!(database.seal().await, 0);
    database.store.record(&[entry("later")]).await.unwrap();
    let walked = database.walk(None).await;
    assert_eq!(walked.verdict.faults, []);
    assert_eq!((walked.verdict.head.position, walked.waiting), (3, 1));
    let filter = AuditFilter {
        actor: Some(ActorId::parse("op1").unwrap()),
        request: Some(RequestId(Uuid::from_u128(8))),
        person: Some(PersonId::parse(r#"p,"1\"#).unwrap()),
        action: Some("GET /api/v1/requests".to_owned()),
        outcome: Some(AuditOutcome::Done),
        limit: 10,
        ..AuditFilter::default()
    };
    let found = database.store.list_audit(&filter).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].persons, [r#"p,"1\"#]);
    assert_eq!(found[0].capacity, "patronato");
}

/// A transaction that wrote early and commits late is chained late, and never missed.
#[tokio::test]
async fn a_slow_transaction_is_not_passed_over() {
    let database = TestDatabase::create().await;
    let mut slow = database.store.begin_intake().await.unwrap();
    slow.audit(&[entry("slow")]);
    slow.leave().await.unwrap();
    database.store.record(&[entry("quick")]).await.unwrap();
    assert_eq!(database.seal().await, 1);
    slow.commit().await.unwrap();
    assert_eq!(database.seal().await, 1);
    let walked = database.walk(None).await;
    assert_eq!((walked.verdict.faults, walked.waiting), (vec![], 0));
    assert_eq!(walked.verdict.head.position, 2);
}

/// Many nodes at once make one chain.
#[tokio::test]
async fn one_node_chains_at_a_time() {
    let database = recorded(50).await;
    let rounds = (0..8).map(|_| database.store.seal_audit());
    let sealed = futures::future::try_join_all(rounds).await.unwrap();
    let rest = database.seal().await;
    assert_eq!(sealed.iter().map(|round| round.rows).sum::<usize>() + rest, 50);
    let walked = database.walk(None).await;
    assert_eq!(
        (walked.verdict.faults, walked.verdict.head.position),
        (vec![], 50)
    );
}

#[tokio::test]
async fn nobody_changes_a_row_by_the_way() {
    let database = recorded(1).await;
    let month: String = sqlx::query_scalar("select tableoid::regclass::text from audit")
        .fetch_one(&database.pool)
        .await
        .unwrap();
    for statement in [
        "update audit set actor = 'x'".to_owned(),
        "delete from audit".to_owned(),
        "truncate audit".to_owned(),
        format!("update {month} set actor = 'x'"),
        format!("delete from {month}"),
    ] {
        // As superuser and owner.
        let result = sqlx::query(AssertSqlSafe(statement.clone()))
            .execute(&database.pool)
            .await;
        assert!(
            result.unwrap_err().to_string().contains("append only"),
            "{statement}"
        );
    }
}

#[tokio::test]
async fn whoever_changes_a_row_is_found_out() {
    for (statement, fault) in [
        (
            "update audit set actor = 'somebody' where id = 3",
            Fault::Changed {
                position: 3,
                audit_id: 3,
            },
        ),
        (
            "update audit set at = at - interval '1 microsecond' where id = 3",
            Fault::Removed {
                position: 3,
                audit_id: 3,
            },
        ),
        (
            "delete from audit where id = 4",
            Fault::Removed {
                position: 4,
                audit_id: 4,
            },
        ),
        (
            "insert into audit (capacity, action, outcome) values ('manager', 'nothing', 'done')",
            Fault::Unchained { audit_id: 6 },
        ),
        (
            "delete from audit where id = 2; delete from audit_chain where position = 2",
            Fault::Gap { position: 3 },
        ),
        (
            "update audit_chain set hashes = array[sha256('x')] where position = 5",
            Fault::Changed {
                position: 5,
                audit_id: 5,
            },
        ),
    ] {
        let database = recorded(5).await;
        database.seal().await;
        assert_eq!(database.faults().await, []);
        database.tamper(statement).await;
        assert!(database.faults().await.contains(&fault), "{statement}");
    }
}

#[tokio::test]
async fn rows_that_changed_places_are_found_out() {
    let database = recorded(4).await;
    database.seal().await;
    database
        .tamper(
            "update audit_chain as c set audit_ids = o.audit_ids, audit_at = o.audit_at \
             from audit_chain as o where c.position + o.position = 5 and c.position in (2, 3)",
        )
        .await;
    let fault = |position, audit_id| Fault::Changed { position, audit_id };
    assert_eq!(database.faults().await, [fault(2, 3), fault(3, 2)]);
}

/// Removing a row before it is chained leaves a link of its own, which says that it was there.
#[tokio::test]
async fn a_row_removed_before_it_was_chained_is_missed() {
    let database = recorded(3).await;
    database.tamper("delete from audit where id = 2").await;
    database.seal().await;
    let removed = Fault::Removed {
        position: 2,
        audit_id: 2,
    };
    assert_eq!(database.faults().await, [removed]);
}

/// Cutting off the end leaves a chain that holds: only a head that was kept elsewhere tells.
#[tokio::test]
async fn a_published_head_shows_that_the_end_was_cut_off() {
    let database = recorded(3).await;
    let first = database.store.seal_audit().await.unwrap().head.unwrap();
    for number in 3..5 {
        database
            .store
            .record(&[entry(&format!("op{number}"))])
            .await
            .unwrap();
    }
    let last = database.store.seal_audit().await.unwrap().head.unwrap();
    assert_eq!(database.walk(Some(last.hash)).await.verdict.faults, []);
    database
        .tamper("delete from audit where id > 3; delete from audit_chain where position > 3")
        .await;
    assert_eq!(database.walk(None).await.verdict.faults, []);
    assert_eq!(database.walk(Some(first.hash)).await.verdict.faults, []);
    assert_eq!(
        database.walk(Some(last.hash)).await.verdict.faults,
        [Fault::HeadMissing]
    );
}

/// Months kept long enough are dropped whole, and the chain still holds and says so.
#[tokio::test]
async fn months_kept_long_enough_are_dropped_and_the_rest_still_holds() {
    let database = recorded(4).await;
    database
        .tamper(
            "create table audit_2024_01 partition of audit for values from ('2024-01-01') to ('2024-02-01'); \
             create table audit_chain_2024_01 partition of audit_chain for values from ('2024-01-01') to ('2024-02-01'); \
             update audit set at = '2024-01-20 10:00Z' where id < 4; \
             update audit_pending set at = '2024-01-20 10:00Z' where first < 4",
        )
        .await;
    database.seal().await;
    // The third was chained a month after it was written.
    database
        .tamper("update audit_chain set sealed_at = '2024-01-20 10:01Z' where position < 3")
        .await;
    assert_eq!(database.faults().await, []);
    let kept = std::time::Duration::from_hours(24 * 365);
    assert_eq!(database.store.expire_audit(kept).await.unwrap(), 2);
    database.seal().await;
    let walked = database.walk(None).await;
    assert_eq!(walked.verdict.faults, []);
    assert_eq!((walked.verdict.expired, walked.verdict.head.position), (1, 5));
    assert_eq!(database.store.expire_audit(kept).await.unwrap(), 0);
    // What was not old enough may not go with it.
    database.tamper("delete from audit where id = 4").await;
    let removed = Fault::Removed {
        position: 4,
        audit_id: 4,
    };
    assert_eq!(database.faults().await, [removed]);
}
