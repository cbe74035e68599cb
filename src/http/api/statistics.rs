//! The statistics: seven figures, each with the list it opens, and how long answers took.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use super::Shared;
use super::caller::Caller;
use super::query::{ApiQuery, invalid};
use super::requests::filters::{dates, of};
use crate::domain::filter::{Figure, Whose};
use crate::domain::ids::TopicCode;
use crate::http::problem::Problem;
use crate::store::{StatisticsLine, Viewer};

/// R-113, as the manual writes it below the table.
pub(in crate::http) const NOTE: &str = "È possibile prenotare un appuntamento solo per le proprie richieste";

pub(in crate::http) fn routes() -> ApiRouter<Shared> {
    ApiRouter::new().api_route(
        "/statistics",
        get_with(statistics, |op| {
            op.id("getStatistics")
                .tag("questions")
                .summary("How many requests stand how, and how long answers took")
                .description(
                    "Counted when asked for. Days are those of opening; for the two solicits, of the solicit; for \
                     reply times, of the reply.",
                )
        }),
    )
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::http) struct StatisticsQuery {
    pub(in crate::http) scope: Option<Whose>,
    pub(in crate::http) topic: Option<TopicCode>,
    pub(in crate::http) from: Option<NaiveDate>,
    pub(in crate::http) to: Option<NaiveDate>,
}

/// The figures of one scope.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct StatisticsAnswer {
    pub(in crate::http) scope: Whose,
    /// When it was counted.
    pub(in crate::http) as_of: DateTime<Utc>,
    pub(in crate::http) figures: Vec<FigureCount>,
    pub(in crate::http) reply_times: Times,
    pub(in crate::http) note: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct FigureCount {
    pub(in crate::http) figure: Figure,
    /// As the manual calls it.
    pub(in crate::http) label: &'static str,
    pub(in crate::http) count: u64,
    /// The list of those counted.
    pub(in crate::http) list: String,
}

/// How long answers took, in days of waiting.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct Times {
    /// The answers that ended a waiting.
    pub(in crate::http) replies: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) median_days: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) p90_days: Option<f64>,
}

async fn statistics(
    State(api): State<Shared>,
    Caller(person): Caller,
    ApiQuery(query): ApiQuery<StatisticsQuery>,
) -> Result<Json<StatisticsAnswer>, Problem> {
    let mut filter = of(&person, query.scope)?;
    filter.dates = dates(query.from, query.to, invalid)?;
    filter.topic.clone_from(&query.topic);
    let scope = query.scope.or_else(|| Whose::usual(&person));
    let scope = scope.unwrap_or(Whose::Mine);
    let as_of = api.clock.now();
    let rules = api.workflows.borrow().booking_rules(as_of);
    let mut question = api.store.ask(&Viewer::person(&person)).await?;
    let line = question
        .statistics(&filter, &rules, None)
        .await?
        .into_values()
        .next()
        .unwrap_or_default();
    Ok(Json(answer(&query, scope, as_of, &line)))
}

fn answer(
    query: &StatisticsQuery,
    scope: Whose,
    as_of: DateTime<Utc>,
    line: &StatisticsLine,
) -> StatisticsAnswer {
    let figures = Figure::ALL.iter().map(|figure| FigureCount {
        figure: *figure,
        label: figure.label(),
        count: line.counts.get(*figure),
        list: list(query, scope, *figure),
    });
    StatisticsAnswer {
        scope,
        as_of,
        figures: figures.collect(),
        reply_times: Times {
            replies: line.reply_times.replies,
            median_days: line.reply_times.median,
            p90_days: line.reply_times.ninetieth,
        },
        note: NOTE,
    }
}

/// The address of the list a figure counts.
fn list(query: &StatisticsQuery, scope: Whose, figure: Figure) -> String {
    let mut address = form_urlencoded::Serializer::new(String::new());
    address.append_pair("scope", scope.as_str());
    address.append_pair("figure", figure.as_str());
    if let Some(topic) = &query.topic {
        address.append_pair("topic", topic.as_str());
    }
    for (name, day) in [("from", query.from), ("to", query.to)] {
        if let Some(day) = day {
            address.append_pair(name, &day.to_string());
        }
    }
    format!("{}/requests?{}", super::ROOT, address.finish())
}
