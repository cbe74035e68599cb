//! What mails say: Italian, as text and as HTML, from templates built into the binary.
//!
//! A courtesy notice carries no personal data (DOMAIN.md 0): the context below is all a template can print.

use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, Utc};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, State, UndefinedBehavior, Value};
use serde::Serialize;
use url::Url;
use uuid::Uuid;

use super::words::{sentence, title};
use crate::domain::calendar::TimeZone;
use crate::domain::event::MailKind;
use crate::domain::ids::RequestId;
use crate::domain::mail::{Digest, DigestEntry, MailContent, MailDetail, MailParams};

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
    title: String,
    link: String,
    preferences_link: String,
    #[serde(flatten)]
    about: About,
}

#[derive(Serialize)]
#[serde(untagged)]
enum About {
    Event(Event),
    Digest {
        day: String,
        entries: Vec<Entry>,
        more: u32,
    },
}

/// What happened to one request.
#[derive(Serialize)]
struct Event {
    protocol_number: Option<String>,
    topic_label: String,
    sede_name: Option<String>,
    happened_on: String,
    solicit_from: Option<String>,
    appointment_from: Option<String>,
    appointment_at: Option<String>,
    appointment_place: Option<String>,
    /// Why a request was refused.
    reason: Option<&'static str>,
}

/// A line of a digest.
#[derive(Serialize)]
struct Entry {
    title: &'static str,
    link: String,
    #[serde(flatten)]
    event: Event,
}

macro_rules! parts {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("templates/", $name)))),+]
    };
}

const SOURCES: &[(&str, &str)] = parts![
    "subject.txt",
    "layout.txt",
    "layout.html",
    "reply.txt",
    "reply.html",
    "closed.txt",
    "closed.html",
    "overdue.txt",
    "overdue.html",
    "appointment_enabled.txt",
    "appointment_enabled.html",
    "appointment_booked.txt",
    "appointment_booked.html",
    "appointment_confirmed.txt",
    "appointment_confirmed.html",
    "appointment_cancelled.txt",
    "appointment_cancelled.html",
    "refused.txt",
    "refused.html",
    "digest.txt",
    "digest.html",
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

    /// Where people choose which mails they get.
    pub fn preferences_link(&self) -> String {
        format!("{}preferenze", self.base_url)
    }

    /// Where a mail program ends all mails to whoever got the one with this token.
    pub fn unsubscribe_link(&self, token: Uuid) -> String {
        format!("{}api/v1/unsubscribe/{token}", self.base_url)
    }

    /// Writes a mail of the given kind.
    pub fn render(
        &self,
        kind: MailKind,
        request: Option<RequestId>,
        content: &MailContent,
    ) -> Result<Rendered, TemplateError> {
        let (title, link, about) = match content {
            MailContent::Event(params) => (
                title(kind).to_owned(),
                self.event_link(kind, request),
                About::Event(event(params)),
            ),
            MailContent::Digest(digest) => (
                digest_title(digest),
                format!("{}richieste", self.base_url),
                self.digest(digest),
            ),
        };
        let values = Context {
            service: &self.service,
            title,
            link,
            preferences_link: self.preferences_link(),
            about,
        };
        let part = |name: &str| TEMPLATES.get_template(name)?.render(Value::from(Serde(&values)));
        Ok(Rendered {
            subject: one_line(&part("subject.txt")?),
            text: part(&format!("{kind}.txt"))?.trim_start().to_owned(),
            html: part(&format!("{kind}.html"))?.trim_start().to_owned(),
        })
    }

    /// A request that was refused is nowhere to be opened.
    fn event_link(&self, kind: MailKind, request: Option<RequestId>) -> String {
        match (kind, request) {
            (MailKind::Refused, _) | (_, None) => self.base_url.to_string(),
            (_, Some(request)) => self.link(request),
        }
    }

    fn digest(&self, digest: &Digest) -> About {
        About::Digest {
            day: day(digest.day),
            entries: digest.entries.iter().map(|entry| self.entry(entry)).collect(),
            more: digest.more,
        }
    }

    fn entry(&self, entry: &DigestEntry) -> Entry {
        Entry {
            title: title(entry.kind),
            link: self.event_link(entry.kind, Some(entry.request)),
            event: event(&entry.params),
        }
    }
}

fn digest_title(digest: &Digest) -> String {
    let all = digest.entries.len() + usize::try_from(digest.more).unwrap_or(0);
    let events = if all == 1 {
        "un avviso".to_owned()
    } else {
        format!("{all} avvisi")
    };
    format!("{} del {}: {events}", title(MailKind::Digest), day(digest.day))
}

fn event(params: &MailParams) -> Event {
    let mut event = Event {
        protocol_number: params.protocol_number.as_deref().map(one_line),
        topic_label: one_line(&params.topic_label),
        sede_name: params.sede_name.as_deref().map(one_line),
        happened_on: day(params.happened_on),
        solicit_from: None,
        appointment_from: None,
        appointment_at: None,
        appointment_place: None,
        reason: None,
    };
    match &params.detail {
        MailDetail::Nothing => {}
        MailDetail::Waiting {
            solicit_from,
            appointment_from,
        } => {
            event.solicit_from = solicit_from.map(day);
            event.appointment_from = appointment_from.map(day);
        }
        MailDetail::Appointment(appointment) => {
            event.appointment_at = appointment.at.map(moment);
            event.appointment_place = appointment.place.as_deref().map(one_line);
        }
        MailDetail::Refusal { code } => event.reason = Some(sentence(*code)),
    }
    event
}

fn day(date: NaiveDate) -> String {
    date.format("%d/%m/%Y").to_string()
}

/// By the wall clock of Italy.
fn moment(instant: DateTime<Utc>) -> String {
    let local = TimeZone::default().local(instant);
    local.format("%d/%m/%Y, ore %H:%M").to_string()
}

/// Register data in one line: a line break in a label must not look like a line of ours.
pub(super) fn one_line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
