//! Which rows of requests a question sees.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};
use usciere::domain::ids::RequestId;
use usciere::domain::person::Scope;
use usciere::store::Viewer;
use uuid::Uuid;

use crate::database::TestDatabase;
use crate::people::{manager, member, officer};

/// Tables that people's questions read without a policy, and why.
const OF_NOBODY: [(&str, &str); 2] = [
    ("patronato_office", "a register of offices: nothing of requests"),
    ("competence", "a register of territories: nothing of requests"),
];

/// A request with an event of every kind of secrecy.
async fn request(pool: &PgPool, number: u32, patronato: &str, office: &str, held_by: &[&str]) -> RequestId {
    let id = Uuid::from_u128(number.into());
    let seq = held_by
        .iter()
        .map(|sede| format!("\"{sede}\": 1"))
        .collect::<Vec<_>>()
        .join(", ");
    let last = held_by.last().unwrap();
    let text = format!(
        "insert into cases (id, workflow, workflow_version, state, patronato, office, role, sender, sender_name, sede, \
         protocol_office, protocol_on, protocol_year, protocol_sequence, reason, topic, version, opened_at, changed_at, \
         sede_seq) values ('{id}', 'richiesta', 1, 'inviato_lineainps', '{patronato}', '{office}', 'operator', 'op1', \
         'Mario Rossi', '{last}', '7001', '2026-11-23', 2026, {number}, 'access_requirements', 'pin-cittadini', 3, \
         now(), now(), '{{{seq}}}')"
    );
    sqlx::query(AssertSqlSafe(text)).execute(pool).await.unwrap();
    for (seq, kind) in ["submitted", "noted", "taken", "replied"].into_iter().enumerate() {
        let text = format!(
            "insert into case_event (case_id, seq, kind, actor, event, details, source, at) \
             values ('{id}', {seq}, '{kind}', '{{}}', '{{}}', '{{}}', 'engine', now())"
        );
        sqlx::query(AssertSqlSafe(text)).execute(pool).await.unwrap();
    }
    RequestId(id)
}

/// Asks as a question of this scope does, by SQL of its own.
async fn asked(pool: &PgPool, settings: &[(&str, &str)], question: &str) -> Result<Vec<String>, sqlx::Error> {
    let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
    let mut transaction = connection.begin().await?;
    sqlx::query("set local role usciere_question")
        .execute(&mut *transaction)
        .await?;
    for (setting, value) in settings {
        sqlx::query("select set_config($1, $2, true)")
            .bind(format!("usciere.{setting}"))
            .bind(value)
            .execute(&mut *transaction)
            .await?;
    }
    sqlx::query_scalar(AssertSqlSafe(question.to_owned()))
        .fetch_all(&mut *transaction)
        .await
}

#[tokio::test]
async fn a_scope_sees_what_is_its_own_and_another_offices_request_is_none() {
    let database = TestDatabase::create().await;
    let mine = request(&database.pool, 1, "inca", "RM-1", &["lineainps", "230001"]).await;
    let colleague = request(&database.pool, 2, "inca", "MI-1", &["230001"]).await;
    let other = request(&database.pool, 3, "acli", "RM-1", &["701300"]).await;
    for (person, seen) in [
        (member("inca", "RM-1"), [true, false, false]),
        (member("inca", "MI-1"), [false, true, false]),
        (member("acli", "RM-1"), [false, false, true]),
        (member("acli", "MI-1"), [false, false, false]),
        (officer("230001"), [true, true, false]),
        // held before
        (officer("lineainps"), [true, false, false]),
        (officer("701300"), [false, false, true]),
        (manager(), [false, false, false]),
    ] {
        let scope = person.scope();
        let rows = asked(&database.pool, &settings(&scope), "select id::text from cases")
            .await
            .unwrap();
        for (id, seen) in [mine, colleague, other].into_iter().zip(seen) {
            let mut question = database.store.ask(&Viewer::person(&person)).await.unwrap();
            let found = question.request(id).await.unwrap();
            assert_eq!(found.is_some(), seen, "{scope:?} and {id}");
            // And by whatever SQL.
            assert_eq!(rows.contains(&id.to_string()), seen, "{scope:?} and {id}");
        }
        // The same connections, as the engine again.
        assert!(database.store.request(other).await.unwrap().is_some());
    }
}

