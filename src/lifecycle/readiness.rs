//! Whether this node can do its work, part by part. The parts report in; `/readyz` and `doctor` read.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use metrics::gauge;
use schemars::JsonSchema;
use serde::Serialize;

use crate::telemetry::metrics::NODE_READY;

/// How often a waiting start looks whether everything is up.
const LOOK_AGAIN: std::time::Duration = std::time::Duration::from_millis(20);

/// A part whose state decides whether the node is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ReadinessPart")]
pub enum Part {
    Database,
    BrokerConsuming,
    BrokerPublishing,
    /// Sedi, competence, topics and patronati are in memory.
    Registers,
    Workflows,
    /// Every request found its sede, or its desk decided.
    Routing,
    /// A remote register of citizens; reported where there is one.
    CitizensRegister,
    /// A remote register of practices; reported where there is one.
    PracticesRegister,
    /// The store of files.
    Attachments,
    /// The machine's clock beside the database's.
    Clock,
    /// Reported where the login of the database lacks the engine's role.
    DatabaseRights,
}

impl Part {
    /// What every node has.
    pub const ALL: [Self; 6] = [
        Self::Database,
        Self::BrokerConsuming,
        Self::BrokerPublishing,
        Self::Registers,
        Self::Workflows,
        Self::Routing,
    ];
}

/// Why a part is not as it should be: a word monitoring can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ReadinessReason")]
pub enum Reason {
    /// Not reported in since the start.
    Starting,
    /// Cannot be reached, or the connection was lost.
    Unreachable,
    /// The broker is there, but nothing is consumed: a queue was deleted or moved, or rights are missing.
    ConsumerEnded,
    /// The broker takes no messages for now: memory or disk alarm.
    BrokerBlocked,
    /// The schema of the database is older or newer than this program.
    SchemaMismatch,
    /// A newer version was refused at reload; the older one is still in force.
    ReloadFailed,
    /// Nothing was imported yet.
    Empty,
    /// Requests wait that no rule could route: give the registers a rule, and assign them at the desk.
    Unrouted,
    /// It answers, and what it answers cannot be.
    Faulty,
    /// The login of the database works as itself: nothing keeps it from changing what happened.
    NotTheEngine,
    /// People hold the intake: `usciere queue resume`.
    Paused,
    /// A standby answers, which takes nothing.
    ReadOnly,
    /// The machine's clock is not the database's: mend it. What is due goes by the database's all the same.
    ClockSkew,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
#[schemars(rename = "ReadinessStatus")]
pub enum Status {
    Up,
    /// The node goes on working, with something wrong.
    Degraded {
        reason: Reason,
    },
    /// The node cannot do its work.
    Down {
        reason: Reason,
    },
}

/// The state of all parts of one node, shared by those who report and those who ask.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<Mutex<BTreeMap<Part, Status>>>);

/// Everything `/readyz` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ReadinessReport")]
pub struct Report {
    pub ready: bool,
    /// The worst of the parts.
    pub status: Overall,
    pub parts: BTreeMap<Part, Status>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ReadinessOverall")]
pub enum Overall {
    Up,
    Degraded,
    Down,
}

impl Readiness {
    /// Every part this node runs counts as starting until it reports in.
    pub fn expecting(parts: impl IntoIterator<Item = Part>) -> Self {
        let starting = Status::Down {
            reason: Reason::Starting,
        };
        Self(Arc::new(Mutex::new(
            parts.into_iter().map(|part| (part, starting)).collect(),
        )))
    }

    /// Reports a part's state. A change is logged here, once.
    pub fn set(&self, part: Part, status: Status) {
        let before = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(part, status);
        if before == Some(status) {
            return;
        }
        match status {
            Status::Up => tracing::info!(readiness.part = %part, "{part} is up"),
            Status::Degraded { reason } => {
                tracing::warn!(readiness.part = %part, readiness.reason = ?reason, "{part} is degraded");
            }
            Status::Down { reason } => {
                tracing::warn!(readiness.part = %part, readiness.reason = ?reason, "{part} is down");
            }
        }
        gauge!(NODE_READY).set(if self.is_ready() { 1.0 } else { 0.0 });
    }

    pub fn report(&self) -> Report {
        let parts = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let status = parts
            .values()
            .map(|status| status.overall())
            .max()
            .unwrap_or(Overall::Up);
        Report {
            ready: status != Overall::Down,
            status,
            parts,
        }
    }

    pub fn is_ready(&self) -> bool {
        self.report().ready
    }

    /// Waits until every part can do its work.
    pub async fn ready(&self) {
        while !self.is_ready() {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

impl Status {
    pub fn down(reason: Reason) -> Self {
        Self::Down { reason }
    }

    pub fn degraded(reason: Reason) -> Self {
        Self::Degraded { reason }
    }

    fn overall(self) -> Overall {
        match self {
            Self::Up => Overall::Up,
            Self::Degraded { .. } => Overall::Degraded,
            Self::Down { .. } => Overall::Down,
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Database => "database",
            Self::BrokerConsuming => "broker_consuming",
            Self::BrokerPublishing => "broker_publishing",
            Self::Registers => "registers",
            Self::Workflows => "workflows",
            Self::Routing => "routing",
            Self::CitizensRegister => "citizens_register",
            Self::PracticesRegister => "practices_register",
            Self::Attachments => "attachments",
            Self::Clock => "clock",
            Self::DatabaseRights => "database_rights",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_ready_once_every_part_it_runs_has_reported_in() {
        let readiness = Readiness::expecting([Part::Database, Part::BrokerConsuming]);
        assert!(!readiness.is_ready());
        readiness.set(Part::Database, Status::Up);
        assert!(!readiness.is_ready());
        readiness.set(Part::BrokerConsuming, Status::Up);
        assert!(readiness.is_ready());
    }

    #[test]
    fn degraded_is_still_ready_and_down_is_not() {
        let readiness = Readiness::expecting([Part::BrokerPublishing]);
        readiness.set(Part::BrokerPublishing, Status::degraded(Reason::BrokerBlocked));
        assert_eq!(readiness.report().status, Overall::Degraded);
        assert!(readiness.is_ready());
        readiness.set(Part::BrokerPublishing, Status::down(Reason::Unreachable));
        assert!(!readiness.is_ready());
    }

    #[test]
    fn the_report_names_the_reason_in_a_stable_word() {
        let readiness = Readiness::expecting([Part::Database]);
        readiness.set(Part::BrokerConsuming, Status::down(Reason::ConsumerEnded));
        insta::assert_json_snapshot!(readiness.report(), @r#"
        {
          "ready": false,
          "status": "down",
          "parts": {
            "database": {
              "status": "down",
              "reason": "starting"
            },
            "broker_consuming": {
              "status": "down",
              "reason": "consumer_ended"
            }
          }
        }
        "#);
    }
}
