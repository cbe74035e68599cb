//! What the parent and the guard say to each other: one JSON line each way, and the end of the pipe.
//!
//! Parent to guard, on standard input: a [`Plan`], then nothing until the end of the pipe, which means "stop".
//! Guard to parent, on standard output: [`Report`]s, then the end of the pipe, which means "everything is gone".

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

use super::error::ServicesError;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) folder: PathBuf,
    pub(super) keep: Keep,
    pub(super) postgres: bool,
    pub(super) broker: bool,
}

/// Whether the data outlives the services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Keep {
    /// Servers are stopped in order.
    Data,
    /// Servers are killed at once and the folder is removed.
    Nothing,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Report {
    Ready(Box<Addresses>),
    Failed(ServicesError),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Addresses {
    /// Where the data really lies: not always the folder of the plan.
    pub(super) folder: PathBuf,
    pub(super) account: Option<String>,
    pub(super) database: Option<Url>,
    pub(super) broker: Option<BrokerAddresses>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct BrokerAddresses {
    pub(super) amqp: Url,
    pub(super) management: Url,
}
