//! One request as the rules see it: a state of its workflow, and the facts beside it.
//!
//! The manual knows three states; everything else (clock, solicits, interactions, appointment) is a fact that
//! holds beside the state, never a state of its own (DOMAIN.md 5).

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::event::words;
use super::ids::{ActorId, OfficeCode, PatronatoCode, RequestId, SedeCode, text_id};

fn state_character(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

text_id!(
    /// The name of a state in its workflow file: `assegnato_sede`.
    StateName, "state name", "^[a-z0-9_]{1,40}$", "1 to 40 of a-z, 0-9 and _", state_character
);
text_id!(
    /// The name of a workflow: `richiesta`.
    WorkflowName, "workflow name", "^[a-z0-9_]{1,40}$", "1 to 40 of a-z, 0-9 and _", state_character
);

/// The workflow a request is pinned to for its whole life.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WorkflowRef {
    pub name: WorkflowName,
    pub version: u32,
}

impl std::fmt::Display for WorkflowRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.v{}", self.name, self.version)
    }
}

impl std::str::FromStr for WorkflowRef {
    type Err = super::ids::InvalidId;

    /// `richiesta.v1`
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = super::ids::InvalidId {
            kind: "version of a workflow",
            expected: "NAME.vN",
        };
        let (name, version) = text.rsplit_once(".v").ok_or_else(|| invalid.clone())?;
        Ok(Self {
            name: WorkflowName::parse(name)?,
            version: version.parse().map_err(|_| invalid)?,
        })
    }
}

words!(
    /// Whether the patronato may write again after an answer.
    #[derive(Default)]
    Continuation {
        #[default]
        Allowed = "allowed",
        Barred = "barred",
    }
);

words!(
    /// The appointment of a request.
    Appointment {
        None = "none",
        Booked = "booked",
        Confirmed = "confirmed",
        Cancelled = "cancelled",
    }
);

impl Appointment {
    /// Booked or confirmed: no second booking beside it.
    pub const fn is_active(self) -> bool {
        match self {
            Self::Booked | Self::Confirmed => true,
            Self::None | Self::Cancelled => false,
        }
    }
}

/// An officer works on a request until this moment; acting on it prolongs it, letting it pass frees the request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Charge {
    pub officer: ActorId,
    pub until: DateTime<Utc>,
}

/// What holds beside the state.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Facts {
    /// Date of the oldest unanswered message of the patronato: the clock. `None`: nothing to answer.
    pub awaiting_since: Option<NaiveDate>,
    /// The largest `after` (in days) that already fired on this clock; 0 when none did.
    pub elapsed: u16,
    /// The waiting ran over and the portal was told.
    pub overdue: bool,
    pub first_solicit: Option<NaiveDate>,
    pub second_solicit: Option<NaiveDate>,
    /// Further messages of the patronato after the first answer.
    pub interactions: u8,
    /// The sede ended the conversation.
    pub barred: bool,
    /// The sede opened the appointment.
    pub appointment_enabled: bool,
    pub appointment: Appointment,
    /// Who took it in charge last; ask [`Facts::charge_at`] whether that still holds.
    pub charge: Option<Charge>,
}

impl Facts {
    /// The facts of a request just sent on `today`.
    pub const fn opened(today: NaiveDate) -> Self {
        Self {
            awaiting_since: Some(today),
            elapsed: 0,
            overdue: false,
            first_solicit: None,
            second_solicit: None,
            interactions: 0,
            barred: false,
            appointment_enabled: false,
            appointment: Appointment::None,
            charge: None,
        }
    }

    pub fn solicits(&self) -> u8 {
        u8::from(self.first_solicit.is_some()) + u8::from(self.second_solicit.is_some())
    }

    /// Who has it in charge at a moment.
    pub fn charge_at(&self, now: DateTime<Utc>) -> Option<&Charge> {
        self.charge.as_ref().filter(|charge| charge.until > now)
    }
}

/// A request as rules read and change it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Case {
    pub id: RequestId,
    pub workflow: WorkflowRef,
    pub patronato: PatronatoCode,
    pub office: OfficeCode,
    /// The operator who sent it.
    pub sender: ActorId,
    pub state: StateName,
    /// Where it lies now: a sede or a desk.
    pub sede: SedeCode,
    pub facts: Facts,
}
