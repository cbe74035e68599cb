//! `usciere case`: look at requests.

use chrono::NaiveDate;
use clap::{Args, Subcommand};

use crate::domain::case::StateName;
use crate::domain::ids::{OfficeCode, PatronatoCode, SedeCode, TopicCode};

/// Look at requests
#[derive(Debug, Args)]
pub struct CaseArgs {
    #[command(subcommand)]
    pub command: CaseCommand,
}

#[derive(Debug, Subcommand)]
pub enum CaseCommand {
    List(CaseListArgs),
    /// Show one request: its state, what is allowed now, and why not
    Show(CaseRef),
    /// Show everything that happened to one request, message by message
    Trace(CaseRef),
}

/// List requests, the newest first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  usciere case list --overdue --sede 230001
  usciere case list --from 2026-11-01 -o csv > november.csv")]
pub struct CaseListArgs {
    /// Only in this state
    #[arg(long)]
    pub state: Option<StateName>,
    /// Only at this sede or desk
    #[arg(long)]
    pub sede: Option<SedeCode>,
    /// Only from this patronato
    #[arg(long)]
    pub patronato: Option<PatronatoCode>,
    /// Only from this office of the patronato
    #[arg(long)]
    pub office: Option<OfficeCode>,
    /// Only about this topic
    #[arg(long)]
    pub topic: Option<TopicCode>,
    /// Only those that waited too long
    #[arg(long)]
    pub overdue: bool,
    /// Only those solicited
    #[arg(long)]
    pub solicited: bool,
    /// Only those opened on or after this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub from: Option<NaiveDate>,
    /// Only those opened on or before this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub to: Option<NaiveDate>,
    #[command(flatten)]
    pub page: Page,
}

/// Which part of a long list.
#[derive(Debug, Clone, Args)]
pub struct Page {
    /// Most lines
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub limit: u16,
    /// Goes on after the line with this id
    #[arg(long, value_name = "ID")]
    pub after: Option<String>,
}

#[derive(Debug, Args)]
pub struct CaseRef {
    /// Id or protocol number of the request
    #[arg(value_name = "ID|PROTOCOL")]
    pub request: String,
}
