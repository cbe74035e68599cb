//! "Stampa riepilogo": a request on paper, as a page to print and as a PDF.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use axum::http::StatusCode;

use super::Shared;
use super::caller::Caller;
use super::paper::{Html, Paper, Pdf};
use super::path::{OfRequest, unknown};
use super::requests::side;
use crate::documents::{self, Summary, Surroundings};
use crate::domain::ids::RequestId;
use crate::domain::person::Person;
use crate::http::problem::Problem;
use crate::store::Viewer;

pub(in crate::http) fn routes() -> ApiRouter<Shared> {
    ApiRouter::new()
        .api_route(
            "/requests/{id}/summary.html",
            get_with(page, |op| {
                op.id("getSummaryHtml")
                    .tag("questions")
                    .summary("The summary of a request as a page to print")
                    .description(
                        "With internal notes for the sede that holds it, marked; never for a patronato.",
                    )
            }),
        )
        .api_route(
            "/requests/{id}/summary.pdf",
            get_with(pdf, |op| {
                op.id("getSummaryPdf")
                    .tag("questions")
                    .summary("The summary of a request as a PDF")
                    .description("Tagged (PDF/UA-1), to be kept (PDF/A-2a). The same as the page.")
            }),
        )
}

async fn page(
    State(api): State<Shared>,
    Caller(person): Caller,
    OfRequest(id): OfRequest,
) -> Result<Paper<Html>, Problem> {
    page_of(&api, &person, id).await
}

/// The page to print.
pub(in crate::http) async fn page_of(
    api: &Shared,
    person: &Person,
    id: RequestId,
) -> Result<Paper<Html>, Problem> {
    let summary = summary(api, person, id).await?;
    let page = documents::html(&summary).map_err(|error| fault(&error))?;
    Ok(Paper::new(summary.file_name("html"), page.html).under(page.content_security_policy))
}

async fn pdf(
    State(api): State<Shared>,
    Caller(person): Caller,
    OfRequest(id): OfRequest,
) -> Result<Paper<Pdf>, Problem> {
    pdf_of(&api, &person, id).await
}

pub(in crate::http) async fn pdf_of(
    api: &Shared,
    person: &Person,
    id: RequestId,
) -> Result<Paper<Pdf>, Problem> {
    let summary = summary(api, person, id).await?;
    let name = summary.file_name("pdf");
    let bytes = tokio::task::spawn_blocking(move || documents::pdf(&summary))
        .await
        .map_err(|error| fault(&error))?
        .map_err(|error| fault(&error))?;
    Ok(Paper::new(name, bytes))
}

async fn summary(api: &Shared, person: &Person, id: RequestId) -> Result<Summary, Problem> {
    let mut question = api.store.ask(&Viewer::person(person)).await?;
    let listed = question.request(id).await?.ok_or_else(unknown)?;
    let history = question.history(id).await?;
    let surroundings = Surroundings {
        brand: &api.brand,
        registers: &api.registers.borrow().clone(),
        workflows: &api.workflows.borrow().clone(),
        printed_at: api.clock.now(),
    };
    Ok(Summary::new(
        &listed.request,
        &history,
        side(person),
        surroundings,
    ))
}

fn fault(error: &dyn std::error::Error) -> Problem {
    tracing::error!(error = %error, "a summary cannot be written");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR)
}
