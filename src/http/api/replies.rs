//! "Risposte ricevute negli ultimi 3 giorni": the caller's own requests that were answered lately.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Days, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Shared;
use super::caller::Member;
use super::query::{self, ApiQuery};
use super::requests::filters::{dates, of};
use super::requests::line::{Names, RequestLine};
use super::requests::paging::{Cursor, Listing, PageQuery, PageSize, Total};
use super::trail::Trail;
use crate::domain::calendar::{TimeZone, rome_date};
use crate::domain::codice_fiscale::CodiceFiscale;
use crate::domain::event::Side;
use crate::domain::filter::{DateRange, Order, RequestFilter, Whose};
use crate::domain::ids::{InvalidId, TopicCode};
use crate::domain::person::Person;
use crate::domain::protocol::ProtocolNumber;
use crate::http::body::{self, JsonBody};
use crate::http::problem::Problem;
use crate::store::{RepliedRequest, Viewer};

pub(in crate::http) fn routes() -> ApiRouter<Shared> {
    ApiRouter::new()
        .api_route(
            "/replies",
            get_with(list, |op| {
                op.id("listReplies")
                    .tag("questions")
                    .summary("Your own requests that were answered in the last days, the latest answer first")
            }),
        )
        .api_route(
            "/replies/search",
            post_with(search, |op| {
                op.id("searchReplies")
                    .tag("questions")
                    .summary("The same, found by codice fiscale as well")
            }),
        )
}

/// How many days back, today not counted.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u16")]
pub(in crate::http) struct LastDays(pub(in crate::http) u16);

impl Default for LastDays {
    fn default() -> Self {
        Self(3)
    }
}

impl TryFrom<u16> for LastDays {
    type Error = InvalidId;

    fn try_from(days: u16) -> Result<Self, InvalidId> {
        (1..=366).contains(&days).then_some(Self(days)).ok_or(InvalidId {
            kind: "number of days",
            expected: "1 to 366",
        })
    }
}

impl JsonSchema for LastDays {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "LastDays".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 1, "maximum": 366, "default": 3 })
    }
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::http) struct RepliesQuery {
    /// Answered today or in so many days before.
    pub(in crate::http) days: LastDays,
    /// Opened on or after this day.
    pub(in crate::http) from: Option<NaiveDate>,
    /// Opened on or before this day.
    pub(in crate::http) to: Option<NaiveDate>,
    pub(in crate::http) topic: Option<TopicCode>,
    pub(in crate::http) protocol: Option<ProtocolNumber>,
    pub(in crate::http) cursor: Option<Cursor>,
    pub(in crate::http) limit: Option<PageSize>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::http) struct RepliesSearch {
    /// Answered today or in so many days before.
    pub(in crate::http) days: LastDays,
    /// Opened on or after this day.
    pub(in crate::http) from: Option<NaiveDate>,
    /// Opened on or before this day.
    pub(in crate::http) to: Option<NaiveDate>,
    pub(in crate::http) topic: Option<TopicCode>,
    pub(in crate::http) protocol: Option<ProtocolNumber>,
    /// In any of its omocodia forms.
    pub(in crate::http) codice_fiscale: Option<CodiceFiscale>,
    pub(in crate::http) cursor: Option<Cursor>,
    pub(in crate::http) limit: Option<PageSize>,
}

/// The panel of recent answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct ReplyPanel {
    pub(in crate::http) days: u16,
    /// "Risposte ricevute negli ultimi 3 giorni: x".
    pub(in crate::http) count: u64,
    /// Those of them you have not read yet.
    pub(in crate::http) unread: u64,
    #[serde(flatten)]
    pub(in crate::http) listing: Listing<ReplyLine>,
}

/// A request that was answered.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct ReplyLine {
    #[serde(flatten)]
    pub(in crate::http) request: RequestLine,
    pub(in crate::http) replied_at: DateTime<Utc>,
}

async fn list(
    State(api): State<Shared>,
    Member { person, .. }: Member,
    trail: Trail,
    ApiQuery(query): ApiQuery<RepliesQuery>,
) -> Result<Json<ReplyPanel>, Problem> {
    let dates = dates(query.from, query.to, query::invalid)?;
    let search = RepliesSearch {
        days: query.days,
        from: query.from,
        to: query.to,
        topic: query.topic,
        protocol: query.protocol,
        codice_fiscale: None,
        cursor: query.cursor,
        limit: query.limit,
    };
    panel(&api, &person, &trail, search, dates).await
}

async fn search(
    State(api): State<Shared>,
    Member { person, .. }: Member,
    trail: Trail,
    JsonBody(search): JsonBody<RepliesSearch>,
) -> Result<Json<ReplyPanel>, Problem> {
    let dates = dates(search.from, search.to, body::invalid)?;
    panel(&api, &person, &trail, search, dates).await
}

pub(in crate::http) async fn panel(
    api: &Shared,
    person: &Person,
    trail: &Trail,
    search: RepliesSearch,
    dates: DateRange,
) -> Result<Json<ReplyPanel>, Problem> {
    let filter = RequestFilter {
        dates,
        topic: search.topic,
        protocol: search.protocol,
        codice_fiscale: search.codice_fiscale,
        ..of(person, Some(Whose::Mine))?
    };
    let page = PageQuery {
        cursor: search.cursor,
        order: Order::default(),
        limit: search.limit.unwrap_or_default(),
    };
    let days = search.days.0;
    let since = rome_date(api.clock.now()) - Days::new(u64::from(days));
    let since = TimeZone::default().start_of(since);
    let mut question = api.store.ask(&Viewer::person(person)).await?;
    let replies = question.replies(&filter, since, page.one_more()).await?;
    let names = Names::of(api);
    let total = Total::exactly(replies.count);
    let listing = Listing::new(replies.requests, page, total, RepliedRequest::position);
    let shown = listing.page.items.iter();
    trail.requests(shown.map(|reply| reply.listed.request.case.id));
    Ok(Json(ReplyPanel {
        days,
        count: replies.count,
        unread: replies.unread,
        listing: listing.map(|reply| ReplyLine {
            request: RequestLine::new(&reply.listed, &names, Side::Patronato),
            replied_at: reply.replied_at,
        }),
    }))
}
