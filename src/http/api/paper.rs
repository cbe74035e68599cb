//! Answers that are files and not JSON.

use std::marker::PhantomData;

use aide::OperationOutput;
use aide::generate::GenContext;
use aide::openapi::{MediaType, Operation, Response as DocumentedResponse, SchemaObject, StatusCode};
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use schemars::json_schema;

/// A kind of file.
pub(in crate::http) trait PaperKind {
    const CONTENT_TYPE: &'static str;
    /// Whether a browser shows it or saves it.
    const SHOWN: bool;
}

/// Declares a kind of file.
macro_rules! kinds {
    ($($name:ident = $content_type:literal, shown: $shown:literal;)+) => {
        $(#[derive(Debug, Clone, Copy)] pub(in crate::http) struct $name;
        impl PaperKind for $name {
            const CONTENT_TYPE: &'static str = $content_type;
            const SHOWN: bool = $shown;
        })+
    };
}

kinds! {
    Html = "text/html; charset=utf-8", shown: true;
    Pdf = "application/pdf", shown: true;
    JsonLines = "application/jsonl", shown: false;
    Csv = "text/csv; charset=utf-8", shown: false;
    Xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", shown: false;
}

/// A file of a kind.
pub(in crate::http) struct Paper<K> {
    body: Body,
    /// Letters, digits, dots and hyphens.
    name: String,
    policy: Option<String>,
    kind: PhantomData<K>,
}

impl<K: PaperKind> Paper<K> {
    pub(in crate::http) fn new(name: String, body: impl Into<Body>) -> Self {
        Self {
            body: body.into(),
            name,
            policy: None,
            kind: PhantomData,
        }
    }

    /// With a content security policy of its own.
    pub(in crate::http) fn under(mut self, policy: String) -> Self {
        self.policy = Some(policy);
        self
    }
}

impl<K: PaperKind> IntoResponse for Paper<K> {
    fn into_response(self) -> Response {
        let manner = if K::SHOWN { "inline" } else { "attachment" };
        let headers = [
            (header::CONTENT_TYPE, Some(K::CONTENT_TYPE.to_owned())),
            (
                header::CONTENT_DISPOSITION,
                Some(format!("{manner}; filename=\"{}\"", self.name)),
            ),
            (header::CONTENT_SECURITY_POLICY, self.policy),
        ];
        let mut response = self.body.into_response();
        for (name, value) in headers {
            if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

impl<K: PaperKind> OperationOutput for Paper<K> {
    type Inner = Self;

    fn operation_response(_: &mut GenContext, _: &mut Operation) -> Option<DocumentedResponse> {
        let media = MediaType {
            schema: Some(SchemaObject {
                json_schema: json_schema!({ "type": "string", "contentMediaType": K::CONTENT_TYPE }),
                external_docs: None,
                example: None,
            }),
            ..MediaType::default()
        };
        Some(DocumentedResponse {
            description: "The file.".to_owned(),
            content: [(K::CONTENT_TYPE.to_owned(), media)].into_iter().collect(),
            ..DocumentedResponse::default()
        })
    }

    fn inferred_responses(
        context: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<StatusCode>, DocumentedResponse)> {
        let response = Self::operation_response(context, operation);
        response
            .map(|response| (Some(StatusCode::Code(200)), response))
            .into_iter()
            .collect()
    }
}
