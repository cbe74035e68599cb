//! Plays a scenario and compares each step with what it says.

use std::fmt::Display;
use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use toml::Spanned;

use super::script::{Expected, Fault, Moment, OrNone, Script, When};
use crate::domain::case::{Case, WorkflowName};
use crate::domain::event::{Actor, Effect};
use crate::domain::ids::RequestId;
use crate::domain::refusal::Refusal;
use crate::workflow::vocabulary::effect_word;
use crate::workflow::{Opening, Registry, Workflow, decide, offers, open};

/// The failures of a scenario; an error where it makes no sense as a scenario.
pub(super) fn play(registry: &Registry, script: &Script) -> Result<Vec<Fault>, Fault> {
    let workflow = workflow(registry, &script.workflow)?;
    let zone = workflow.calendar().zone;
    let given = script.given.get_ref();
    let sender = script.actor(&given.sent_by)?;
    let opening = opening(&sender, script).map_err(|message| Fault::at(given.sent_by.span(), message))?;
    let mut now = zone.instant_of(given.on.0);
    let opened = open(&workflow, &opening, now)
        .map_err(|refusal| Fault::at(script.given.span(), format!("not opened: {}", refusal.message)))?;
    let mut report = Findings {
        range: script.given.span(),
        faults: Vec::new(),
    };
    let mut case = opened.case;
    report.effects(&given.then, &opened.effects);
    report.date("due_on", given.then.due_on.as_ref(), opened.due_on);
    report.standing(&given.then, &workflow, &case, now);
    report.offers(&given.then, &workflow, &case, &sender, now);
    for step in &script.when {
        let then = zone.instant_of(step.get_ref().on.0);
        if then < now {
            return Err(Fault::at(step.span(), "this step lies before the one above"));
        }
        now = then;
        report.range = step.span();
        case = play_step(&workflow, case, script, step, now, &mut report)?;
    }
    Ok(report.faults)
}

fn play_step(
    workflow: &Workflow,
    case: Case,
    script: &Script,
    step: &Spanned<When>,
    now: DateTime<Utc>,
    report: &mut Findings,
) -> Result<Case, Fault> {
    let when = step.get_ref();
    let actor = script.actor(&when.by)?;
    let event = when
        .event(&actor)
        .map_err(|message| Fault::at(step.span(), message))?;
    let case = match decide(workflow, &case, &event, &actor, now) {
        Ok(decision) => {
            report.equal("refused", when.then.refused.as_ref(), None);
            report.equal("ignored", when.then.ignored.as_ref(), Some(&decision.ignored));
            report.effects(&when.then, &decision.effects);
            report.date("due_on", when.then.due_on.as_ref(), decision.due_on);
            decision.applied_to(case)
        }
        Err(refusal) => {
            report.refusal(&when.then, &refusal);
            case
        }
    };
    report.standing(&when.then, workflow, &case, now);
    report.offers(&when.then, workflow, &case, &actor, now);
    Ok(case)
}

fn workflow(registry: &Registry, name: &Spanned<String>) -> Result<Arc<Workflow>, Fault> {
    let wanted = name.get_ref();
    let exact = registry
        .iter()
        .find(|workflow| workflow.reference().to_string() == *wanted);
    let latest = || {
        WorkflowName::parse(wanted)
            .ok()
            .and_then(|name| registry.latest(&name))
    };
    let found = exact.or_else(latest).cloned();
    found.ok_or_else(|| Fault::at(name.span(), format!("there is no workflow `{wanted}`")))
}

fn opening(sender: &Actor, script: &Script) -> Result<Opening, &'static str> {
    let given = script.given.get_ref();
    match sender {
        Actor::Operator {
            id,
            patronato,
            office,
        } => Ok(Opening {
            id: RequestId(uuid::Uuid::nil()),
            patronato: patronato.clone(),
            office: office.clone(),
            sender: id.clone(),
            desk: given.desk.clone(),
            assign_to: given.assigned_to.clone(),
        }),
        Actor::Officer { .. } | Actor::Engine => Err("a request is sent by an operator"),
    }
}

struct Findings {
    range: Range<usize>,
    faults: Vec<Fault>,
}

