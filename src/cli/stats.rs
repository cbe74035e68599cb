//! `usciere stats`: the figures of the statistics, over everything or told apart.

use chrono::NaiveDate;
use clap::Args;
use serde::Serialize;

use super::case::Flows;
use super::cells::maybe;
use super::exit::{Exit, Failure};
use super::output::Row;
use super::reach;
use super::session::Session;
use super::words::one_of;
use crate::domain::filter::{DateRange, Figure, Grouping, RequestFilter};
use crate::domain::ids::{ActorId, OfficeCode, PatronatoCode, SedeCode, TopicCode};
use crate::store::{StatisticsLine, Viewer};

/// Count requests, and how long replies took
#[derive(Debug, Args)]
#[command(after_help = "\
Each count is that of `usciere case list --figure NAME` with the same options. Days are those of opening, of the
solicit, of the reply. Reply times are days of waiting.

Examples:
  usciere stats --from 2026-01-01 --by month
  usciere stats --patronato inca --by office -o csv > inca.csv")]
pub struct StatsArgs {
    /// Only about this topic
    #[arg(long)]
    pub topic: Option<TopicCode>,
    /// Only from this day on
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub from: Option<NaiveDate>,
    /// Only up to this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub to: Option<NaiveDate>,
    /// Only from this patronato
    #[arg(long)]
    pub patronato: Option<PatronatoCode>,
    /// Only from this office of the patronato
    #[arg(long)]
    pub office: Option<OfficeCode>,
    /// Only those this operator sent
    #[arg(long, value_name = "ID")]
    pub operator: Option<ActorId>,
    /// Only at this sede or desk
    #[arg(long)]
    pub sede: Option<SedeCode>,
    /// One line for each
    #[arg(long, value_parser = one_of(Grouping::ALL, Grouping::as_str, Grouping::from_word))]
    pub by: Option<Grouping>,
}

/// The figures of one group.
#[derive(Debug, Serialize)]
struct StatsLine {
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    open: u64,
    overdue: u64,
    first_solicit: u64,
    second_solicit: u64,
    closed: u64,
    appointment_enabled: u64,
    appointment: u64,
    replies: u64,
    median_days: Option<f64>,
    p90_days: Option<f64>,
}

pub async fn run(args: StatsArgs, session: &mut Session) -> Result<Exit, Failure> {
    let (config, store) = reach::database(session).await?;
    let flows = Flows::load(&config.workflows.dir, &mut session.printer);
    let rules = flows.booking_rules(reach::clock(&config, &store).await?.now());
    let dates = DateRange::new(args.from, args.to)
        .map_err(|error| Failure::usage(format!("--from, --to: {error}")))?;
    let filter = RequestFilter {
        patronato: args.patronato,
        office: args.office,
        sender: args.operator,
        sede: args.sede,
        topic: args.topic,
        dates,
        ..RequestFilter::default()
    };
    let mut question = store.ask(&Viewer::Administrator).await?;
    let statistics = question.statistics(&filter, &rules, args.by).await?;
    let lines: Vec<StatsLine> = statistics
        .iter()
        .map(|(group, line)| StatsLine::new(args.by.map(|_| group.clone()), line))
        .collect();
    session.printer.rows(&lines)?;
    Ok(Exit::Ok)
}

impl StatsLine {
    fn new(group: Option<String>, line: &StatisticsLine) -> Self {
        let count = |figure| line.counts.get(figure);
        Self {
            group,
            open: count(Figure::Open),
            overdue: count(Figure::Overdue),
            first_solicit: count(Figure::FirstSolicit),
            second_solicit: count(Figure::SecondSolicit),
            closed: count(Figure::Closed),
            appointment_enabled: count(Figure::AppointmentEnabled),
            appointment: count(Figure::Appointment),
            replies: line.reply_times.replies,
            median_days: line.reply_times.median,
            p90_days: line.reply_times.ninetieth,
        }
    }
}

impl Row for StatsLine {
    const COLUMNS: &'static [&'static str] = &[
        "group",
        "open",
        "overdue",
        "first_solicit",
        "second_solicit",
        "closed",
        "appointment_enabled",
        "appointment",
        "replies",
        "median_days",
        "p90_days",
    ];

    fn cells(&self) -> Vec<String> {
        let days = |days: Option<f64>| maybe(days.map(|days| format!("{days:.1}")));
        let mut cells = vec![self.group.clone().unwrap_or_else(|| "all".to_owned())];
        let counts = [
            self.open,
            self.overdue,
            self.first_solicit,
            self.second_solicit,
            self.closed,
            self.appointment_enabled,
            self.appointment,
            self.replies,
        ];
        cells.extend(counts.map(|count| count.to_string()));
        cells.extend([days(self.median_days), days(self.p90_days)]);
        cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::examples::every_format;
    use crate::store::ReplyTimes;

    #[test]
    fn figures_are_told_in_every_format() {
        let line = StatisticsLine {
            reply_times: ReplyTimes {
                replies: 3,
                median: Some(4.0),
                ninetieth: Some(12.75),
            },
            ..StatisticsLine::default()
        };
        let lines = [
            StatsLine::new(Some("2026-11".to_owned()), &line),
            StatsLine::new(None, &StatisticsLine::default()),
        ];
        insta::assert_snapshot!(every_format(|printer| printer.rows(&lines)));
    }
}
