//! `usciere case trace`: every event, message and mail of a request, in the order in which they were written down.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::show::actor;
use crate::cli::cells::{age, maybe, moment};
use crate::cli::exit::Failure;
use crate::cli::output::Row;
use crate::domain::case::StateName;
use crate::domain::event::{EventKind, MailKind};
use crate::domain::ids::{MessageId, SedeCode, portal_message_id};
use crate::domain::request::{HistoryEntry, Request};
use crate::store::{MailFilter, MailId, MailState, MailSummary, Sending, Store};

/// Mails shown at most: a request has a handful.
const MAILS: u16 = 1_000;

#[derive(Debug, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(in crate::cli) enum Line {
    /// Something happened to the request. Its time is engine time.
    Event {
        at: DateTime<Utc>,
        kind: EventKind,
        seq: u32,
        by: String,
        source: String,
        /// The message that caused it; none: the engine's own timer.
        message_id: Option<MessageId>,
        state: StateName,
        sede: SedeCode,
    },
    /// Something was to be told to a sede or a portal.
    Message {
        at: DateTime<Utc>,
        kind: String,
        destination: String,
        case_seq: Option<i32>,
        message_id: Uuid,
        /// When the broker confirmed it; none: it waits.
        confirmed_at: Option<DateTime<Utc>>,
        attempts: i32,
        last_error: Option<String>,
    },
    /// A courtesy mail to the operator.
    Mail {
        at: DateTime<Utc>,
        kind: MailKind,
        mail_id: MailId,
        message_id: Uuid,
        state: MailState,
        attempts: u32,
        sent_at: Option<DateTime<Utc>>,
        last_error: Option<String>,
    },
}

/// Everything the database knows of the way a request went.
pub(in crate::cli) async fn collect(store: &Store, request: &Request) -> Result<Vec<Line>, Failure> {
    let id = request.case.id;
    let filter = MailFilter {
        request: Some(id),
        limit: MAILS,
        ..MailFilter::default()
    };
    let mut mails = store.list_mails(&filter).await?;
    mails.reverse();
    let history = store.history(id).await?;
    let recorded = store.recorded_at(id).await?;
    let sendings = store.sendings(id).await?;
    Ok(in_order(&history, &recorded, &sendings, &mails))
}

/// One line each, by the time of the transaction that wrote it: the same for an event and all that follows from it.
fn in_order(
    history: &[HistoryEntry],
    recorded: &BTreeMap<u32, DateTime<Utc>>,
    sendings: &[Sending],
    mails: &[MailSummary],
) -> Vec<Line> {
    let events = history
        .iter()
        .map(|entry| (written_at(entry, recorded, sendings), Line::of_event(entry)));
    let messages = sendings
        .iter()
        .map(|sending| (sending.created_at, Line::of_message(sending)));
    let mails = mails.iter().map(|mail| (mail.created_at, Line::of_mail(mail)));
    let mut lines: Vec<(DateTime<Utc>, Line)> = events.chain(messages).chain(mails).collect();
    // Stable: an event stands before its messages, and those before its mails.
    lines.sort_by_key(|(at, _)| *at);
    lines.into_iter().map(|(_, line)| line).collect()
}

/// When an event was written down, on the machine's clock: as its command, or as the portal's message about it.
fn written_at(
    entry: &HistoryEntry,
    recorded: &BTreeMap<u32, DateTime<Utc>>,
    sendings: &[Sending],
) -> DateTime<Utc> {
    let told = || {
        sendings
            .iter()
            .find(|sending| sending.message_id == portal_message_id(entry.request, entry.seq, &sending.kind))
            .map(|sending| sending.created_at)
    };
    recorded
        .get(&entry.seq)
        .copied()
        .or_else(told)
        .unwrap_or(entry.at)
}

impl Line {
    fn of_event(entry: &HistoryEntry) -> Self {
        Self::Event {
            at: entry.at,
            kind: entry.kind,
            seq: entry.seq,
            by: actor(&entry.actor),
            source: entry.source.to_string(),
            message_id: entry.caused_by.clone(),
            state: entry.event.state.clone(),
            sede: entry.event.sede.clone(),
        }
    }

    fn of_message(sending: &Sending) -> Self {
        Self::Message {
            at: sending.created_at,
            kind: sending.kind.clone(),
            destination: sending.destination.clone(),
            case_seq: sending.case_seq,
            message_id: sending.message_id,
            confirmed_at: sending.sent_at,
            attempts: sending.attempts,
            last_error: sending.last_error.clone(),
        }
    }

    fn of_mail(mail: &MailSummary) -> Self {
        Self::Mail {
            at: mail.created_at,
            kind: mail.kind,
            mail_id: mail.id,
            message_id: mail.message_id,
            state: mail.state,
            attempts: mail.attempts,
            sent_at: mail.sent_at,
            last_error: mail.last_error.clone(),
        }
    }
}

impl Row for Line {
    const COLUMNS: &'static [&'static str] = &["at", "what", "kind", "who", "seq", "message_id", "outcome"];

    fn cells(&self) -> Vec<String> {
        let (what, at, kind, who, seq, message_id, outcome) = match self {
            Self::Event {
                at,
                kind,
                seq,
                by,
                message_id,
                state,
                sede,
                ..
            } => {
                let outcome = format!("{state} at {sede}");
                let message_id = maybe(message_id.as_ref());
                (
                    "event",
                    at,
                    kind.to_string(),
                    by.clone(),
                    seq.to_string(),
                    message_id,
                    outcome,
                )
            }
            Self::Message {
                at,
                kind,
                destination,
                case_seq,
                message_id,
                confirmed_at,
                attempts,
                last_error,
            } => {
                let outcome = match confirmed_at {
                    Some(confirmed) => format!("confirmed after {}", between(*at, *confirmed)),
                    None => with_error("waiting", (*attempts).unsigned_abs(), last_error.as_deref()),
                };
                let message_id = message_id.to_string();
                (
                    "message",
                    at,
                    kind.clone(),
                    destination.clone(),
                    maybe(*case_seq),
                    message_id,
                    outcome,
                )
            }
            Self::Mail {
                at,
                kind,
                mail_id,
                message_id,
                state,
                attempts,
                sent_at,
                last_error,
            } => {
                let outcome = match sent_at {
                    Some(sent) => format!("sent after {}", between(*at, *sent)),
                    None => with_error(state.as_str(), *attempts, last_error.as_deref()),
                };
                let message_id = message_id.to_string();
                (
                    "mail",
                    at,
                    kind.to_string(),
                    format!("mail {mail_id}"),
                    String::new(),
                    message_id,
                    outcome,
                )
            }
        };
        vec![moment(*at), what.to_owned(), kind, who, seq, message_id, outcome]
    }
}

/// Milliseconds matter on the way through the engine; hours do on the way to a closed mail server.
fn between(from: DateTime<Utc>, to: DateTime<Utc>) -> String {
    let took = (to - from).to_std().unwrap_or_default();
    if took < Duration::from_secs(10) {
        format!("{} ms", took.as_millis())
    } else {
        age(took)
    }
}

fn with_error(word: &str, attempts: u32, error: Option<&str>) -> String {
    let tries = match attempts {
        0 => String::new(),
        1 => ", 1 try".to_owned(),
        more => format!(", {more} tries"),
    };
    match error {
        Some(error) => format!("{word}{tries}: {error}"),
        None => format!("{word}{tries}"),
    }
}

#[cfg(test)]
mod tests;
