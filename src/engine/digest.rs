//! What a batch leaves behind for questions: the words to find requests by, what is new to whom, how long replies
//! took. Pure.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::calendar::rome_date;
use crate::domain::event::EventKind;
use crate::domain::ids::RequestId;
use crate::domain::registers::Registers;
use crate::domain::request::{HistoryEntry, Request};
use crate::domain::search::fold;
use crate::store::{DigestRow, ReplyRow};

/// Whether the patronato counts an event as the Institute's answer.
pub(super) const fn is_reply(kind: EventKind) -> bool {
    matches!(kind, EventKind::Replied | EventKind::Closed)
}

pub(super) fn reply(
    request: &Request,
    seq: u32,
    waited_since: Option<NaiveDate>,
    now: DateTime<Utc>,
) -> ReplyRow {
    let days = waited_since.map(|since| (rome_date(now) - since).num_days());
    ReplyRow {
        request: request.case.id,
        seq,
        patronato: request.case.patronato.clone(),
        office: request.case.office.clone(),
        sender: request.case.sender.clone(),
        sede: request.case.sede.clone(),
        topic: request.topic.clone(),
        at: now,
        days: days.map(|days| u32::try_from(days).unwrap_or(0)),
    }
}

/// One row for each request with something to find or to read in these entries.
pub(super) fn digests(
    history: &[HistoryEntry],
    requests: &HashMap<RequestId, Request>,
    registers: &Registers,
) -> Vec<DigestRow> {
    let mut rows: BTreeMap<RequestId, DigestRow> = BTreeMap::new();
    for entry in history {
        let Some(request) = requests.get(&entry.request) else {
            continue;
        };
        let row = rows.entry(entry.request).or_insert_with(|| nothing_of(request));
        add(row, entry, request, registers);
    }
    rows.into_values().filter(says_something).collect()
}

fn nothing_of(request: &Request) -> DigestRow {
    DigestRow {
        request: request.case.id,
        patronato: request.case.patronato.clone(),
        office: request.case.office.clone(),
        opened: None,
        sedi: Vec::new(),
        words: String::new(),
        attachments: 0,
        news: Vec::new(),
    }
}

const fn says_something(row: &DigestRow) -> bool {
    row.opened.is_some()
        || !row.sedi.is_empty()
        || !row.words.is_empty()
        || row.attachments > 0
        || !row.news.is_empty()
}

fn add(row: &mut DigestRow, entry: &HistoryEntry, request: &Request, registers: &Registers) {
    let attachments = u32::try_from(entry.details.attachments.len()).unwrap_or(u32::MAX);
    row.attachments = row.attachments.saturating_add(attachments);
    row.news
        .extend(entry.kind.news_to().map(|side| (side, entry.seq)));
    match entry.kind {
        EventKind::Submitted => {
            row.opened = Some(request.opened_at);
            row.sedi.push(entry.event.sede.clone());
            let label = registers.topic(&request.topic).map(|topic| topic.label.as_str());
            say(row, label.unwrap_or_default());
            say(row, &number(request));
        }
        EventKind::Assigned | EventKind::Transferred => row.sedi.push(entry.event.sede.clone()),
        EventKind::Taken
        | EventKind::Released
        | EventKind::Replied
        | EventKind::Closed
        | EventKind::Noted
        | EventKind::Messaged
        | EventKind::Attached
        | EventKind::Solicited
        | EventKind::Booked
        | EventKind::AppointmentEnabled
        | EventKind::AppointmentConfirmed
        | EventKind::AppointmentCancelled
        | EventKind::Elapsed => {}
    }
    if to_be_found(entry.kind) {
        let details = &entry.details;
        for text in [&details.text, &details.notes, &details.reason]
            .into_iter()
            .flatten()
        {
            say(row, &text.0);
        }
    }
}

/// Whether the texts of an event may be searched: those both sides may read.
const fn to_be_found(kind: EventKind) -> bool {
    match kind {
        EventKind::Noted
        | EventKind::Taken
        | EventKind::Released
        // the reason of these is between the sedi
        | EventKind::Transferred
        | EventKind::Assigned => false,
        EventKind::Submitted
        | EventKind::Replied
        | EventKind::Closed
        | EventKind::Messaged
        | EventKind::Attached
        | EventKind::Solicited
        | EventKind::Booked
        | EventKind::AppointmentEnabled
        | EventKind::AppointmentConfirmed
        | EventKind::AppointmentCancelled
        | EventKind::Elapsed => true,
    }
}

/// The parts of a protocol number people look for: `7013 0000123 123`.
fn number(request: &Request) -> String {
    let protocol = &request.protocol;
    format!(
        "{} {:07} {}",
        protocol.office(),
        protocol.sequence(),
        protocol.sequence()
    )
}

fn say(row: &mut DigestRow, text: &str) {
    if !row.words.is_empty() {
        row.words.push(' ');
    }
    row.words.push_str(&fold(text));
}
