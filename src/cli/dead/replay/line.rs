//! What became of a dead letter that was worked again.

use serde::Serialize;

use super::super::show::decision;
use crate::cli::cells::maybe;
use crate::cli::output::Row;
use crate::domain::dead_letter::DeadLetterReason;
use crate::domain::ids::RequestId;
use crate::domain::registers::RegisterName;
use crate::engine::Handled;
use crate::store::{Answer, DeadLetterId, Outcome, Resolved};

#[derive(Debug, Serialize)]
pub(super) struct Line {
    pub(super) id: DeadLetterId,
    #[serde(flatten)]
    pub(super) fate: Fate,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(super) enum Fate {
    /// The engine did what it asked for.
    Done {
        request_id: Option<RequestId>,
        protocol_number: Option<String>,
    },
    /// The engine understood and refused it, and told its sender.
    Refused { code: String, message: String },
    /// The engine understood it, and decides it once a register answers.
    Waits { register: RegisterName },
    /// It still cannot be understood or trusted: it stays.
    StillDead {
        reason: DeadLetterReason,
        detail: String,
    },
    /// Somebody decided about it before.
    NotOpen { decision: String },
    /// The engine has not said yet.
    Untold,
}

impl Fate {
    pub(super) fn of(handled: Handled) -> Self {
        match handled {
            Handled::Done { request, answer }
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
            } => Self::Refused {
                code: answer
                    .as_ref()
                    .and_then(|answer| text(answer, "code"))
                    .unwrap_or_default(),
                message: answer
                    .as_ref()
                    .and_then(|answer| text(answer, "message"))
                    .unwrap_or_default(),
            },
            Handled::Parked { register, .. } => Self::Waits { register },
            Handled::DeadLettered(reason) => Self::still_dead(reason, String::new()),
        }
    }

    pub(super) const fn still_dead(reason: DeadLetterReason, detail: String) -> Self {
        Self::StillDead { reason, detail }
    }

    pub(super) fn not_open(resolved: &Resolved) -> Self {
        Self::NotOpen {
            decision: decision(resolved),
        }
    }

    /// Whether the engine took it: then it is a dead letter no more.
    pub(super) const fn is_taken(&self) -> bool {
        match self {
            Self::Done { .. } | Self::Refused { .. } | Self::Waits { .. } => true,
            Self::StillDead { .. } | Self::NotOpen { .. } | Self::Untold => false,
        }
    }
}

fn text(answer: &Answer, key: &str) -> Option<String> {
    answer.body.get(key)?.as_str().map(str::to_owned)
}

impl Line {
    pub(super) const fn new(id: DeadLetterId, fate: Fate) -> Self {
        Self { id, fate }
    }

    /// The line as a sentence.
    pub(super) fn told(&self) -> String {
        let cells = self.cells();
        format!("dead letter {}: {}", self.id, cells[3])
    }
}

impl Row for Line {
    const COLUMNS: &'static [&'static str] = &["id", "outcome", "request", "detail"];

    fn cells(&self) -> Vec<String> {
        let (outcome, request, detail) = match &self.fate {
            Fate::Done {
                request_id,
                protocol_number,
            } => {
                let request = protocol_number.clone().unwrap_or_else(|| maybe(*request_id));
                ("done", request, String::new())
            }
            Fate::Refused { code, message } => ("refused", String::new(), format!("{code}: {message}")),
            Fate::Waits { register } => (
                "waits",
                String::new(),
                format!("for the register of {register}; then it is decided"),
            ),
            Fate::StillDead { reason, detail } if detail.is_empty() => {
                ("still dead", String::new(), reason.to_string())
            }
            Fate::StillDead { reason, detail } => {
                ("still dead", String::new(), format!("{reason}: {detail}"))
            }
            Fate::NotOpen { decision } => ("not open", String::new(), decision.clone()),
            Fate::Untold => ("unknown", String::new(), String::new()),
        };
        vec![self.id.to_string(), outcome.to_owned(), request, detail]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::examples::{every_format, replayed};
    use crate::domain::refusal::{Refusal, RefusalCode};

    fn answer(body: serde_json::Value) -> Answer {
        Answer {
            kind: "request.accepted".to_owned(),
            body,
        }
    }

    #[test]
    fn every_fate_is_told() {
        let id: RequestId = "0199c0de-0000-7000-8000-000000000001".parse().unwrap();
        let request = Some(id);
        let accepted = Some(answer(
            json!({ "protocol_number": "INPS.7013.21/10/2020.0000123" }),
        ));
        let refusal = Refusal::new(RefusalCode::TopicUnknown, "L'argomento non esiste.");
        let resolved = replayed().summary.resolved.unwrap();
        let fates = [
            Fate::of(Handled::Done {
                request,
                answer: accepted,
            }),
            Fate::of(Handled::Done {
                request,
                answer: None,
            }),
            Fate::of(Handled::Refused(Box::new(refusal))),
            Fate::of(Handled::Parked {
                request: id,
                register: RegisterName::Citizens,
            }),
            Fate::of(Handled::DeadLettered(DeadLetterReason::EngineFault)),
            Fate::still_dead(DeadLetterReason::InvalidJson, "at line 1".to_owned()),
            Fate::not_open(&resolved),
        ];
        let lines: Vec<Line> = (1..)
            .zip(fates)
            .map(|(id, fate)| Line::new(DeadLetterId(id), fate))
            .collect();
        insta::assert_snapshot!(every_format(|printer| printer.rows(&lines)));
    }

    #[test]
    fn what_was_worked_before_has_the_same_fate() {
        let body = json!({ "code": "topic_unknown", "message": "L'argomento non esiste." });
        let repeated = Fate::of(Handled::Repeated {
            request: None,
            outcome: Outcome::Refused,
            answer: Some(answer(body)),
        });
        let refusal = Refusal::new(RefusalCode::TopicUnknown, "L'argomento non esiste.");
        assert_eq!(repeated, Fate::of(Handled::Refused(Box::new(refusal))));
        assert!(repeated.is_taken());
    }
}
