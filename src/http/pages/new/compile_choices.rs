//! What the compilation lets one choose: reasons by role, kinds of reference, topics.

use crate::domain::command::{ContactReason, Role};
use crate::domain::practice::PracticeKind;
use crate::domain::registers::{Topic, search_topics};
use crate::http::pages::Portal;
use crate::http::pages::forms::Choice;

/// A topic to choose, with what a script narrows the list by.
pub(super) struct TopicChoice {
    pub(super) code: String,
    pub(super) label: String,
    pub(super) reasons: String,
    pub(super) keywords: String,
}

impl From<&Topic> for TopicChoice {
    fn from(topic: &Topic) -> Self {
        let reasons: Vec<&str> = topic.reasons.iter().map(|reason| reason.as_str()).collect();
        Self {
            code: topic.code.to_string(),
            label: topic.label.clone(),
            reasons: reasons.join(" "),
            keywords: topic.keywords.join(" "),
        }
    }
}

/// R-055, as the manual's list says it.
pub(super) const fn label(kind: PracticeKind) -> &'static str {
    match kind {
        PracticeKind::Protocol => "Numero protocollo",
        PracticeKind::Domus => "Numero Domus",
        PracticeKind::Pension => "Numero pensione",
        PracticeKind::Rdc => "Numero domanda RDC",
        PracticeKind::Rem => "Numero domanda REM",
    }
}

///
pub(super) fn reasons(role: Role) -> Vec<Choice> {
    let words: &[(ContactReason, &str)] = match role {
        Role::Operator => &[
            (
                ContactReason::SolicitSubmitted,
                "Sollecito domanda già presentata",
            ),
            (
                ContactReason::StatusOrRejection,
                "Prestazione in corso o respinta",
            ),
            (
                ContactReason::AccessRequirements,
                "Requisiti e modalità di accesso ai servizi",
            ),
        ],
        Role::RegionalReferent => &[
            (ContactReason::RegulatoryClarification, "Chiarimento normativo"),
            (
                ContactReason::AccessRequirements,
                "Requisiti e Modalità di accesso ai servizi",
            ),
        ],
    };
    words
        .iter()
        .map(|(reason, label)| Choice::new(reason.as_str(), *label))
        .collect()
}

/// The topics of a reason, or of all reasons of a role while none is chosen.
pub(super) fn topics(
    portal: &Portal,
    role: Role,
    reason: Option<ContactReason>,
    keyword: &str,
) -> Vec<TopicChoice> {
    let registers = portal.api.registers.borrow();
    let allowed = reasons(role);
    let of_role = registers.topics().filter(|topic| {
        allowed
            .iter()
            .any(|choice| ContactReason::from_word(&choice.value).is_some_and(|one| topic.fits(one)))
    });
    search_topics(of_role, reason, keyword)
        .into_iter()
        .map(TopicChoice::from)
        .collect()
}
