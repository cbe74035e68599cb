//! The guard as its parent holds it: a pipe whose end is the order to stop, and what the guard reports.
//!
//! Relies on no runtime: a thread reads the reports, so that tests with a runtime each can share one set of services.

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::watch;
use tokio::time::timeout;

use super::error::ServicesError;
use super::folder::new_secret;
use super::guard;
use super::protocol::{Addresses, Keep, Plan, Report};
use super::services::{DataFolder, ServicesOptions, Supply};

/// RabbitMQ takes about 6 s. The guard itself gives up on each server before this.
const STOPPED_WITHIN: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct GuardHandle {
    input: ChildStdin,
    process: Pid,
    status: watch::Receiver<Status>,
}

#[derive(Debug, Default)]
struct Status {
    addresses: Option<Addresses>,
    failure: Option<ServicesError>,
    /// The guard is gone, and with it every server.
    ended: bool,
    last_words: String,
}

impl GuardHandle {
    pub(super) fn start(options: &ServicesOptions) -> Result<Self, ServicesError> {
        Self::spawn(options).map_err(|error| ServicesError::Guard(format!("cannot be started: {error}")))
    }

    fn spawn(options: &ServicesOptions) -> io::Result<Self> {
        let plan = plan_of(options);
        let mut command = Command::new(&options.guard);
        // A group of its own: Ctrl-C at the terminal reaches us alone, and we stop things in order.
        command.arg(guard::WORD).process_group(0);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (Some(mut input), Some(output), Some(complaints)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        writeln!(input, "{}", serde_json::to_string(&plan)?)?;
        let process = i32::try_from(child.id()).map_err(io::Error::other)?;
        let (sender, status) = watch::channel(Status::default());
        thread::Builder::new()
            .name("services".to_owned())
            .spawn(move || listen(child, output, complaints, &sender))?;
        Ok(Self {
            input,
            process: Pid::from_raw(process),
            status,
        })
    }

    /// What the servers can be reached at, once they answer.
    pub(super) async fn addresses(&self) -> Result<Addresses, ServicesError> {
        let mut status = self.status.clone();
        let done = |status: &Status| status.addresses.is_some() || status.ended;
        match status.wait_for(done).await {
            Ok(status) => status.addresses.clone().ok_or_else(|| status.why_ended()),
            Err(_) => Err(Status::default().why_ended()),
        }
    }

    /// Comes back when a server or the guard ended although nobody asked it to.
    pub(super) async fn failure(&self) -> ServicesError {
        let mut status = self.status.clone();
        let failed = |status: &Status| status.failure.is_some() || status.ended;
        match status.wait_for(failed).await {
            Ok(status) => status.why_ended(),
            Err(_) => Status::default().why_ended(),
        }
    }

    pub(super) async fn stop(self) -> Result<(), ServicesError> {
        let Self {
            input,
            process,
            mut status,
        } = self;
        drop(input);
        let ended = timeout(STOPPED_WITHIN, status.wait_for(|status| status.ended)).await;
        if ended.is_ok() {
            return Ok(());
        }
        // The kernel takes the servers along with it.
        let _ = kill(process, Signal::SIGKILL);
        Err(ServicesError::Guard(format!(
            "did not end within {} s and was killed",
            STOPPED_WITHIN.as_secs()
        )))
    }
}

impl Status {
    fn why_ended(&self) -> ServicesError {
        let unexpected = || ServicesError::Guard(format!("ended unexpectedly: {}", self.last_words.trim()));
        self.failure.clone().unwrap_or_else(unexpected)
    }
}

fn plan_of(options: &ServicesOptions) -> Plan {
    let (folder, keep) = match &options.folder {
        DataFolder::Kept(path) => (path.clone(), Keep::Data),
        DataFolder::Temporary => (
            env::temp_dir().join(format!("usciere-{}", new_secret())),
            Keep::Nothing,
        ),
    };
    let private = |supply: &Supply| *supply == Supply::Private;
    Plan {
        folder,
        keep,
        postgres: private(&options.postgres),
        broker: private(&options.broker),
    }
}

fn listen(mut child: Child, output: ChildStdout, complaints: ChildStderr, status: &watch::Sender<Status>) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        let report = serde_json::from_str::<Report>(&line);
        status.send_modify(|status| match report {
            Ok(Report::Ready(addresses)) => status.addresses = Some(*addresses),
            Ok(Report::Failed(error)) => status.failure = Some(error),
            Err(error) => {
                status.failure = Some(ServicesError::Guard(format!("said something else: {error}")));
            }
        });
    }
    // Normally empty: the guard speaks through its reports, what it says besides is a crash.
    let mut last_words = String::new();
    let read = BufReader::new(complaints).read_to_string(&mut last_words);
    let ended = read.and_then(|_| child.wait());
    status.send_modify(|status| {
        status.last_words = match ended {
            Ok(how) => format!("{how} {last_words}"),
            Err(error) => error.to_string(),
        };
        status.ended = true;
    });
}
