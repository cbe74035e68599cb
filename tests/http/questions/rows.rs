//! Rows of the Storico: their numbers, their states, and where they lead.

use regex::Regex;
use serde_json::{Value, json};

use super::detail::offer;
use super::{list, reply, submit_with};
use crate::harness::Site;
use crate::people::{colleague, of_pomezia, officer, operator};

/// R-092: the three states a row has, by the manual's words, and the filter that finds each.
/// R-030, R-093: numbers in the manual's shape, each its own request's.
#[tokio::test]
async fn r_030_r_092_r_093_rows_have_one_of_three_states_and_a_number_of_their_own() {
    let site = Site::start().await;
    let first_level = json!({"topic": "pin-cittadini", "reason": "access_requirements", "practice": null});
    let at_desk = submit_with(&site, &operator(), first_level).await;
    let at_sede = submit_with(&site, &operator(), json!({})).await;
    let answered = submit_with(&site, &colleague(), json!({})).await;
    reply(&site, &answered, "Ecco.").await;

    let shape = Regex::new(r"^INPS\.[0-9A-Z]{4,5}\.23/11/2026\.\d{7}$").unwrap();
    let mut numbers = Vec::new();
    for (request, state, label) in [
        (&at_desk, "inviato_lineainps", "Inviato a LineaINPS"),
        (&at_sede, "assegnato_sede", "Assegnato a Sede"),
        (&answered, "chiuso_da_funzionario", "Chiuso da Funzionario"),
    ] {
        let found = site
            .get(&operator(), &format!("/requests?state={state}"))
            .await
            .done(200);
        let [line] = found["items"].as_array().unwrap().as_slice() else {
            panic!("one request is {state}: {found}");
        };
        assert_eq!(
            (&line["request_id"], &line["state_label"]),
            (&json!(request), &json!(label))
        );
        let number = line["protocol_number"].as_str().unwrap().to_owned();
        assert!(shape.is_match(&number), "{number}");
        let by_number = format!("protocol={number}");
        assert_eq!(list(&site, &operator(), &by_number).await, [request.as_str()]);
        let detail = site
            .get(&operator(), &format!("/requests/{request}"))
            .await
            .done(200);
        assert_eq!(detail["protocol_number"], number);
        numbers.push(number);
    }
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 3, "each its own: {numbers:?}");
    // A mask is no number, and neither is one with six digits.
    for wrong in ["INPS.XXXX.XX/XX/XXXX.XXXXXXX", "INPS.7013.23/11/2026.000001"] {
        let answer = site
            .get(&operator(), &format!("/requests?protocol={wrong}"))
            .await;
        answer.problem(422, "invalid_query");
    }

    let assign = format!("/requests/{at_desk}/assign");
    site.post(&officer("lineainps"), &assign, &json!({"sede": "700000"}))
        .await
        .done(200);
    assert_eq!(list(&site, &operator(), "state=inviato_lineainps").await, [""; 0]);
    let mut assigned = list(&site, &operator(), "state=assegnato_sede").await;
    assigned.sort_unstable();
    let mut expected = [at_desk, at_sede];
    expected.sort_unstable();
    assert_eq!(assigned, expected);
    site.stop().await;
}

/// R-094: whoever of the office follows a row sees the request with its history and writes on.
#[tokio::test]
async fn r_094_every_row_of_the_office_leads_to_its_history_and_to_a_new_message() {
    let site = Site::start().await;
    let mine = submit_with(&site, &operator(), json!({})).await;
    let elsewhere = submit_with(&site, &of_pomezia(), json!({})).await;
    reply(&site, &mine, "Ecco.").await;
    // The sender's colleague, who wrote none of it.
    let rows = list(&site, &colleague(), "scope=office").await;
    assert_eq!(rows, [mine.as_str()]);
    let path = format!("/requests/{}", rows[0]);
    let events = async || {
        let detail = site.get(&colleague(), &path).await.done(200);
        let history = detail["history"].as_array().unwrap();
        let events: Vec<Value> = history.iter().map(|one| one["event"].clone()).collect();
        (detail, events)
    };
    let (detail, before) = events().await;
    assert_eq!(before, ["submitted", "assigned", "replied"]);
    assert_eq!(offer(&detail, "request.message")["allowed"], true);
    let message = json!({"text": "E la decorrenza?"});
    site.post(&colleague(), &format!("{path}/messages"), &message)
        .await
        .done(200);
    let (detail, after) = events().await;
    assert_eq!(after, ["submitted", "assigned", "replied", "messaged"]);
    let last = detail["thread"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["author"], &last["text"]),
        (&json!("Lucia Bruni"), &json!("E la decorrenza?"))
    );
    let strange = format!("/requests/{elsewhere}");
    site.get(&colleague(), &strange)
        .await
        .problem(404, "request_unknown");
    site.post(&colleague(), &format!("{strange}/messages"), &message)
        .await
        .problem(404, "request_unknown");
    site.stop().await;
}
