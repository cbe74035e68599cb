//! Many requests to ask questions of; and pages of them that neither skip nor repeat.

use std::collections::BTreeSet;

use sqlx::AssertSqlSafe;
use sqlx::postgres::PgPool;
use usciere::domain::codice_fiscale::CodiceFiscale;
use usciere::domain::filter::{Order, Page, RequestFilter, Sorting, Whose};
use usciere::domain::person::Person;
use usciere::store::{Listed, Viewer};

use crate::database::TestDatabase;
use crate::people::{self, member};

/// Requests of so many offices at half as many sedi over two years; one in 50 overdue, one in 20 solicited, three in
/// four answered.
const MANY: &str = "
    insert into cases (id, workflow, workflow_version, state, patronato, office, role, sender, sender_name, sede,
        protocol_office, protocol_on, protocol_year, protocol_sequence, reason, topic, person_id, codice_fiscale,
        family_name, given_name, born_on, awaiting_since, due_on, overdue, first_solicit, sede_seq, version, opened_at,
        changed_at)
    select gen_random_uuid(), 'richiesta', 1, case when n % 4 = 0 then 'assegnato_sede' else 'chiuso_da_funzionario' end,
        'inca', 'OF-' || n % $2, 'operator', 'op' || n % 7, 'Mario Rossi', 'sede-' || n % ($2 / 2), '7013',
        date '2026-01-01', 2026, n, 'access_requirements', 'assegno-sociale', 'p' || number, code, 'Bianchi', 'Mario',
        '1950-01-01', case when n % 4 = 0 then date '2026-01-01' end,
        case when n % 4 = 0 then date '2100-01-01' end, n % 50 = 1,
        case when n % 20 = 1 then date '2026-02-01' end, jsonb_build_object('sede-' || n % ($2 / 2), 1), 1,
        timestamptz '2024-12-01 08:00Z' + make_interval(mins => n / 3 * 35), now()
    from generate_series(1, $1) as n
    join unnest($3::text[]) with ordinality as people (code, number) on number = n % cardinality($3) + 1";
const DIGESTS: &str = "
    insert into request_digest (case_id, patronato, office, document, attachments, office_news, sede_news)
    select id, patronato, office, array_to_tsvector(array['@' || patronato || '/' || office, '@' || sede] || month_words(opened_at))
        || to_tsvector('italian', 'domanda di assegno numero ' || protocol_sequence), 0, 0, 1
    from cases";
const REPLIES: &str = "
    insert into reply (case_id, seq, patronato, office, sender, sede, topic, at, days)
    select id, 3, patronato, office, sender, sede, topic, opened_at + interval '4 days', 4
    from cases where awaiting_since is null";

const CONSONANTS: [char; 20] = [
    'B', 'C', 'D', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Z',
];

pub(crate) async fn many(count: i32, offices: i32) -> TestDatabase {
    let database = TestDatabase::create().await;
    let fill = sqlx::query(MANY).bind(count).bind(offices).bind(codes());
    fill.execute(&database.pool).await.unwrap();
    for statement in [DIGESTS, REPLIES] {
        sqlx::query(statement).execute(&database.pool).await.unwrap();
    }
    for table in ["cases", "request_digest", "reply", "read_mark"] {
        run(&database.pool, &format!("vacuum analyze {table}")).await;
    }
    database
}

/// The codes of 8,000 people, Mario Bianchi among them.
fn codes() -> Vec<String> {
    let code = |number: u32| {
        let surname = [number / 400, number / 20 % 20, number % 20].map(|letter| CONSONANTS[letter as usize]);
        let code = format!("{}MRA50A01H501", surname.iter().collect::<String>());
        let mut checked = ('A'..='Z').map(|check| format!("{code}{check}"));
        checked
            .find(|code| code.parse::<CodiceFiscale>().is_ok())
            .unwrap()
    };
    (0..8_000).map(code).collect()
}

pub(crate) async fn run(pool: &PgPool, statement: &str) {
    let statement = sqlx::query(AssertSqlSafe(statement.to_owned()));
    statement.execute(pool).await.unwrap();
}

pub(crate) fn operator() -> Person {
    member("inca", "OF-1")
}

