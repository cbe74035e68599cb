//! What the document says of a command: its message, without what path and token say already, and an example.

use aide::OperationInput;
use aide::generate::{GenContext, in_context};
use aide::openapi::{MediaType, Operation, ReferenceOr, RequestBody, SchemaObject, StatusCode};
use aide::transform::TransformOperation;
use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::command::CommandKind;
use crate::schema::Message;

/// Members a path or a token may say in the place of the body.
const SUPPLIED: [&str; 6] = ["request_id", "role", "patronato", "office", "operator", "officer"];

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "it is read in another way; this only documents it")]
struct Headers {
    /// The command's name among the caller's own, 1 to 128 visible ASCII characters: the same key and body get the
    /// same answer and change nothing; another body under the same key is refused.
    #[serde(rename = "Idempotency-Key")]
    #[schemars(length(min = 1, max = 128), regex(pattern = "^[!-~]+$"))]
    idempotency_key: Option<String>,
}

pub(super) fn document(kind: CommandKind, operation: TransformOperation<'_>) -> TransformOperation<'_> {
    let id = kind.as_str().replace('.', "_");
    let mut operation = operation
        .id(&id)
        .tag(if kind.is_of_portal() { "portal" } else { "sede" })
        .summary(summary(kind))
        .description(&format!(
            "The command `{kind}` of AMQP, by the same rules. What the path and the token say may be left out of the \
             body; where it stands there, it must agree."
        ));
    in_context(|context| {
        let inner = operation.inner_mut();
        HeaderInput::operation_input(context, inner);
        inner.request_body = Some(ReferenceOr::Item(body(kind, context)));
        answers(kind, inner);
    });
    operation
}

struct HeaderInput;

impl OperationInput for HeaderInput {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        let schema = context.schema.subschema_for::<Headers>();
        let schema = context.resolve_schema(&schema).clone();
        let parameters =
            aide::operation::parameters_from_schema(context, schema, aide::operation::ParamLocation::Header);
        aide::operation::add_parameters(context, operation, parameters);
    }
}

fn body(kind: CommandKind, context: &mut GenContext) -> RequestBody {
    let message = Message::Command(kind);
    let schema = message.schema_within(&mut context.schema);
    let mut schema = context.resolve_schema(&schema).clone();
    nullable(&mut schema);
    let required = loosened(&mut schema);
    let json = MediaType {
        schema: Some(SchemaObject {
            json_schema: schema,
            external_docs: None,
            example: None,
        }),
        example: Some(example(message)),
        ..MediaType::default()
    };
    RequestBody {
        content: [("application/json".to_owned(), json)].into_iter().collect(),
        required,
        ..RequestBody::default()
    }
}

/// 201 for a request that is there now, 200 for one that changed; 202 with the same body where a register is awaited.
fn answers(kind: CommandKind, operation: &mut Operation) {
    let responses = &mut operation.responses.get_or_insert_default().responses;
    if let Some(done) = responses.shift_remove(&StatusCode::Code(200)) {
        let status = if kind == CommandKind::Submit { 201 } else { 200 };
        responses.insert(StatusCode::Code(202), done.clone());
        responses.insert(StatusCode::Code(status), done);
    }
}

/// Null says as little of what is supplied as a member that is not there.
fn nullable(schema: &mut Schema) {
    let Some(Value::Object(properties)) = schema.get_mut("properties") else {
        return;
    };
    let nothing = json!({ "type": "null" });
    for (_, property) in properties
        .iter_mut()
        .filter(|(name, _)| SUPPLIED.contains(&name.as_str()))
    {
        let choices = property["anyOf"].as_array();
        let is_nullable = choices.is_some_and(|choices| choices.contains(&nothing));
        if !is_nullable {
            *property = json!({ "anyOf": [property.take(), nothing] });
        }
    }
}

/// Makes optional what is supplied; whether anything is still required.
fn loosened(schema: &mut Schema) -> bool {
    let Some(Value::Array(required)) = schema.get_mut("required") else {
        return false;
    };
    required.retain(|name| name.as_str().is_none_or(|name| !SUPPLIED.contains(&name)));
    let any = !required.is_empty();
    if !any {
        schema.remove("required");
    }
    any
}

fn example(message: Message) -> Value {
    let mut example = message.example();
    if let Some(members) = example.as_object_mut() {
        members.retain(|name, _| !SUPPLIED.contains(&name.as_str()));
    }
    example
}

const fn summary(kind: CommandKind) -> &'static str {
    match kind {
        CommandKind::Submit => "Send a request",
        CommandKind::Message => "Write a further message, once the sede has answered",
        CommandKind::Attach => "Add files to an open request",
        CommandKind::Solicit => "Solicit an answer that is late",
        CommandKind::Book => "Ask for an appointment",
        CommandKind::Take => "Take a request in charge",
        CommandKind::Release => "Give a request back",
        CommandKind::Assign => "Assign a request to a sede, from a desk",
        CommandKind::Transfer => "Transfer a request to another sede",
        CommandKind::Reply => "Answer a request",
        CommandKind::Close => "Close a request without continuation",
        CommandKind::EnableAppointment => "Open the appointment of a request",
        CommandKind::Note => "Write an internal note no patronato ever sees",
        CommandKind::ConfirmAppointment => "Confirm an appointment",
        CommandKind::CancelAppointment => "Cancel an appointment",
    }
}
