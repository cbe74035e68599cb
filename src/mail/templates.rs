//! What mails say: Italian, as text and as HTML, from templates built into the binary.
//!
//! A courtesy notice carries no personal data (DOMAIN.md 0): the context below is all a template can print.

use std::sync::LazyLock;

use chrono::NaiveDate;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, State, UndefinedBehavior, Value};
use serde::Serialize;
use url::Url;

use super::reasons::sentence;
use crate::domain::event::MailKind;
use crate::domain::ids::RequestId;
use crate::domain::mail::{MailDetail, MailParams};
use crate::domain::refusal::RefusalCode;

/// A template that does not render: a fault of the program, held off by a test.
#[derive(Debug, thiserror::Error)]
#[error("the template of a mail does not render")]
pub struct TemplateError(#[from] minijinja::Error);

/// A mail as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// What every mail of a system has in common.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// What the service calls itself.
    pub service: String,
    /// Where links begin; ends with a slash.
    pub base_url: Url,
}

/// All a template can print.
#[derive(Serialize)]
struct Context<'mail> {
    service: &'mail str,
    protocol_number: Option<String>,
    topic_label: String,
    sede_name: Option<String>,
    happened_on: String,
    /// Why a request was refused.
    reason: Option<&'static str>,
    link: String,
    preferences_link: String,
}

macro_rules! parts {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("templates/", $name)))),+]
    };
}

const SOURCES: &[(&str, &str)] = parts![
    "layout.txt",
    "layout.html",
    "reply.subject.txt",
    "reply.txt",
    "reply.html",
    "closed.subject.txt",
    "closed.txt",
    "closed.html",
    "overdue.subject.txt",
    "overdue.txt",
    "overdue.html",
    "appointment_enabled.subject.txt",
    "appointment_enabled.txt",
    "appointment_enabled.html",
    "appointment_booked.subject.txt",
    "appointment_booked.txt",
    "appointment_booked.html",
    "appointment_confirmed.subject.txt",
    "appointment_confirmed.txt",
    "appointment_confirmed.html",
    "appointment_cancelled.subject.txt",
    "appointment_cancelled.txt",
    "appointment_cancelled.html",
    "refused.subject.txt",
    "refused.txt",
    "refused.html",
];

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_formatter(print);
    for (name, source) in SOURCES {
        environment
            .add_template(name, source)
            .expect("a test parses every template of the binary");
    }
    environment
});

