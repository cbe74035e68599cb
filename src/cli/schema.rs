//! `usciere schema`: the documents generated from the program.

use std::sync::LazyLock;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Args, Command};
use serde::Serialize;
use serde_json::Value;

use super::exit::{Exit, Failure};
use super::output::Row;
use super::reference;
use super::session::Session;
use crate::domain::registers::RegisterName;
use crate::registry;
use crate::schema::{Message, asyncapi};

/// Print a generated document
#[derive(Debug, Args)]
#[command(after_help = "\
Documents:
  openapi        every route of the HTTP API, OpenAPI 3.1
  asyncapi       every channel and message of the broker, AsyncAPI 3.0
  MESSAGE        the JSON Schema (2020-12) of one message: request.submit, sede.request.assigned,
                 portal.request.accepted; `usciere schema list` names them all
  register.citizens, register.practices
                 what a remote register is asked and answers (docs/registers.md)
  cli            the command line, in Markdown (docs/cli.md)
  configuration  every key of the configuration, in Markdown (docs/configuration.md)

Examples:
  usciere schema asyncapi > asyncapi.json
  usciere schema request.submit --example | usciere send -")]
pub struct SchemaArgs {
    /// Which document; `list`, as nothing, lists them
    #[arg(value_parser = Name, default_value = LIST, hide_default_value = true, hide_possible_values = true)]
    pub name: String,
    /// Prints an example of the message in place of its schema
    #[arg(long)]
    pub example: bool,
}

const LIST: &str = "list";

/// What shells complete; clap wants them to live as long as the program.
static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let documents = Document::all().map(Document::name);
    std::iter::once(LIST.to_owned()).chain(documents).collect()
});

/// Takes any word; shells complete the ones there are.
#[derive(Clone)]
struct Name;

impl TypedValueParser for Name {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<String, clap::Error> {
        clap::builder::StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(
            NAMES.iter().map(|name| PossibleValue::new(name.as_str())),
        ))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Document {
    OpenApi,
    AsyncApi,
    CommandLine,
    Configuration,
    Message(Message),
    Register(RegisterName),
}

impl Document {
    fn all() -> impl Iterator<Item = Self> {
        [
            Self::OpenApi,
            Self::AsyncApi,
            Self::CommandLine,
            Self::Configuration,
        ]
        .into_iter()
        .chain(Message::all().map(Self::Message))
        .chain(RegisterName::ALL.iter().map(|name| Self::Register(*name)))
    }

    fn by_name(name: &str) -> Option<Self> {
        Self::all().find(|document| document.name() == name)
    }

    fn name(self) -> String {
        match self {
            Self::OpenApi => "openapi".to_owned(),
            Self::AsyncApi => "asyncapi".to_owned(),
            Self::CommandLine => "cli".to_owned(),
            Self::Configuration => "configuration".to_owned(),
            Self::Message(message) => message.to_string(),
            Self::Register(name) => format!("register.{name}"),
        }
    }

    const fn what(self) -> &'static str {
        match self {
            Self::OpenApi => "the routes of the HTTP API",
            Self::AsyncApi => "the broker's channels and messages",
            Self::CommandLine => "the command line",
            Self::Configuration => "the keys of the configuration",
            Self::Message(Message::Command(_)) => "a command to the engine",
            Self::Message(Message::ToSede(_)) => "a message to a sede",
            Self::Message(Message::ToPortal(_)) => "an event to a portal",
            Self::Register(_) => "what a remote register is asked and answers",
        }
    }
}

#[derive(Debug, Serialize)]
struct DocumentRow {
    name: String,
    what: &'static str,
}

impl Row for DocumentRow {
    const COLUMNS: &'static [&'static str] = &["name", "what"];

    fn cells(&self) -> Vec<String> {
        vec![self.name.clone(), self.what.to_owned()]
    }
}

pub fn run(args: &SchemaArgs, session: &mut Session) -> Result<Exit, Failure> {
    if args.name == LIST {
        let rows: Vec<DocumentRow> = Document::all()
            .map(|document| DocumentRow {
                name: document.name(),
                what: document.what(),
            })
            .collect();
        session.printer.rows(&rows)?;
        return Ok(Exit::Ok);
    }
    let document = Document::by_name(&args.name).ok_or_else(|| {
        Failure::not_found(format!("no document is called {}", args.name))
            .fix("`usciere schema list` names them")
    })?;
    let text = match (document, args.example) {
        (Document::Message(message), true) => pretty(&message.example()),
        (Document::Message(message), false) => pretty(&message.schema()),
        (_, true) => return Err(Failure::usage("only messages have an example")),
        (Document::OpenApi, false) => pretty(&crate::http::api::openapi()),
        (Document::AsyncApi, false) => pretty(&asyncapi(&session.load(None)?.config.amqp.prefix)),
        (Document::CommandLine, false) => reference::command_line(),
        (Document::Configuration, false) => reference::configuration(),
        (Document::Register(name), false) => pretty(&registry::remote::schema(name)),
    };
    session.printer.document(&text)?;
    Ok(Exit::Ok)
}

fn pretty(value: &Value) -> String {
    format!("{value:#}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_document_is_found_by_its_own_name_only() {
        let names: BTreeSet<String> = Document::all().map(Document::name).collect();
        assert_eq!(names.len(), Document::all().count());
        assert!(!names.contains(LIST));
        for document in Document::all() {
            assert_eq!(Document::by_name(&document.name()), Some(document));
        }
    }
}
