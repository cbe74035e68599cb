//! The fields of the compilation as a browser sends them, with a file or without.

use std::collections::BTreeMap;

use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;

use crate::domain::command::ContactReason;
use crate::domain::draft::Draft;
use crate::domain::ids::TopicCode;
use crate::domain::practice::PracticeKind;
use crate::http::api::attachments::Upload;
use crate::http::body::broke_off;
use crate::http::pages::Shared;
use crate::http::pages::fault::Fault;

/// Longest text taken into a draft; what may be sent is less.
const LONGEST: usize = 20_000;

/// A form with files, read whole.
#[derive(Default)]
pub(in crate::http::pages) struct Filled {
    fields: BTreeMap<String, String>,
    pub(in crate::http::pages) files: Vec<Upload>,
}

impl FromRequest<Shared> for Filled {
    type Rejection = Fault;

    async fn from_request(request: Request, portal: &Shared) -> Result<Self, Fault> {
        let broken = |_| Fault::from(StatusCode::BAD_REQUEST);
        let mut form = Multipart::from_request(request, portal).await.map_err(broken)?;
        let mut filled = Self::default();
        while let Some(field) = form.next_field().await.map_err(|error| unreadable(&error))? {
            let name = field.name().unwrap_or_default().to_owned();
            let file = field.file_name().map(str::to_owned);
            let bytes = field.bytes().await.map_err(|error| unreadable(&error))?;
            match file {
                // A browser sends an empty part where no file was chosen.
                Some(file) if file.is_empty() => {}
                Some(name) => filled.files.push(Upload {
                    name,
                    bytes: bytes.into(),
                }),
                None => {
                    filled
                        .fields
                        .insert(name, String::from_utf8_lossy(&bytes).into_owned());
                }
            }
        }
        Ok(filled)
    }
}

fn unreadable(error: &MultipartError) -> Fault {
    if error.status().is_server_error() {
        broke_off(error).into()
    } else {
        error.status().into()
    }
}

impl Filled {
    /// Of a form without files.
    pub(in crate::http::pages) fn of(fields: BTreeMap<String, String>) -> Self {
        Self {
            fields,
            files: Vec::new(),
        }
    }

    pub(in crate::http::pages) fn text(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// Writes what was typed into a draft. A field that did not come stays as it was.
    pub(super) fn write(&self, draft: &mut Draft) {
        if let Some(reason) = self.fields.get("motivo") {
            draft.reason = ContactReason::from_word(reason);
        }
        if let Some(kind) = self.fields.get("tipo_pratica") {
            draft.practice_kind = PracticeKind::from_word(kind);
        }
        if let Some(topic) = self.fields.get("argomento") {
            draft.topic = TopicCode::parse(topic).ok();
        }
        for (name, field) in [
            ("numero_pratica", &mut draft.practice_number),
            ("testo", &mut draft.text),
            ("note", &mut draft.notes),
        ] {
            if let Some(text) = self.fields.get(name) {
                *field = text
                    .replace("\r\n", "\n")
                    .replace('\0', "")
                    .chars()
                    .take(LONGEST)
                    .collect();
            }
        }
    }
}
