//! Questions over many requests: pages that neither skip nor repeat, and the indexes lists must go by.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/database.rs"]
mod database;
#[path = "support/services.rs"]
mod services;

use std::collections::BTreeSet;

use database::TestDatabase;
use usciere::domain::command::{Personal, Role};
use usciere::domain::filter::{Condition, Page, RequestFilter, Whose};
use usciere::domain::person::{Capacity, Membership, Person};
use usciere::store::Viewer;

/// Requests of 40 offices at 20 sedi over two years; one in 50 overdue, one in 20 solicited.
const MANY: &str = "
    insert into cases (id, workflow, workflow_version, state, patronato, office, role, sender, sender_name, sede,
        protocol_office, protocol_on, protocol_year, protocol_sequence, reason, topic, person_id, codice_fiscale,
        family_name, given_name, born_on, awaiting_since, overdue, first_solicit, sede_seq, version, opened_at, changed_at)
    select gen_random_uuid(), 'richiesta', 1, case when n % 4 = 0 then 'assegnato_sede' else 'chiuso_da_funzionario' end,
        'inca', 'OF-' || n % 40, 'operator', 'op' || n % 7, 'Mario Rossi', 'sede-' || n % 20, '7013', date '2026-01-01',
        2026, n, 'access_requirements', 'assegno-sociale', 'p' || n, 'CF' || n, 'Bianchi', 'Mario', '1950-01-01',
        case when n % 4 = 0 then date '2026-01-01' end, n % 50 = 0, case when n % 20 = 0 then date '2026-02-01' end,
        jsonb_build_object('sede-' || n % 20, 1), 1,
        timestamptz '2024-12-01 08:00Z' + make_interval(mins => n / 3 * 35), now()
    from generate_series(1, $1) as n";
const DIGESTS: &str = "
    insert into request_digest (case_id, patronato, office, document, attachments, office_news, sede_news)
    select id, patronato, office, array_to_tsvector(array['@' || patronato || '/' || office, '@' || sede])
        || to_tsvector('italian', 'domanda di assegno numero ' || protocol_sequence), 0, 0, 1
    from cases";

async fn many(count: i32) -> TestDatabase {
    let database = TestDatabase::create().await;
    sqlx::query(MANY)
        .bind(count)
        .execute(&database.pool)
        .await
        .unwrap();
    sqlx::query(DIGESTS).execute(&database.pool).await.unwrap();
    for table in ["cases", "request_digest", "reply", "read_mark"] {
        let analyze = sqlx::AssertSqlSafe(format!("vacuum analyze {table}"));
        sqlx::query(analyze).execute(&database.pool).await.unwrap();
    }
    database
}

fn person(capacity: Capacity) -> Person {
    Person {
        id: "op1".parse().unwrap(),
        name: Personal("Mario Rossi".to_owned()),
        email: None,
        capacity,
    }
}

fn operator() -> Person {
    person(Capacity::Patronato(Membership {
        patronato: "inca".parse().unwrap(),
        office: "OF-1".parse().unwrap(),
        roles: vec![Role::Operator],
        region: None,
    }))
}

fn officer() -> Person {
    person(Capacity::Sede {
        sede: "sede-1".parse().unwrap(),
    })
}

#[tokio::test]
async fn lists_go_by_their_indexes() {
    let database = many(60_000).await;
    let of = |person: &Person, whose, change: &dyn Fn(&mut RequestFilter)| {
        let mut filter = RequestFilter::of(person, whose).unwrap();
        change(&mut filter);
        (person.clone(), filter)
    };
    let (operator, officer) = (operator(), officer());
    let words = |filter: &mut RequestFilter| filter.text = Some("numero 1234".parse().unwrap());
    let code = |filter: &mut RequestFilter| filter.codice_fiscale = Some("BNCMRA50A01H501U".parse().unwrap());
    let overdue = |filter: &mut RequestFilter| filter.condition = Some(Condition::Overdue);
    let state = |filter: &mut RequestFilter| filter.state = Some("inviato_lineainps".parse().unwrap());
    let number =
        |filter: &mut RequestFilter| filter.protocol = Some("INPS.7013.01/01/2026.0000041".parse().unwrap());
    for ((person, filter), index) in [
        (of(&operator, Whose::Office, &|_| {}), "cases_of_office"),
        (of(&operator, Whose::Mine, &|_| {}), "cases_of_office"),
        (of(&officer, Whose::Sede, &|_| {}), "cases_of_sede"),
        (of(&officer, Whose::Sede, &state), "cases_of_sede"),
        (of(&operator, Whose::Office, &overdue), "cases_overdue_of_office"),
        (of(&officer, Whose::Sede, &overdue), "cases_overdue_of_sede"),
        (of(&operator, Whose::Office, &code), "cases_of_codice_fiscale"),
        (of(&operator, Whose::Office, &number), "cases_protocol"),
        (of(&operator, Whose::Office, &words), "requests_with_text"),
    ] {
        let page = Page {
            after: None,
            limit: 51,
        };
        let mut question = database.store.ask(&Viewer::person(&person)).await.unwrap();
        let plan = question.plan(&filter, page).await.unwrap();
        assert!(plan.contains(index), "{index}:\n{plan}");
        assert!(!plan.contains("Seq Scan on cases"), "{plan}");
    }
    // What stands behind the function of words, with the rights it has.
    let plan: Vec<String> = sqlx::query_scalar(
        "explain select case_id from request_digest \
         where document @@ ($$'@inca/OF-1'$$::tsquery && to_tsquery('italian', 'numero:* & 1234:*'))",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap();
    assert!(plan.join("\n").contains("request_digest_document"), "{plan:?}");
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat_while_requests_come_in() {
    let database = many(4_000).await;
    let filter = RequestFilter::of(&operator(), Whose::Office).unwrap();
    let viewer = Viewer::person(&operator());
    let mut pages = database.store.every_request(viewer.clone(), filter.clone(), 25);
    let (mut seen, mut last) = (BTreeSet::new(), None);
    while let Some(page) = pages.next().await.unwrap() {
        for listed in page {
            let position = listed.position();
            assert!(last.is_none_or(|last| position < last), "newest first");
            last = Some(position);
            assert!(seen.insert(position.request), "each once");
        }
        // newer than everything: no page may shift
        sqlx::query(
            "insert into cases select (jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid(), \
                 'protocol_sequence', 100000 + $1, 'opened_at', now()))).* from cases as c limit 1",
        )
        .bind(i32::try_from(seen.len()).unwrap())
        .execute(&database.pool)
        .await
        .unwrap();
    }
    assert_eq!(seen.len(), 100);
    let mut question = database.store.ask(&viewer).await.unwrap();
    let counted = question.count(&filter, 50).await.unwrap();
    assert_eq!((counted.count, counted.exact), (50, false));
    // 4,000 requests of 40 offices: a scope sees its own
    let everything = question.count(&RequestFilter::default(), 10_000).await.unwrap();
    assert!(
        everything.exact && (100..=110).contains(&everything.count),
        "{everything:?}"
    );
}
