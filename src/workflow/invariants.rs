//! Whatever happens, in whatever order, on whatever day: the promises of the manual hold.

use chrono::{DateTime, Days, Utc};
use proptest::prelude::*;

use super::fixtures::*;
use super::{Decision, Past, Workflow, decide, offers, open, replay};
use crate::domain::case::{Case, Continuation};
use crate::domain::event::{Actor, Claim, Event};
use crate::domain::ids::SedeCode;

#[derive(Debug, Clone, Copy)]
enum Who {
    Sender,
    Colleague,
    Stranger,
    Holder(&'static str),
    OtherSede,
    Engine,
}

impl Who {
    fn actor(self, case: &Case) -> Actor {
        match self {
            Self::Sender => operator("op1"),
            Self::Colleague => operator("op2"),
            Self::Stranger => operator_of("op1", "acli", "ACLI-MI-001"),
            Self::Holder(id) => Actor::Officer {
                id: person(id),
                sede: case.sede.clone(),
            },
            Self::OtherSede => officer("anna", "999999"),
            Self::Engine => Actor::Engine,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Step {
    days: u64,
    hours: i64,
    who: Who,
    event: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Assigned(&'static str),
    Transferred(&'static str),
    Taken(Claim),
    Released,
    Replied(Continuation),
    Closed,
    Noted,
    Messaged,
    Attached,
    Solicited,
    Booked,
    AppointmentEnabled,
    AppointmentConfirmed,
    AppointmentCancelled,
    Elapsed(u16),
}

impl Kind {
    fn event(self, actor: &Actor) -> Event {
        match self {
            Self::Assigned(code) => Event::Assigned { sede: sede(code) },
            Self::Transferred(code) => Event::Transferred { sede: sede(code) },
            Self::Taken(claim) => Event::Taken {
                officer: id_of(actor),
                claim,
            },
            Self::Released => Event::Released,
            Self::Replied(continuation) => Event::Replied { continuation },
            Self::Closed => Event::Closed,
            Self::Noted => Event::Noted,
            Self::Messaged => Event::Messaged,
            Self::Attached => Event::Attached,
            Self::Solicited => Event::Solicited,
            Self::Booked => Event::Booked,
            Self::AppointmentEnabled => Event::AppointmentEnabled,
            Self::AppointmentConfirmed => Event::AppointmentConfirmed,
            Self::AppointmentCancelled => Event::AppointmentCancelled,
            Self::Elapsed(days) => Event::Elapsed { days },
        }
    }
}

fn id_of(actor: &Actor) -> crate::domain::ids::ActorId {
    match actor {
        Actor::Operator { id, .. } | Actor::Officer { id, .. } => id.clone(),
        Actor::Engine => person("engine"),
    }
}

fn any_place() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("230001"),
        Just("700100"),
        Just("lineainps"),
        Just("da-smistare")
    ]
}

/// Mostly people with a business there: sequences that are all refused prove little.
fn any_step() -> impl Strategy<Value = Step> {
    let holder = || prop_oneof![3 => Just(Who::Holder("anna")), 1 => Just(Who::Holder("bruno"))];
    let office = || prop_oneof![3 => Just(Who::Sender), 1 => Just(Who::Colleague)];
    let of_holder = prop_oneof![
        2 => any_place().prop_map(Kind::Assigned),
        1 => any_place().prop_map(Kind::Transferred),
        2 => Just(Kind::Taken(Claim::IfFree)),
        1 => Just(Kind::Taken(Claim::TakeOver)),
        1 => Just(Kind::Released),
        4 => Just(Kind::Replied(Continuation::Allowed)),
        1 => Just(Kind::Replied(Continuation::Barred)),
        1 => Just(Kind::Closed),
        1 => Just(Kind::Noted),
        1 => Just(Kind::AppointmentEnabled),
        2 => Just(Kind::AppointmentConfirmed),
        2 => Just(Kind::AppointmentCancelled),
    ];
    let of_office = prop_oneof![
        3 => Just(Kind::Messaged),
        1 => Just(Kind::Attached),
        3 => Just(Kind::Solicited),
        2 => Just(Kind::Booked),
    ];
    let of_engine = prop_oneof![4 => Just(Kind::Elapsed(16)), 1 => Just(Kind::Elapsed(15)), 1 => any_place().prop_map(Kind::Assigned)];
    let sensible = prop_oneof![
        (holder(), of_holder.clone()),
        (office(), of_office.clone()),
        (Just(Who::Engine), of_engine.clone()),
    ];
    let odd_people = prop_oneof![
        Just(Who::Stranger),
        Just(Who::OtherSede),
        Just(Who::Engine),
        Just(Who::Sender),
        Just(Who::Holder("anna"))
    ];
    let odd = (odd_people, prop_oneof![of_holder, of_office, of_engine]);
    let days = prop_oneof![3 => 0_u64..3, 2 => 13_u64..18, 1 => 0_u64..60];
    (
        days,
        0_i64..24,
        prop_oneof![9 => sensible.boxed(), 1 => odd.boxed()],
    )
        .prop_map(|(days, hours, (who, event))| Step {
            days,
            hours,
            who,
            event,
        })
}

fn check_facts(workflow: &Workflow, case: &Case, now: DateTime<Utc>) -> Result<(), TestCaseError> {
    let facts = &case.facts;
    let today = workflow.calendar().today(now);
    prop_assert!(facts.interactions <= 2);
    prop_assert!(facts.second_solicit.is_none() || facts.first_solicit.is_some());
    if let (Some(first), Some(second)) = (facts.first_solicit, facts.second_solicit) {
        prop_assert!(
            second >= first + Days::new(15),
            "second solicit {second} after {first}"
        );
    }
    if facts.overdue {
        prop_assert!(
            facts
                .awaiting_since
                .is_some_and(|since| today >= since + Days::new(16))
        );
    }
    prop_assert_eq!(facts.elapsed > 0, facts.overdue);
    let closed = case.state.as_str() == "chiuso_da_funzionario";
    prop_assert_eq!(closed, facts.awaiting_since.is_none());
    if !closed {
        prop_assert_eq!(case.state.as_str() == "inviato_lineainps", case.sede.is_desk());
    }
    Ok(())
}

/// What is offered is what is decided, with the same code where it is not.
fn check_offer(
    workflow: &Workflow,
    case: &Case,
    event: &Event,
    actor: &Actor,
    now: DateTime<Utc>,
    decided: &Result<Decision, crate::domain::refusal::Refusal>,
) -> Result<(), TestCaseError> {
    let offers = offers(workflow, case, actor, now);
    let offer = offers.iter().find(|offer| offer.event == event.kind());
    let fits = match event {
        Event::Assigned { sede } | Event::Transferred { sede } => *sede != case.sede,
        // An offer takes the reason as given.
        Event::Taken { claim, .. } => *claim == Claim::TakeOver,
        _ => true,
    };
    match (decided, offer) {
        (Ok(decision), offer) if !decision.ignored && !matches!(event, Event::Elapsed { .. }) => {
            prop_assert!(
                offer.is_some_and(|offer| offer.allowed),
                "decided, not offered: {event:?}"
            );
        }
        (Err(refusal), Some(offer)) if fits => {
            prop_assert_eq!(Some(refusal.code), offer.code);
            prop_assert_eq!(refusal.available_from, offer.available_from);
            prop_assert_eq!(Some(&refusal.message), offer.message.as_ref());
            prop_assert_eq!(&refusal.why, &offer.why);
        }
        (Ok(_) | Err(_), _) => {}
    }
    if let Err(refusal) = decided {
        let opens = refusal.available_from;
        prop_assert!(
            opens.is_none_or(|date| date > workflow.calendar().today(now)),
            "{refusal:?}"
        );
        prop_assert!(!refusal.message.is_empty());
    }
    Ok(())
}

fn run(workflow: &Workflow, assign_to: Option<&str>, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut now = day(0);
    let opening = opening(assign_to);
    let opened =
        open(workflow, &opening, now).map_err(|refusal| TestCaseError::fail(format!("{refusal:?}")))?;
    let mut case = opened.case;
    let mut due_on = opened.due_on;
    let mut history: Vec<Past> = opened
        .followed
        .into_iter()
        .map(|event| Past {
            event,
            actor: Actor::Engine,
            at: now,
        })
        .collect();
    check_facts(workflow, &case, now)?;
    for step in steps {
        now = now + Days::new(step.days) + chrono::TimeDelta::hours(step.hours);
        let actor = step.who.actor(&case);
        let event = step.event.event(&actor);
        let decided = decide(workflow, &case, &event, &actor, now);
        check_offer(workflow, &case, &event, &actor, now, &decided)?;
        if matches!(event, Event::Booked) && case.facts.appointment.is_active() {
            prop_assert!(decided.is_err(), "two active bookings");
        }
        if let (Ok(decision), Event::Elapsed { .. }) = (&decided, &event) {
            let due = due_on.is_some_and(|date| date <= workflow.calendar().today(now));
            prop_assert_eq!(decision.ignored, !due);
        }
        let Ok(decision) = decided else { continue };
        if decision.ignored {
            prop_assert!(decision.effects.is_empty());
            prop_assert_eq!(&decision.applied_to(case.clone()), &case);
            continue;
        }
        due_on = decision.due_on;
        case = decision.applied_to(case);
        history.push(Past {
            event,
            actor,
            at: now,
        });
        let expected = case
            .facts
            .awaiting_since
            .filter(|_| !case.facts.overdue)
            .map(|since| since + Days::new(16));
        prop_assert_eq!(due_on, expected);
        check_facts(workflow, &case, now)?;
    }
    let replayed = replay(workflow, &opening, day(0), &history);
    prop_assert_eq!(replayed.as_ref(), Ok(&case));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_sequence_of_events_breaks_a_promise(
        at_desk in any::<bool>(),
        steps in prop::collection::vec(any_step(), 1..60),
    ) {
        run(&RICHIESTA, (!at_desk).then_some("230001"), &steps)?;
        run(&QUESITO, Some("cric-lazio"), &steps)?;
    }
}

#[test]
fn a_history_that_was_tampered_with_does_not_replay() {
    let opening = opening(None);
    let stolen = Past {
        event: reply(),
        actor: officer("anna", "230001"),
        at: day(1),
    };
    let refused = replay(&RICHIESTA, &opening, day(0), &[stolen]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "event 1 of the history (replied) is refused: not_your_sede"
    );
    assert_eq!(
        replay(&RICHIESTA, &opening, day(0), &[]).unwrap().sede,
        SedeCode::lineainps()
    );
}
