//! What the page of the statistics says.

use askama::Template;

use super::chart::{Bar, Chart};
use super::{Asked, Counted, Wanted};
use crate::domain::filter::{Figure, Whose};
use crate::http::api::requests::line::Names;
use crate::http::api::statistics::NOTE;
use crate::http::pages::Portal;
use crate::http::pages::chrome::{Chrome, Menu};
use crate::http::pages::forms::{Choice, FormErrors};
use crate::http::pages::viewer::Viewer;
use crate::store::{Statistics, StatisticsLine};

/// One figure of one scope.
struct Tile {
    label: &'static str,
    /// "*": only for one's own.
    starred: bool,
    count: u64,
    href: String,
}

/// "Le mie", "La mia sede".
struct Scope {
    id: &'static str,
    label: String,
    tiles: Vec<Tile>,
    replies: u64,
    median: String,
    ninetieth: String,
}

#[derive(Template)]
#[template(path = "http/pages/statistics.html", whitespace = "minimize")]
pub(super) struct StatisticsPage {
    chrome: Chrome,
    asked: Asked,
    topics: Vec<Choice>,
    scopes: Vec<Scope>,
    charts: [Chart; 2],
    note: &'static str,
    csv: String,
    xlsx: String,
    shown: bool,
}

impl StatisticsPage {
    pub(super) fn new(
        portal: &Portal,
        viewer: &Viewer,
        asked: Asked,
        wanted: &Wanted,
        counted: Option<Counted>,
        errors: FormErrors,
    ) -> Self {
        let names = Names::of(&portal.api);
        let shown = counted.is_some();
        let counted = counted.unwrap_or_else(Counted::nothing);
        let query = super::export::query(&asked);
        Self {
            chrome: Chrome::of(portal, viewer, Menu::Statistics, "Statistiche").with_errors(errors),
            topics: crate::http::pages::history::topics(&names),
            scopes: vec![
                Scope::new("mie", "Le mie".to_owned(), Whose::Mine, &counted.mine, wanted),
                Scope::new(
                    "sede",
                    "La mia sede".to_owned(),
                    Whose::Office,
                    &counted.office,
                    wanted,
                ),
            ],
            charts: [months(&counted.by_month), times(&counted.by_topic, &names)],
            note: NOTE,
            csv: format!("/statistiche/esporta.csv{query}"),
            xlsx: format!("/statistiche/esporta.xlsx{query}"),
            asked,
            shown,
        }
    }
}

impl Counted {
    fn nothing() -> Self {
        Self {
            mine: StatisticsLine::default(),
            office: StatisticsLine::default(),
            by_month: Statistics::new(),
            by_topic: Statistics::new(),
        }
    }
}

impl Scope {
    fn new(id: &'static str, label: String, whose: Whose, line: &StatisticsLine, wanted: &Wanted) -> Self {
        let tile = |figure: &Figure| Tile {
            label: figure.label(),
            starred: *figure == Figure::AppointmentEnabled,
            count: line.counts.get(*figure),
            href: wanted
                .list(whose)
                .but(|search| search.figure = Some(*figure))
                .address(),
        };
        Self {
            id,
            label,
            tiles: Figure::ALL.iter().map(tile).collect(),
            replies: line.reply_times.replies,
            median: days(line.reply_times.median),
            ninetieth: days(line.reply_times.ninetieth),
        }
    }
}

/// "12,5 giorni".
fn days(days: Option<f64>) -> String {
    days.map_or_else(
        || "nessuna risposta".to_owned(),
        |days| format!("{} giorni", number(days)),
    )
}

/// With a comma, and no fraction where there is none.
fn number(value: f64) -> String {
    let text = format!("{value:.1}").replace('.', ",");
    text.strip_suffix(",0").map(str::to_owned).unwrap_or(text)
}

/// Months shown; the table has them all.
const MONTHS: usize = 12;
const TOPICS: usize = 10;

fn months(lines: &Statistics) -> Chart {
    let bars = lines.iter().rev().map(|(month, line)| {
        let (open, closed) = (line.counts.get(Figure::Open), line.counts.get(Figure::Closed));
        Bar::new(
            month_name(month),
            [of(closed), of(open)],
            [closed.to_string(), open.to_string()],
        )
    });
    Chart::stacked(
        "Richieste per mese di apertura",
        ["Chiuse", "Aperte"],
        bars.take(MONTHS).collect(),
    )
}

fn times(lines: &Statistics, names: &Names) -> Chart {
    let mut bars: Vec<(u64, Bar)> = lines
        .iter()
        .filter_map(|(code, line)| {
            let times = line.reply_times;
            let (median, ninetieth) = times.median.zip(times.ninetieth)?;
            let label = code
                .parse()
                .map_or_else(|_| code.clone(), |code| names.topic(&code));
            Some((
                times.replies,
                Bar::new(label, [median, ninetieth], [number(median), number(ninetieth)]),
            ))
        })
        .collect();
    bars.sort_by(|(one, _), (other, _)| other.cmp(one));
    let bars = bars.into_iter().map(|(_, bar)| bar).take(TOPICS).collect();
    Chart::beside(
        "Giorni di attesa per argomento",
        ["Mediana", "90° percentile"],
        bars,
    )
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a bar is not read to the sixteenth digit"
)]
fn of(count: u64) -> f64 {
    count as f64
}

/// "2026-11": "novembre 2026".
fn month_name(month: &str) -> String {
    let day: Option<chrono::NaiveDate> = format!("{month}-02").parse().ok();
    day.map_or_else(
        || month.to_owned(),
        |day| {
            let text = crate::http::pages::moments::long_day(&day);
            text.split_once(' ')
                .map_or_else(|| text.clone(), |(_, month)| month.to_owned())
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_italians_do() {
        assert_eq!(days(Some(12.5)), "12,5 giorni");
        assert_eq!(days(Some(3.0)), "3 giorni");
        assert_eq!(days(None), "nessuna risposta");
        assert_eq!(month_name("2026-11"), "novembre 2026");
    }
}
