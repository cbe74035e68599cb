//! The filtered list whole, for spreadsheets: a page of it in memory at a time, whatever its length.

use std::io;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use aide::transform::TransformOperation;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::StatusCode;
use futures::{Stream, StreamExt as _, stream};
use tokio::io::AsyncReadExt as _;
use tokio::sync::mpsc;

use super::Shared;
use super::caller::Caller;
use super::paper::{Csv, Paper, Xlsx};
use super::query::ApiQuery;
use super::requests::filters::{ListQuery, SearchBody};
use crate::documents::{ListLine, Spreadsheet, SpreadsheetError, csv_head, csv_lines};
use crate::domain::calendar::rome_date;
use crate::domain::filter::{Order, RequestFilter};
use crate::domain::person::Person;
use crate::http::body::JsonBody;
use crate::http::problem::Problem;
use crate::store::{StoreError, Viewer};

/// Requests asked for at once.
const PAGE: u16 = 500;
const CHUNK: usize = 64 * 1024;

pub(in crate::http) fn routes() -> ApiRouter<Shared> {
    ApiRouter::new()
        .api_route(
            "/requests/export.csv",
            get_with(list_csv, |op| document(op, "exportRequestsCsv")),
        )
        .api_route(
            "/requests/export.xlsx",
            get_with(list_xlsx, |op| document(op, "exportRequestsXlsx")),
        )
        .api_route(
            "/requests/search/export.csv",
            post_with(search_csv, |op| document(op, "exportSearchCsv")),
        )
        .api_route(
            "/requests/search/export.xlsx",
            post_with(search_xlsx, |op| document(op, "exportSearchXlsx")),
        )
}

fn document<'t>(operation: TransformOperation<'t>, id: &str) -> TransformOperation<'t> {
    operation
        .id(id)
        .tag("questions")
        .summary("The filtered requests, all of them, as a file")
        .description("The filters of the list; `cursor` and `limit` mean nothing here: every request that fits is in it.")
}

async fn list_csv(
    State(api): State<Shared>,
    Caller(person): Caller,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> Result<Paper<Csv>, Problem> {
    let (filter, page) = query.into_parts(&person, &api)?;
    csv(&api, &person, filter, page.order).await
}

async fn search_csv(
    State(api): State<Shared>,
    Caller(person): Caller,
    JsonBody(body): JsonBody<SearchBody>,
) -> Result<Paper<Csv>, Problem> {
    let (filter, page) = body.into_parts(&person, &api)?;
    csv(&api, &person, filter, page.order).await
}

async fn list_xlsx(
    State(api): State<Shared>,
    Caller(person): Caller,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> Result<Paper<Xlsx>, Problem> {
    let (filter, page) = query.into_parts(&person, &api)?;
    xlsx(&api, &person, filter, page.order).await
}

async fn search_xlsx(
    State(api): State<Shared>,
    Caller(person): Caller,
    JsonBody(body): JsonBody<SearchBody>,
) -> Result<Paper<Xlsx>, Problem> {
    let (filter, page) = body.into_parts(&person, &api)?;
    xlsx(&api, &person, filter, page.order).await
}

fn name(api: &Shared, extension: &str) -> String {
    format!("richieste-{}.{extension}", rome_date(api.clock.now()))
}

type Page = Result<Vec<ListLine>, StoreError>;

/// The pages of the list. Spawned: a question is asked to its end even if the client hangs up.
fn pages(api: &Shared, person: &Person, filter: RequestFilter, order: Order) -> mpsc::Receiver<Page> {
    let (sender, receiver) = mpsc::channel(1);
    let mut pages = api
        .store
        .every_request(Viewer::person(person), filter, order, PAGE);
    let registers = api.registers.borrow().clone();
    let workflows = api.workflows.borrow().clone();
    tokio::spawn(async move {
        while let Some(page) = pages.next().await.transpose() {
            let line = |listed: &crate::store::Listed| ListLine::new(&listed.request, &registers, &workflows);
            let page = page.map(|page| page.iter().map(line).collect());
            if sender.send(page).await.is_err() {
                break;
            }
        }
    });
    receiver
}

pub(in crate::http) async fn csv(
    api: &Shared,
    person: &Person,
    filter: RequestFilter,
    order: Order,
) -> Result<Paper<Csv>, Problem> {
    let mut pages = pages(api, person, filter, order);
    // What is wrong from the start is answered as a problem; later only the connection can break off.
    let first = pages.recv().await.transpose()?.unwrap_or_default();
    let head = Bytes::from([csv_head::<ListLine>(), csv_lines(&first)].concat());
    let rest = received(pages).map(|page| page.map(|lines| Bytes::from(csv_lines(&lines))));
    let body = stream::once(async { Ok(head) }).chain(rest);
    Ok(Paper::new(name(api, "csv"), Body::from_stream(body)))
}

fn received(pages: mpsc::Receiver<Page>) -> impl Stream<Item = Page> {
    stream::unfold(pages, |mut pages| async {
        pages.recv().await.map(|page| (page, pages))
    })
}

pub(in crate::http) async fn xlsx(
    api: &Shared,
    person: &Person,
    filter: RequestFilter,
    order: Order,
) -> Result<Paper<Xlsx>, Problem> {
    let mut pages = pages(api, person, filter, order);
    let written = tokio::task::spawn_blocking(move || {
        let mut spreadsheet = Spreadsheet::of::<ListLine>("Richieste").map_err(|error| unwritten(&error))?;
        while let Some(page) = pages.blocking_recv() {
            spreadsheet.add(&page?).map_err(|error| unwritten(&error))?;
        }
        spreadsheet.finish().map_err(|error| unwritten(&error))
    });
    let file = written
        .await
        .map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR))??;
    let body = Body::from_stream(chunks(tokio::fs::File::from_std(file)));
    Ok(Paper::new(name(api, "xlsx"), body))
}

/// A workbook that is written already.
pub(in crate::http) fn workbook(
    name: String,
    written: Result<std::fs::File, SpreadsheetError>,
) -> Result<Paper<Xlsx>, Problem> {
    let file = written.map_err(|error| unwritten(&error))?;
    Ok(Paper::new(
        name,
        Body::from_stream(chunks(tokio::fs::File::from_std(file))),
    ))
}

fn unwritten(error: &SpreadsheetError) -> Problem {
    tracing::error!(error = %error, "a workbook cannot be written");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE).detail("the workbook cannot be written now")
}

fn chunks(file: tokio::fs::File) -> impl Stream<Item = io::Result<Bytes>> {
    stream::try_unfold(file, |mut file| async move {
        let mut chunk = Vec::with_capacity(CHUNK);
        let read = (&mut file).take(CHUNK as u64).read_to_end(&mut chunk).await?;
        Ok((read > 0).then(|| (Bytes::from(chunk), file)))
    })
}
