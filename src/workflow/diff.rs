//! What changes from one version of a workflow to another, line by line, for whom and where.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::definition::{Clause, Rule, State, StateIndex, Step, Timer, Workflow};
use super::vocabulary::{Condition, effect_word};
use crate::domain::event::EventKind;

/// Readable lines, from the general to the particular; none if requests would not notice.
pub fn diff(old: &Workflow, new: &Workflow) -> Vec<String> {
    let mut lines = Vec::new();
    settings(&mut lines, old, new);
    states(&mut lines, old, new);
    step(
        &mut lines,
        "opening",
        &Described::of(old, &old.opening),
        &Described::of(new, &new.opening),
    );
    ways(&mut lines, old, new);
    lines
}

fn settings(lines: &mut Vec<String>, old: &Workflow, new: &Workflow) {
    value(lines, "title", &old.title, &new.title);
    value(lines, "clock.zone", &old.calendar.zone, &new.calendar.zone);
    value(lines, "clock.days", &old.calendar.days, &new.calendar.days);
    value(
        lines,
        "limits.solicits",
        &old.limits.solicits,
        &new.limits.solicits,
    );
    value(
        lines,
        "limits.interactions",
        &old.limits.interactions,
        &new.limits.interactions,
    );
    let minutes = |workflow: &Workflow| workflow.limits.charge.num_minutes();
    value(lines, "limits.charge_minutes", &minutes(old), &minutes(new));
    for (name, days) in &old.named_days {
        match new.named_days.iter().find(|(other, _)| other == name) {
            Some((_, now)) => value(lines, &format!("days.{name}"), days, now),
            None => lines.push(format!("days.{name}: gone (was {days})")),
        }
    }
    let known = |name: &String| old.named_days.iter().any(|(other, _)| other == name);
    for (name, days) in new.named_days.iter().filter(|(name, _)| !known(name)) {
        lines.push(format!("days.{name}: new, {days}"));
    }
    value(
        lines,
        "initial state",
        &old.state_at(old.initial).name,
        &new.state_at(new.initial).name,
    );
}

fn value<T: PartialEq + Display>(lines: &mut Vec<String>, what: &str, old: &T, new: &T) {
    if old != new {
        lines.push(format!("{what}: {old} -> {new}"));
    }
}

fn states(lines: &mut Vec<String>, old: &Workflow, new: &Workflow) {
    for state in &old.states {
        match new.state(&state.name) {
            None => lines.push(format!(
                "state `{}` ({}): gone; requests that stand in it stay on {}",
                state.name, state.label, old.reference
            )),
            Some(now) => {
                value(
                    lines,
                    &format!("state `{}`, label", state.name),
                    &state.label,
                    &now.label,
                );
                value(
                    lines,
                    &format!("state `{}`, final", state.name),
                    &state.terminal,
                    &now.terminal,
                );
            }
        }
    }
    for state in new.states.iter().filter(|state| old.state(&state.name).is_none()) {
        lines.push(format!("state `{}` ({}): new", state.name, state.label));
    }
}

/// What changes in every state both versions have is said once.
fn ways(lines: &mut Vec<String>, old: &Workflow, new: &Workflow) {
    let common: Vec<(&State, &State)> = old
        .states
        .iter()
        .filter_map(|state| Some((state, new.state(&state.name)?)))
        .collect();
    let mut places: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (was, now) in &common {
        let mut found = Vec::new();
        state_ways(&mut found, (old, was), (new, now));
        for line in found {
            places.entry(line).or_default().push(was.name.as_str());
        }
    }
    for (line, states) in places {
        let place = if states.len() == common.len() {
            "in every state".to_owned()
        } else {
            format!("in {}", states.join(", "))
        };
        lines.push(format!("{place}: {line}"));
    }
}

fn state_ways(lines: &mut Vec<String>, (old, was): (&Workflow, &State), (new, now): (&Workflow, &State)) {
    for event in EventKind::ALL {
        let (before, after): (Vec<&Rule>, Vec<&Rule>) =
            (was.ways(*event).collect(), now.ways(*event).collect());
        match (before.as_slice(), after.as_slice()) {
            ([], []) => {}
            ([], rules) => lines.push(format!("`{event}` is now possible ({})", parties(rules))),
            (_, []) => lines.push(format!("`{event}` is no longer possible")),
            (before, after) if before.len() != after.len() => {
                lines.push(format!(
                    "`{event}` has {} alternatives instead of {}",
                    after.len(),
                    before.len()
                ));
            }
            (before, after) => {
                for (before, after) in before.iter().zip(after) {
                    rule(lines, *event, (old, before), (new, after));
                }
            }
        }
    }
    timers(lines, (old, &was.timers), (new, &now.timers));
    words(lines, "ignored events", &list(&was.ignored), &list(&now.ignored));
}

fn parties(rules: &[&Rule]) -> String {
    let mut words: Vec<String> = rules.iter().flat_map(|rule| list(&rule.by)).collect();
    words.dedup();
    words.join(", ")
}

