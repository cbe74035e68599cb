//! "Statistiche" (Figures 21 and 32): the seven figures of one's own requests and of the office's, each with the list it
//! counts; how long answers took; and all of it as a file.

mod chart;
mod export;
mod view;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use serde::Deserialize;

use super::fault::{Answer, Fault, page};
use super::forms::FormErrors;
use super::history::search::{BACKWARDS, DAY, Search};
use super::moments::read_day;
use super::viewer::Viewer;
use super::{Portal, Shared};
use crate::domain::filter::{DateRange, Grouping, RequestFilter, Whose};
use crate::domain::ids::TopicCode;
use crate::store::{Statistics, StatisticsLine};
use view::StatisticsPage;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/statistiche", get(statistics))
        .merge(export::routes())
}

/// "Argomento", "Data da", "Data a", as they were written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    argomento: String,
    dal: String,
    al: String,
}

/// What is counted, for two scopes.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    topic: Option<TopicCode>,
    dates: DateRange,
}

/// The figures.
pub(super) struct Counted {
    mine: StatisticsLine,
    office: StatisticsLine,
    /// Of the office.
    by_month: Statistics,
    by_topic: Statistics,
}

impl Asked {
    fn read(&self) -> Result<Wanted, FormErrors> {
        let mut errors = FormErrors::default();
        let topic = Some(self.argomento.trim())
            .filter(|text| !text.is_empty())
            .map(TopicCode::parse);
        let topic = topic.transpose().unwrap_or_else(|_| {
            errors.add("argomento", "Scegli l'argomento dall'elenco.");
            None
        });
        let from = read(&self.dal, "dal", &mut errors);
        let to = read(&self.al, "al", &mut errors);
        let dates = DateRange::new(from, to).unwrap_or_else(|_| {
            errors.add("al", BACKWARDS);
            DateRange::ALL
        });
        if errors.is_empty() {
            Ok(Wanted { topic, dates })
        } else {
            Err(errors)
        }
    }
}

fn read(text: &str, field: &'static str, errors: &mut FormErrors) -> Option<chrono::NaiveDate> {
    if text.trim().is_empty() {
        return None;
    }
    let day = read_day(text);
    if day.is_none() {
        errors.add(field, DAY);
    }
    day
}

impl Wanted {
    /// The list a figure counts, or all of it.
    fn list(&self, whose: Whose) -> Search {
        Search {
            whose,
            topic: self.topic.clone(),
            dates: self.dates,
            ..Search::default()
        }
    }

    async fn count(&self, portal: &Portal, viewer: &Viewer) -> Result<Counted, Fault> {
        let filter = |whose| -> Result<RequestFilter, Fault> {
            Ok(self.list(whose).criteria().within(&viewer.person, &portal.api)?)
        };
        let rules = portal
            .api
            .workflows
            .borrow()
            .booking_rules(portal.api.clock.now());
        let (mine, office) = (filter(Whose::Mine)?, filter(Whose::Office)?);
        let asking = crate::store::Viewer::person(&viewer.person);
        let mut question = portal.api.store.ask(&asking).await?;
        Ok(Counted {
            mine: whole(question.statistics(&mine, &rules, None).await?),
            office: whole(question.statistics(&office, &rules, None).await?),
            by_month: question
                .statistics(&office, &rules, Some(Grouping::Month))
                .await?,
            by_topic: question
                .statistics(&office, &rules, Some(Grouping::Topic))
                .await?,
        })
    }
}

fn whole(statistics: Statistics) -> StatisticsLine {
    statistics.into_values().next().unwrap_or_default()
}

async fn statistics(State(portal): State<Shared>, viewer: Viewer, Query(asked): Query<Asked>) -> Answer {
    let (wanted, errors) = match asked.read() {
        Ok(wanted) => (wanted, FormErrors::default()),
        Err(errors) => (Wanted::default(), errors),
    };
    let status = if errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let counted = if errors.is_empty() {
        Some(wanted.count(&portal, &viewer).await?)
    } else {
        None
    };
    page(
        status,
        &StatisticsPage::new(&portal, &viewer, asked, &wanted, counted, errors),
    )
}