impl Findings {
    fn differs(&mut self, what: &str, expected: impl Display, found: impl Display) {
        self.faults.push(Fault::at(
            self.range.clone(),
            format!("{what}: expected {expected}, found {found}"),
        ));
    }

    fn equal<T: PartialEq + Serialize>(&mut self, what: &str, expected: Option<&T>, found: Option<&T>) {
        // In the words of the file, not of the program.
        let word = |value: &T| serde_json::to_value(value).expect("a value of the domain is JSON");
        if let Some(expected) = expected.filter(|expected| Some(*expected) != found) {
            let found = found.map_or_else(|| "none".to_owned(), |found| word(found).to_string());
            self.differs(what, word(expected), found);
        }
    }

    fn date(&mut self, what: &str, expected: Option<&OrNone<Moment>>, found: Option<NaiveDate>) {
        match expected {
            Some(OrNone::Some(expected)) => self.equal(what, Some(&expected.date()), found.as_ref()),
            Some(OrNone::None(_)) => found.iter().for_each(|found| self.differs(what, "none", found)),
            None => {}
        }
    }

    fn effects(&mut self, expected: &Expected, found: &[Effect]) {
        let found: Vec<String> = found.iter().map(|effect| effect_word(*effect)).collect();
        self.equal("effects", expected.effects.as_ref(), Some(&found));
    }

    fn refusal(&mut self, expected: &Expected, refusal: &Refusal) {
        if expected.refused.is_none() {
            self.differs(
                "outcome",
                "acceptance",
                format_args!("{}: {}", refusal.code, refusal.message),
            );
        }
        self.equal("refused", expected.refused.as_ref(), Some(&refusal.code));
        self.equal("message", expected.message.as_ref(), Some(&refusal.message));
        let available_from = expected.available_from.map(Moment::date);
        self.equal(
            "available_from",
            available_from.as_ref(),
            refusal.available_from.as_ref(),
        );
        self.equal("effects", expected.effects.as_ref(), Some(&Vec::new()));
    }

    fn standing(&mut self, expected: &Expected, workflow: &Workflow, case: &Case, now: DateTime<Utc>) {
        let facts = &case.facts;
        self.equal("state", expected.state.as_ref(), Some(&case.state));
        let label = workflow.state_label(&case.state).map(str::to_owned);
        self.equal("label", expected.label.as_ref(), label.as_ref());
        self.equal("sede", expected.sede.as_ref(), Some(&case.sede));
        self.date(
            "awaiting_since",
            expected.awaiting_since.as_ref(),
            facts.awaiting_since,
        );
        self.equal("overdue", expected.overdue.as_ref(), Some(&facts.overdue));
        self.date(
            "first_solicit",
            expected.first_solicit.as_ref(),
            facts.first_solicit,
        );
        self.date(
            "second_solicit",
            expected.second_solicit.as_ref(),
            facts.second_solicit,
        );
        self.equal(
            "interactions",
            expected.interactions.as_ref(),
            Some(&facts.interactions),
        );
        self.equal("barred", expected.barred.as_ref(), Some(&facts.barred));
        self.equal(
            "appointment_enabled",
            expected.appointment_enabled.as_ref(),
            Some(&facts.appointment_enabled),
        );
        self.equal(
            "appointment",
            expected.appointment.as_ref(),
            Some(&facts.appointment),
        );
        let officer = facts.charge_at(now).map(|charge| &charge.officer);
        match &expected.officer {
            Some(OrNone::Some(expected)) => self.equal("officer", Some(expected), officer),
            Some(OrNone::None(_)) => officer
                .iter()
                .for_each(|found| self.differs("officer", "none", found)),
            None => {}
        }
    }

    fn offers(
        &mut self,
        expected: &Expected,
        workflow: &Workflow,
        case: &Case,
        actor: &Actor,
        now: DateTime<Utc>,
    ) {
        if expected.can.is_empty() && expected.cannot.is_empty() {
            return;
        }
        let offers = offers(workflow, case, actor, now);
        let allowed = |event| offers.iter().any(|offer| offer.event == event && offer.allowed);
        for event in expected.can.iter().filter(|event| !allowed(**event)) {
            self.differs("can", event, "not allowed");
        }
        for event in expected.cannot.iter().filter(|event| allowed(**event)) {
            self.differs("cannot", event, "allowed");
        }
    }
}
