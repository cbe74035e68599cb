//! The program as a process of its own, to be killed.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::world::World;

/// The real program, as another process, on the world's services.
pub(crate) struct Program(Child);

impl Program {
    pub(crate) fn start(world: &World, log: &Path) -> Self {
        Self::start_with(world, log, &[])
    }

    /// With settings of its own, as environment variables.
    pub(crate) fn start_with(world: &World, log: &Path, settings: &[(&str, &str)]) -> Self {
        let log = File::options().create(true).append(true).open(log).unwrap();
        let usciere::config::mail::SmtpUrl::Files(mails) = &world.config.smtp.url else {
            unreachable!()
        };
        let child = Command::new(env!("CARGO_BIN_EXE_usciere"))
            .args(["run", "--profile", "test"])
            .env("USCIERE_DATABASE__URL", world.config.database.url.expose())
            .env("USCIERE_AMQP__URL", &world.config.amqp.url.0)
            .env("USCIERE_SMTP__URL", format!("file:{}", mails.display()))
            .env(
                "USCIERE_ATTACHMENTS__URL",
                world.config.attachments.url.to_string(),
            )
            .env("USCIERE_HTTP__LISTEN", "127.0.0.1:0")
            .env("USCIERE_LOG__FORMAT", "json")
            .env("USCIERE_LOG__LEVEL", "debug,lapin=info,sqlx=info")
            .env("USCIERE_ENGINE__BATCH", "20")
            .env("LIVES_WITH", std::process::id().to_string())
            .env(
                "USCIERE_REGISTRY__CITIZENS__SOURCE",
                world.config.registry.citizens.source.to_string(),
            )
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Self(child)
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// The most memory it ever had resident, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap();
        let kilobytes = line.trim().trim_end_matches(" kB").parse::<u64>().unwrap();
        kilobytes * 1024
    }

    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
