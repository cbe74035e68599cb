//! The last step before a server: drop root, ask the kernel to end us with the guard, become the server.
//!
//! It is a process of its own because the order matters (changing the user forgets the request) and only a process
//! can ask for itself. Single-threaded; nothing here needs the binary again once root is dropped.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::signal::Signal;
use nix::unistd::{Gid, Pid, Uid, getppid};

use super::account::Account;

/// The word on the guard's command line that leads here.
pub(super) const WORD: &str = "launch";

/// What a server is started with; [`run`] reads it back from the command line.
pub(super) struct Launch<'a> {
    pub(super) account: Option<&'a Account>,
    /// What the kernel sends the server when the guard dies.
    pub(super) farewell: Signal,
}

impl Launch<'_> {
    /// GUARD-PID SIGNAL UID GID, with `-` for "stay who you are".
    pub(super) fn arguments(&self) -> [String; 4] {
        let id = |id: Option<u32>| id.map_or_else(|| "-".to_owned(), |id| id.to_string());
        [
            std::process::id().to_string(),
            self.farewell.as_str().to_owned(),
            id(self.account.map(|account| account.uid)),
            id(self.account.map(|account| account.gid)),
        ]
    }
}

/// Becomes the program that the arguments name; comes back only with the reason why not.
pub(super) fn run(mut arguments: impl Iterator<Item = OsString>) -> io::Error {
    match prepare(&mut arguments) {
        Ok(mut command) => command.exec(),
        Err(error) => error,
    }
}

fn prepare(arguments: &mut impl Iterator<Item = OsString>) -> io::Result<Command> {
    let guard: i32 = number(arguments)?.ok_or_else(misused)?;
    let farewell: Signal = text(arguments)?.parse().map_err(|_| misused())?;
    let uid: Option<u32> = number(arguments)?;
    let gid: Option<u32> = number(arguments)?;
    if let (Some(uid), Some(gid)) = (uid, gid) {
        become_user(Uid::from_raw(uid), Gid::from_raw(gid))?;
    }
    die_with(Pid::from_raw(guard), farewell)?;
    let mut command = Command::new(arguments.next().ok_or_else(misused)?);
    command.args(arguments);
    Ok(command)
}

fn become_user(uid: Uid, gid: Gid) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    nix::unistd::setgroups(&[gid])?;
    nix::unistd::setgid(gid)?;
    nix::unistd::setuid(uid)?;
    Ok(())
}

#[cfg(target_os = "linux")]
fn die_with(guard: Pid, farewell: Signal) -> io::Result<()> {
    nix::sys::prctl::set_pdeathsig(farewell)?;
    // A guard that died before the request was made will not be noticed any more.
    if getppid() == guard {
        Ok(())
    } else {
        Err(io::Error::other("the guard is gone"))
    }
}

/// Elsewhere than on Linux a killed guard leaves its servers; the pipe from the parent is watched everywhere.
#[cfg(not(target_os = "linux"))]
fn die_with(guard: Pid, _farewell: Signal) -> io::Result<()> {
    if getppid() == guard {
        Ok(())
    } else {
        Err(io::Error::other("the guard is gone"))
    }
}

fn text(arguments: &mut impl Iterator<Item = OsString>) -> io::Result<String> {
    arguments
        .next()
        .and_then(|argument| argument.into_string().ok())
        .ok_or_else(misused)
}

fn number<T: std::str::FromStr>(arguments: &mut impl Iterator<Item = OsString>) -> io::Result<Option<T>> {
    match text(arguments)?.as_str() {
        "-" => Ok(None),
        digits => digits.parse().map(Some).map_err(|_| misused()),
    }
}

pub(super) fn misused() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        "this command is for the guard of the private services only",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_launch_reads_back_what_it_wrote_and_refuses_the_rest() {
        let launch = Launch {
            account: None,
            farewell: Signal::SIGQUIT,
        };
        let [guard, farewell, uid, gid] = launch.arguments();
        assert_eq!(
            (farewell.as_str(), uid.as_str(), gid.as_str()),
            ("SIGQUIT", "-", "-")
        );
        assert_eq!(guard, std::process::id().to_string());
        for words in [
            &["1"][..],
            &["one", "SIGQUIT", "-", "-", "true"],
            &["1", "SIGNOTHING", "-", "-", "true"],
        ] {
            let error = run(words.iter().map(OsString::from));
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{words:?}");
        }
    }
}
