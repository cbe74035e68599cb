//! The history of a request as its reader may see it.

use super::{Block, Entry, File, Hand, Surroundings};
use crate::documents::clean::clean;
use crate::documents::moment::Moment;
use crate::documents::words;
use crate::domain::attachment::StoredAttachment;
use crate::domain::event::{Actor, EventKind, Side};
use crate::domain::registers::Sede;
use crate::domain::request::{HistoryEntry, Request};

pub(super) fn entries(
    request: &Request,
    history: &[HistoryEntry],
    reader: Side,
    surroundings: Surroundings<'_>,
) -> Vec<Entry> {
    let mut solicits = 0;
    let shown = history.iter().filter(|entry| sees(reader, entry.kind));
    shown
        .map(|entry| {
            solicits += usize::from(entry.kind == EventKind::Solicited);
            let destination = sede_label(entry, surroundings);
            Entry {
                hand: hand(entry),
                what: words::happening(entry.kind, entry.event.event.as_ref(), &destination, solicits),
                at: Moment::new(entry.at),
                who: who(request, entry, surroundings),
                blocks: blocks(entry, reader),
            }
        })
        .collect()
}

/// How a sede organises its work is its own; what it tells the patronato is told in other events.
const fn sees(reader: Side, kind: EventKind) -> bool {
    match reader {
        Side::Sede => true,
        Side::Patronato => !kind.is_internal(),
    }
}

/// Why a request went to another sede is between the two.
fn sees_reason_of(reader: Side, kind: EventKind) -> bool {
    match reader {
        Side::Sede => true,
        Side::Patronato => kind != EventKind::Transferred,
    }
}

fn hand(entry: &HistoryEntry) -> Hand {
    match (&entry.actor, entry.kind) {
        (_, EventKind::Noted) => Hand::Internal,
        (Actor::Operator { .. }, _) => Hand::Patronato,
        (Actor::Officer { .. }, _) => Hand::Sede,
        (Actor::Engine, _) => Hand::Engine,
    }
}

fn sede_label(entry: &HistoryEntry, surroundings: Surroundings<'_>) -> String {
    let code = &entry.event.sede;
    let sede = surroundings.registers.sede(code);
    clean(&sede.map_or_else(|| code.to_string(), Sede::label))
}

fn who(request: &Request, entry: &HistoryEntry, surroundings: Surroundings<'_>) -> String {
    let name = entry.details.name.as_ref().map(|name| clean(&name.0));
    let registers = surroundings.registers;
    match &entry.actor {
        Actor::Operator {
            id,
            patronato,
            office,
        } => {
            let name = name.unwrap_or_else(|| {
                if *id == request.sender.id {
                    clean(&request.sender.name.0)
                } else {
                    id.to_string()
                }
            });
            let office = registers
                .office(patronato, office)
                .map_or_else(|| office.to_string(), |office| clean(&office.name));
            format!("{name}, {office}")
        }
        Actor::Officer { id, sede } => {
            let label = registers
                .sede(sede)
                .map_or_else(|| sede.to_string(), |sede| clean(&sede.label()));
            format!("{}, {label}", name.unwrap_or_else(|| id.to_string()))
        }
        Actor::Engine => "Sistema".to_owned(),
    }
}

fn blocks(entry: &HistoryEntry, reader: Side) -> Vec<Block> {
    let details = &entry.details;
    let mut blocks = Vec::new();
    blocks.extend(details.text.as_ref().map(|text| Block::Text(clean(&text.0))));
    if let Some(notes) = &details.notes {
        blocks.push(Block::Remark("Ulteriori note:".to_owned()));
        blocks.push(Block::Text(clean(&notes.0)));
    }
    if let Some(reason) = details
        .reason
        .as_ref()
        .filter(|_| sees_reason_of(reader, entry.kind))
    {
        blocks.push(Block::Text(format!("Motivo: {}", clean(&reason.0))));
    }
    blocks.extend(
        details
            .wish
            .as_ref()
            .map(|wish| Block::Text(format!("Preferenza: {}", clean(&wish.0)))),
    );
    for at in [details.slot, details.at].into_iter().flatten() {
        blocks.push(Block::Remark(format!(
            "Data e ora: {}",
            Moment::new(at.to_utc()).appointment()
        )));
    }
    blocks.extend(
        details
            .place
            .as_ref()
            .map(|place| Block::Remark(format!("Luogo: {}", clean(&place.0)))),
    );
    if !details.attachments.is_empty() {
        blocks.push(files(&details.attachments));
    }
    blocks
}

/// The files of a message, or that there are none.
pub(super) fn files(attachments: &[StoredAttachment]) -> Block {
    if attachments.is_empty() {
        return Block::Remark("Nessun allegato.".to_owned());
    }
    let files = attachments.iter().map(|attachment| File {
        name: clean(&attachment.name),
        size: words::size(attachment.size),
    });
    Block::Files(files.collect())
}
