//! Questions about citizens, practices, sedi and topics; and commands while a register is away.

use reqwest::Method;
use serde_json::{Value, json};
use usciere::config::registry::RegisterSource;

use crate::fake_register::{FakeRegister, Manner, Of};
use crate::harness::{SEDE, Site, answered, submission};
use crate::people::{officer, operator, referent};

const MARIO: &str = "BNCMRA50A01H501U";

#[tokio::test]
async fn r_043_a_citizen_is_found_by_code_or_name_and_several_are_a_choice() {
    let site = Site::start().await;
    let search = async |body: Value| site.post(&operator(), "/citizens/search", &body).await.done(200);
    let by_name = json!({"family_name": "bianchi", "given_name": "Mario", "born_on": "1950-01-01"});
    // either way; any form of omocodia.
    for named in [
        json!({"codice_fiscale": MARIO}),
        json!({"codice_fiscale": "bncmrarlalmhrlmb"}),
        by_name,
    ] {
        let found = search(named).await;
        assert!(found.get("message").is_none(), "{found}");
        assert_eq!(
            found["citizens"],
            json!([{
                "person_id": "P000001", "codice_fiscale": MARIO, "family_name": "BIANCHI", "given_name": "MARIO",
                "born_on": "1950-01-01", "birth_place": "ROMA", "address": found["citizens"][0]["address"],
            }])
        );
    }
    let several = search(json!({"codice_fiscale": "RSSGPP48C19F839Y"})).await;
    assert_eq!(several["citizens"].as_array().unwrap().len(), 2);
    assert_eq!(
        several["message"],
        "SONO STATI TROVATI PIÙ UTENTI CON LO STESSO CODICE FISCALE. SELEZIONARE UN UTENTE PER PROCEDERE CON LA RICHIESTA:"
    );
    let chosen = search(json!({"codice_fiscale": "RSSGPP48C19F839Y", "person_id": "P000003"})).await;
    assert_eq!(chosen["citizens"].as_array().unwrap().len(), 1);
    let none = search(json!({"family_name": "Nessuno", "given_name": "Mai", "born_on": "1960-01-01"})).await;
    assert_eq!(
        none["message"],
        "Nessun cittadino corrisponde ai dati anagrafici inseriti."
    );
    site.stop().await;
}

#[tokio::test]
async fn r_042_what_names_nobody_is_not_searched_for_and_only_operators_search() {
    let site = Site::start().await;
    let post = async |body: Value| site.post(&operator(), "/citizens/search", &body).await;
    post(json!({"family_name": "Bianchi"}))
        .await
        .problem(422, "invalid_body");
    let wrong = post(json!({"codice_fiscale": "BNCMRA50A01H501X"})).await;
    assert_eq!(
        wrong.problem(422, "invalid_body")["fields"][0]["pointer"],
        "/codice_fiscale"
    );
    assert!(
        !String::from_utf8_lossy(&wrong.bytes).contains("BNCMRA"),
        "nothing personal comes back"
    );
    post(json!({"nome": "Mario"})).await.problem(422, "invalid_body");
    let named = json!({"codice_fiscale": MARIO});
    site.post(&officer(SEDE), "/citizens/search", &named)
        .await
        .problem(403, "forbidden");
    site.stop().await;
}

#[tokio::test]
async fn r_056_r_057_a_practice_is_checked_in_the_manuals_words() {
    let site = Site::start().await;
    let check = async |code: &str, kind: &str, number: &str| {
        let body = json!({"citizen": {"codice_fiscale": code}, "practice": {"kind": kind, "number": number}});
        site.post(&operator(), "/practices/check", &body).await
    };
    let ok = check(MARIO, "pension", "030010110000000").await.done(200);
    assert_eq!(ok["person_id"], "P000001");
    let unknown = check(MARIO, "pension", "1").await;
    assert_eq!(
        unknown.problem(422, "practice_not_linked")["detail"],
        "Numero pensione non corretto o non associato al codice fiscale"
    );
    let others = check(MARIO, "pension", "030010110000003").await;
    let detail = others.problem(422, "practice_not_entitled")["detail"].clone();
    assert!(
        detail
            .as_str()
            .unwrap()
            .ends_with("Titolare, Amministratore di sostegno, Tutore.")
    );
    check("RSSGPP48C19F839Y", "pension", "1")
        .await
        .problem(422, "citizen_ambiguous");
    site.stop().await;
}

