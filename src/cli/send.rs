//! `usciere send`: publish a command as a portal or a sede would.

mod example;
mod follow;

use std::io::Read as _;

use clap::Args;

use super::exit::{Exit, Failure};
use super::reach;
use super::session::Session;
use crate::amqp::{Broker, Exchange, Outgoing, Published, Publisher};
use crate::clock::Clock;
use crate::config::interval::Interval;
use crate::domain::command::CommandKind;
use crate::domain::ids::{MessageId, PatronatoCode, Source};

const AS_HELP: &str =
    "Who publishes: portal.<patronato> or sede.<code> [default: the portal of the body's patronato]";

/// Publish a command as a portal or a sede would
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  usciere send --example --wait --reply-auto
  usciere send request.json --wait
  usciere send reply.json --as sede.230001 --type request.reply")]
pub struct SendArgs {
    /// JSON body of the command; - for stdin
    #[arg(required_unless_present = "example", value_name = "FILE|-")]
    pub file: Option<String>,
    /// Sends a made-up request from the example registers
    #[arg(long, conflicts_with_all = ["file", "source", "command"])]
    pub example: bool,
    #[arg(long = "as", value_name = "SOURCE", help = AS_HELP)]
    pub source: Option<Source>,
    /// The command
    #[arg(long = "type", value_name = "COMMAND", default_value = "request.submit", value_parser = command)]
    pub command: CommandKind,
    /// Idempotency key; send again with the same one to repeat [default: a new one]
    #[arg(long, value_name = "ID")]
    pub message_id: Option<MessageId>,
    /// Follows what becomes of it, step by step, until it is answered or refused
    #[arg(long)]
    pub wait: bool,
    /// Answers in the sede's stead
    #[arg(long, requires = "wait")]
    pub reply_auto: bool,
    /// Longest to wait
    #[arg(long, value_name = "TIME", default_value = "30s", requires = "wait")]
    pub timeout: Interval,
}

fn command(word: &str) -> Result<CommandKind, String> {
    CommandKind::from_word(word).ok_or_else(|| {
        let known: Vec<&str> = CommandKind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("commands are {}", known.join(", "))
    })
}

/// A message on its way out.
struct Letter {
    source: Source,
    kind: CommandKind,
    message_id: MessageId,
    body: Vec<u8>,
}

pub async fn run(args: SendArgs, session: &mut Session) -> Result<Exit, Failure> {
    let clock = Clock::system();
    let letter = letter(&args, &clock)?;
    let config = session.load(None)?.config;
    let broker = reach::broker(&config).await?;
    let outcome = send(&args, &letter, &broker.publisher(), session, &clock).await;
    Broker::close(&broker).await;
    outcome
}

async fn send(
    args: &SendArgs,
    letter: &Letter,
    publisher: &Publisher,
    session: &mut Session,
    clock: &Clock,
) -> Result<Exit, Failure> {
    if !args.wait {
        publish(publisher, letter, clock).await?;
        session
            .printer
            .say(format!("published {} as {}", letter.message_id, letter.source));
        return Ok(Exit::Ok);
    }
    let (_, store) = reach::database(session).await?;
    let follow = follow::Follow {
        letter,
        timeout: args.timeout.get(),
        answering: args.reply_auto.then_some(publisher),
        buried_before: follow::last_dead_letter(&store).await?,
        store,
    };
    publish(publisher, letter, clock).await?;
    follow.to_the_end(session, clock).await
}

fn letter(args: &SendArgs, clock: &Clock) -> Result<Letter, Failure> {
    let message_id = match &args.message_id {
        Some(id) => id.clone(),
        None => MessageId::parse(&clock.new_id().to_string()).expect("a UUID is visible ASCII"),
    };
    let body = match &args.file {
        None => example::request(clock),
        Some(file) if file == "-" => {
            let mut body = Vec::new();
            std::io::stdin().read_to_end(&mut body)?;
            body
        }
        Some(file) => std::fs::read(file).map_err(|error| {
            Failure::new(Exit::NotFound, format!("{file} cannot be read")).caused_by(error)
        })?,
    };
    let source = match &args.source {
        Some(source) => source.clone(),
        None => Source::Portal(patronato_of(&body)?),
    };
    Ok(Letter {
        source,
        kind: args.command,
        message_id,
        body,
    })
}

fn patronato_of(body: &[u8]) -> Result<PatronatoCode, Failure> {
    let unknown = || {
        Failure::usage("the body names no patronato to publish as")
            .fix("say who publishes: --as portal.inca or --as sede.230001")
    };
    let body: serde_json::Value = serde_json::from_slice(body).map_err(|_| unknown())?;
    let code = body
        .get("patronato")
        .and_then(serde_json::Value::as_str)
        .ok_or_else(unknown)?;
    PatronatoCode::parse(code).map_err(|_| unknown())
}

/// Publishes as its source would; anything but a confirmation is a failure.
async fn publish(publisher: &Publisher, letter: &Letter, clock: &Clock) -> Result<(), Failure> {
    publisher.ready().await;
    let outgoing = Outgoing {
        exchange: Exchange::Commands,
        routing_key: format!("{}.{}", letter.source, letter.kind),
        message_id: letter.message_id.clone(),
        kind: letter.kind.as_str().into(),
        request: None,
        causation_id: None,
        case_seq: None,
        trace_parent: None,
        at: clock.now(),
        body: letter.body.clone().into(),
    };
    match publisher.publish(vec![outgoing]).await.pop() {
        Some(Published::Confirmed) => Ok(()),
        Some(Published::Unroutable { .. }) => Err(Failure::unavailable("no queue takes commands")
            .fix("declare the topology: `usciere broker declare`")),
        Some(Published::Refused) => Err(Failure::unavailable("the intake is full")),
        Some(Published::Lost(_)) | None => Err(Failure::unavailable(
            "the broker did not confirm; send it again with the same --message-id",
        )),
    }
}