pub(crate) fn officer() -> Person {
    people::officer("sede-1")
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat_while_requests_come_in() {
    let database = many(4_000, 40).await;
    let filter = RequestFilter::of(&operator(), Whose::Office).unwrap();
    let viewer = Viewer::person(&operator());
    let mut pages = database
        .store
        .every_request(viewer.clone(), filter.clone(), Order::default(), 25);
    let (mut seen, mut last) = (BTreeSet::new(), None);
    while let Some(page) = pages.next().await.unwrap() {
        for listed in page {
            let position = listed.position();
            assert!(last.is_none_or(|last| position < last), "newest first");
            last = Some(position);
            assert!(seen.insert(position.request), "each once");
        }
        // Newer than everything, and of the same office: no page may shift.
        let newer = sqlx::query(
            "insert into cases select (jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid(), \
                 'protocol_sequence', 100000 + $1, 'opened_at', now()))).* \
             from cases as c where office = 'OF-1' limit 1",
        );
        let newer = newer.bind(i32::try_from(seen.len()).unwrap());
        assert_eq!(newer.execute(&database.pool).await.unwrap().rows_affected(), 1);
    }
    assert_eq!(seen.len(), 100);
    let mut question = database.store.ask(&viewer).await.unwrap();
    let counted = question.count(&filter, 50).await.unwrap();
    assert_eq!((counted.count, counted.exact), (50, false));
    // A scope counts its own, whatever it asks for: the hundred and those that came in.
    let everything = question.count(&RequestFilter::default(), 10_000).await.unwrap();
    assert_eq!((everything.count, everything.exact), (104, true));
}

const SOME: Page = Page {
    after: None,
    order: Order::NEWEST_FIRST,
    limit: 26,
};

#[tokio::test]
async fn words_are_found_the_same_however_they_are_looked_for() {
    let database = many(12_000, 2).await;
    run(&database.pool, "analyze request_digest").await;
    let viewer = Viewer::person(&operator());
    // In all requests, in many of them, in few, in some a month old, in none.
    for text in [
        "numero",
        "numero 1",
        "numero 11",
        "assegno 1201",
        "della numero 11",
        "numero 81",
        "niente",
    ] {
        let filter = RequestFilter {
            text: Some(text.parse().unwrap()),
            ..RequestFilter::of(&operator(), Whose::Office).unwrap()
        };
        let beginnings: Vec<String> = text.split(' ').map(|word| format!("{word}:*")).collect();
        let wanted: Vec<uuid::Uuid> = sqlx::query_scalar(
            "select id from cases join request_digest on case_id = id \
             where cases.office = 'OF-1' and document @@ to_tsquery('italian', $1) \
             order by opened_at desc, id desc",
        )
        .bind(beginnings.join(" & "))
        .fetch_all(&database.pool)
        .await
        .unwrap();
        for page in [7, 50, 1_000] {
            let order = Order::default();
            let mut pages = database
                .store
                .every_request(viewer.clone(), filter.clone(), order, page);
            let mut found = Vec::new();
            while let Some(page) = pages.next().await.unwrap() {
                found.extend(page.iter().map(|listed| listed.request.case.id.0));
            }
            assert_eq!(found, wanted, "{text}, {page} at a time");
        }
        let by_topic = Order {
            by: Sorting::Topic,
            descending: false,
        };
        let mut pages = database
            .store
            .every_request(viewer.clone(), filter.clone(), by_topic, 50);
        let mut found = Vec::new();
        while let Some(page) = pages.next().await.unwrap() {
            found.extend(page.iter().map(|listed| listed.request.case.id.0));
        }
        let in_any_order = |ids: &[uuid::Uuid]| ids.iter().copied().collect::<BTreeSet<_>>();
        assert_eq!(found.len(), wanted.len(), "{text}, by topic");
        assert_eq!(in_any_order(&found), in_any_order(&wanted), "{text}, by topic");
        for viewer in [&viewer, &Viewer::Administrator] {
            let mut question = database.store.ask(viewer).await.unwrap();
            let (listed, total) = question.page(&filter, SOME).await.unwrap();
            let last = listed.last().map(Listed::position);
            let next = Page { after: last, ..SOME };
            assert_eq!(question.page(&filter, next).await.unwrap().1, total, "{text}");
            let listed = listed.iter().map(|listed| listed.request.case.id.0);
            assert!(listed.eq(wanted.iter().take(26).copied()), "{text}");
            assert_eq!(
                (total.count, total.exact),
                (wanted.len().min(100) as u64, wanted.len() <= 100),
                "{text}"
            );
            let counted = question.count(&filter, 10_000).await.unwrap();
            assert_eq!(usize::try_from(counted.count).unwrap(), wanted.len(), "{text}");
            let some = question.count(&filter, 7).await.unwrap();
            let all = wanted.len() <= 7;
            assert_eq!(
                (some.count, some.exact),
                (wanted.len().min(7) as u64, all),
                "{text}"
            );
        }
    }
}
