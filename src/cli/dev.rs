//! `usciere dev`: the whole system on this machine, and the clock of a running one.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use super::exit::{Exit, Failure};
use super::session::Session;
use crate::config::http::HttpSettings;
use crate::config::iso_duration::IsoDuration;
use crate::config::{Config, Loaded, Origin, Profile};
use crate::dev::{DataFolder, Services, ServicesError, ServicesOptions, Supply, examples, free_port};
use crate::lifecycle::Shutdown;
use crate::node::{self, Node, NodeError, Role};
use crate::workflow::Registry;

/// Run the whole system on this machine, with nothing to set up
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Starts a private PostgreSQL and RabbitMQ, imports example registers, runs every role and keeps mails as files.
DATABASE_URL or AMQP_URL, where set, are used instead of the private ones. Everything ends with this command.

Examples:
  usciere dev
  usciere dev --http-port 0 --data-dir /tmp/usciere --ready-file /tmp/usciere.json
  usciere dev clock P16D"
)]
pub struct DevArgs {
    #[command(subcommand)]
    pub command: Option<DevCommand>,
    /// Port of the HTTP listener on 127.0.0.1; 0: any free one [default: that of http.listen]
    #[arg(long, value_name = "N")]
    pub http_port: Option<u16>,
    /// Folder for the private services and the caught mails
    #[arg(long, value_name = "DIR", default_value = "var")]
    pub data_dir: PathBuf,
    #[arg(long, value_name = "FILE", help = READY_FILE_HELP)]
    pub ready_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum DevCommand {
    /// Move the now of every node of a development system; without a value, show it
    Clock {
        /// ISO 8601 duration from the machine's time, such as P16D; PT0S sets it right again
        #[arg(value_name = "OFFSET", allow_hyphen_values = true)]
        offset: Option<IsoDuration>,
    },
}

const READY_FILE_HELP: &str =
    r#"Written once everything is ready: {"amqp_url", "database_url", "http_url", "mail_dir"}"#;

pub async fn run(args: DevArgs, session: &mut Session) -> Result<Exit, Failure> {
    match args.command {
        Some(DevCommand::Clock { offset }) => clock(offset, session).await,
        None => everything(&args, session).await,
    }
}

async fn clock(offset: Option<IsoDuration>, session: &mut Session) -> Result<Exit, Failure> {
    let config = session.load(Some(Profile::Dev))?.config;
    if config.profile.is_production() {
        return Err(Failure::new(
            Exit::NotAllowed,
            "the clock of a production system is not moved",
        ));
    }
    let store = node::store(&config, &config.node.name())?;
    if let Some(offset) = offset {
        store.set_clock_offset(offset.get()).await?;
    }
    let stands = store
        .clock_offset()
        .await?
        .unwrap_or_else(|| config.clock.offset.get());
    session.printer.say(format!(
        "the clock stands at {} from the machine's",
        IsoDuration::from(stands)
    ));
    Ok(Exit::Ok)
}

async fn everything(args: &DevArgs, session: &mut Session) -> Result<Exit, Failure> {
    let loaded = session.load(Some(Profile::Dev))?;
    let mut config = loaded.config.clone();
    if config.profile.is_production() {
        return Err(Failure::new(
            Exit::NotAllowed,
            "`usciere dev` does not run with profile prod",
        ));
    }
    // Servers take seconds to start: what is wrong here is said before.
    Registry::load(&config.workflows.dir)
        .map_err(NodeError::Workflows)
        .map_err(super::run::failure)?;
    let exporter = super::run::telemetry(&config, session)?;
    let data = absolute(&args.data_dir)?;
    let services = start_services(&data, &loaded, session).await?;
    settle_in(&mut config, args, &data, &services)?;
    let outcome = tokio::select! {
        outcome = serve(&config, args, &services, session, exporter) => outcome,
        error = services.failed() => Err(unavailable(error)),
    };
    let stopped = services.stop().await.map_err(unavailable);
    let exit = outcome?;
    stopped?;
    Ok(exit)
}

async fn serve(
    config: &Config,
    args: &DevArgs,
    services: &Services,
    session: &mut Session,
    exporter: crate::telemetry::metrics::Exporter,
) -> Result<Exit, Failure> {
    let store = node::store(config, &config.node.name())?;
    store.migrate().await?;
    examples::load(&store).await.map_err(anyhow::Error::from)?;
    store.close().await;
    let shutdown = Shutdown::new();
    let ready = |node: &Node| announce(node, config, args, services, session);
    super::run::serve(config, &Role::ALL, &shutdown, exporter, ready).await
}

fn absolute(folder: &Path) -> Result<PathBuf, Failure> {
    std::fs::create_dir_all(folder)?;
    Ok(folder.canonicalize()?)
}

/// Starts what is configured nowhere.
async fn start_services(data: &Path, loaded: &Loaded, session: &mut Session) -> Result<Services, Failure> {
    let config = &loaded.config;
    let options = ServicesOptions {
        folder: DataFolder::Kept(data.to_owned()),
        postgres: supply(loaded, "database.url", config.database.url.expose())?,
        broker: supply(loaded, "amqp.url", &config.amqp.url.0)?,
        guard: std::env::current_exe()?,
    };
    session.printer.say("starting PostgreSQL and RabbitMQ ...");
    Services::start(&options).await.map_err(unavailable)
}

pub(super) fn supply(loaded: &Loaded, key: &str, url: &str) -> Result<Supply, Failure> {
    match loaded.origin(key) {
        // Files name where a system usually runs, not what this one is to use.
        None | Some(Origin::BuiltIn(_) | Origin::File { .. }) => Ok(Supply::Private),
        Some(Origin::Variable { .. } | Origin::Flag(_)) => url
            .parse()
            .map(Supply::Given)
            .map_err(|_| Failure::new(Exit::Configuration, format!("{key} is no URL"))),
    }
}

pub(super) fn unavailable(error: ServicesError) -> Failure {
    Failure::unavailable("the services of this machine cannot be used").caused_by(error)
}

/// Points the configuration at this machine's services and folders.
fn settle_in(config: &mut Config, args: &DevArgs, data: &Path, services: &Services) -> Result<(), Failure> {
    let wrong = |_| Failure::new(Exit::Configuration, "an address of the services is no URL");
    config.database.url = services.database_url().as_str().parse().map_err(wrong)?;
    config.amqp.url = crate::config::amqp::BrokerUrl(services.amqp_url().to_string());
    config.smtp.url = crate::config::mail::SmtpUrl::Files(data.join("mail"));
    config.attachments.url = crate::config::attachments::AttachmentsUrl::Folder(data.join("attachments"));
    if let Some(port) = args.http_port {
        listen_at(&mut config.http, port)?;
    }
    std::fs::create_dir_all(data.join("mail"))?;
    Ok(())
}

/// Links of messages and mails name the port before anybody listens there, so a free one is chosen here.
fn listen_at(http: &mut HttpSettings, port: u16) -> std::io::Result<()> {
    let port = if port == 0 { free_port()? } else { port };
    http.listen.set_port(port);
    // Where nothing else was said, people reach it where it listens.
    if http.base_url == HttpSettings::default().base_url {
        let _ = http.base_url.set_port(Some(port));
    }
    Ok(())
}

/// Says where everything is, and writes the ready file in one piece.
fn announce(
    node: &Node,
    config: &Config,
    args: &DevArgs,
    services: &Services,
    session: &mut Session,
) -> Result<(), Failure> {
    let mail_folder = match &config.smtp.url {
        crate::config::mail::SmtpUrl::Files(folder) => folder.display().to_string(),
        crate::config::mail::SmtpUrl::Server(_) => String::new(),
    };
    let http = format!("http://{}", node.http);
    let management = services.management_url().map(ToString::to_string);
    session.printer.say(format!(
        "usciere {} - profile {} (not for production)\n\
         \x20 http        {http}   (/api/v1 /docs /healthz /readyz /metrics /dev/clock /dev/mails)\n\
         \x20 management  {}\n\
         \x20 mails       {mail_folder}\n\
         Ready. In another terminal:\n\
         \x20 export USCIERE_PROFILE={} HTTP_URL='{http}'\n\
         \x20 export DATABASE_URL='{}'\n\
         \x20 export AMQP_URL='{}'\n\
         \x20 usciere send --example --wait --reply-auto",
        env!("CARGO_PKG_VERSION"),
        config.profile,
        management.as_deref().unwrap_or("-"),
        config.profile,
        services.database_url(),
        services.amqp_url(),
    ));
    let Some(file) = &args.ready_file else {
        return Ok(());
    };
    let ready = json!({
        "amqp_url": services.amqp_url(),
        "database_url": services.database_url(),
        "management_url": management,
        "http_url": http,
        "mail_dir": mail_folder,
    });
    let unfinished = file.with_extension("unfinished");
    std::fs::write(&unfinished, format!("{ready}\n"))?;
    std::fs::rename(&unfinished, file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_where_it_listens() {
        for wanted in [0, 18_080] {
            let mut http = HttpSettings::default();
            listen_at(&mut http, wanted).unwrap();
            assert_ne!(http.listen.port(), 0);
            assert_eq!(http.base_url.port(), Some(http.listen.port()));
        }
        let base_url = "https://sportello.example/".parse().unwrap();
        let mut http = HttpSettings {
            base_url,
            ..HttpSettings::default()
        };
        listen_at(&mut http, 0).unwrap();
        assert_eq!(http.base_url.as_str(), "https://sportello.example/");
    }
}
