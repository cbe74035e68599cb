//! Catches mails as files, one each: nothing leaves the machine. Names sort by time; a reader never sees half a file.

use std::io;
use std::path::PathBuf;

use super::SendOutcome;
use crate::clock::Clock;
use crate::mail::message::Composed;

#[derive(Debug)]
pub struct Files {
    folder: PathBuf,
    clock: Clock,
}

impl Files {
    pub(super) fn new(folder: PathBuf, clock: Clock) -> Self {
        Self { folder, clock }
    }

    pub(super) async fn send(&self, mail: &Composed) -> SendOutcome {
        match self.write(mail.bytes()).await {
            Ok(()) => SendOutcome::Sent("kept as a file".to_owned()),
            Err(error) => SendOutcome::Unavailable(format!(
                "the folder for mails cannot be written to: {}",
                error.kind()
            )),
        }
    }

    pub(super) async fn check(&self) -> Result<(), String> {
        let probe = self.folder.join(format!(".probe-{}", self.clock.new_id()));
        let written = async {
            tokio::fs::create_dir_all(&self.folder).await?;
            tokio::fs::write(&probe, b"").await?;
            tokio::fs::remove_file(&probe).await
        };
        written
            .await
            .map_err(|error| format!("the folder for mails cannot be written to: {}", error.kind()))
    }

    async fn write(&self, bytes: &[u8]) -> io::Result<()> {
        tokio::fs::create_dir_all(&self.folder).await?;
        // The id orders mails of the same millisecond.
        let name = format!(
            "{}-{}.eml",
            self.clock.now().format("%Y%m%dT%H%M%S%3fZ"),
            self.clock.new_id()
        );
        let unfinished = self.folder.join(format!(".{name}"));
        tokio::fs::write(&unfinished, bytes).await?;
        tokio::fs::rename(&unfinished, self.folder.join(name)).await
    }
}
