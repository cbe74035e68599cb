//! Who may enter, and as whom.

use reqwest::Method;
use serde_json::json;
use usciere::domain::command::Role;

use crate::harness::{Site, answered};
use crate::people::{manager, member, officer, operator, referent};

#[tokio::test]
async fn everybody_is_who_the_token_says() {
    let site = Site::start().await;
    let me = site.get(&operator(), "/me").await.done(200);
    let expected = json!({
        "id": "op1", "name": "Mario Rossi", "email": "op1@inca.example", "capacity": "patronato",
        "patronato": "inca", "patronato_name": "PATRONATO INCA",
        "office": "INCA-RM-001", "office_name": "INCA Roma", "roles": ["operator"],
    });
    assert_eq!(me, expected);
    let me = site.get(&referent(), "/me").await.done(200);
    assert_eq!(
        (&me["roles"], &me["region"]),
        (&json!(["operator", "regional_referent"]), &json!("Lazio"))
    );
    let me = site.get(&officer("230001"), "/me").await.done(200);
    assert_eq!(
        (&me["sede"], &me["sede_name"]),
        (&json!("230001"), &json!("LANCIANO"))
    );
    let me = site.get(&manager(), "/me").await.done(200);
    assert_eq!(me["capacity"], "manager");
    site.stop().await;
}

#[tokio::test]
async fn nobody_enters_without_a_token_that_is_believed() {
    let site = Site::start().await;
    let answer = answered(site.call(Method::GET, "/me")).await;
    answer.problem(401, "unauthorized");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    let forged = site.token(&operator()).replace('.', ".x");
    let answer = answered(site.call(Method::GET, "/me").bearer_auth(forged)).await;
    answer.problem(401, "unauthorized");
    let stranger = member("op9", "Nessuno", "inca", "INCA-XX-999", &[Role::Operator]);
    site.get(&stranger, "/me").await.problem(403, "forbidden");
    site.stop().await;
}
