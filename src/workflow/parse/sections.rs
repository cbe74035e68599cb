//! States, `[always]` and `[opening]`: who may do what, when, what changes and what leaves.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeTable;

use super::draft::{DraftRule, DraftState, DraftStep, DraftTimer, NamedDays, Section};
use super::reader::{Entry, Node, Reader, Vocabulary};
use super::{day_count, timer_days};
use crate::domain::calendar::DayCount;
use crate::domain::case::StateName;
use crate::domain::event::{Effect, EventKind, Party};
use crate::workflow::definition::Clause;
use crate::workflow::vocabulary::{Change, Condition, effect_of, effect_word, every_effect, senders};

macro_rules! vocabulary {
    ($name:ident, $type:ident, $singular:literal, $plural:literal) => {
        const $name: Vocabulary<$type> = Vocabulary {
            singular: $singular,
            plural: $plural,
            parse: $type::from_word,
            like: |_| $type::ALL.iter().map(ToString::to_string).collect(),
        };
    };
}

vocabulary!(PARTIES, Party, "party", "parties");
vocabulary!(CONDITIONS, Condition, "condition", "conditions");
vocabulary!(CHANGES, Change, "change", "changes");

const EFFECTS: Vocabulary<Effect> = Vocabulary {
    singular: "effect",
    plural: "effects",
    parse: effect_of,
    like: |word| {
        // Of all effects only those to the same target, if the word names one.
        let target = word.split_once(':').map_or("", |(target, _)| target);
        let all: Vec<String> = every_effect().map(effect_word).collect();
        let near: Vec<String> = all
            .iter()
            .filter(|other| other.split(':').next() == Some(target))
            .cloned()
            .collect();
        if near.is_empty() { all } else { near }
    },
};

/// Events a file may give rules for: those somebody can send.
const EVENTS: Vocabulary<EventKind> = Vocabulary {
    singular: "event",
    plural: "events",
    parse: |word| EventKind::from_word(word).filter(|event| !senders(*event).is_empty()),
    like: |_| {
        let sent = EventKind::ALL.iter().filter(|event| !senders(**event).is_empty());
        sent.map(ToString::to_string).collect()
    },
};

const IGNORABLE: Vocabulary<EventKind> = Vocabulary {
    singular: "event",
    plural: "events",
    parse: |word| EventKind::from_word(word).filter(|event| *event != EventKind::Submitted),
    like: |_| EventKind::ALL.iter().skip(1).map(ToString::to_string).collect(),
};

pub(super) const DAY_COUNTS: Vocabulary<DayCount> = Vocabulary {
    singular: "day count",
    plural: "day counts",
    parse: day_count,
    like: |_| DayCount::ALL.iter().map(ToString::to_string).collect(),
};

pub(super) fn read_opening<'t>(reader: &mut Reader<'t>, entry: &Entry<'_, 't>) -> DraftStep {
    let mut step = DraftStep::default();
    if let Some(table) = reader.table(entry.value, "`[opening]`") {
        for field in reader.entries(table, "`[opening]`", &["set", "do"]) {
            read_step_field(reader, &field, &mut step);
        }
    }
    step
}

pub(super) fn read_always<'t>(reader: &mut Reader<'t>, entry: &Entry<'_, 't>, days: &[NamedDays]) -> Section {
    let mut section = Section::default();
    if let Some(table) = reader.table(entry.value, "`[always]`") {
        for field in reader.entries(table, "`[always]`", &["on", "after", "ignore"]) {
            read_section_field(reader, &field, days, &mut section);
        }
    }
    section
}

pub(super) fn read_states<'t>(
    reader: &mut Reader<'t>,
    entry: &Entry<'_, 't>,
    days: &[NamedDays],
) -> Vec<DraftState> {
    let Some(table) = reader.table(entry.value, "`state`") else {
        return Vec::new();
    };
    let entries = super::reader::in_order(table);
    entries
        .iter()
        .filter_map(|entry| read_state(reader, entry, days))
        .collect()
}

fn read_state<'t>(reader: &mut Reader<'t>, entry: &Entry<'_, 't>, days: &[NamedDays]) -> Option<DraftState> {
    let name = StateName::parse(entry.key)
        .map_err(|error| reader.wrong(entry.range.clone(), error.to_string()))
        .ok()?;
    let owner = format!("state `{name}`");
    let table = reader.table(entry.value, &owner)?;
    let mut state = DraftState {
        name: Spanned::new(entry.range.clone(), name),
        label: None,
        terminal: false,
        section: Section::default(),
    };
    for field in reader.entries(table, &owner, &["label", "final", "on", "after", "ignore"]) {
        match field.key {
            "label" => state.label = reader.string(field.value, "`label`"),
            "final" => state.terminal = reader.flag(field.value, "`final`"),
            _ => read_section_field(reader, &field, days, &mut state.section),
        }
    }
    if !table.contains_key("label") {
        reader.missing(
            entry.range.clone(),
            "label",
            &owner,
            "add: label = \"...\", the words people read for this state",
        );
    }
    Some(state)
}

