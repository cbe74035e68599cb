//! What the history shows, as its address says it: read from there, and written back into every link of the page.
//!
//! A codice fiscale never stands in an address: the session remembers it by an opaque word.

mod form;

use serde_json::{Value, json};
use url::form_urlencoded;

use crate::domain::case::StateName;
use crate::domain::codice_fiscale::CodiceFiscale;
use crate::domain::filter::{DateRange, Figure, Order, Sorting, Whose};
use crate::domain::ids::{ActorId, SedeCode, TopicCode};
use crate::domain::protocol::ProtocolNumber;
use crate::domain::search::SearchText;
use crate::domain::session::Memory;
use crate::http::api::requests::filters::Criteria;
use crate::http::api::requests::paging::{Cursor, PageQuery, PageSize};

pub(super) use form::PROTOCOL;
pub(in crate::http::pages) use form::{BACKWARDS, DAY, SearchForm};

/// Where the history is.
pub(in crate::http::pages) const ADDRESS: &str = "/richieste";

/// A codice fiscale that is looked for, and the word of the session it is known by.
#[derive(Clone)]
pub(in crate::http::pages) struct Kept {
    pub(super) word: String,
    pub(super) code: CodiceFiscale,
}

impl Kept {
    /// What the session remembers.
    pub(in crate::http::pages) fn memo(code: &CodiceFiscale) -> Value {
        json!({ "codice_fiscale": code })
    }

    fn find(word: &str, memory: &Memory) -> Option<Self> {
        let code = memory.search(word)?.get("codice_fiscale")?.as_str()?;
        Some(Self {
            word: word.to_owned(),
            code: CodiceFiscale::parse(code).ok()?,
        })
    }
}

/// What is looked for, how it is sorted, and from where on.
#[derive(Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four boxes, ticked or not, that say nothing of each other"
)]
pub(in crate::http::pages) struct Search {
    pub(in crate::http::pages) whose: Whose,
    pub(in crate::http::pages) text: Option<SearchText>,
    pub(in crate::http::pages) dates: DateRange,
    pub(in crate::http::pages) topic: Option<TopicCode>,
    pub(in crate::http::pages) protocol: Option<ProtocolNumber>,
    pub(in crate::http::pages) state: Option<StateName>,
    pub(in crate::http::pages) sede: Option<SedeCode>,
    pub(in crate::http::pages) operator: Option<ActorId>,
    pub(in crate::http::pages) figure: Option<Figure>,
    pub(in crate::http::pages) unread: bool,
    pub(in crate::http::pages) overdue: bool,
    pub(in crate::http::pages) solicited: bool,
    pub(in crate::http::pages) with_attachments: bool,
    pub(in crate::http::pages) code: Option<Kept>,
    pub(in crate::http::pages) order: Order,
    pub(in crate::http::pages) size: PageSize,
    pub(in crate::http::pages) after: Option<Cursor>,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            whose: Whose::Office,
            text: None,
            dates: DateRange::ALL,
            topic: None,
            protocol: None,
            state: None,
            sede: None,
            operator: None,
            figure: None,
            unread: false,
            overdue: false,
            solicited: false,
            with_attachments: false,
            code: None,
            order: Order::default(),
            size: PageSize::SMALLEST,
            after: None,
        }
    }
}

pub(super) const fn word_of(by: Sorting) -> &'static str {
    match by {
        Sorting::Opened => "data",
        Sorting::Topic => "oggetto",
        Sorting::Protocol => "protocollo",
        Sorting::State => "stato",
    }
}

const YES: &str = "si";
const MINE: &str = "mie";

impl Search {
    /// The list of somebody's own requests.
    pub(in crate::http::pages) fn of(whose: Whose) -> Self {
        Self {
            whose,
            ..Self::default()
        }
    }

    /// The criteria of the API's lists.
    pub(in crate::http::pages) fn criteria(&self) -> Criteria {
        Criteria {
            scope: Some(self.whose),
            dates: self.dates,
            topic: self.topic.clone(),
            protocol: self.protocol.clone(),
            state: self.state.clone(),
            overdue: self.overdue.then_some(true),
            solicited: self.solicited.then_some(true),
            text: self.text.clone(),
            unread: self.unread.then_some(true),
            with_attachments: self.with_attachments.then_some(true),
            operator: self.operator.clone(),
            sede: self.sede.clone(),
            figure: self.figure,
            codice_fiscale: self.code.as_ref().map(|kept| kept.code.clone()),
            ..Criteria::default()
        }
    }

    pub(in crate::http::pages) fn page(&self) -> PageQuery {
        PageQuery {
            cursor: self.after,
            order: self.order,
            limit: self.size,
        }
    }

    /// Names and values of everything that is not as it is by itself.
    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        let mut add = |name, value: Option<String>| pairs.extend(value.map(|value| (name, value)));
        let flag = |on: bool| on.then(|| YES.to_owned());
        add("ambito", (self.whose == Whose::Mine).then(|| MINE.to_owned()));
        add("q", self.text.as_ref().map(|text| text.as_str().to_owned()));
        add("dal", self.dates.from().map(|day| day.to_string()));
        add("al", self.dates.to().map(|day| day.to_string()));
        add("oggetto", self.topic.as_ref().map(ToString::to_string));
        add("protocollo", self.protocol.as_ref().map(ToString::to_string));
        add("stato", self.state.as_ref().map(ToString::to_string));
        add("sede", self.sede.as_ref().map(ToString::to_string));
        add("operatore", self.operator.as_ref().map(ToString::to_string));
        add("indicatore", self.figure.map(|figure| figure.to_string()));
        add("da_leggere", flag(self.unread));
        add("scadute", flag(self.overdue));
        add("sollecitate", flag(self.solicited));
        add("allegati", flag(self.with_attachments));
        add("cf", self.code.as_ref().map(|kept| kept.word.clone()));
        add(
            "ordine",
            (self.order != Order::default()).then(|| order_word(self.order)),
        );
        add(
            "righe",
            (self.size != PageSize::SMALLEST).then(|| u16::from(self.size).to_string()),
        );
        add("dopo", self.after.map(|cursor| cursor.to_string()));
        pairs
    }

    /// Below the history, such as `/esporta.csv`.
    pub(super) fn address_below(&self, tail: &str) -> String {
        let query = self.query();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{ADDRESS}{tail}{mark}{query}")
    }

    pub(in crate::http::pages) fn address(&self) -> String {
        self.address_below("")
    }

    pub(super) fn query(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.pairs())
            .finish()
    }

    /// The same but for something, from the beginning of the list.
    pub(in crate::http::pages) fn but(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut other = Self {
            after: None,
            ..self.clone()
        };
        change(&mut other);
        other
    }

    /// Whether anything narrows the list beside the tab.
    pub(super) fn is_narrowed(&self) -> bool {
        let free = Self {
            whose: self.whose,
            order: self.order,
            size: self.size,
            after: self.after,
            ..Self::default()
        };
        free.pairs() != self.pairs()
    }
}

fn order_word(order: Order) -> String {
    let sign = if order.descending { "-" } else { "" };
    format!("{sign}{}", word_of(order.by))
}

#[cfg(test)]
mod tests;
