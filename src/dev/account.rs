//! Whom the servers run as. Started by an ordinary user: that user. Started by root: an unprivileged one, since
//! both servers refuse root; the owner of the data, or of a folder around it, else `postgres` or `nobody`.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::{Uid, User};

use super::error::ServicesError;

/// An unprivileged user that root hands the servers and their files to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Account {
    /// `None` when we are not root: the servers then run as ourselves.
    pub(super) fn choose(folder: &Path) -> Result<Option<Self>, ServicesError> {
        if !Uid::effective().is_root() {
            return Ok(None);
        }
        let owned = [folder.join("pg"), folder.join("mq")];
        let mut places = owned.iter().map(PathBuf::as_path).chain(folder.ancestors());
        let named = || {
            ["postgres", "nobody"]
                .into_iter()
                .find_map(|name| User::from_name(name).ok().flatten())
        };
        let user = places.find_map(owner_but_root).or_else(named);
        user.map(|user| Some(Self::from(user)))
            .ok_or(ServicesError::NoAccount)
    }

    pub(super) fn give(&self, path: &Path) -> io::Result<()> {
        chown(path, Some(self.uid), Some(self.gid))
    }

    /// Whether this user gets into a folder: asked by doing it, since every folder above has its say.
    pub(super) fn reaches(&self, folder: &Path) -> bool {
        let mut visit = Command::new("/bin/sh");
        visit
            .args(["-c", "cd -- \"$1\"", "sh"])
            .arg(folder)
            .current_dir("/")
            .uid(self.uid)
            .gid(self.gid);
        visit
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        visit.status().is_ok_and(|status| status.success())
    }
}

impl From<User> for Account {
    fn from(user: User) -> Self {
        Self {
            name: user.name,
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
        }
    }
}

fn owner_but_root(path: &Path) -> Option<User> {
    let uid = Uid::from_raw(fs::metadata(path).ok()?.uid());
    if uid.is_root() {
        None
    } else {
        User::from_uid(uid).ok().flatten()
    }
}
