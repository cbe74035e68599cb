//! One uploaded file, read no further than the largest that is allowed.

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::{MediaType, Operation, RequestBody, SchemaObject};
use aide::operation::set_body;
use axum::body::Body;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use futures::StreamExt as _;
use percent_encoding::percent_decode_str;
use schemars::json_schema;

use crate::domain::attachment::AttachmentLimits;
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::http::api::Shared;
use crate::http::body::{broke_off, too_long};
use crate::http::problem::Problem;

/// A file as it was sent.
#[derive(Clone)]
pub(in crate::http) struct Upload {
    pub(in crate::http) name: String,
    pub(in crate::http) bytes: Vec<u8>,
}

impl FromRequest<Shared> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &Shared) -> Result<Self, Problem> {
        let limits = &state.limits.attachments;
        let form = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|kind| {
                kind.trim_start()
                    .to_ascii_lowercase()
                    .starts_with("multipart/form-data")
            });
        if form {
            let form = Multipart::from_request(request, state).await;
            let form = form.map_err(|error| Problem::unread().detail(error.body_text()))?;
            of_form(form, limits).await
        } else {
            let name = name_of(request.headers()).ok_or_else(nameless)?;
            fits(announced(request.headers()), limits)?;
            let bytes = of_body(request.into_body(), limits).await?;
            Ok(Self { name, bytes })
        }
    }
}

impl OperationInput for Upload {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        let body = RequestBody {
            content: [
                (
                    "multipart/form-data",
                    json_schema!({
                        "type": "object",
                        "required": ["file"],
                        "properties": { "file": { "type": "string", "contentMediaType": "application/octet-stream" } },
                    }),
                ),
                ("application/octet-stream", json_schema!({})),
            ]
            .map(|(kind, schema)| (kind.to_owned(), described(schema)))
            .into_iter()
            .collect(),
            required: true,
            ..RequestBody::default()
        };
        set_body(ctx, operation, body);
    }
}

fn described(json_schema: schemars::Schema) -> MediaType {
    MediaType {
        schema: Some(SchemaObject {
            json_schema,
            external_docs: None,
            example: None,
        }),
        ..MediaType::default()
    }
}

async fn of_form(mut form: Multipart, limits: &AttachmentLimits) -> Result<Upload, Problem> {
    loop {
        let field = form.next_field().await;
        let field = field.map_err(|error| unreadable(&error))?;
        let Some(field) = field else {
            return Err(Problem::unread().field("/file", "the form has no field `file`"));
        };
        if field.name() == Some("file") {
            let name = field.file_name().map(str::to_owned).ok_or_else(nameless)?;
            let bytes = of_field(field, limits).await?;
            return Ok(Upload { name, bytes });
        }
    }
}

async fn of_field(mut field: Field<'_>, limits: &AttachmentLimits) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    loop {
        let chunk = field.chunk().await;
        let chunk = chunk.map_err(|error| unreadable(&error))?;
        match chunk {
            Some(chunk) => add(&mut bytes, &chunk, limits)?,
            None => return Ok(bytes),
        }
    }
}

async fn of_body(body: Body, limits: &AttachmentLimits) -> Result<Vec<u8>, Problem> {
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| broke_off(&error))?;
        add(&mut bytes, &chunk, limits)?;
    }
    Ok(bytes)
}

fn add(bytes: &mut Vec<u8>, chunk: &[u8], limits: &AttachmentLimits) -> Result<(), Problem> {
    fits(
        u64::try_from(bytes.len() + chunk.len()).unwrap_or(u64::MAX),
        limits,
    )?;
    bytes.extend_from_slice(chunk);
    Ok(())
}

fn fits(length: u64, limits: &AttachmentLimits) -> Result<(), Problem> {
    if length <= limits.file {
        return Ok(());
    }
    let message = format!("Il file supera {} byte.", limits.file);
    Err(Refusal::new(RefusalCode::AttachmentTooLarge, message).into())
}

/// How long a body says it is; 0 where it does not.
fn announced(headers: &HeaderMap) -> u64 {
    let length = headers.get(header::CONTENT_LENGTH);
    length
        .and_then(|length| length.to_str().ok()?.parse().ok())
        .unwrap_or_default()
}

/// A form the library can make nothing of, one that is too long, or one that broke off.
fn unreadable(error: &MultipartError) -> Problem {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_long(),
        StatusCode::BAD_REQUEST => Problem::unread().detail(error.body_text()),
        _ => broke_off(error),
    }
}

fn nameless() -> Problem {
    Problem::unread().field(
        "Content-Disposition",
        "the file has no name: send `attachment; filename=\"documento.pdf\"`, or a form with the field `file`",
    )
}

/// The name of a raw body: `filename*` (RFC 8187) before `filename`.
fn name_of(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_DISPOSITION)?;
    let value = std::str::from_utf8(value.as_bytes()).ok()?;
    let parameters = parameters(value);
    let of = |wanted: &str| {
        let found = parameters
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.as_str())
    };
    let extended = of("filename*").and_then(|value| {
        let (charset, rest) = value.split_once('\'')?;
        let (_, encoded) = rest.split_once('\'')?;
        let decoded = percent_decode_str(encoded).decode_utf8().ok()?;
        charset
            .eq_ignore_ascii_case("utf-8")
            .then(|| decoded.into_owned())
    });
    extended
        .or_else(|| of("filename").map(str::to_owned))
        .filter(|name| !name.trim().is_empty())
}

/// The parameters after the first word, unquoted.
fn parameters(value: &str) -> Vec<(String, String)> {
    let (mut pieces, mut piece, mut quoted, mut escaped) = (Vec::new(), String::new(), false, false);
    for one in value.chars() {
        match one {
            _ if escaped => {
                piece.push(one);
                escaped = false;
            }
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' if !quoted => pieces.push(std::mem::take(&mut piece)),
            other => piece.push(other),
        }
    }
    pieces.push(piece);
    let pairs = pieces.iter().skip(1).filter_map(|piece| piece.split_once('='));
    pairs
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("attachment; filename=documento.pdf", Some("documento.pdf"))]
    #[case::quoted("attachment; filename=\"a; b \\\"c\\\".pdf\"", Some("a; b \"c\".pdf"))]
    #[case::extended(
        "attachment; filename=\"x.pdf\"; filename*=UTF-8''perch%C3%A9.pdf",
        Some("perché.pdf")
    )]
    #[case::unknown_charset("attachment; filename*=latin1''perch%E9.pdf", None)]
    #[case::nameless("attachment", None)]
    #[case::blank("attachment; filename=\" \"", None)]
    fn the_name_of_a_raw_body_stands_in_its_header(#[case] value: &str, #[case] name: Option<&str>) {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_DISPOSITION, value.parse().unwrap());
        assert_eq!(name_of(&headers).as_deref(), name);
    }
}
