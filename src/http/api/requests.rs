//! Questions about requests: lists and searches, one with its thread, a body to go on with, what was read.

mod deliveries;
pub(in crate::http) mod detail;
pub(in crate::http) mod filters;
pub(in crate::http) mod line;
pub(in crate::http) mod paging;
mod template;
pub(in crate::http) mod thread;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with, put_with};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::Shared;
use super::caller::Caller;
use super::path::{OfRequest, unknown};
use super::query::ApiQuery;
use super::trail::Trail;
use crate::domain::event::Side;
use crate::domain::filter::RequestFilter;
use crate::domain::person::{Capacity, Person};
use crate::http::body::JsonBody;
use crate::http::problem::Problem;
use crate::store::{Listed, Viewer};
use detail::RequestDetail;
use filters::{ListQuery, SearchBody};
use line::{Names, RequestLine};
use paging::{Listing, PageQuery, Total};

pub(in crate::http) fn routes() -> ApiRouter<Shared> {
    ApiRouter::new()
        .api_route(
            "/requests",
            get_with(list, |op| {
                op.id("listRequests")
                    .tag("questions")
                    .summary("Requests, the newest first")
                    .description(
                        "Every filter narrows the list. `text` looks through requests, messages, replies and \
                         topics, and knows protocol numbers and ids. With `figure` the list is the one that figure \
                         of the statistics counts.",
                    )
            }),
        )
        .api_route(
            "/requests/search",
            post_with(search, |op| {
                op.id("searchRequests")
                    .tag("questions")
                    .summary("Requests, found by codice fiscale as well")
                    .description("The filters of the list, and a codice fiscale in any of its omocodia forms.")
            }),
        )
        .api_route(
            "/requests/{id}",
            get_with(detail, |op| {
                op.id("getRequest")
                    .tag("questions")
                    .summary("A request with its thread, its history and what is allowed now")
            }),
        )
        .api_route(
            "/requests/{id}/deliveries",
            get_with(deliveries::deliveries, |op| {
                op.id("listDeliveries")
                    .tag("questions")
                    .summary("What your sede's queue was sent about a request")
                    .description(
                        "For a back-office that misses a number: the same ids and bodies, from `from` on. Kept as \
                         long as `retention.outbox` says.",
                    )
            }),
        )
        .api_route(
            "/requests/{id}/template",
            get_with(template::template, |op| {
                op.id("getRequestTemplate")
                    .tag("questions")
                    .summary("A body to submit another request like this one with")
            }),
        )
        .api_route(
            "/requests/{id}/read",
            put_with(read, |op| {
                op.id("markRead")
                    .tag("questions")
                    .summary("Notes that you have read it")
                    .response::<204, ()>()
            })
            .delete_with(unread, |op| {
                op.id("markUnread")
                    .tag("questions")
                    .summary("Makes it unread again, for you")
                    .response::<204, ()>()
            }),
        )
}

async fn list(
    State(api): State<Shared>,
    Caller(person): Caller,
    trail: Trail,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> Result<Json<Listing<RequestLine>>, Problem> {
    let (filter, page) = query.into_parts(&person, &api)?;
    Ok(Json(listing(&api, &person, &trail, filter, page).await?))
}

async fn search(
    State(api): State<Shared>,
    Caller(person): Caller,
    trail: Trail,
    JsonBody(body): JsonBody<SearchBody>,
) -> Result<Json<Listing<RequestLine>>, Problem> {
    let (filter, page) = body.into_parts(&person, &api)?;
    Ok(Json(listing(&api, &person, &trail, filter, page).await?))
}

/// A page of the requests that fit.
pub(in crate::http) async fn listing(
    api: &Shared,
    person: &Person,
    trail: &Trail,
    filter: RequestFilter,
    page: PageQuery,
) -> Result<Listing<RequestLine>, Problem> {
    let mut question = api.store.ask(&Viewer::person(person)).await?;
    let (found, total) = question.page(&filter, page.one_more()).await?;
    let names = Names::of(api);
    let listing = Listing::new(found, page, Total::from(total), Listed::position);
    trail.requests(listing.page.items.iter().map(|listed| listed.request.case.id));
    let side = side(person);
    Ok(listing.map(|listed| RequestLine::new(&listed, &names, side)))
}

async fn detail(
    State(api): State<Shared>,
    Caller(person): Caller,
    trail: Trail,
    OfRequest(id): OfRequest,
) -> Result<Json<RequestDetail>, Problem> {
    let mut question = api.store.ask(&Viewer::person(&person)).await?;
    let listed = question.request(id).await?.ok_or_else(unknown)?;
    let history = question.history(id).await?;
    let citizen = listed.request.citizen.as_ref();
    trail.persons(citizen.map(|citizen| citizen.person_id.clone()));
    Ok(Json(RequestDetail::new(&api, &person, &listed, &history)))
}

async fn read(
    State(api): State<Shared>,
    Caller(person): Caller,
    OfRequest(id): OfRequest,
) -> Result<StatusCode, Problem> {
    seen(&api, &person, id).await?;
    api.store.mark_read(&person, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn unread(
    State(api): State<Shared>,
    Caller(person): Caller,
    OfRequest(id): OfRequest,
) -> Result<StatusCode, Problem> {
    seen(&api, &person, id).await?;
    api.store.mark_unread(&person, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The request, if the person may see it.
async fn seen(api: &Shared, person: &Person, id: crate::domain::ids::RequestId) -> Result<Listed, Problem> {
    let mut question = api.store.ask(&Viewer::person(person)).await?;
    question.request(id).await?.ok_or_else(unknown)
}

/// On which side somebody reads.
pub(in crate::http) const fn side(person: &Person) -> Side {
    match person.capacity {
        Capacity::Sede { .. } => Side::Sede,
        // who runs the engine sees no request: nothing is hidden from nobody
        Capacity::Patronato(_) | Capacity::Manager => Side::Patronato,
    }
}
