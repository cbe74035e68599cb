//! The configuration: read once at start, by figment, from built-in values, files, environment and flags.
//!
//! One section per file; alternatives are enums; every mistake is reported at once with its key, its source and a
//! way out. Nothing else in the crate reads the environment.

pub mod amqp;
pub mod attachments;
pub mod auth;
pub mod brand;
pub mod check;
pub mod clock;
mod cross_checks;
pub mod database;
pub mod engine;
mod environment;
mod file;
pub mod http;
pub mod interval;
pub mod iso_duration;
pub mod jobs;
mod layer;
pub mod limits;
mod load;
pub mod log;
pub mod mail;
mod mistake;
pub mod node;
pub mod profile;
pub mod reference;
pub mod registry;
pub mod relay;
pub mod retention;
pub mod secret;
pub mod secret_url;
mod show;
pub mod size;
mod text_value;
pub mod workflows;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use environment::Environment;
pub use layer::Origin;
pub use load::{DEFAULTS, Loaded, Request, load};
pub use mistake::{Mistake, Mistakes};
pub use profile::Profile;
pub use show::Entry;

use check::Checks;

/// The whole configuration. `config/default.toml` documents every key.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub profile: Profile,
    pub node: node::NodeSettings,
    pub database: database::DatabaseSettings,
    pub amqp: amqp::AmqpSettings,
    pub smtp: mail::SmtpSettings,
    pub mail: mail::MailSettings,
    pub http: http::HttpSettings,
    pub auth: auth::AuthSettings,
    pub attachments: attachments::AttachmentsSettings,
    pub workflows: workflows::WorkflowsSettings,
    pub jobs: jobs::JobsSettings,
    pub clock: clock::ClockSettings,
    pub engine: engine::EngineSettings,
    pub relay: relay::RelaySettings,
    pub registry: registry::RegistrySettings,
    pub limits: limits::Limits,
    pub retention: retention::Retention,
    pub log: log::LogSettings,
    pub brand: brand::Brand,
}

impl Config {
    /// Notes every value that is well formed but makes no sense.
    fn check(&self, checks: &mut Checks) {
        self.database.check(checks);
        cross_checks::amqp(&self.amqp, checks);
        self.http.check(checks);
        self.attachments.check(checks);
        self.auth.check(self.profile, checks);
        self.workflows.check(checks);
        self.clock.check(self.profile, checks);
        self.relay.check(checks);
        cross_checks::attachment_fits(&self.limits, &self.amqp, checks);
        self.registry.check(self.profile.is_production(), checks);
        self.retention.check(checks);
        self.log.check(checks);
        self.brand.check(checks);
    }
}
