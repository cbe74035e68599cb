//! The fields a list is asked for by, as they were written, and what they mean.

use serde::Deserialize;

use super::{Kept, MINE, Search, YES, word_of};
use crate::domain::case::StateName;
use crate::domain::filter::{DateRange, Figure, Order, Sorting, Whose};
use crate::domain::ids::{ActorId, SedeCode, TopicCode};
use crate::domain::protocol::ProtocolNumber;
use crate::domain::search::SearchText;
use crate::domain::session::Memory;
use crate::http::api::requests::paging::{Cursor, PageSize};
use crate::http::pages::forms::FormErrors;
use crate::http::pages::moments::read_day;

/// The fields of the history's address and of its advanced filters, as they were written.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::pages) struct SearchForm {
    pub(in crate::http::pages::history) ambito: String,
    pub(in crate::http::pages::history) q: String,
    pub(in crate::http::pages::history) dal: String,
    pub(in crate::http::pages::history) al: String,
    pub(in crate::http::pages::history) oggetto: String,
    pub(in crate::http::pages::history) protocollo: String,
    pub(in crate::http::pages::history) stato: String,
    pub(in crate::http::pages::history) sede: String,
    pub(in crate::http::pages::history) operatore: String,
    pub(in crate::http::pages::history) indicatore: String,
    pub(in crate::http::pages::history) da_leggere: String,
    pub(in crate::http::pages::history) scadute: String,
    pub(in crate::http::pages::history) sollecitate: String,
    pub(in crate::http::pages::history) allegati: String,
    pub(in crate::http::pages::history) cf: String,
    pub(in crate::http::pages::history) ordine: String,
    pub(in crate::http::pages::history) righe: String,
    pub(in crate::http::pages::history) dopo: String,
}

impl SearchForm {
    /// What was written, or what is wrong with it.
    pub(in crate::http::pages) fn read(&self, memory: &Memory) -> Result<Search, FormErrors> {
        let mut errors = FormErrors::default();
        let wrong = &mut errors;
        let search = Search {
            whose: if self.ambito == MINE {
                Whose::Mine
            } else {
                Whose::Office
            },
            text: given(wrong, ("q", TEXT), &self.q, |text| SearchText::parse(text).ok()),
            dates: self.dates(wrong),
            topic: given(wrong, ("oggetto", UNKNOWN), &self.oggetto, |text| {
                TopicCode::parse(text).ok()
            }),
            protocol: given(wrong, ("protocollo", PROTOCOL), &self.protocollo, |text| {
                ProtocolNumber::parse(&text.to_uppercase()).ok()
            }),
            state: given(wrong, ("stato", UNKNOWN), &self.stato, |text| {
                StateName::parse(text).ok()
            }),
            sede: given(wrong, ("sede", UNKNOWN), &self.sede, |text| {
                SedeCode::parse(text).ok()
            }),
            operator: given(wrong, ("operatore", UNKNOWN), &self.operatore, |text| {
                ActorId::parse(text).ok()
            }),
            figure: given(wrong, ("q", UNKNOWN), &self.indicatore, Figure::from_word),
            unread: self.da_leggere == YES,
            overdue: self.scadute == YES,
            solicited: self.sollecitate == YES,
            with_attachments: self.allegati == YES,
            code: given(wrong, ("valore", EXPIRED), &self.cf, |word| {
                Kept::find(word, memory)
            }),
            order: given(wrong, ("q", UNKNOWN), &self.ordine, read_order).unwrap_or_default(),
            size: given(wrong, ("q", UNKNOWN), &self.righe, |text| {
                PageSize::of_pages(text.parse().ok()?)
            })
            .unwrap_or(PageSize::SMALLEST),
            after: given(wrong, ("q", UNKNOWN), &self.dopo, |text| {
                Cursor::try_from(text.to_owned()).ok()
            }),
        };
        if errors.is_empty() {
            Ok(search)
        } else {
            Err(errors)
        }
    }

    fn dates(&self, errors: &mut FormErrors) -> DateRange {
        let from = given(errors, ("dal", DAY), &self.dal, read_day);
        let to = given(errors, ("al", DAY), &self.al, read_day);
        DateRange::new(from, to).unwrap_or_else(|_| {
            errors.add("al", BACKWARDS);
            DateRange::ALL
        })
    }
}

pub(in crate::http::pages) const DAY: &str = "Scrivi la data come gg/mm/aaaa, per esempio 24/02/2021.";
pub(in crate::http::pages) const BACKWARDS: &str = "La data finale viene prima di quella iniziale.";
pub(in crate::http::pages::history) const PROTOCOL: &str =
    "Scrivi il numero di protocollo intero, per esempio INPS.7013.24/02/2021.0000123.";
const TEXT: &str = "Scrivi almeno una lettera o una cifra, e non più di 200 caratteri.";
const UNKNOWN: &str = "Il filtro non è riconosciuto: scegline uno dall'elenco.";
const EXPIRED: &str = "La ricerca per codice fiscale non è più disponibile: ripetila.";

/// What was written in a field; an error of it where that cannot be read.
fn given<T>(
    errors: &mut FormErrors,
    (field, message): (&'static str, &str),
    text: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let value = read(text);
    if value.is_none() {
        errors.add(field, message);
    }
    value
}

/// "-data": the newest first.
pub(super) fn read_order(text: &str) -> Option<Order> {
    let (descending, word) = text.strip_prefix('-').map_or((false, text), |word| (true, word));
    let by = Sorting::ALL.iter().copied().find(|by| word_of(*by) == word)?;
    Some(Order { by, descending })
}