/// Escapes as HTML needs and no more: minijinja's own also turns the slashes of protocol numbers into `&#x2f;`.
fn print(
    out: &mut minijinja::Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), minijinja::Error> {
    let escape = *state.auto_escape() == AutoEscape::Html && !value.is_safe();
    match value.as_str() {
        Some(text) if escape => out.write_str(&escaped(text)).map_err(minijinja::Error::from),
        Some(_) | None => minijinja::escape_formatter(out, state, value),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

impl Surroundings {
    /// Where the person who gets a mail reads on, after logging in.
    pub fn link(&self, request: RequestId) -> String {
        format!("{}richieste/{request}", self.base_url)
    }

    /// Writes a mail of the given kind.
    pub fn render(
        &self,
        kind: MailKind,
        request: RequestId,
        params: &MailParams,
    ) -> Result<Rendered, TemplateError> {
        let context = Context {
            service: &self.service,
            protocol_number: params.protocol_number.as_deref().map(one_line),
            topic_label: one_line(&params.topic_label),
            sede_name: params.sede_name.as_deref().map(one_line),
            happened_on: params.happened_on.format("%d/%m/%Y").to_string(),
            reason: match params.detail {
                MailDetail::Refusal { code } => Some(sentence(code)),
                MailDetail::Nothing => None,
            },
            link: if kind == MailKind::Refused {
                self.base_url.to_string()
            } else {
                self.link(request)
            },
            preferences_link: format!("{}preferenze", self.base_url),
        };
        let part = |suffix: &str| {
            TEMPLATES
                .get_template(&format!("{kind}.{suffix}"))?
                .render(Value::from(Serde(&context)))
        };
        Ok(Rendered {
            subject: one_line(&part("subject.txt")?),
            text: part("txt")?.trim_start().to_owned(),
            html: part("html")?.trim_start().to_owned(),
        })
    }

    /// A mail of the given kind with made-up content, for `mail preview` and `mail test`.
    pub fn sample(&self, kind: MailKind) -> Result<Rendered, TemplateError> {
        self.render(kind, SAMPLE_REQUEST, &sample_params(kind))
    }
}

/// The request of previews and tests: no real one.
pub(super) const SAMPLE_REQUEST: RequestId = RequestId(uuid::uuid!("0199c0de-0000-7000-8000-000000000001"));

pub(super) fn sample_params(kind: MailKind) -> MailParams {
    let about = MailParams {
        protocol_number: Some("INPS.7013.24/02/2021.0000123".to_owned()),
        topic_label: "Pensioni in regime internazionale – paesi non convenzionati".to_owned(),
        sede_name: Some("Agenzia di Pomezia".to_owned()),
        happened_on: NaiveDate::from_ymd_opt(2021, 3, 8).expect("a day of the calendar"),
        detail: MailDetail::Nothing,
    };
    match kind {
        MailKind::Reply
        | MailKind::Closed
        | MailKind::Overdue
        | MailKind::AppointmentEnabled
        | MailKind::AppointmentBooked
        | MailKind::AppointmentConfirmed
        | MailKind::AppointmentCancelled => about,
        MailKind::Refused => MailParams {
            protocol_number: None,
            sede_name: None,
            detail: MailDetail::Refusal {
                code: RefusalCode::PracticeNotLinked,
            },
            ..about
        },
    }
}

/// Register data in one line: a line break in a label must not look like a line of ours.
fn one_line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surroundings() -> Surroundings {
        Surroundings {
            service: "Scrivi alla sede".to_owned(),
            base_url: Url::parse("https://usciere.example/").unwrap(),
        }
    }

    #[test]
    fn every_kind_has_a_mail() {
        for &kind in MailKind::ALL {
            let mail = surroundings().sample(kind).unwrap();
            insta::assert_snapshot!(
                format!("{kind}"),
                format!(
                    "Subject: {}\n\n{}\n\n=====\n\n{}",
                    mail.subject, mail.text, mail.html
                )
            );
        }
    }

    #[test]
    fn every_template_belongs_to_a_kind() {
        let kinds: Vec<String> = MailKind::ALL
            .iter()
            .flat_map(|kind| ["subject.txt", "txt", "html"].map(|suffix| format!("{kind}.{suffix}")))
            .chain(["layout.txt".to_owned(), "layout.html".to_owned()])
            .collect();
        assert_eq!(SOURCES.len(), kinds.len());
        assert!(
            SOURCES
                .iter()
                .all(|(name, _)| kinds.iter().any(|kind| kind == name))
        );
    }

    #[test]
    fn the_link_stands_first_and_names_nothing_but_the_request() {
        for &kind in MailKind::ALL {
            let mail = surroundings().sample(kind).unwrap();
            let first = mail.text.lines().next().unwrap();
            // A request that was refused is nowhere to be opened.
            let target = match kind {
                MailKind::Refused => "https://usciere.example/",
                _ => "https://usciere.example/richieste/0199c0de-0000-7000-8000-000000000001",
            };
            assert!(first.ends_with(target), "{first}");
        }
    }

    #[test]
    fn labels_can_neither_open_a_tag_nor_a_line() {
        let params = MailParams {
            topic_label: "<img src=x onerror='alert(\"1\")'> & {{ 7*7 }}\r\nProtocollo: falso".to_owned(),
            ..sample_params(MailKind::Reply)
        };
        let mail = surroundings()
            .render(MailKind::Reply, SAMPLE_REQUEST, &params)
            .unwrap();
        assert!(
            mail.html
                .contains("&lt;img src=x onerror=&#39;alert(&quot;1&quot;)&#39;&gt; &amp; {{ 7*7 }}")
        );
        assert!(!mail.html.contains("<img"));
        assert_eq!(
            mail.text
                .lines()
                .filter(|line| line.starts_with("Protocollo:"))
                .count(),
            1
        );
    }

    #[test]
    fn a_name_no_template_knows_is_an_error() {
        let mut environment = TEMPLATES.clone();
        environment
            .add_template("wrong.txt", "{{ citizen_name }}")
            .unwrap();
        let wrong = environment.get_template("wrong.txt").unwrap();
        assert!(wrong.render(minijinja::context! {}).is_err());
    }
}