fn read_section_field<'t>(
    reader: &mut Reader<'t>,
    field: &Entry<'_, 't>,
    days: &[NamedDays],
    section: &mut Section,
) {
    match field.key {
        "ignore" => section.ignored = reader.words(field.value, "`ignore`", &IGNORABLE),
        "after" => read_timers(reader, field.value, days, section),
        _ => read_rules(reader, field.value, section),
    }
}

fn read_timers<'t>(reader: &mut Reader<'t>, node: &Node<'t>, named: &[NamedDays], section: &mut Section) {
    let Some(table) = reader.table(node, "`after`") else {
        return;
    };
    for entry in super::reader::in_order(table) {
        let days = timer_days(reader, entry.key, entry.range.clone(), named);
        let mut step = DraftStep::default();
        let owner = format!("`after.{}`", entry.key);
        if let Some(table) = reader.table(entry.value, &owner) {
            for field in reader.entries(table, &owner, &["set", "do", "to"]) {
                read_step_field(reader, &field, &mut step);
            }
        }
        section.timers.extend(days.map(|(days, name)| DraftTimer {
            days,
            name,
            range: entry.range,
            step,
        }));
    }
}

fn read_rules<'t>(reader: &mut Reader<'t>, node: &Node<'t>, section: &mut Section) {
    let Some(table) = reader.table(node, "`on`") else {
        return;
    };
    for entry in super::reader::in_order(table) {
        let Some(event) = reader.known(entry.key, entry.range.clone(), &EVENTS) else {
            continue;
        };
        let owner = format!("`on.{event}`");
        let Some(alternatives) = entry.value.get_ref().as_array() else {
            if let Some(table) = reader.table(entry.value, &format!("{owner} must be a list of tables, or")) {
                section.rules.push(read_rule(reader, table, event, entry.range));
            }
            continue;
        };
        for alternative in alternatives {
            if let Some(table) = reader.table(alternative, &format!("an alternative of {owner}")) {
                section
                    .rules
                    .push(read_rule(reader, table, event, alternative.span()));
            }
        }
    }
}

fn read_rule<'t>(
    reader: &mut Reader<'t>,
    table: &DeTable<'t>,
    event: EventKind,
    range: Range<usize>,
) -> DraftRule {
    let owner = format!("`on.{event}`");
    let mut rule = DraftRule {
        event,
        range,
        by: Vec::new(),
        when: Vec::new(),
        step: DraftStep::default(),
    };
    for field in reader.entries(table, &owner, &["by", "when", "set", "do", "to"]) {
        match field.key {
            "by" => rule.by = reader.words(field.value, "`by`", &PARTIES),
            "when" => rule.when = read_when(reader, field.value),
            _ => read_step_field(reader, &field, &mut rule.step),
        }
    }
    if !table.contains_key("by") {
        reader.missing(
            rule.range.clone(),
            "by",
            &owner,
            "say who may: by = [\"office\"], [\"sender\"], [\"sede\"] or [\"engine\"]",
        );
    }
    rule
}

/// A list of conditions, among them `{ any = [...] }` groups of which one is enough.
fn read_when<'t>(reader: &mut Reader<'t>, node: &Node<'t>) -> Vec<Clause<Spanned<Condition>>> {
    let mut clauses = Vec::new();
    for item in reader.list(node, "`when`") {
        let Some(group) = item.get_ref().as_table() else {
            clauses.extend(reader.word(item, &CONDITIONS).map(Clause::One));
            continue;
        };
        for field in reader.entries(group, "a group of conditions", &["any"]) {
            clauses.push(Clause::Any(reader.words(field.value, "`any`", &CONDITIONS)));
        }
    }
    clauses
}

fn read_step_field<'t>(reader: &mut Reader<'t>, field: &Entry<'_, 't>, step: &mut DraftStep) {
    match field.key {
        "set" => step.set = reader.words(field.value, "`set`", &CHANGES),
        "do" => step.effects = reader.words(field.value, "`do`", &EFFECTS),
        _ => step.to = reader.string(field.value, "`to`"),
    }
}
