//! From the text of a definition file to a [`Workflow`], or to everything that is wrong with it.

pub(in crate::workflow) mod draft;
mod reader;
mod sections;

use toml::Spanned;

use self::draft::{Draft, NamedDays};
use self::reader::{Entry, Node, Reader};
use super::definition::Workflow;
use super::problems::{Problem, Problems, suggest};
use super::{check, compile};
use crate::domain::calendar::{Calendar, DayCount, TimeZone};
use crate::domain::case::WorkflowName;

/// The longest threshold: ten years. Longer ones are slips of the finger.
const MOST_DAYS: u16 = 3_650;

/// The longest charge: a day. Who does nothing for so long does not work on it.
const MOST_MINUTES: u16 = 1_440;

impl Workflow {
    /// Reads and checks a definition. `file` names it in problems and, where it looks like `richiesta.v1.toml`,
    /// must agree with the name and version inside.
    pub fn parse(file: &str, text: &str) -> Result<Self, Problems> {
        let mut reader = Reader::new(file, text);
        let draft = reader.parse().map(|tree| read(&mut reader, tree.get_ref()));
        let mut problems = reader.problems;
        let Some(draft) = draft else {
            return Err(Problems::check(problems).expect_err("a damaged file has at least one problem"));
        };
        problems.extend(check::check(&draft, file, text));
        Problems::check(problems)?;
        compile::compile(&draft, text).ok_or_else(|| incomplete(file))
    }
}

fn incomplete(file: &str) -> Problems {
    let problem = Problem::of_file(file, "this definition is not complete");
    Problems::check(vec![problem]).expect_err("there is one problem")
}

const KEYS: &[&str] = &[
    "name", "version", "title", "initial", "clock", "limits", "days", "opening", "always", "state",
];

fn read<'t>(reader: &mut Reader<'t>, tree: &toml::de::DeTable<'t>) -> Draft {
    let mut draft = Draft::default();
    let entries = reader.entries(tree, "a workflow", KEYS);
    // The days come first: timers name them.
    for entry in entries.iter().filter(|entry| entry.key == "days") {
        draft.days = read_days(reader, entry);
    }
    for entry in &entries {
        read_entry(reader, entry, &mut draft);
    }
    for (key, help) in REQUIRED {
        if !entries.iter().any(|entry| entry.key == *key) {
            reader.missing(0..0, key, "this workflow", help);
        }
    }
    draft.complete = reader.problems.is_empty();
    draft
}

const REQUIRED: &[(&str, &str)] = &[
    ("name", "add: name = \"richiesta\""),
    ("version", "add: version = 1"),
    (
        "title",
        "add: title = \"...\", a line in Italian for lists and pages",
    ),
    (
        "initial",
        "add: initial = \"...\", the state of a request just sent",
    ),
    (
        "clock",
        "add: [clock] with zone = \"Europe/Rome\" and days = \"calendar\"",
    ),
    ("opening", "add: [opening] with what follows a submission"),
    ("state", "add: [state.NAME] with a label"),
];

fn read_entry<'t>(reader: &mut Reader<'t>, entry: &Entry<'_, 't>, draft: &mut Draft) {
    match entry.key {
        "name" => draft.name = read_name(reader, entry.value),
        "version" => draft.version = reader.number(entry.value, "`version`", 1..=u16::MAX),
        "title" => draft.title = reader.string(entry.value, "`title`"),
        "initial" => draft.initial = reader.string(entry.value, "`initial`"),
        "clock" => draft.calendar = read_clock(reader, entry),
        "limits" => read_limits(reader, entry, draft),
        "opening" => draft.opening = Some(sections::read_opening(reader, entry)),
        "always" => draft.always = sections::read_always(reader, entry, &draft.days),
        "state" => draft.states = sections::read_states(reader, entry, &draft.days),
        // `days` was read before.
        _ => {}
    }
}

