//! The list itself: rows, columns to sort by, pages, files to take along.

use crate::domain::filter::{Order, Sorting};
use crate::http::api::requests::line::RequestLine;
use crate::http::api::requests::paging::{Cursor, Listing, PageSize, SIZES, Total};
use crate::http::pages::history::search::{ADDRESS, Search};
use crate::http::pages::moments::day;

/// A page of the list.
pub(in crate::http::pages::history) struct Results {
    pub(super) caption: String,
    pub(super) rows: Vec<Row>,
    pub(super) heads: Vec<Head>,
    pub(super) first: String,
    pub(super) next: String,
    pub(super) sizes: Vec<Size>,
    pub(super) csv: String,
    pub(super) xlsx: String,
}

pub(super) struct Row {
    pub(super) href: String,
    pub(super) day: String,
    pub(super) machine_day: String,
    pub(super) unread: bool,
    pub(super) topic: String,
    pub(super) protocol: String,
    pub(super) code: String,
    pub(super) state: String,
    pub(super) overdue: bool,
    pub(super) files: u32,
}

pub(super) struct Head {
    pub(super) label: &'static str,
    pub(super) href: String,
    /// The `aria-sort` of the column; empty where it is not the one the list is sorted by.
    pub(super) sorted: &'static str,
}

pub(super) struct Size {
    pub(super) rows: u16,
    pub(super) href: String,
    pub(super) current: bool,
}

impl Results {
    pub(in crate::http::pages::history) fn new(listing: Listing<RequestLine>, search: &Search) -> Self {
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
        (false, 1_000) => "Più di 1.000 richieste".to_owned(),
        (false, count) => format!("Più di {count} richieste"),
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
        assert_eq!(
            caption(total(100, false), newest),
            "Più di 100 richieste, dalla più recente"
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
