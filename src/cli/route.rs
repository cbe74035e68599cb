//! `usciere route`: where a request would go, and why.

use std::fmt::Write as _;

use clap::Args;
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::output::{Format, Row};
use super::reach;
use super::session::Session;
use super::words::parsed_by;
use crate::amqp::outgoing::key_of_sede;
use crate::domain::ids::{SedeCode, TopicCode};
use crate::domain::place::{Cap, ComuneIstat, Region};
use crate::domain::registers::{Registers, Sede};
use crate::routing::{Desk, Destination, Routing, UnroutedReason, route, route_referent};

/// Say which sede a request would go to, and why
///
/// An operator's request is routed by the citizen's residence and the topic, a regional referent's by the region.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  usciere route --cap 66034 --comune 069046 --topic pensioni-paesi-non-convenzionati
  usciere route --region Lazio")]
pub struct RouteArgs {
    /// Postal code of the citizen's residence; left out for a citizen who has none
    #[arg(long)]
    pub cap: Option<Cap>,
    /// ISTAT code of the citizen's comune
    #[arg(long, value_name = "ISTAT", requires = "cap")]
    pub comune: Option<ComuneIstat>,
    /// Topic of the request
    #[arg(long, required_unless_present = "region")]
    pub topic: Option<TopicCode>,
    /// Region of the regional referent who writes
    #[arg(long, value_parser = parsed_by(Region::parse), conflicts_with_all = ["cap", "comune", "topic"])]
    pub region: Option<Region>,
}

/// Where the request goes. `explanation` is in Italian, one sentence per step.
#[derive(Debug, Serialize)]
struct Way {
    destination: SedeCode,
    label: String,
    queue: String,
    /// Why it stays on the desk "da smistare"; `None` when it does not.
    unrouted: Option<UnroutedReason>,
    explanation: Vec<String>,
}

impl Row for Way {
    const COLUMNS: &'static [&'static str] = &["destination", "label", "queue", "unrouted", "explanation"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.destination.to_string(),
            self.label.clone(),
            self.queue.clone(),
            self.unrouted.map(|reason| reason.to_string()).unwrap_or_default(),
            self.explanation.join(" "),
        ]
    }
}

pub async fn run(args: RouteArgs, session: &mut Session) -> Result<Exit, Failure> {
    let (_, store) = reach::database(session).await?;
    let registers = store.load_registers().await?;
    let way = way(&args, &registers)?;
    match session.printer.format() {
        Format::Table => session.printer.document(&way.for_people())?,
        Format::Json | Format::Jsonl | Format::Csv => session.printer.one(&way)?,
    }
    Ok(Exit::Ok)
}

fn way(args: &RouteArgs, registers: &Registers) -> Result<Way, Failure> {
    let routing = match (args.region, &args.topic) {
        (Some(region), _) => route_referent(registers, region),
        (None, Some(topic)) => route(registers, args.cap.as_ref(), args.comune.as_ref(), topic),
        (None, None) => return Err(Failure::usage("give --topic, or --region")),
    };
    Ok(Way::of(&routing, registers))
}

impl Way {
    fn of(routing: &Routing, registers: &Registers) -> Self {
        let destination = routing.destination.code();
        let unrouted = match routing.destination {
            Destination::Desk(Desk::Unrouted(reason)) => Some(reason),
            Destination::Desk(Desk::FirstLevel) | Destination::Sede(_) => None,
        };
        Self {
            label: registers
                .sede(&destination)
                .map_or_else(|| destination.to_string(), Sede::label),
            queue: key_of_sede(&destination),
            unrouted,
            explanation: routing.explanation.iter().map(ToString::to_string).collect(),
            destination,
        }
    }

    fn for_people(&self) -> String {
        let mut steps = String::new();
        for (at, step) in self.explanation.iter().enumerate() {
            writeln!(steps, "  {}. {step}", at + 1).expect("writing to a String succeeds");
        }
        format!("{} -> {}\n{steps}", self.label, self.queue)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: RouteArgs,
    }

    fn parse(line: &str) -> Result<RouteArgs, clap::Error> {
        Line::try_parse_from(format!("route {line}").split_whitespace()).map(|line| line.args)
    }

    #[test]
    fn a_way_is_told_to_people_and_to_programs() {
        let args = parse("--cap 00071 --topic pensioni").unwrap();
        let way = way(&args, &Registers::default()).unwrap();
        insta::assert_snapshot!("for_people", way.for_people());
        insta::assert_json_snapshot!("for_programs", way);
    }

    #[test]
    fn half_a_question_is_a_mistake_of_the_caller() {
        for wrong in [
            "",
            "--cap 00071",
            "--comune 058079 --topic pensioni",
            "--cap 71 --topic pensioni",
            "--region Lazio --topic pensioni",
            "--region Padania",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse("--region lazio").unwrap().region, Some(Region::Lazio));
    }
}
