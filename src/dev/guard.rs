//! The process between usciere and its private servers: the servers are its children, and it outlives its parent
//! by just as long as it takes to stop them. A hidden subcommand of the same binary, [`WORD`].

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::unix::pipe;

use super::crew::Crew;
use super::error::ServicesError;
use super::launch;
use super::protocol::{Plan, Report};
use super::signals::Signals;

/// The first word on the command line that `main` sends here, before anything else is set up.
pub const WORD: &str = "dev-guard";

/// Runs the guard (or, for its own children, the launcher) to the end. `arguments`: what follows [`WORD`].
pub fn run(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let outcome = match arguments.next() {
        None => supervise(),
        Some(word) if word == launch::WORD => Err(launch::run(arguments)),
        Some(_) => Err(launch::misused()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The parent may have closed this end; there is nobody else to tell.
            let _ = writeln!(io::stderr(), "{WORD}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// One thread: the kernel ends the servers with the thread that started them.
fn supervise() -> io::Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(guard())
}

async fn guard() -> io::Result<()> {
    // To the guard itself; those of the terminal go to the parent alone.
    let mut signals = Signals::new()?;
    let mut parent = Parent::on_standard_input()?;
    let plan = parent.plan().await?;
    let mut crew = Crew::default();
    let failure = tokio::select! {
        error = serve(&plan, &mut crew) => Some(error),
        () = parent.end() => None,
        () = signals.received() => None,
    };
    if let Some(error) = failure {
        report(&Report::Failed(error));
    }
    crew.stop(plan.keep).await
}

async fn serve(plan: &Plan, crew: &mut Crew) -> ServicesError {
    match crew.start(plan).await {
        Ok(addresses) => {
            report(&Report::Ready(Box::new(addresses)));
            crew.death().await
        }
        Err(error) => error,
    }
}

/// The pipe from the parent: its plan, then its life.
struct Parent(BufReader<pipe::Receiver>);

impl Parent {
    fn on_standard_input() -> io::Result<Self> {
        let input = io::stdin().as_fd().try_clone_to_owned()?;
        Ok(Self(BufReader::new(pipe::Receiver::from_owned_fd(input)?)))
    }

    async fn plan(&mut self) -> io::Result<Plan> {
        let mut line = String::new();
        self.0.read_line(&mut line).await?;
        Ok(serde_json::from_str(&line)?)
    }

    /// The kernel closes the pipe, however the parent ends.
    async fn end(&mut self) {
        let mut byte = [0];
        while self.0.read(&mut byte).await.is_ok_and(|count| count > 0) {}
    }
}

fn report(report: &Report) {
    let line = serde_json::to_string(report).expect("reports are plain data");
    let mut output = io::stdout().lock();
    // A parent that is gone is noticed on the other pipe.
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}
