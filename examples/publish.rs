//! A portal in Rust: `cargo run --example publish`
use futures::StreamExt as _;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Confirmation, Connection, ConnectionProperties};

#[tokio::main]
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a portal, not the engine"
)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let request = serde_json::json!({
        "role": "operator", "patronato": "inca", "office": "INCA-RM-001",
        "operator": {"id": "op1", "name": "Mario Rossi", "email": "op1@inca.example"},
        "citizen": {"codice_fiscale": "BNCMRA50A01H501U"}, "delegation": true,
        "reason": "status_or_rejection",
        "practice": {"kind": "pension", "number": "030010110000000"},
        "topic": "pensioni-paesi-non-convenzionati",
        "text": "Vorrei conoscere lo stato della pratica.",
    });
    let message_id = uuid::Uuid::now_v7().to_string(); // keep it over your retries: it is the idempotency key

    let connection =
        Connection::connect(&std::env::var("AMQP_URL")?, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let properties = BasicProperties::default()
        .with_message_id(message_id.as_str().into())
        .with_type("request.submit".into())
        .with_content_type("application/json".into())
        .with_delivery_mode(2);
    let mandatory = BasicPublishOptions {
        mandatory: true,
        ..BasicPublishOptions::default()
    };
    let confirmation = channel
        .basic_publish(
            "usciere.commands".into(),
            "portal.inca.request.submit".into(),
            mandatory,
            request.to_string().as_bytes(),
            properties,
        )
        .await?
        .await?;
    if !matches!(confirmation, Confirmation::Ack(None)) {
        return Err("the broker did not take the message".into()); // Ack(Some(_)) is an unroutable message
    }

    let (queue, tag) = ("portal.inca".into(), "portal".into());
    let mut answers = channel
        .basic_consume(queue, tag, BasicConsumeOptions::default(), FieldTable::default())
        .await?;
    while let Some(answer) = answers.next().await {
        let answer = answer?;
        answer.ack(BasicAckOptions::default()).await?;
        let headers = answer.properties.headers().clone().unwrap_or_default();
        let causation = headers
            .inner()
            .get("causation-id")
            .and_then(|id| id.as_long_string());
        if causation.is_some_and(|id| id.as_bytes() == message_id.as_bytes()) {
            println!(
                "{:?} {}",
                answer.properties.kind(),
                String::from_utf8_lossy(&answer.data)
            );
            break;
        }
    }
    Ok(())
}
