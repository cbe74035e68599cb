//! `usciere mail`: mails sent, waiting and failed.

use clap::{Args, Subcommand};
use uuid::Uuid;

use super::case::Page;

/// Look at mails, preview their templates, send failed ones again
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
}

/// List mails, the newest first; addresses are masked
#[derive(Debug, Args)]
pub struct MailListArgs {
    /// Only those given up
    #[arg(long)]
    pub failed: bool,
    #[command(flatten)]
    pub page: Page,
}

/// Print a template with made-up data; needs no services
#[derive(Debug, Args)]
pub struct MailPreviewArgs {
    /// Name of the template [default: list them]
    pub template: Option<String>,
    /// The HTML part rather than the text
    #[arg(long)]
    pub html: bool,
}

/// Queue mails that were given up once more
#[derive(Debug, Args)]
pub struct MailRetryArgs {
    #[arg(required_unless_present = "all", value_name = "ID")]
    pub ids: Vec<Uuid>,
    /// Every mail that was given up
    #[arg(long, conflicts_with = "ids")]
    pub all: bool,
}