/// What the database is told of a scope.
fn settings(scope: &Scope) -> Vec<(&str, &str)> {
    match scope {
        Scope::Office { patronato, office } => {
            vec![("patronato", patronato.as_str()), ("office", office.as_str())]
        }
        Scope::Sede(sede) => vec![("sede", sede.as_str())],
        Scope::Nothing => Vec::new(),
    }
}

#[tokio::test]
async fn without_a_scope_nothing_is_visible() {
    let database = TestDatabase::create().await;
    request(&database.pool, 1, "inca", "RM-1", &["230001"]).await;
    for settings in [
        &[][..],
        &[("patronato", "inca")],
        &[("office", "RM-1")],
        &[("patronato", ""), ("office", ""), ("sede", "")],
    ] {
        for table in ["cases", "case_event"] {
            let question = format!("select count(*)::text from {table}");
            let rows = asked(&database.pool, settings, &question).await.unwrap();
            assert_eq!(rows, ["0"], "{settings:?}");
        }
    }
}

#[tokio::test]
async fn what_a_sede_keeps_to_itself_no_patronato_reads() {
    let database = TestDatabase::create().await;
    request(&database.pool, 1, "inca", "RM-1", &["230001"]).await;
    request(&database.pool, 2, "acli", "RM-1", &["701300"]).await;
    let kinds = "select kind from case_event order by seq";
    let office = [("patronato", "inca"), ("office", "RM-1")];
    let seen = asked(&database.pool, &office, kinds).await.unwrap();
    assert_eq!(seen, ["submitted", "replied"]);
    let seen = asked(&database.pool, &[("sede", "230001")], kinds).await.unwrap();
    assert_eq!(seen, ["submitted", "noted", "taken", "replied"]);
}

#[tokio::test]
async fn a_question_changes_nothing_and_reads_nothing_else() {
    let database = TestDatabase::create().await;
    let whole = [("patronato", "inca"), ("office", "RM-1"), ("sede", "230001")];
    for refused in [
        "update cases set office = 'RM-1' returning office",
        "delete from case_event returning kind",
        "select source from inbox",
        "select recipient from mail_outbox",
        "select reason from dead_letter",
        "select person_id from citizen",
        "select number from practice",
        "select action from audit",
        "select kind from case_event_default",
        "select drop_months('case_event', interval '0')::text",
    ] {
        let error = asked(&database.pool, &whole, refused).await.unwrap_err();
        let state = error.as_database_error().unwrap().code().unwrap().into_owned();
        assert_eq!(state, "42501", "{refused}: {error}");
    }
    // What was sent is the receiving sede's to ask for again, and nobody else's.
    let sent = "select destination from outbox union all select destination from outbox_sent";
    assert_eq!(asked(&database.pool, &whole[..2], sent).await.unwrap(), [""; 0]);
}

/// A table with data of requests that people's questions may read must be guarded: this fails for a new one that is
/// forgotten.
#[tokio::test]
async fn every_table_of_requests_is_guarded_from_questions() {
    let database = TestDatabase::create().await;
    let unguarded: Vec<String> = sqlx::query_scalar(
        "select distinct c.relname::text \
         from pg_class as c join pg_attribute as a on a.attrelid = c.oid \
         where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace \
           and has_table_privilege('usciere_question', c.oid, 'select') \
           and a.attname in ('case_id', 'patronato', 'office', 'sede', 'sender', 'person_id', 'codice_fiscale') \
           and not (c.relrowsecurity and c.relforcerowsecurity and exists ( \
               select from pg_policy where polrelid = c.oid \
                 and polroles @> array['usciere_question'::regrole::oid])) \
         order by 1",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap();
    let mut expected: Vec<&str> = OF_NOBODY.iter().map(|(table, _)| *table).collect();
    expected.sort_unstable();
    assert_eq!(unguarded, expected);
}
