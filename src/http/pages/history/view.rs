//! What the page of the history says.

use askama::Template;

use super::chips::{Chip, chips};
use super::quick::{QuickForm, criteria};
use super::search::{ADDRESS, Search, SearchForm};
use crate::domain::filter::{Order, Sorting, Whose};
use crate::domain::saved_filter::SavedFilter;
use crate::http::api::requests::line::{Names, RequestLine};
use crate::http::api::requests::paging::{Cursor, Listing, PageSize, SIZES, Total};
use crate::http::pages::Portal;
use crate::http::pages::chrome::{Chrome, Menu};
use crate::http::pages::forms::{Choice, FormErrors};
use crate::http::pages::moments::day;
use crate::http::pages::viewer::Viewer;
use crate::store::Choices;

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

/// A page of the list.
pub(super) struct Results {
    caption: String,
    rows: Vec<Row>,
    heads: Vec<Head>,
    first: String,
    next: String,
    sizes: Vec<Size>,
    csv: String,
    xlsx: String,
}

struct Row {
    href: String,
    day: String,
    machine_day: String,
    unread: bool,
    topic: String,
    protocol: String,
    code: String,
    state: String,
    overdue: bool,
    files: u32,
}

struct Head {
    label: &'static str,
    href: String,
    /// The `aria-sort` of the column; empty where it is not the one the list is sorted by.
    sorted: &'static str,
}

struct Size {
    rows: u16,
    href: String,
    current: bool,
}

struct Tab {
    label: &'static str,
    href: String,
    current: bool,
}

impl Results {
    pub(super) fn new(listing: Listing<RequestLine>, search: &Search) -> Self {
        let next = listing.page.next.and_then(|next| Cursor::try_from(next).ok());
        Self {
            caption: caption(listing.total, search.order),
            rows: listing.page.items.into_iter().map(Row::new).collect(),
            heads: Sorting::ALL.iter().map(|by| Head::new(*by, search)).collect(),
            first: search
                .after
                .map(|_| search.but(|_| {}).address())
                .unwrap_or_default(),
            next: next.map_or_else(String::new, |next| {
                search.but(|search| search.after = Some(next)).address()
            }),
            sizes: sizes(search),
            csv: search.but(|_| {}).address_below("/esporta.csv"),
            xlsx: search.but(|_| {}).address_below("/esporta.xlsx"),
        }
    }
}

impl Row {
    fn new(line: RequestLine) -> Self {
        Self {
            href: format!("{ADDRESS}/{}", line.request_id),
            day: day(&line.opened_on),
            machine_day: line.opened_on.to_string(),
            unread: line.unread,
            topic: line.topic_label,
            protocol: line.protocol_number.to_string(),
            code: line.codice_fiscale.unwrap_or_default(),
            state: line.state_label,
            overdue: line.overdue,
            files: line.attachments,
        }
    }
}

impl Head {
    fn new(by: Sorting, search: &Search) -> Self {
        let now = search.order;
        let is_sorted = now.by == by;
        // A second click turns the order round; days begin with the newest, words with A.
        let descending = if is_sorted {
            !now.descending
        } else {
            by == Sorting::Opened
        };
        Self {
            label: match by {
                Sorting::Opened => "Data richiesta",
                Sorting::Topic => "Oggetto",
                Sorting::Protocol => "Numero protocollo",
                Sorting::State => "Stato richiesta",
            },
            href: search
                .but(|search| search.order = Order { by, descending })
                .address(),
            sorted: match (is_sorted, now.descending) {
                (false, _) => "",
                (true, true) => "descending",
                (true, false) => "ascending",
            },
        }
    }
}

fn sizes(search: &Search) -> Vec<Size> {
    let size = |rows: &u16| {
        let wanted = PageSize::of_pages(*rows).unwrap_or(PageSize::SMALLEST);
        Size {
            rows: *rows,
            href: search.but(|search| search.size = wanted).address(),
            current: search.size == wanted,
        }
    };
    SIZES.iter().map(size).collect()
}

/// "6 richieste, dalla più recente".
fn caption(total: Total, order: Order) -> String {
    let count = match (total.exact, total.count) {
        (false, _) => "Più di 1.000 richieste".to_owned(),
        (true, 1) => "1 richiesta".to_owned(),
        (true, 1_000) => "1.000 richieste".to_owned(),
        (true, count) => format!("{count} richieste"),
    };
    let sorted = match (order.by, order.descending) {
        (Sorting::Opened, true) => "dalla più recente",
        (Sorting::Opened, false) => "dalla meno recente",
        (Sorting::Topic, false) => "per oggetto",
        (Sorting::Topic, true) => "per oggetto, dall'ultimo",
        (Sorting::Protocol, false) => "per numero di protocollo",
        (Sorting::Protocol, true) => "per numero di protocollo, dall'ultimo",
        (Sorting::State, false) => "per stato",
        (Sorting::State, true) => "per stato, dall'ultimo",
    };
    format!("{count}, {sorted}")
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
    saved: Vec<SavedFilter>,
    narrowed: bool,
}

impl HistoryPage {
    pub(super) fn new(
        portal: &Portal,
        viewer: &Viewer,
        asked: Asked,
        results: Option<Results>,
        choices: &Choices,
        saved: Vec<SavedFilter>,
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
            saved,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caption_counts_and_says_the_order() {
        let total = |count, exact| Total { count, exact };
        let newest = Order::default();
        assert_eq!(caption(total(1, true), newest), "1 richiesta, dalla più recente");
        assert_eq!(caption(total(6, true), newest), "6 richieste, dalla più recente");
        assert_eq!(
            caption(total(1_000, false), newest),
            "Più di 1.000 richieste, dalla più recente"
        );
    }

    #[test]
    fn a_column_sorts_and_a_second_click_turns_it_round() {
        let search = Search::default();
        let [opened, topic] = [Sorting::Opened, Sorting::Topic].map(|by| Head::new(by, &search));
        assert_eq!(
            (opened.sorted, opened.href.as_str()),
            ("descending", "/richieste?ordine=data")
        );
        assert_eq!(
            (topic.sorted, topic.href.as_str()),
            ("", "/richieste?ordine=oggetto")
        );
        let sorted = Search {
            order: Order {
                by: Sorting::Topic,
                descending: false,
            },
            ..search
        };
        assert_eq!(
            Head::new(Sorting::Topic, &sorted).href,
            "/richieste?ordine=-oggetto"
        );
        assert_eq!(Head::new(Sorting::Opened, &sorted).href, "/richieste");
    }
}