#[tokio::test]
async fn r_070_r_074_the_way_of_a_request_is_shown_before_it_is_sent() {
    let site = Site::start().await;
    let preview = async |body: Value| site.post(&operator(), "/routing/preview", &body).await;
    let asked = json!({"citizen": {"codice_fiscale": MARIO}, "topic": "pensioni-paesi-non-convenzionati"});
    let shown = preview(asked.clone()).await.done(200);
    let card = &shown["destination"];
    assert_eq!(
        (&card["code"], &card["comune"], &card["cap"]),
        (&json!(SEDE), &json!("POMEZIA"), &json!("00071"))
    );
    assert_eq!(
        (&card["address"], &shown["protocol_office"]),
        (&json!("Via Pontina Km 28.400"), &json!("7013"))
    );
    assert!(
        shown["explanation"][0]
            .as_str()
            .unwrap()
            .starts_with("È competente")
    );
    assert!(shown.get("proposed").is_none());
    let mut chosen = asked.clone();
    chosen["sede"] = json!("230001");
    let shown = preview(chosen).await.done(200);
    assert_eq!(
        (&shown["destination"]["label"], &shown["proposed"]["code"]),
        (&json!("LANCIANO-230001"), &json!(SEDE))
    );
    let mut wrong = asked.clone();
    wrong["sede"] = json!("lineainps");
    preview(wrong).await.problem(422, "sede_unknown");
    let mut first_level = asked.clone();
    first_level["topic"] = json!("pin-cittadini");
    let shown = preview(first_level).await.done(200);
    assert_eq!(
        (&shown["destination"]["code"], &shown["desk"]),
        (&json!("lineainps"), &json!("first_level"))
    );
    preview(json!({"citizen": {"codice_fiscale": MARIO}}))
        .await
        .problem(422, "invalid_body");
    preview(json!({"role": "regional_referent"}))
        .await
        .problem(403, "forbidden");
    let shown = site
        .post(
            &referent(),
            "/routing/preview",
            &json!({"role": "regional_referent"}),
        )
        .await
        .done(200);
    assert_eq!(
        (&shown["destination"]["kind"], &shown["destination"]["region"]),
        (&json!("cric"), &json!("Lazio"))
    );
    site.stop().await;
}

#[tokio::test]
async fn r_059_r_073_topics_and_sedi_are_chosen_from_what_there_is() {
    let site = Site::start().await;
    let topics = site
        .get(&operator(), "/topics?reason=access_requirements&q=pens%20NON")
        .await
        .done(200);
    assert_eq!(topics[0]["code"], "pensioni-paesi-non-convenzionati");
    site.get(&operator(), "/topics?reason=boh")
        .await
        .problem(422, "invalid_query");
    let all = site.get(&operator(), "/sedi").await.done(200);
    assert!(all["regions"].as_array().unwrap().contains(&json!("Lazio")));
    assert_eq!(all["provinces"], json!([]));
    let lazio = site
        .get(&operator(), "/sedi?region=lazio&kind=agenzia")
        .await
        .done(200);
    assert!(lazio["provinces"].as_array().unwrap().contains(&json!("RM")));
    let sedi = lazio["sedi"].as_array().unwrap();
    assert!(
        !sedi.is_empty()
            && sedi
                .iter()
                .all(|sede| sede["region"] == "Lazio" && sede["kind"] == "agenzia")
    );
    site.get(&operator(), "/sedi?region=Padania")
        .await
        .problem(422, "invalid_query");
    site.stop().await;
}

#[tokio::test]
async fn while_a_register_is_away_commands_are_taken_in_and_questions_are_asked_again() {
    let register = FakeRegister::start(Of::Citizens).await;
    register.behave(Manner::Overloaded);
    let site = Site::configured(|config| {
        config.registry.citizens.source = RegisterSource::Remote(register.url());
    })
    .await;
    let submit = async |body: &Value| {
        let call = site.call_as(&operator(), Method::POST, "/requests");
        answered(call.header("idempotency-key", "k-1").json(body)).await
    };
    let taken_in = submit(&submission()).await;
    let body = taken_in.done(202);
    assert_eq!(body["waits_for"], "citizens");
    assert_eq!(taken_in.header("retry-after"), "5");
    let link = taken_in.header("location").strip_prefix("/api/v1").unwrap();
    let status = site.get(&operator(), link).await.done(200);
    assert_eq!(
        status,
        json!({"state": "waiting", "request_id": body["request_id"], "waits_for": "citizens"})
    );
    submit(&submission()).await.done(202);
    let mut other = submission();
    other["text"] = json!("Altro");
    submit(&other).await.problem(422, "message_id_reused");
    let attach = format!("/requests/{}/attachments", body["request_id"].as_str().unwrap());
    let file = json!({"attachments": [{"name": "a.txt", "content_base64": "Y2lhbw=="}]});
    site.post(&operator(), &attach, &file).await.done(202);
    let search = json!({"codice_fiscale": MARIO});
    site.post(&operator(), "/citizens/search", &search)
        .await
        .problem(503, "register_unavailable");
    site.get(&operator(), "/commands/k-2")
        .await
        .problem(404, "command_unknown");
    site.get(&officer(SEDE), link)
        .await
        .problem(404, "command_unknown");

    register.behave(Manner::Answers);
    assert_eq!(site.next("portal.inca").await.kind, "request.accepted");
    assert_eq!(site.next("portal.inca").await.kind, "attachment.added");
    let status = site.get(&operator(), link).await.done(200);
    assert_eq!(status, json!({"state": "done", "request_id": body["request_id"]}));
    let again = submit(&submission()).await.done(201);
    assert_eq!(again["request_id"], body["request_id"]);
    site.stop().await;
}
