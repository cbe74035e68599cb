//! A standby of a PostgreSQL, and its place when that is gone.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use nix::unistd::{User, chown};
use tokio::process::Command;

use super::{Kind, Service};

/// Under which name it asks the primary for what is written.
pub(crate) const NAME: &str = "standby";

impl Service {
    /// A copy of this PostgreSQL that follows it.
    pub(crate) async fn standby(&self) -> Self {
        let mut standby = Self::new(Kind::Postgres);
        let (mine, its) = (&self.folder, &standby.folder);
        std::fs::create_dir(its).unwrap();
        std::fs::copy(mine.join("state.json"), its.join("state.json")).unwrap();
        let account = self.account();
        for path in [its.clone(), its.join("state.json")] {
            own(&path, account.as_ref());
        }
        std::fs::set_permissions(its, std::fs::Permissions::from_mode(0o700)).unwrap();
        let mut url = self.url();
        url.query_pairs_mut().append_pair("application_name", NAME);
        let mut copy = Command::new(self.program("pg_basebackup"));
        copy.arg("--pgdata")
            .arg(its.join("pg"))
            .args([
                "--checkpoint=fast",
                "--wal-method=stream",
                "--write-recovery-conf",
                "--dbname",
            ])
            .arg(url.as_str())
            .current_dir("/")
            .kill_on_drop(true);
        if let Some(account) = account {
            copy.uid(account.uid.as_raw()).gid(account.gid.as_raw());
        }
        let copied = copy.output().await.unwrap();
        assert!(copied.status.success(), "{copied:?}");
        standby.up().await;
        standby
    }

    /// Whoever came to the other comes here from now on.
    pub(crate) fn takes_the_place_of(&mut self, other: &mut Self) {
        let mine = self.address.borrow().clone();
        std::mem::swap(&mut self.address, &mut other.address);
        self.address.send_replace(mine);
    }

    /// Who the servers run as, when we are root.
    pub(crate) fn account(&self) -> Option<User> {
        let name = self.running.as_ref()?.account()?;
        User::from_name(name).unwrap()
    }

    /// A program that came with the running server.
    fn program(&self, name: &str) -> std::path::PathBuf {
        let server = std::fs::read_link(format!("/proc/{}/exe", self.process().unwrap())).unwrap();
        server.with_file_name(name)
    }
}

pub(crate) fn own(path: &Path, account: Option<&User>) {
    if let Some(account) = account {
        chown(path, Some(account.uid), Some(account.gid)).unwrap();
    }
}