fn read_name(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Spanned<WorkflowName>> {
    let text = reader.string(node, "`name`")?;
    let name = WorkflowName::parse(text.get_ref());
    if let Err(error) = &name {
        reader.wrong(node.span(), error.to_string());
    }
    name.ok().map(|name| Spanned::new(node.span(), name))
}

fn read_clock<'t>(reader: &mut Reader<'t>, entry: &Entry<'_, 't>) -> Option<Calendar> {
    let table = reader.table(entry.value, "`[clock]`")?;
    let (mut zone, mut days) = (None, None);
    for field in reader.entries(table, "`[clock]`", &["zone", "days"]) {
        if field.key == "zone" {
            zone = read_zone(reader, field.value);
        } else {
            days = reader
                .word(field.value, &sections::DAY_COUNTS)
                .map(Spanned::into_inner);
        }
    }
    for (key, present) in [
        ("zone", table.contains_key("zone")),
        ("days", table.contains_key("days")),
    ] {
        if !present {
            reader.missing(
                entry.range.clone(),
                key,
                "`[clock]`",
                "a clock is zone = \"Europe/Rome\", days = \"calendar\"",
            );
        }
    }
    Some(Calendar {
        zone: zone?,
        days: days?,
    })
}

fn read_zone(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<TimeZone> {
    let text = reader.string(node, "`zone`")?;
    let zone = text.get_ref().parse::<TimeZone>();
    if let Err(error) = &zone {
        reader.wrong(node.span(), format!("`{}` is {error}", text.get_ref()));
    }
    zone.ok()
}

fn read_limits<'t>(reader: &mut Reader<'t>, entry: &Entry<'_, 't>, draft: &mut Draft) {
    let Some(table) = reader.table(entry.value, "`[limits]`") else {
        return;
    };
    for field in reader.entries(
        table,
        "`[limits]`",
        &["solicits", "interactions", "charge_minutes"],
    ) {
        match field.key {
            // The facts of a request keep two dates.
            "solicits" => draft.solicits = reader.number(field.value, "`solicits`", 1..=2),
            "interactions" => draft.interactions = reader.number(field.value, "`interactions`", 1..=100),
            _ => draft.charge_minutes = reader.number(field.value, "`charge_minutes`", 1..=MOST_MINUTES),
        }
    }
}

fn read_days<'t>(reader: &mut Reader<'t>, entry: &Entry<'_, 't>) -> Vec<NamedDays> {
    let Some(table) = reader.table(entry.value, "`[days]`") else {
        return Vec::new();
    };
    let mut named = Vec::new();
    for field in reader::in_order(table) {
        let days = reader.number(field.value, &format!("`{}`", field.key), 1..=MOST_DAYS);
        named.extend(days.map(|days| NamedDays {
            name: Spanned::new(field.range, field.key.to_owned()),
            days: days.into_inner(),
        }));
    }
    named
}

/// The days a timer's key means: `16d`, or the name of an entry of `[days]`.
fn timer_days(
    reader: &mut Reader<'_>,
    key: &str,
    range: std::ops::Range<usize>,
    named: &[NamedDays],
) -> Option<(u16, Option<String>)> {
    if let Some(entry) = named.iter().find(|entry| entry.name.get_ref() == key) {
        return Some((entry.days, Some(key.to_owned())));
    }
    let literal = key
        .strip_suffix('d')
        .and_then(|digits| digits.parse::<u16>().ok());
    let days = literal.filter(|days| (1..=MOST_DAYS).contains(days));
    if days.is_none() {
        let known = named.iter().map(|entry| entry.name.get_ref().as_str());
        let help = suggest(key, "write \"16d\" or one of `[days]`", known);
        reader.wrong_help(range, format!("`{key}` is no number of days"), help);
    }
    days.map(|days| (days, None))
}

fn day_count(word: &str) -> Option<DayCount> {
    DayCount::from_word(word)
}

#[cfg(test)]
mod tests;
