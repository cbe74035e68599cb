//! `usciere token`: bearer tokens of a development system.

mod who;

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::Value;

use super::exit::{Exit, Failure};
use super::output::{Format, Row};
use super::reach;
use super::session::Session;
use super::words::{one_of, parsed_by};
use crate::config::Profile;
use crate::config::interval::Interval;
use crate::domain::email::EmailAddress;
use crate::domain::event::words;
use crate::domain::ids::{ActorId, OfficeCode, PatronatoCode, SedeCode};
use crate::domain::place::Region;
use crate::identity::development::{DevelopmentKey, DevelopmentKeyError};

/// Make bearer tokens for the HTTP API of a development system
#[derive(Debug, Args)]
pub struct TokenArgs {
    #[command(subcommand)]
    pub command: TokenCommand,
}

#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    Create(CreateArgs),
}

words!(
    /// What a token makes of somebody.
    TokenRole {
        Operator = "operator",
        RegionalReferent = "regional_referent",
        Officer = "officer",
        Manager = "manager",
    }
);

/// Make a token and print it
///
/// Nodes with profile dev or test that share the database believe it; a production node never does. What is left out is
/// taken from the registers: an operator is op1 of inca's office INCA-RM-001.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  usciere token create --role operator
  usciere token create --role operator --role regional_referent --office INCA-CH-001
  usciere token create --role officer --sede 230001 --name 'Anna Verdi'
  curl -H \"Authorization: Bearer $(usciere token create --role manager)\" localhost:8080/api/v1/me")]
pub struct CreateArgs {
    /// What the bearer is; the two roles of a patronato may be given together
    #[arg(long, required = true, value_parser = one_of(TokenRole::ALL, TokenRole::as_str, TokenRole::from_word))]
    pub role: Vec<TokenRole>,
    /// Patronato of an operator or referent
    #[arg(long, value_name = "CODE")]
    pub patronato: Option<PatronatoCode>,
    /// Office of the patronato
    #[arg(long, value_name = "CODE")]
    pub office: Option<OfficeCode>,
    /// Region of a referent [default: the office's]
    #[arg(long, value_parser = parsed_by(Region::parse))]
    pub region: Option<Region>,
    /// Sede or desk of an officer
    #[arg(long, value_name = "CODE")]
    pub sede: Option<SedeCode>,
    /// Id of the person
    #[arg(long)]
    pub id: Option<ActorId>,
    /// Name of the person
    #[arg(long)]
    pub name: Option<String>,
    /// Address of the person, for mails
    #[arg(long, value_name = "ADDRESS")]
    pub email: Option<EmailAddress>,
    /// How long it is valid
    #[arg(long, value_name = "TIME", default_value = "8h")]
    pub expires: Interval,
}

/// A token and what it says.
#[derive(Debug, Serialize)]
struct Created {
    token: String,
    claims: Value,
}

impl Row for Created {
    const COLUMNS: &'static [&'static str] = &["token"];

    fn cells(&self) -> Vec<String> {
        vec![self.token.clone()]
    }
}

pub async fn run(args: TokenArgs, session: &mut Session) -> Result<Exit, Failure> {
    match args.command {
        TokenCommand::Create(args) => create(&args, session).await,
    }
}

async fn create(args: &CreateArgs, session: &mut Session) -> Result<Exit, Failure> {
    let config = session.load(Some(Profile::Dev))?.config;
    if config.profile.is_production() {
        return Err(Failure::new(
            Exit::NotAllowed,
            "tokens of a production system are issued by its identity provider alone",
        )
        .fix("ask the issuer named by auth.issuer, or use a system with --profile dev"));
    }
    let store = reach::store(&config).await?;
    let person = who::person(args, &store.load_registers().await?)?;
    let key = DevelopmentKey::of(&store).await?;
    let issued = key
        .issue(&person, args.expires.get())
        .map_err(DevelopmentKeyError::Broken)?;
    match session.printer.format() {
        Format::Table => session.printer.document(&issued.token)?,
        Format::Json | Format::Jsonl | Format::Csv => session.printer.one(&Created {
            token: issued.token,
            claims: issued.claims,
        })?,
    }
    Ok(Exit::Ok)
}

impl From<DevelopmentKeyError> for Failure {
    fn from(error: DevelopmentKeyError) -> Self {
        match error {
            DevelopmentKeyError::Store(error) => error.into(),
            DevelopmentKeyError::Broken(error) => Self::new(Exit::Failed, error.to_string()),
        }
    }
}
