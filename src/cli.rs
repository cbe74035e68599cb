//! The command line: one file per command group, one printer, exit codes scripts can rely on.

pub mod audit;
pub mod bench;
pub mod broker;
pub mod case;
pub mod cells;
pub mod completions;
pub mod config;
pub mod db;
pub mod dead;
pub mod demo;
pub mod dev;
pub mod doctor;
#[cfg(test)]
mod examples;
pub mod exit;
pub mod globals;
pub mod import;
pub mod job;
pub mod mail;
pub mod man;
pub mod output;
pub mod page;
pub mod queue;
pub mod reach;
pub mod reference;
pub mod route;
pub mod run;
pub mod schema;
pub mod send;
pub mod session;
pub mod stats;
pub mod token;
pub mod who;
pub mod words;
pub mod workflow;

use clap::{Parser, Subcommand};

use exit::{Exit, Failure};
use globals::Globals;
use session::Session;

/// Carries every request of a patronato to the right INPS sede, and the answer back.
#[derive(Debug, Parser)]
#[command(
    name = "usciere",
    version,
    max_term_width = 100,
    after_long_help = globals::EXIT_CODES_HELP,
)]
pub struct Cli {
    #[command(flatten)]
    pub globals: Globals,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Run(run::RunArgs),
    Dev(dev::DevArgs),
    Demo(demo::DemoArgs),
    Send(send::SendArgs),
    Case(case::CaseArgs),
    Stats(stats::StatsArgs),
    Queue(queue::QueueArgs),
    Dead(dead::DeadArgs),
    Job(job::JobArgs),
    Workflow(workflow::WorkflowArgs),
    Mail(mail::MailArgs),
    Import(import::ImportArgs),
    Route(route::RouteArgs),
    Audit(audit::AuditArgs),
    Token(token::TokenArgs),
    Db(db::DbArgs),
    Broker(broker::BrokerArgs),
    Config(config::ConfigArgs),
    Doctor(doctor::DoctorArgs),
    Bench(bench::BenchArgs),
    Schema(schema::SchemaArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// Runs a command to its end and says how it ended.
pub async fn run(cli: Cli) -> Exit {
    let mut session = Session::new(cli.globals);
    match dispatch(cli.command, &mut session).await {
        Ok(exit) => exit,
        Err(failure) => {
            session.printer.failure(&failure);
            failure.exit
        }
    }
}

async fn dispatch(command: Command, session: &mut Session) -> Result<Exit, Failure> {
    match command {
        Command::Config(args) => config::run(args, session),
        Command::Doctor(_) => doctor::run(session).await,
        Command::Bench(args) => Box::pin(bench::run(args, session)).await,
        Command::Schema(args) => schema::run(&args, session),
        Command::Completions(args) => completions::run(&args, session),
        Command::Man(args) => man::run(&args, session),
        Command::Run(args) => run::run(args, session).await,
        Command::Dev(args) => dev::run(args, session).await,
        Command::Demo(args) => demo::run(args, session).await,
        Command::Case(args) => case::run(args, session).await,
        Command::Stats(args) => stats::run(args, session).await,
        Command::Queue(args) => queue::run(args, session).await,
        Command::Dead(args) => dead::run(args, session).await,
        Command::Job(args) => job::run(args, session).await,
        Command::Mail(args) => mail::run(args, session).await,
        Command::Send(args) => send::run(args, session).await,
        Command::Import(args) => import::run(args, session).await,
        Command::Route(args) => route::run(args, session).await,
        Command::Audit(args) => audit::run(args, session).await,
        Command::Token(args) => token::run(args, session).await,
        Command::Db(args) => db::run(args, session).await,
        Command::Broker(args) => broker::run(args, session).await,
        Command::Workflow(args) => workflow::run(args, session).await,
    }
}
