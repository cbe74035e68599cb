//! Summaries to print and lists for spreadsheets, as they leave the node.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, SEDE, Site, answered};
use crate::people::{colleague, manager, of_pomezia, officer, operator};
use crate::readers::found;

const NOTE: &str = "Sentire l'archivio centrale";

fn text(answer: &Answer) -> String {
    assert_eq!(answer.status, 200);
    String::from_utf8(answer.bytes.clone()).unwrap()
}

#[tokio::test]
async fn r_105_a_summary_is_printed_for_whoever_may_see_the_request() {
    let site = Site::start().await;
    let path = site.submit(&operator()).await;
    let note = json!({ "text": NOTE });
    let noted = site.post(&officer(SEDE), &format!("{path}/notes"), &note).await;
    noted.done(200);

    let page = format!("{path}/summary.html");
    let answer = site.get(&colleague(), &page).await;
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    let policy = answer.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    let patronato = text(&answer);
    assert!(
        patronato.contains("BNCMRA50A01H501U") && !patronato.contains(NOTE),
        "{patronato}"
    );
    let sede = text(&site.get(&officer(SEDE), &page).await);
    assert!(
        sede.contains("Sentire l") && sede.contains("archivio centrale"),
        "{sede}"
    );

    let paper = format!("{path}/summary.pdf");
    let answer = site.get(&operator(), &paper).await;
    assert_eq!(answer.header("content-type"), "application/pdf");
    assert!(
        answer
            .header("content-disposition")
            .starts_with("inline; filename=\"INPS.")
    );
    let read = found("pdf", &answer.bytes);
    let first = read["pages"][0].as_str().unwrap();
    assert!(first.contains("aperta il 23/11/2026"), "{first}");
    assert!(!read["pages"].to_string().contains("archivio centrale"));

    for stranger in [of_pomezia(), officer("230001"), manager()] {
        site.get(&stranger, &page).await.problem(404, "request_unknown");
        site.get(&stranger, &paper).await.problem(404, "request_unknown");
    }
    site.stop().await;
}

#[tokio::test]
async fn an_export_holds_every_request_that_fits_and_no_other() {
    let site = Site::start().await;
    site.submit(&operator()).await;
    site.submit(&of_pomezia()).await;
    // A thousand submissions take long; what is exported is what the tables hold.
    let copied = sqlx::query(
        "insert into cases select (jsonb_populate_record(c, jsonb_build_object(
             'id', gen_random_uuid(), 'protocol_sequence', 1000000 + n,
             'sender_name', '=1+' || n, 'opened_at', c.opened_at - n * interval '1 minute'))).*
         from cases as c, generate_series(1, 1199) as n where office = 'INCA-RM-001'",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    assert_eq!(copied.rows_affected(), 1_199);

    let answer = site.get(&operator(), "/requests/export.csv").await;
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"richieste-2026-11-23.csv\""
    );
    let list = found("csv", &answer.bytes);
    let rows = list["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1 + 1_200);
    assert_eq!(
        (&rows[0][1], &rows[2][12]),
        (&json!("Numero protocollo"), &json!("'=1+1"))
    );

    let answer = site.get(&operator(), "/requests/export.xlsx").await;
    let list = found("xlsx", &answer.bytes);
    let rows = list["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1 + 1_200);
    assert_eq!(
        (&rows[1][0][0], &rows[2][12]),
        (&json!("d"), &json!(["s", "=1+1"]))
    );

    let narrowed = site.get(&operator(), "/requests/export.csv?topic=naspi").await;
    assert_eq!(found("csv", &narrowed.bytes)["rows"].as_array().unwrap().len(), 1);
    let of_a_person = json!({"codice_fiscale": "BNCMRA50A01H501U"});
    for (kind, path) in [
        ("csv", "/requests/search/export.csv"),
        ("xlsx", "/requests/search/export.xlsx"),
    ] {
        let answer = site.post(&of_pomezia(), path, &of_a_person).await;
        assert_eq!(
            found(kind, &answer.bytes)["rows"].as_array().unwrap().len(),
            1 + 1
        );
    }
    site.get(&manager(), "/requests/export.csv")
        .await
        .problem(403, "forbidden");
    let wrong = site.get(&operator(), "/requests/export.csv?colour=red").await;
    wrong.problem(422, "invalid_query");
    let nobody = answered(site.call(Method::GET, "/requests/export.xlsx")).await;
    nobody.problem(401, "unauthorized");
    site.stop().await;
}