fn rule(
    lines: &mut Vec<String>,
    event: EventKind,
    (old, before): (&Workflow, &Rule),
    (new, after): (&Workflow, &Rule),
) {
    let what = format!("`{event}`");
    words(
        lines,
        &format!("{what}, who may"),
        &list(&before.by),
        &list(&after.by),
    );
    words(
        lines,
        &format!("{what}, conditions"),
        &clauses(&before.when),
        &clauses(&after.when),
    );
    step(
        lines,
        &what,
        &Described::of(old, &before.step),
        &Described::of(new, &after.step),
    );
}

fn timers(
    lines: &mut Vec<String>,
    (old, before): (&Workflow, &[Timer]),
    (new, after): (&Workflow, &[Timer]),
) {
    for timer in before {
        match after.iter().find(|other| other.days == timer.days) {
            None => lines.push(format!("nothing happens on day {} any more", timer.days)),
            Some(now) => {
                let what = format!("on day {}", timer.days);
                step(
                    lines,
                    &what,
                    &Described::of(old, &timer.step),
                    &Described::of(new, &now.step),
                );
            }
        }
    }
    for timer in after
        .iter()
        .filter(|timer| !before.iter().any(|other| other.days == timer.days))
    {
        let now = Described::of(new, &timer.step);
        let happens = [now.set, now.effects].concat();
        lines.push(format!("on day {}: {}", timer.days, happens.join(", ")));
    }
}

/// A step in the words of its file, so that steps of two workflows can be compared.
struct Described {
    set: Vec<String>,
    effects: Vec<String>,
    to: String,
}

impl Described {
    fn of(workflow: &Workflow, step: &Step) -> Self {
        let name = |index: StateIndex| workflow.state_at(index).name.to_string();
        Self {
            set: list(&step.set),
            effects: step.effects.iter().map(|effect| effect_word(*effect)).collect(),
            to: step.to.map_or_else(|| "(stays)".to_owned(), name),
        }
    }
}

fn step(lines: &mut Vec<String>, what: &str, old: &Described, new: &Described) {
    words(lines, &format!("{what}, changes"), &old.set, &new.set);
    words(lines, &format!("{what}, messages"), &old.effects, &new.effects);
    value(lines, &format!("{what}, next state"), &old.to, &new.to);
}

fn words(lines: &mut Vec<String>, what: &str, old: &[String], new: &[String]) {
    let gone = old
        .iter()
        .filter(|word| !new.contains(word))
        .map(|word| format!("-{word}"));
    let more = new
        .iter()
        .filter(|word| !old.contains(word))
        .map(|word| format!("+{word}"));
    let changes: Vec<String> = gone.chain(more).collect();
    if !changes.is_empty() {
        lines.push(format!("{what}: {}", changes.join(" ")));
    }
}

fn list<T: Display>(words: &[T]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

fn clauses(when: &[Clause<Condition>]) -> Vec<String> {
    let clause = |clause: &Clause<Condition>| match clause {
        Clause::One(condition) => condition.to_string(),
        Clause::Any(conditions) => list(conditions).join("|"),
    };
    when.iter().map(clause).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{QUESITO, RICHIESTA};
    use super::*;

    #[test]
    fn a_version_does_not_differ_from_itself() {
        assert_eq!(diff(&RICHIESTA, &RICHIESTA), Vec::<String>::new());
    }

    #[test]
    fn the_referents_workflow_has_the_same_rules() {
        assert_eq!(
            diff(&RICHIESTA, &QUESITO),
            [
                "title: Richiesta di un operatore per conto di un cittadino -> Quesito di un referente regionale"
            ]
        );
    }

    #[test]
    fn every_change_is_told_once() {
        let text = std::fs::read_to_string(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/workflows/richiesta.v1.toml"
        ))
        .unwrap();
        let changed = text
            .replace("version = 1", "version = 2")
            .replace("solicit        = 15", "solicit        = 20")
            .replace("overdue        = 16", "overdue        = 21\nreminder = 10")
            .replace("after.overdue", "after.reminder = { do = [\"sede:request.solicited\"] }\nafter.overdue")
            .replace("interactions = 2 ", "interactions = 3 ")
            .replace("days = \"calendar\"", "days = \"working\"")
            .replace("on.noted    = { by = [\"sede\"] }\n", "")
            .replace("on.attached  = { by = [\"office\"], when = [\"awaiting\"]", "on.attached  = { by = [\"sender\"]")
            .replace("\"portal:request.replied\",\n    \"mail:reply\",", "\"portal:request.replied\",")
            .replace("label = \"Chiuso da Funzionario\"", "label = \"Chiuso\"")
            .replace(
                "[state.chiuso_da_funzionario]",
                "[state.archiviato]\nlabel = \"Archiviato\"\nfinal = true\n\n[state.chiuso_da_funzionario]\non.closed = { by = [\"sede\"], to = \"archiviato\", do = [\"portal:request.closed\"] }",
            );
        let new =
            Workflow::parse("richiesta.v2.toml", &changed).unwrap_or_else(|problems| panic!("{problems}"));
        insta::assert_snapshot!(diff(&RICHIESTA, &new).join("\n"));
    }
}
