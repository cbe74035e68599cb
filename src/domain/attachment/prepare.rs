//! The files of a message, decoded and judged before anything is stored. All complaints are told at once.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{AttachmentLimits, MIB, MediaType, Sha256Hex, clean_file_name};
use crate::domain::command::AttachmentInput;
use crate::domain::refusal::{FieldProblem, Refusal, RefusalCode};

const WRONG_KIND: &str = "Formato non ammesso: usa gif, jpg, pdf, tiff o txt.";

/// A file that may be stored.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Its place in the message, for complaints that only the store can make.
    pub index: usize,
    pub name: String,
    pub media_type: MediaType,
    pub sha256: Sha256Hex,
    pub content: PreparedContent,
}

#[derive(Clone)]
pub enum PreparedContent {
    /// Came with the message.
    Inline(Vec<u8>),
    /// Uploaded before: only the store can tell whether it is there and what it is.
    Uploaded,
}

impl std::fmt::Debug for PreparedContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Inline(bytes) => write!(f, "Inline({} bytes)", bytes.len()),
            Self::Uploaded => f.write_str("Uploaded"),
        }
    }
}

/// What is wrong with the files of a message, as one refusal.
#[derive(Debug, Default)]
pub struct Complaints(Option<Refusal>);

impl Complaints {
    /// The refusal bears the first complaint's code and message, and all their places.
    pub fn add(&mut self, code: RefusalCode, pointer: String, message: impl Into<String>) {
        let message = message.into();
        let refusal = self.0.get_or_insert_with(|| Refusal::new(code, message.clone()));
        refusal.fields.push(FieldProblem { pointer, message });
    }

    pub fn or<T>(self, value: T) -> Result<T, Refusal> {
        self.0.map_or(Ok(value), Err)
    }
}

/// Decodes and judges the files of a message.
pub fn prepare(inputs: &[AttachmentInput], limits: &AttachmentLimits) -> Result<Vec<Prepared>, Refusal> {
    let mut complaints = Complaints::default();
    if inputs.len() > limits.files {
        let message = format!("Gli allegati sono più di {}.", limits.files);
        complaints.add(
            RefusalCode::AttachmentTooLarge,
            "/attachments".to_owned(),
            message,
        );
        return complaints.or(Vec::new());
    }
    let mut prepared = Vec::with_capacity(inputs.len());
    for (index, input) in inputs.iter().enumerate() {
        prepared.extend(prepare_one(index, input, limits, &mut complaints));
    }
    let inline = |file: &Prepared| match &file.content {
        PreparedContent::Inline(bytes) => length(bytes),
        PreparedContent::Uploaded => 0,
    };
    check_total(prepared.iter().map(inline).sum(), limits, &mut complaints);
    complaints.or(prepared)
}

fn prepare_one(
    index: usize,
    input: &AttachmentInput,
    limits: &AttachmentLimits,
    complaints: &mut Complaints,
) -> Option<Prepared> {
    let at = |field: &str| format!("/attachments/{index}{field}");
    let name = clean_file_name(&input.name);
    match (&input.content_base64, &input.sha256) {
        (Some(base64), None) => {
            if length(base64) / 4 * 3 > limits.file + 2 {
                complaints.add(
                    RefusalCode::AttachmentTooLarge,
                    at("/content_base64"),
                    too_large(&name, limits),
                );
                return None;
            }
            let Ok(bytes) = STANDARD.decode(base64) else {
                let message = "Il contenuto non è in base64.";
                complaints.add(RefusalCode::InvalidBody, at("/content_base64"), message);
                return None;
            };
            let media_type = check_file(&name, &bytes, limits)
                .map_err(|refusal| complaints.add(refusal.code, at("/content_base64"), refusal.message))
                .ok()?;
            Some(Prepared {
                index,
                name,
                media_type,
                sha256: Sha256Hex::of(&bytes),
                content: PreparedContent::Inline(bytes),
            })
        }
        (None, Some(sha256)) => {
            let Ok(sha256) = Sha256Hex::parse(&sha256.to_ascii_lowercase()) else {
                let message = "Uno sha256 è di 64 cifre esadecimali.";
                complaints.add(RefusalCode::InvalidBody, at("/sha256"), message);
                return None;
            };
            let Some(media_type) = MediaType::of_name(&name) else {
                complaints.add(RefusalCode::AttachmentType, at("/name"), WRONG_KIND);
                return None;
            };
            Some(Prepared {
                index,
                name,
                media_type,
                sha256,
                content: PreparedContent::Uploaded,
            })
        }
        (Some(_), Some(_)) | (None, None) => {
            let message = "Indica il contenuto in base64 oppure lo sha256 di un file già caricato.";
            complaints.add(RefusalCode::InvalidBody, at(""), message);
            None
        }
    }
}

/// Judges one file by its clean name, its content and its size; answers what it is.
pub fn check_file(name: &str, bytes: &[u8], limits: &AttachmentLimits) -> Result<MediaType, Refusal> {
    let Some(claimed) = MediaType::of_name(name) else {
        return Err(Refusal::new(RefusalCode::AttachmentType, WRONG_KIND));
    };
    if bytes.is_empty() {
        return Err(Refusal::new(RefusalCode::AttachmentType, "File vuoto."));
    }
    if length(bytes) > limits.file {
        return Err(Refusal::new(
            RefusalCode::AttachmentTooLarge,
            too_large(name, limits),
        ));
    }
    if MediaType::of_content(bytes) != Some(claimed) {
        return Err(other_content(name));
    }
    Ok(claimed)
}

/// Judges the name of a file that was judged by its content before.
pub fn check_claim(
    name: &str,
    size: u64,
    content: MediaType,
    limits: &AttachmentLimits,
) -> Result<(), Refusal> {
    if MediaType::of_name(name) != Some(content) {
        return Err(other_content(name));
    }
    if size > limits.file {
        return Err(Refusal::new(
            RefusalCode::AttachmentTooLarge,
            too_large(name, limits),
        ));
    }
    Ok(())
}

fn other_content(name: &str) -> Refusal {
    let message = format!("Il contenuto di «{name}» non corrisponde al suo formato.");
    Refusal::new(RefusalCode::AttachmentType, message)
}

/// Judges the weight of all files of a message.
pub fn check_total(bytes: u64, limits: &AttachmentLimits, complaints: &mut Complaints) {
    if bytes > limits.message {
        let message = format!("Gli allegati superano {} in tutto.", weight(limits.message));
        complaints.add(
            RefusalCode::AttachmentTooLarge,
            "/attachments".to_owned(),
            message,
        );
    }
}

fn too_large(name: &str, limits: &AttachmentLimits) -> String {
    format!("Il file «{name}» supera {}.", weight(limits.file))
}

fn weight(bytes: u64) -> String {
    if bytes.is_multiple_of(MIB) {
        format!("{} MB", bytes / MIB)
    } else {
        format!("{bytes} byte")
    }
}

fn length(bytes: impl AsRef<[u8]>) -> u64 {
    u64::try_from(bytes.as_ref().len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
