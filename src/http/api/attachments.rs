//! Files over HTTP: brought before a message names them by their hash, and fetched by whoever may see them.

mod upload;

use aide::OperationInput;
use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use aide::generate::GenContext;
use aide::openapi::Operation;
use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::caller::{Caller, forbidden};
use super::trail::Trail;
use super::{Api, Shared};
use crate::attachments::AttachmentError;
use crate::domain::attachment::{
    Filed, MediaType, ScanState, Sha256Hex, StoredAttachment, check_file, clean_file_name, infected,
};
use crate::domain::person::Person;
use crate::http::problem::Problem;
use crate::store::VisibleFile;
pub(in crate::http) use upload::Upload;

pub(in crate::http) fn routes() -> ApiRouter<Shared> {
    ApiRouter::new()
        .api_route(
            "/attachments",
            post_with(bring, |op| {
                op.id("uploadAttachment").tag("portal").summary("Uploads a file").description(
                    "As `multipart/form-data` with the field `file`, or as a raw body with its name in \
                     `Content-Disposition`. The answer's `sha256` names it in a later message: gif, jpg, pdf, tiff or \
                     txt, at most 6 MB.",
                )
                .response::<201, Json<Brought>>()
            }),
        )
        .api_route(
            "/attachments/{sha256}",
            get_with(fetch, |op| {
                op.id("fetchAttachment").tag("questions").summary("Fetches a file").description(
                    "For whoever may see a request that uses it, and for whoever uploaded it. 409 while it waits for \
                     the virus scanner, 410 once a virus was found.",
                )
                .response_with::<200, Vec<u8>, _>(|response| response.description("The file, as it was brought."))
                .response::<410, Problem>()
            }),
        )
}

/// A file that is kept.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct Brought {
    sha256: Sha256Hex,
    /// As it was cleaned.
    pub(in crate::http) name: String,
    /// Bytes.
    pub(in crate::http) size: u64,
    pub(in crate::http) media_type: MediaType,
    pub(in crate::http) scan: ScanState,
}

async fn bring(
    State(api): State<Shared>,
    Caller(person): Caller,
    upload: Upload,
) -> Result<(StatusCode, Json<Brought>), Problem> {
    let Filed { file, scan } = keep(&api, &person, upload).await?;
    let brought = Brought {
        sha256: file.sha256,
        name: file.name,
        size: file.size,
        media_type: file.media_type,
        scan,
    };
    Ok((StatusCode::CREATED, Json(brought)))
}

/// Judges a file and keeps it, to be named in a message of this person's patronato or sede.
pub(in crate::http) async fn keep(api: &Api, person: &Person, upload: Upload) -> Result<Filed, Problem> {
    let source = person
        .source()
        .ok_or_else(|| forbidden("for people of a patronato or a sede only"))?;
    let name = clean_file_name(&upload.name);
    let media_type = check_file(&name, &upload.bytes, &api.limits.attachments)?;
    let sha256 = Sha256Hex::of(&upload.bytes);
    let wanted = (source.clone(), sha256.clone());
    let known = api.store.known_files(std::slice::from_ref(&wanted)).await?;
    let known = known.get(&wanted).copied();
    let scan = api.attachments.look_again(known, &upload.bytes).await;
    if scan == ScanState::Quarantined {
        return Err(infected(&name).into());
    }
    let size = u64::try_from(upload.bytes.len()).unwrap_or(u64::MAX);
    api.attachments.put(upload.bytes).await?;
    let filed = Filed {
        file: StoredAttachment {
            name,
            sha256,
            size,
            media_type,
        },
        scan,
    };
    api.store.record_upload(&source, person, &filed).await?;
    Ok(filed)
}

async fn fetch(
    State(api): State<Shared>,
    Caller(person): Caller,
    trail: Trail,
    OfFile(sha256): OfFile,
) -> Result<Response, Problem> {
    give(&api, &person, &trail, &sha256).await
}

/// A file to whoever may see it.
pub(in crate::http) async fn give(
    api: &Api,
    person: &Person,
    trail: &Trail,
    sha256: &Sha256Hex,
) -> Result<Response, Problem> {
    let visible = api.store.visible_file(person, sha256).await?;
    let VisibleFile { filed, request } = visible.ok_or_else(unknown)?;
    trail.requests(request);
    match filed.scan {
        ScanState::Unchecked | ScanState::Clean => {}
        ScanState::Pending => {
            return Err(Problem::new(StatusCode::CONFLICT)
                .code("attachment_pending")
                .detail("Il file attende il controllo antivirus: riprova tra qualche minuto."));
        }
        ScanState::Quarantined => {
            return Err(Problem::new(StatusCode::GONE)
                .code("attachment_quarantined")
                .detail("Nel file è stato trovato un virus: non può essere scaricato."));
        }
    }
    let Some(stream) = api.attachments.stream(sha256).await? else {
        tracing::error!(attachment.sha256 = %sha256, "a file is not where it was put");
        return Err(unknown());
    };
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static(filed.file.media_type.as_str()),
        ),
        (header::CONTENT_LENGTH, HeaderValue::from(filed.file.size)),
        (header::CONTENT_DISPOSITION, disposition(&filed.file.name)),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("sandbox; default-src 'none'"),
        ),
    ];
    Ok((headers, Body::from_stream(stream)).into_response())
}

/// What a name may hold of characters beside letters and digits (RFC 8187).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');

/// Always to be saved, never to be shown in place. The name stands twice: for old clients and as it is.
fn disposition(name: &str) -> HeaderValue {
    let old: String = name
        .chars()
        .map(|one| {
            if one.is_ascii_alphanumeric() || " .-_()".contains(one) {
                one
            } else {
                '_'
            }
        })
        .collect();
    let whole = utf8_percent_encode(name, PLAIN);
    let text = format!("attachment; filename=\"{old}\"; filename*=UTF-8''{whole}");
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("attachment"))
}

/// The `{sha256}` of a path. What is no hash names nothing.
#[derive(Debug, Clone)]
pub(in crate::http) struct OfFile(Sha256Hex);

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct FilePath {
    /// The SHA-256 of the file, in hexadecimal.
    sha256: Sha256Hex,
}

impl<S: Send + Sync> FromRequestParts<S> for OfFile {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<FilePath>::from_request_parts(parts, state).await;
        path.map(|Path(path)| Self(path.sha256)).map_err(|_| unknown())
    }
}

impl OperationInput for OfFile {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        Path::<FilePath>::operation_input(ctx, operation);
    }
}

/// It does not exist, or is not the caller's to see: the same answer for both.
fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND)
        .code("attachment_unknown")
        .detail("Il file non esiste o non è visibile al tuo ufficio.")
}

impl From<AttachmentError> for Problem {
    fn from(error: AttachmentError) -> Self {
        let status = if error.is_passing() {
            tracing::warn!(error = %error, "a file waits for the attachments' store");
            StatusCode::SERVICE_UNAVAILABLE
        } else {
            tracing::error!(error = %error, "a file cannot be given");
            StatusCode::INTERNAL_SERVER_ERROR
        };
        Self::new(status).detail("the attachments' store does not answer as it should")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_to_old_and_new_clients_and_breaks_no_header() {
        assert_eq!(
            disposition("perché \"no\".pdf"),
            "attachment; filename=\"perch_ _no_.pdf\"; filename*=UTF-8''perch%C3%A9%20%22no%22.pdf"
        );
        assert!(
            disposition("a\r\nX: b.pdf")
                .to_str()
                .unwrap()
                .starts_with("attachment; filename=\"a__X_ b.pdf\"")
        );
    }
}
