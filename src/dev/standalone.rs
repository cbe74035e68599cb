//! Only the private services, for scripts and for tests: `usciere services [-- COMMAND...]`, a hidden subcommand.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus};

use serde_json::json;
use tokio::process::{Child, Command};

use super::error::ServicesError;
use super::services::{DataFolder, Services, ServicesOptions, Supply};
use super::signals::Signals;

const INTERRUPTED: u8 = 130;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where the data is kept; without it, a temporary folder
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Gets the addresses as JSON once the services answer
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<PathBuf>,
    /// Runs with `DATABASE_URL`, `AMQP_URL` and `MANAGEMENT_URL`; without it, until interrupted
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// Runs until the command ends, a signal comes or a server fails; the services are stopped in every case.
/// Gives the command's own exit code, 130 when interrupted. `guard`: the path of this binary.
pub async fn run(arguments: &Arguments, guard: PathBuf) -> Result<ExitCode, ServicesError> {
    let mut signals = Signals::new().map_err(|error| impossible("the signals", &error))?;
    let folder = arguments
        .data_dir
        .clone()
        .map_or(DataFolder::Temporary, DataFolder::Kept);
    let options = ServicesOptions {
        folder,
        postgres: Supply::Private,
        broker: Supply::Private,
        guard,
    };
    let services = tokio::select! {
        services = Services::start(&options) => services?,
        () = signals.received() => return Ok(ExitCode::from(INTERRUPTED)),
    };
    let outcome = serve(arguments, &services, &mut signals).await;
    services.stop().await.and(outcome)
}

async fn serve(
    arguments: &Arguments,
    services: &Services,
    signals: &mut Signals,
) -> Result<ExitCode, ServicesError> {
    if let Some(file) = &arguments.ready_file {
        write_ready_file(file, services).map_err(|error| impossible(&file.to_string_lossy(), &error))?;
    }
    let mut command = start_command(&arguments.command, services)?;
    let ended = async {
        match &mut command {
            Some((child, name)) => child.wait().await.map_err(|error| impossible(name, &error)),
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        status = ended => Ok(exit_code(status?)),
        () = signals.received() => Ok(ExitCode::from(INTERRUPTED)),
        error = services.failed() => Err(error),
    }
}

fn start_command(words: &[OsString], services: &Services) -> Result<Option<(Child, String)>, ServicesError> {
    let Some((program, arguments)) = words.split_first() else {
        return Ok(None);
    };
    let name = program.to_string_lossy().into_owned();
    let mut command = Command::new(program);
    command.args(arguments).kill_on_drop(true);
    command
        .env("DATABASE_URL", services.database_url().as_str())
        .env("AMQP_URL", services.amqp_url().as_str());
    if let Some(url) = services.management_url() {
        command.env("MANAGEMENT_URL", url.as_str());
    }
    match command.spawn() {
        Ok(child) => Ok(Some((child, name))),
        Err(error) => Err(impossible(&name, &error)),
    }
}

/// Renamed into place: whoever waits for the file finds all of it.
fn write_ready_file(file: &Path, services: &Services) -> io::Result<()> {
    let text = json!({
        "database_url": services.database_url(),
        "amqp_url": services.amqp_url(),
        "management_url": services.management_url(),
        "data_dir": services.folder(),
    });
    let beside = file.with_extension("new");
    fs::write(&beside, text.to_string())?;
    fs::rename(beside, file)
}

fn exit_code(status: ExitStatus) -> ExitCode {
    let by_signal = || status.signal().and_then(|signal| signal.checked_add(128));
    let code = status
        .code()
        .or_else(by_signal)
        .and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}

fn impossible(what: &str, error: &io::Error) -> ServicesError {
    ServicesError::Standalone {
        what: what.to_owned(),
        problem: error.to_string(),
    }
}
