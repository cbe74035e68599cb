//! What became of a dead letter that was worked again, as a line.

use serde::Serialize;

use super::super::show::decision;
use crate::admin::dead_letters::{Fate, Replayed};
use crate::cli::cells::maybe;
use crate::cli::output::Row;

#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Line(pub(super) Replayed);

impl Line {
    /// The line as a sentence.
    pub(super) fn told(&self) -> String {
        let [id, _, _, detail] = self.columns();
        format!("dead letter {id}: {detail}")
    }

    /// Its id, the outcome in words, the request, and more about it.
    pub(super) fn columns(&self) -> [String; 4] {
        let (outcome, request, detail) = match &self.0.fate {
            Fate::Done {
                request_id,
                protocol_number,
            } => {
                let request = protocol_number.clone().unwrap_or_else(|| maybe(*request_id));
                ("done", request, String::new())
            }
            Fate::Refused { code, message } => ("refused", String::new(), format!("{code}: {message}")),
            Fate::Waits { waits_for } => {
                let detail = format!("until what it needs answers ({waits_for}); then it is decided");
                ("waits", String::new(), detail)
            }
            Fate::StillDead { reason, detail } if detail.is_empty() => {
                ("still dead", String::new(), reason.to_string())
            }
            Fate::StillDead { reason, detail } => {
                ("still dead", String::new(), format!("{reason}: {detail}"))
            }
            Fate::NotOpen { resolved } => ("not open", String::new(), decision(resolved)),
        };
        [self.0.id.to_string(), outcome.to_owned(), request, detail]
    }
}

impl Row for Line {
    const COLUMNS: &'static [&'static str] = &["id", "outcome", "request", "detail"];

    fn cells(&self) -> Vec<String> {
        self.columns().into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::examples::{every_format, replayed};
    use crate::domain::dead_letter::DeadLetterReason;
    use crate::domain::dependency::Dependency;
    use crate::domain::ids::RequestId;
    use crate::domain::refusal::{Refusal, RefusalCode};
    use crate::engine::Handled;
    use crate::store::{Answer, DeadLetterId};

    #[test]
    fn every_fate_is_told() {
        let id: RequestId = "0199c0de-0000-7000-8000-000000000001".parse().unwrap();
        let request = Some(id);
        let body = json!({ "protocol_number": "INPS.7013.21/10/2020.0000123" });
        let accepted = Answer::new("request.accepted", &body).unwrap();
        let refusal = Refusal::new(RefusalCode::TopicUnknown, "L'argomento non esiste.");
        let fates = [
            Fate::of(Handled::Done {
                request,
                answer: Some(accepted),
                case: None,
            }),
            Fate::of(Handled::Done {
                request,
                answer: None,
                case: None,
            }),
            Fate::of(Handled::Refused(Box::new(refusal))),
            Fate::of(Handled::Parked {
                request: id,
                waits_for: Dependency::Citizens,
            }),
            Fate::of(Handled::DeadLettered {
                reason: DeadLetterReason::PublisherNotAuthorised,
                detail: "portal.nessuno is not in the registers".to_owned(),
            }),
            Fate::StillDead {
                reason: DeadLetterReason::EngineFault,
                detail: String::new(),
            },
            Fate::NotOpen {
                resolved: replayed().summary.resolved.unwrap(),
            },
        ];
        let lines: Vec<Line> = (1..)
            .zip(fates)
            .map(|(id, fate)| {
                Line(Replayed {
                    id: DeadLetterId(id),
                    fate,
                })
            })
            .collect();
        insta::assert_snapshot!(every_format(|printer| printer.rows(&lines)));
    }
}
