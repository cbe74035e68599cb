//! What the page of the history says.

mod results;

use askama::Template;

use super::chips::{Chip, chips};
use super::quick::{QuickForm, criteria};
use super::saved;
use super::search::{Search, SearchForm};
use crate::domain::filter::Whose;
use crate::http::api::requests::line::Names;
use crate::http::pages::Portal;
use crate::http::pages::chrome::{Chrome, Menu};
use crate::http::pages::forms::{Choice, FormErrors};
use crate::http::pages::viewer::Viewer;
use crate::store::Choices;

pub(super) use results::Results;

/// What somebody asked for, as far as it could be understood.
#[derive(Default)]
pub(super) struct Asked {
    pub(super) form: SearchForm,
    pub(super) quick: QuickForm,
    /// Of the form, or of nothing where that is wrong.
    pub(super) search: Search,
    pub(super) errors: FormErrors,
    /// Topics to choose from, each with the address of its list.
    pub(super) topics: Vec<Choice>,
}

impl Asked {
    pub(super) fn by(form: SearchForm) -> Self {
        Self {
            form,
            ..Self::default()
        }
    }
}

struct Tab {
    label: &'static str,
    href: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "http/pages/history.html", whitespace = "minimize")]
pub(super) struct HistoryPage {
    chrome: Chrome,
    tabs: [Tab; 2],
    quick: QuickForm,
    per: String,
    criteria: Vec<Choice>,
    topics_found: Vec<Choice>,
    form: SearchForm,
    /// Whether the advanced filters are shown open.
    open: bool,
    topics: Vec<Choice>,
    states: Vec<Choice>,
    sedi: Vec<Choice>,
    operators: Vec<Choice>,
    chips: Vec<Chip>,
    /// The address without filters.
    unfiltered: String,
    results: Option<Results>,
    /// What the list is to be kept under; empty where it cannot be kept.
    query: String,
    saved: Vec<saved::Kept>,
    narrowed: bool,
}

impl HistoryPage {
    pub(super) fn new(
        portal: &Portal,
        viewer: &Viewer,
        asked: Asked,
        results: Option<Results>,
        choices: &Choices,
        kept: Vec<saved::Kept>,
    ) -> Self {
        let names = Names::of(&portal.api);
        let search = &asked.search;
        let narrowed = search.is_narrowed();
        let keepable = narrowed && search.code.is_none();
        let mut form = asked.form;
        // As the fields of the page write it.
        form.dal = search.dates.from().map_or(form.dal, |day| day.to_string());
        form.al = search.dates.to().map_or(form.al, |day| day.to_string());
        let advanced = [
            "q",
            "dal",
            "al",
            "oggetto",
            "protocollo",
            "stato",
            "sede",
            "operatore",
        ];
        Self {
            tabs: tabs(search),
            per: asked.quick.per.to_string(),
            quick: QuickForm {
                ambito: if search.whose == Whose::Mine {
                    "mie".to_owned()
                } else {
                    asked.quick.ambito
                },
                ..asked.quick
            },
            criteria: criteria(),
            topics_found: asked.topics,
            open: narrowed || advanced.iter().any(|field| !asked.errors.of(field).is_empty()),
            topics: topics(&names),
            states: names
                .states()
                .into_iter()
                .map(|(name, label)| Choice::new(name.to_string(), label))
                .collect(),
            sedi: choices
                .sedi
                .iter()
                .map(|sede| Choice::new(sede.to_string(), names.sede(sede)))
                .collect(),
            operators: choices
                .senders
                .iter()
                .map(|(id, name)| Choice::new(id.to_string(), name.clone()))
                .collect(),
            chips: chips(search, &names, choices),
            unfiltered: Search::of(search.whose).address(),
            query: if keepable {
                search.but(|_| {}).query()
            } else {
                String::new()
            },
            chrome: Chrome::of(portal, viewer, Menu::History, "Storico richieste").with_errors(asked.errors),
            form,
            results,
            saved: kept,
            narrowed,
        }
    }
}

fn tabs(search: &Search) -> [Tab; 2] {
    [
        ("Tutte le richieste", Whose::Office),
        ("Le mie richieste", Whose::Mine),
    ]
    .map(|(label, whose)| Tab {
        label,
        href: search.but(|search| search.whose = whose).address(),
        current: search.whose == whose,
    })
}

/// The topics of the registers, by label.
pub(in crate::http::pages) fn topics(names: &Names) -> Vec<Choice> {
    let mut topics: Vec<Choice> = names
        .registers
        .topics()
        .map(|topic| Choice::new(topic.code.to_string(), topic.label.clone()))
        .collect();
    topics.sort_by(|one, other| one.label.cmp(&other.label));
    topics
}
