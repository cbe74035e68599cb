//! The figures as a file: the two scopes, then the office by topic.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::get;
use url::form_urlencoded;

use super::{Asked, Counted};
use crate::documents::{FigureLine, Spreadsheet, SpreadsheetError, csv_head, csv_lines};
use crate::domain::calendar::rome_date;
use crate::http::api::exports::workbook;
use crate::http::api::paper::{Csv, Paper};
use crate::http::api::requests::line::Names;
use crate::http::pages::fault::Answer;
use crate::http::pages::viewer::Viewer;
use crate::http::pages::{Portal, Shared};
use crate::store::StatisticsLine;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/statistiche/esporta.csv", get(as_csv))
        .route("/statistiche/esporta.xlsx", get(as_xlsx))
}

/// The part of an address that asks the same again; empty where nothing was asked.
pub(super) fn query(asked: &Asked) -> String {
    let pairs = [
        ("argomento", &asked.argomento),
        ("dal", &asked.dal),
        ("al", &asked.al),
    ];
    let asked = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(asked)
        .finish();
    if query.is_empty() {
        query
    } else {
        format!("?{query}")
    }
}

fn lines(counted: &Counted, names: &Names) -> Vec<FigureLine> {
    let line = |name: &str, line: &StatisticsLine| {
        let times = line.reply_times;
        FigureLine::new(
            name,
            |figure| line.counts.get(figure),
            times.replies,
            (times.median, times.ninetieth),
        )
    };
    let mut lines = vec![
        line("Le mie", &counted.mine),
        line("La mia sede", &counted.office),
    ];
    lines.extend(counted.by_topic.iter().map(|(code, figures)| {
        let label = code
            .parse()
            .map_or_else(|_| code.clone(), |code| names.topic(&code));
        line(&format!("La mia sede – {label}"), figures)
    }));
    lines
}

fn name(portal: &Portal, extension: &str) -> String {
    format!("statistiche-{}.{extension}", rome_date(portal.api.clock.now()))
}

async fn as_csv(State(portal): State<Shared>, viewer: Viewer, Query(asked): Query<Asked>) -> Answer {
    let Ok(wanted) = asked.read() else {
        return Ok(Redirect::to("/statistiche").into_response());
    };
    let counted = wanted.count(&portal, &viewer).await?;
    let lines = lines(&counted, &Names::of(&portal.api));
    let body = [csv_head::<FigureLine>(), csv_lines(&lines)].concat();
    Ok(Paper::<Csv>::new(name(&portal, "csv"), body).into_response())
}

async fn as_xlsx(State(portal): State<Shared>, viewer: Viewer, Query(asked): Query<Asked>) -> Answer {
    let Ok(wanted) = asked.read() else {
        return Ok(Redirect::to("/statistiche").into_response());
    };
    let counted = wanted.count(&portal, &viewer).await?;
    let written = written(&lines(&counted, &Names::of(&portal.api)));
    Ok(workbook(name(&portal, "xlsx"), written)?.into_response())
}

/// A few lines: written at once.
fn written(lines: &[FigureLine]) -> Result<std::fs::File, SpreadsheetError> {
    let mut spreadsheet = Spreadsheet::of::<FigureLine>("Statistiche")?;
    spreadsheet.add(lines)?;
    spreadsheet.finish()
}
