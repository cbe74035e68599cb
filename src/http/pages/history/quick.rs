//! "Ricerca per": one criterion of the manual's five at a time. Posted, because one of them is a codice fiscale.

use serde::Deserialize;

use super::search::{PROTOCOL, Search};
use crate::domain::codice_fiscale::CodiceFiscale;
use crate::domain::filter::{Criterion, DateRange, Whose};
use crate::domain::protocol::ProtocolNumber;
use crate::domain::registers::search_topics;
use crate::http::api::requests::line::Names;
use crate::http::pages::forms::{Choice, FormErrors};
use crate::http::pages::moments::read_day;

pub(super) fn criteria() -> Vec<Choice> {
    let choice = |criterion: &Criterion| Choice::new(criterion.as_str(), criterion.label());
    Criterion::ALL.iter().map(choice).collect()
}

/// The form as it was written.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct QuickForm {
    pub(super) per: Criterion,
    pub(super) valore: String,
    pub(super) ambito: String,
}

/// What the form comes to.
pub(super) enum Found {
    Search(Box<Search>),
    /// To be remembered by the session.
    Code(Whose, CodiceFiscale),
    /// Several topics fit.
    Topics(Vec<Choice>),
    Wrong(FormErrors),
}

impl QuickForm {
    pub(super) fn read(&self, names: &Names) -> Found {
        let whose = if self.ambito == "mie" {
            Whose::Mine
        } else {
            Whose::Office
        };
        let value = self.valore.trim();
        let search = Search::of(whose);
        if value.is_empty() {
            return wrong("Scrivi che cosa cercare.");
        }
        match self.per {
            Criterion::Date => match read_day(value).map(|day| DateRange::new(Some(day), Some(day))) {
                Some(Ok(dates)) => found(Search { dates, ..search }),
                Some(Err(_)) | None => wrong(super::search::DAY),
            },
            Criterion::Protocol => match ProtocolNumber::parse(&value.to_uppercase()) {
                Ok(protocol) => found(Search {
                    protocol: Some(protocol),
                    ..search
                }),
                Err(_) => wrong(PROTOCOL),
            },
            Criterion::CodiceFiscale => match CodiceFiscale::parse(value) {
                Ok(code) => Found::Code(whose, code),
                Err(_) => wrong("Il codice fiscale non è corretto: controlla i 16 caratteri."),
            },
            Criterion::Topic => topic(value, search, names),
            Criterion::State => state(value, search, names),
        }
    }
}

fn topic(value: &str, search: Search, names: &Names) -> Found {
    let topics = search_topics(names.registers.topics(), None, value);
    let whole = topics
        .iter()
        .find(|topic| topic.label.eq_ignore_ascii_case(value));
    match (whole, topics.as_slice()) {
        (Some(topic), _) | (None, [topic]) => found(Search {
            topic: Some(topic.code.clone()),
            ..search
        }),
        (None, []) => wrong("Nessun oggetto comincia con queste parole."),
        (None, several) => Found::Topics(
            several
                .iter()
                .map(|topic| {
                    let one = search.but(|search| search.topic = Some(topic.code.clone()));
                    Choice::new(one.address(), topic.label.clone())
                })
                .collect(),
        ),
    }
}

fn state(value: &str, search: Search, names: &Names) -> Found {
    let states = names.states();
    let wanted = value.to_lowercase();
    let fits = |label: &str| label.to_lowercase().contains(&wanted);
    if let Some((name, _)) = states.iter().find(|(_, label)| fits(label)) {
        found(Search {
            state: Some(name.clone()),
            ..search
        })
    } else {
        let labels: Vec<&str> = states.iter().map(|(_, label)| label.as_str()).collect();
        wrong(&format!("Scrivi uno di questi stati: {}.", labels.join(", ")))
    }
}

fn found(search: Search) -> Found {
    Found::Search(Box::new(search))
}

fn wrong(message: &str) -> Found {
    Found::Wrong(FormErrors::one("valore", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manuals_criteria_are_offered_in_its_order() {
        let labels: Vec<String> = criteria().into_iter().map(|choice| choice.label).collect();
        assert_eq!(
            labels,
            [
                "Data richiesta",
                "Oggetto",
                "Numero protocollo",
                "Codice fiscale",
                "Stato richiesta"
            ]
        );
    }
}
