//! `usciere dev`: the whole system on this machine.

use std::path::PathBuf;

use clap::Args;

/// Run the whole system on this machine, with nothing to set up
#[derive(Debug, Args)]
#[command(after_help = "\
Starts a private PostgreSQL and RabbitMQ, imports example registers, runs every role and keeps mails as files.
DATABASE_URL or AMQP_URL, where set, are used instead of the private ones. Everything ends with this command.

Examples:
  usciere dev
  usciere dev --http-port 0 --data-dir /tmp/usciere --ready-file /tmp/usciere.json")]
pub struct DevArgs {
    /// Port of the HTTP listener on 127.0.0.1; 0: any free one [default: that of http.listen]
    #[arg(long, value_name = "N")]
    pub http_port: Option<u16>,
    /// Folder for the private services and the caught mails
    #[arg(long, value_name = "DIR", default_value = "var")]
    pub data_dir: PathBuf,
    #[arg(long, value_name = "FILE", help = READY_FILE_HELP)]
    pub ready_file: Option<PathBuf>,
}

const READY_FILE_HELP: &str =
    r#"Written once everything is ready: {"amqp_url", "database_url", "http_url", "mail_dir"}"#;
