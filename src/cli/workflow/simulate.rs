//! `usciere workflow simulate`.

use serde::Serialize;

use super::{WorkflowSimulateArgs, find};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{Format, Printer, Row};
use crate::cli::session::Session;
use crate::workflow::simulate::{Plan, QueueReport, SimulationReport, simulate};

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Sum(SimulationReport);

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Queue(QueueReport);

pub(super) fn run(args: &WorkflowSimulateArgs, session: &mut Session) -> Result<Exit, Failure> {
    let workflow = find::workflow(&args.workflow, session)?;
    let plan = Plan {
        from: args.from,
        days: args.days,
        requests: args.requests,
        sedi: args.sedi,
        answers: args.answers,
        seed: args.seed,
    };
    let report = simulate(&workflow, plan).map_err(|refusal| {
        Failure::new(Exit::Failed, "this workflow takes no request to a sede")
            .caused_by(Refused(refusal.message))
    })?;
    print(report, &mut session.printer)?;
    Ok(Exit::Ok)
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

fn print(report: SimulationReport, printer: &mut Printer) -> Result<(), Failure> {
    let queues: Vec<Queue> = report.queues.iter().cloned().map(Queue).collect();
    printer.one(&Sum(report))?;
    if printer.format() == Format::Table {
        printer.document("")?;
        printer.rows(&queues)?;
    }
    Ok(())
}

impl Row for Sum {
    const COLUMNS: &'static [&'static str] = &[
        "workflow",
        "requests",
        "answered",
        "waiting",
        "overdue",
        "overdue_rate",
        "first_solicits",
        "second_solicits",
        "messages",
        "appointments",
        "reply_days_median",
        "reply_days_p90",
        "reply_days_longest",
    ];

    fn cells(&self) -> Vec<String> {
        let report = &self.0;
        vec![
            report.workflow.clone(),
            report.requests.to_string(),
            report.answered.to_string(),
            report.waiting.to_string(),
            report.overdue.to_string(),
            format!("{:.1} %", report.overdue_rate * 100.0),
            report.first_solicits.to_string(),
            report.second_solicits.to_string(),
            report.messages.to_string(),
            report.appointments.to_string(),
            report.reply_days_median.to_string(),
            report.reply_days_p90.to_string(),
            report.reply_days_longest.to_string(),
        ]
    }
}

impl Row for Queue {
    const COLUMNS: &'static [&'static str] = &["sede", "received", "answered", "longest", "waiting"];

    fn cells(&self) -> Vec<String> {
        let queue = &self.0;
        vec![
            queue.sede.to_string(),
            queue.received.to_string(),
            queue.answered.to_string(),
            queue.longest.to_string(),
            queue.waiting.to_string(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::examples::every_format;

    #[test]
    fn a_report_is_told_with_its_queues() {
        let queue = |sede: &str, answered| QueueReport {
            sede: sede.parse().unwrap(),
            received: 500,
            answered,
            longest: 60,
            waiting: 12,
        };
        let report = SimulationReport {
            workflow: "richiesta.v1".to_owned(),
            requests: 900,
            answered: 976,
            waiting: 24,
            overdue: 31,
            overdue_rate: 0.031,
            first_solicits: 20,
            second_solicits: 4,
            messages: 100,
            appointments: 3,
            reply_days_median: 5,
            reply_days_p90: 14,
            reply_days_longest: 33,
            queues: vec![queue("sede-001", 488), queue("sede-002", 488)],
        };
        insta::assert_snapshot!(every_format(|printer| print(report.clone(), printer)));
    }
}
