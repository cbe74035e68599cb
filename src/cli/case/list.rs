//! `usciere case list`.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use super::flows::Flows;
use super::{CaseListArgs, find};
use crate::cli::cells::{flag, maybe, moment};
use crate::cli::exit::Failure;
use crate::cli::output::{Printer, Row};
use crate::domain::case::StateName;
use crate::domain::filter::{self, BookingRule, Condition, DateRange, Position, RequestFilter};
use crate::domain::ids::{OfficeCode, PatronatoCode, RequestId, SedeCode, TopicCode};
use crate::domain::protocol::ProtocolNumber;
use crate::domain::request::Request;
use crate::store::{Store, Viewer};

/// A request in a list: nothing of the citizen.
#[derive(Debug, Serialize)]
struct CaseLine {
    request_id: RequestId,
    protocol_number: ProtocolNumber,
    state: StateName,
    state_label: String,
    sede: SedeCode,
    patronato: PatronatoCode,
    office: OfficeCode,
    topic: TopicCode,
    opened_at: DateTime<Utc>,
    awaiting_since: Option<NaiveDate>,
    overdue: bool,
    solicits: u8,
}

pub(super) async fn run(
    args: &CaseListArgs,
    store: &Store,
    flows: &Flows,
    rules: &[BookingRule],
    printer: &mut Printer,
) -> Result<(), Failure> {
    let after = match &args.page.after {
        None => None,
        Some(text) => {
            let last = find::request(store, text).await?;
            Some(Position {
                at: last.opened_at,
                request: last.case.id,
            })
        }
    };
    let page = filter::Page {
        after,
        order: filter::Order::default(),
        limit: args.page.one_more(),
    };
    let filter = filter_of(args, rules)?;
    let mut question = store.ask(&Viewer::Administrator).await?;
    let mut requests: Vec<Request> = question
        .requests(&filter, page)
        .await?
        .into_iter()
        .map(|listed| listed.request)
        .collect();
    let more = args.page.cut(&mut requests);
    let lines: Vec<CaseLine> = requests
        .iter()
        .map(|request| CaseLine::new(request, flows))
        .collect();
    printer.rows(&lines)?;
    match lines.last() {
        None => printer.say("no request fits"),
        Some(last) if more => printer.say(format!("there are more: add --after {}", last.request_id)),
        Some(_) => {}
    }
    Ok(())
}

fn filter_of(args: &CaseListArgs, rules: &[BookingRule]) -> Result<RequestFilter, Failure> {
    let dates = DateRange::new(args.from, args.to)
        .map_err(|error| Failure::usage(format!("--from, --to: {error}")))?;
    Ok(RequestFilter {
        patronato: args.patronato.clone(),
        office: args.office.clone(),
        sender: args.operator.clone(),
        sede: args.sede.clone(),
        officer: args.officer.clone(),
        state: args.state.clone(),
        topic: args.topic.clone(),
        dates,
        condition: args.figure.map(|figure| Condition::of(figure, rules)),
        overdue: args.overdue.then_some(true),
        solicited: args.solicited.then_some(true),
        with_attachments: args.with_attachments.then_some(true),
        unread: None,
        protocol: args.protocol.clone(),
        text: args.text.clone(),
        codice_fiscale: None,
    })
}

impl CaseLine {
    fn new(request: &Request, flows: &Flows) -> Self {
        let case = &request.case;
        Self {
            request_id: case.id,
            protocol_number: request.protocol.clone(),
            state: case.state.clone(),
            state_label: flows.label(case),
            sede: case.sede.clone(),
            patronato: case.patronato.clone(),
            office: case.office.clone(),
            topic: request.topic.clone(),
            opened_at: request.opened_at,
            awaiting_since: case.facts.awaiting_since,
            overdue: case.facts.overdue,
            solicits: case.facts.solicits(),
        }
    }
}

impl Row for CaseLine {
    const COLUMNS: &'static [&'static str] = &[
        "protocol_number",
        "state",
        "sede",
        "patronato",
        "office",
        "topic",
        "opened",
        "awaiting_since",
        "overdue",
        "solicits",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.protocol_number.to_string(),
            self.state_label.clone(),
            self.sede.to_string(),
            self.patronato.to_string(),
            self.office.to_string(),
            self.topic.to_string(),
            moment(self.opened_at),
            maybe(self.awaiting_since),
            flag(self.overdue, "overdue"),
            self.solicits.to_string(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::examples::{answered, every_format, flows, waiting};

    #[test]
    fn a_list_names_requests_and_nobody() {
        let lines = [
            CaseLine::new(&waiting(), &flows()),
            CaseLine::new(&answered(), &flows()),
        ];
        insta::assert_snapshot!(every_format(|printer| printer.rows(&lines)));
    }

    #[test]
    fn without_definitions_a_state_shows_its_name() {
        let nothing = Flows::of(crate::workflow::Registry::default());
        assert_eq!(CaseLine::new(&waiting(), &nothing).state_label, "assegnato_sede");
    }
}
