//! `usciere case`: look at requests. Who may see people's names and texts reads them elsewhere: here are none.

mod find;
mod flows;
mod list;
mod show;
pub(super) mod trace;

use chrono::NaiveDate;
use clap::{Args, Subcommand};

use super::exit::{Exit, Failure};
use super::page::Page;
use super::reach;
use super::session::Session;
use super::words::one_of;
use crate::domain::case::StateName;
use crate::domain::filter::Figure;
use crate::domain::ids::{ActorId, OfficeCode, PatronatoCode, SedeCode, TopicCode};
use crate::domain::protocol::ProtocolNumber;
use crate::domain::search::SearchText;

pub(super) use flows::Flows;

/// Look at requests
#[derive(Debug, Args)]
pub struct CaseArgs {
    #[command(subcommand)]
    pub command: CaseCommand,
}

#[derive(Debug, Subcommand)]
pub enum CaseCommand {
    List(Box<CaseListArgs>),
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
  usciere case list --text 'invalidita civ' --patronato inca
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
    /// Only those this operator sent
    #[arg(long, value_name = "ID")]
    pub operator: Option<ActorId>,
    /// Only those this officer has in charge
    #[arg(long, value_name = "ID")]
    pub officer: Option<ActorId>,
    /// Only the one with this protocol number
    #[arg(long)]
    pub protocol: Option<ProtocolNumber>,
    /// Only those with these words, whatever their case, accents and ends
    #[arg(long)]
    pub text: Option<SearchText>,
    /// Only those of this figure of `usciere stats`
    #[arg(long, value_parser = one_of(Figure::ALL, Figure::as_str, Figure::from_word))]
    pub figure: Option<Figure>,
    /// Only those with files
    #[arg(long)]
    pub with_attachments: bool,
    /// Only those that waited too long
    #[arg(long)]
    pub overdue: bool,
    /// Only those solicited
    #[arg(long)]
    pub solicited: bool,
    /// Only those opened (or, with a solicit as figure, solicited) on or after this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub from: Option<NaiveDate>,
    /// Only those opened (or solicited) on or before this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub to: Option<NaiveDate>,
    #[command(flatten)]
    pub page: Page,
}

#[derive(Debug, Args)]
pub struct CaseRef {
    /// Protocol number of the request, or its id, or enough of the beginning of that
    #[arg(value_name = "ID|PROTOCOL")]
    pub request: String,
}

pub async fn run(args: CaseArgs, session: &mut Session) -> Result<Exit, Failure> {
    let (config, store) = reach::database(session).await?;
    let flows = Flows::load(&config.workflows.dir, &mut session.printer);
    match args.command {
        CaseCommand::List(args) => {
            let rules = flows.booking_rules(reach::clock(&config, &store).await?.now());
            list::run(&args, &store, &flows, &rules, &mut session.printer).await?;
        }
        CaseCommand::Show(which) => {
            let now = reach::clock(&config, &store).await?.now();
            let request = find::request(&store, &which.request).await?;
            let history = store.history(request.case.id).await?;
            let registers = store.load_registers().await?;
            show::Sheet::new(&request, &history, &flows, &registers, now).print(&mut session.printer)?;
        }
        CaseCommand::Trace(which) => {
            let request = find::request(&store, &which.request).await?;
            let lines = trace::collect(&store, &request).await?;
            session.printer.rows(&lines)?;
        }
    }
    Ok(Exit::Ok)
}
