//! What became of a dead letter that was worked again.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::domain::dead_letter::DeadLetterReason;
use crate::domain::dependency::Dependency;
use crate::domain::ids::RequestId;
use crate::engine::Handled;
use crate::store::{Answer, DeadLetterId, Outcome, Resolved};

/// One that was worked again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Replayed {
    pub id: DeadLetterId,
    #[serde(flatten)]
    pub fate: Fate,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Fate {
    /// The engine did what it asked for.
    Done {
        request_id: Option<RequestId>,
        protocol_number: Option<String>,
    },
    /// The engine understood and refused it, and told its sender.
    Refused { code: String, message: String },
    /// The engine understood it, and decides it once what it needs answers.
    Waits { waits_for: Dependency },
    /// It still cannot be understood or trusted: it stays, for this reason.
    StillDead {
        reason: DeadLetterReason,
        detail: String,
    },
    /// Somebody decided about it before.
    NotOpen { resolved: Resolved },
}

impl Fate {
    pub fn of(handled: Handled) -> Self {
        match handled {
            Handled::Done { request, answer, .. }
            | Handled::Repeated {
                request,
                outcome: Outcome::Done,
                answer,
            } => Self::Done {
                request_id: request,
                protocol_number: answer.as_ref().and_then(|answer| text(answer, "protocol_number")),
            },
            Handled::Refused(refusal) => Self::Refused {
                code: refusal.code.to_string(),
                message: refusal.message,
            },
            Handled::Repeated {
                outcome: Outcome::Refused,
                answer,
                ..
            } => {
                let told = |key| answer.as_ref().and_then(|answer| text(answer, key));
                Self::Refused {
                    code: told("code").unwrap_or_default(),
                    message: told("message").unwrap_or_default(),
                }
            }
            Handled::Parked { waits_for, .. } => Self::Waits { waits_for },
            Handled::DeadLettered { reason, detail } => Self::StillDead { reason, detail },
        }
    }

    /// Whether the engine took it: then it is a dead letter no more.
    pub const fn is_taken(&self) -> bool {
        match self {
            Self::Done { .. } | Self::Refused { .. } | Self::Waits { .. } => true,
            Self::StillDead { .. } | Self::NotOpen { .. } => false,
        }
    }
}

fn text(answer: &Answer, key: &str) -> Option<String> {
    answer.read::<Value>()?.get(key)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::refusal::{Refusal, RefusalCode};

    #[test]
    fn what_was_worked_before_has_the_same_fate() {
        let body = json!({ "code": "topic_unknown", "message": "L'argomento non esiste." });
        let repeated = Fate::of(Handled::Repeated {
            request: None,
            outcome: Outcome::Refused,
            answer: Some(Answer::new("command.refused", &body).unwrap()),
        });
        let refusal = Refusal::new(RefusalCode::TopicUnknown, "L'argomento non esiste.");
        assert_eq!(repeated, Fate::of(Handled::Refused(Box::new(refusal))));
        assert!(repeated.is_taken());
    }
}
