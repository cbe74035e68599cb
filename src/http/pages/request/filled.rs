//! A form with files, as a browser sends it, and the files of it once they are kept.

use std::collections::HashMap;

use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::domain::attachment::Sha256Hex;
use crate::domain::ids::MessageId;
use crate::http::api::attachments::{Upload, keep};
use crate::http::pages::fault::Fault;
use crate::http::pages::viewer::Viewer;
use crate::http::pages::{Portal, Shared};

/// A form as it was filled in.
#[derive(Default)]
pub(super) struct Filled {
    fields: HashMap<String, Vec<String>>,
    files: Vec<Upload>,
}

/// A file that is kept already, to be named by a command.
#[derive(Clone)]
pub(super) struct KeptFile {
    sha256: Sha256Hex,
    pub(super) name: String,
}

impl KeptFile {
    /// As the form sends it back.
    pub(super) fn value(&self) -> String {
        format!("{}/{}", self.sha256, self.name)
    }

    fn read(value: &str) -> Option<Self> {
        let (sha256, name) = value.split_once('/')?;
        Some(Self {
            sha256: Sha256Hex::parse(sha256).ok()?,
            name: name.to_owned(),
        })
    }

    /// As a command names it.
    fn named(&self) -> Value {
        json!({ "name": self.name, "sha256": self.sha256 })
    }
}

pub(super) fn named(files: &[KeptFile]) -> Value {
    files.iter().map(KeptFile::named).collect()
}

impl FromRequest<Shared> for Filled {
    type Rejection = Fault;

    async fn from_request(request: Request, portal: &Shared) -> Result<Self, Fault> {
        let form = Multipart::from_request(request, portal).await;
        let mut form = form.map_err(|_| StatusCode::UNSUPPORTED_MEDIA_TYPE)?;
        let most = portal.api.limits.attachments.file;
        let mut filled = Self::default();
        while let Some(field) = form.next_field().await.map_err(|error| broken(&error))? {
            let Some(name) = field.name().map(str::to_owned) else {
                continue;
            };
            match field.file_name().map(str::to_owned) {
                // Browsers send a file field that was left alone as a file without a name.
                Some(file) if file.is_empty() => {}
                Some(file) => filled.files.push(Upload {
                    name: file,
                    bytes: bytes(field, most).await?,
                }),
                None => {
                    let text = field.text().await.map_err(|error| broken(&error))?;
                    filled.fields.entry(name).or_default().push(text);
                }
            }
        }
        Ok(filled)
    }
}

fn broken(error: &MultipartError) -> Fault {
    error.status().into()
}

/// No more than tells that a file is too large.
async fn bytes(mut field: Field<'_>, most: u64) -> Result<Vec<u8>, Fault> {
    let most = usize::try_from(most).unwrap_or(usize::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|error| broken(&error))? {
        let room = most - bytes.len();
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    Ok(bytes)
}

impl Filled {
    /// What a field says, with the line ends of the server.
    pub(super) fn text(&self, name: &str) -> String {
        let values = self.fields.get(name);
        values
            .and_then(|values| values.first())
            .map_or_else(String::new, |text| text.replace("\r\n", "\n"))
    }

    pub(super) fn key(&self) -> Option<MessageId> {
        MessageId::parse(&self.text("chiave")).ok()
    }

    /// Keeps the files; answers with those that are kept and with what is wrong with the others.
    pub(super) async fn keep_files(
        &mut self,
        portal: &Portal,
        viewer: &Viewer,
    ) -> (Vec<KeptFile>, Vec<String>) {
        let before = self.fields.get("caricati").into_iter().flatten();
        let mut kept: Vec<KeptFile> = before.filter_map(|value| KeptFile::read(value)).collect();
        let mut complaints = Vec::new();
        for file in self.files.drain(..) {
            match keep(&portal.api, &viewer.person, file).await {
                Ok(filed) => kept.push(KeptFile {
                    sha256: filed.file.sha256,
                    name: filed.file.name,
                }),
                Err(problem) => {
                    let said = problem.for_people();
                    complaints.push(
                        said.unwrap_or("Il file non può essere caricato ora: riprova tra poco.")
                            .to_owned(),
                    );
                }
            }
        }
        (kept, complaints)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_file_is_read_back_whatever_its_name() {
        let file = KeptFile {
            sha256: Sha256Hex::of(b"x"),
            name: "a/b «c».pdf".to_owned(),
        };
        let read = KeptFile::read(&file.value()).unwrap();
        assert_eq!((read.sha256, read.name), (file.sha256, file.name));
        assert!(KeptFile::read("no hash/x.pdf").is_none());
    }
}
