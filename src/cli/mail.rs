//! `usciere mail`: mails sent, waiting and failed.

mod list;
mod preview;
mod retry;
mod test;

use clap::{Args, Subcommand};

use super::exit::{Exit, Failure};
use super::page::Page;
use super::session::Session;
use super::words::one_of;
use crate::config::Config;
use crate::domain::event::MailKind;
use crate::mail::Surroundings;
use crate::store::{MailId, MailState};

/// Look at mails, preview their templates, send failed ones again, try the mail server
#[derive(Debug, Args)]
pub struct MailArgs {
    #[command(subcommand)]
    pub command: MailCommand,
}

#[derive(Debug, Subcommand)]
pub enum MailCommand {
    List(MailListArgs),
    Preview(MailPreviewArgs),
    Retry(MailRetryArgs),
    Test(MailTestArgs),
}

/// List mails, the newest first; addresses are masked
#[derive(Debug, Args)]
pub struct MailListArgs {
    /// Only those that wait for a person: given up, or perhaps sent and perhaps not
    #[arg(long, conflicts_with = "state")]
    pub failed: bool,
    /// Only those that stand so
    #[arg(long, value_parser = one_of(MailState::ALL, MailState::as_str, MailState::from_word))]
    pub state: Option<MailState>,
    #[command(flatten)]
    pub page: Page,
}

/// Print a template with made-up data; needs no services
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  usciere mail preview
  usciere mail preview reply
  usciere mail preview overdue --html > overdue.html")]
pub struct MailPreviewArgs {
    /// Name of the template [default: list them]
    #[arg(value_parser = one_of(MailKind::ALL, MailKind::as_str, MailKind::from_word))]
    pub template: Option<MailKind>,
    /// The HTML part alone, rather than the headers and the text
    #[arg(long, requires = "template")]
    pub html: bool,
}

/// Queue mails once more that were given up, or whose end nobody knows
#[derive(Debug, Args)]
pub struct MailRetryArgs {
    #[arg(required_unless_present = "all", value_name = "ID")]
    pub ids: Vec<MailId>,
    /// Every mail that was given up or whose end nobody knows
    #[arg(long, conflicts_with = "ids")]
    pub all: bool,
}

/// Send one sample mail through the configured transport and tell what the server answered
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  usciere mail test --to me@example.org
  usciere mail test --to me@example.org --template appointment_confirmed")]
pub struct MailTestArgs {
    /// Address to send it to
    #[arg(long, value_name = "ADDRESS")]
    pub to: String,
    /// Name of the template
    #[arg(long, default_value = "reply", value_parser = one_of(MailKind::ALL, MailKind::as_str, MailKind::from_word))]
    pub template: MailKind,
}

/// What all mails of this configuration have in common.
fn surroundings(config: &Config) -> Surroundings {
    Surroundings {
        service: config.brand.name.clone(),
        base_url: config.http.base_url.clone(),
    }
}

pub async fn run(args: MailArgs, session: &mut Session) -> Result<Exit, Failure> {
    match args.command {
        MailCommand::List(args) => list::run(&args, session).await,
        MailCommand::Preview(args) => preview::run(&args, session),
        MailCommand::Retry(args) => retry::run(&args, session).await,
        MailCommand::Test(args) => test::run(args, session).await,
    }
}
