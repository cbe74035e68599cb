//! The filters that are on, each with the address of the list without it.

use super::search::Search;
use crate::domain::filter::DateRange;
use crate::http::api::requests::line::Names;
use crate::http::pages::moments::day;
use crate::store::Choices;

/// A filter that is on, and the address without it.
pub(super) struct Chip {
    pub(super) label: String,
    pub(super) href: String,
}

/// One for each filter of a search.
pub(super) fn chips(search: &Search, names: &Names, choices: &Choices) -> Vec<Chip> {
    let mut chips = Vec::new();
    let mut add = |label: Option<String>, without: fn(&mut Search)| {
        chips.extend(label.map(|label| Chip {
            label,
            href: search.but(without).address(),
        }));
    };
    let says = |on: bool, label: &str| on.then(|| label.to_owned());
    add(
        search
            .code
            .as_ref()
            .map(|kept| format!("Codice fiscale: {}", kept.code.masked())),
        |search| search.code = None,
    );
    add(
        search
            .text
            .as_ref()
            .map(|text| format!("Testo: {}", text.as_str())),
        |search| search.text = None,
    );
    add(dates(search), |search| {
        search.dates = DateRange::ALL;
    });
    add(
        search
            .topic
            .as_ref()
            .map(|topic| format!("Oggetto: {}", names.topic(topic))),
        |search| search.topic = None,
    );
    add(
        search
            .protocol
            .as_ref()
            .map(|number| format!("Protocollo: {number}")),
        |search| search.protocol = None,
    );
    add(state(search, names), |search| search.state = None);
    add(
        search
            .sede
            .as_ref()
            .map(|sede| format!("Sede: {}", names.sede(sede))),
        |search| search.sede = None,
    );
    let operator = search
        .operator
        .as_ref()
        .map(|id| choices.senders.get(id).cloned().unwrap_or_else(|| id.to_string()));
    add(operator.map(|name| format!("Operatore: {name}")), |search| {
        search.operator = None;
    });
    add(
        search
            .figure
            .map(|figure| format!("Indicatore: {}", figure.label())),
        |search| search.figure = None,
    );
    add(says(search.unread, "Da leggere"), |search| search.unread = false);
    add(says(search.overdue, "Oltre 15 giorni"), |search| {
        search.overdue = false;
    });
    add(says(search.solicited, "Sollecitate"), |search| {
        search.solicited = false;
    });
    add(says(search.with_attachments, "Con allegati"), |search| {
        search.with_attachments = false;
    });
    chips
}

fn state(search: &Search, names: &Names) -> Option<String> {
    let wanted = search.state.as_ref()?;
    let states = names.states();
    let known = states.iter().find(|(name, _)| name == wanted);
    Some(format!(
        "Stato: {}",
        known.map_or(wanted.as_str(), |(_, label)| label)
    ))
}

fn dates(search: &Search) -> Option<String> {
    match (search.dates.from(), search.dates.to()) {
        (None, None) => None,
        (Some(from), None) => Some(format!("Dal {}", day(&from))),
        (None, Some(to)) => Some(format!("Fino al {}", day(&to))),
        (Some(from), Some(to)) if from == to => Some(format!("Data: {}", day(&from))),
        (Some(from), Some(to)) => Some(format!("Dal {} al {}", day(&from), day(&to))),
    }
}
