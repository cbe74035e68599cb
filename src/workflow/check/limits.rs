//! Limits and thresholds: each is read by somebody, and what is counted is bounded.

use super::Checker;
use crate::workflow::vocabulary::{Change, Condition};

impl Checker<'_> {
    pub(super) fn limits(&mut self) {
        let draft = self.draft;
        let solicits = draft.solicits.as_ref().map(toml::Spanned::span);
        self.limit(
            "solicits",
            solicits,
            &[Condition::SolicitsLeft],
            Change::CountSolicit,
        );
        let interactions = draft.interactions.as_ref().map(toml::Spanned::span);
        let readers = [Condition::InteractionsLeft, Condition::ConversationOver];
        self.limit("interactions", interactions, &readers, Change::CountInteraction);
        self.charge();
        self.thresholds();
    }

    fn limit(
        &mut self,
        name: &str,
        defined: Option<std::ops::Range<usize>>,
        readers: &[Condition],
        counter: Change,
    ) {
        let draft = self.draft;
        let mut conditions = draft.conditions();
        let reader = conditions.find(|condition| readers.contains(condition.get_ref()));
        let is_counted = draft.steps().any(|step| step.sets(counter));
        match (defined, reader) {
            (None, Some(reader)) => self.wrong(
                reader.span(),
                format!("`{}` reads a limit that is not there", reader.get_ref()),
                format!("add to [limits]: {name} = 2"),
            ),
            (Some(limit), None) => {
                self.wrong(
                    limit,
                    format!("nothing reads the limit `{name}`"),
                    "leave it out, or use its condition",
                );
            }
            (Some(_), Some(reader)) if !is_counted => self.wrong(
                reader.span(),
                format!("`{}` is read and nothing ever counts it", reader.get_ref()),
                format!("add \"{counter}\" to the `set` of the event that uses it up"),
            ),
            (Some(_) | None, _) => {}
        }
    }

    /// A charge that never ran out would keep a request with somebody on holiday.
    fn charge(&mut self) {
        let draft = self.draft;
        let mut changes = draft.steps().flat_map(|step| &step.set);
        let taken = changes.find(|change| *change.get_ref() == Change::TakeCharge);
        match (&draft.charge_minutes, taken) {
            (None, Some(change)) => self.wrong(
                change.span(),
                "`take_charge` reads a limit that is not there",
                "add to [limits]: charge_minutes = 20",
            ),
            (Some(limit), None) => self.wrong(
                limit.span(),
                "nothing reads the limit `charge_minutes`",
                "leave it out, or use `take_charge`",
            ),
            (Some(_), Some(_)) | (None, None) => {}
        }
    }

    fn thresholds(&mut self) {
        let draft = self.draft;
        let defined = |name: &str| draft.days.iter().any(|entry| entry.name.get_ref() == name);
        for (condition, names) in READ_DAYS {
            let mut conditions = draft.conditions();
            let Some(reader) = conditions.find(|word| *word.get_ref() == condition) else {
                continue;
            };
            for name in names.iter().filter(|name| !defined(name)) {
                let message = format!("`{condition}` reads `days.{name}`, which is not there");
                self.wrong(reader.span(), message, format!("add to [days]: {name} = 15"));
            }
        }
        for entry in &draft.days {
            let name = entry.name.get_ref();
            let by_condition = draft.conditions().any(|word| {
                READ_DAYS
                    .iter()
                    .any(|(condition, names)| *condition == *word.get_ref() && names.contains(&name.as_str()))
            });
            let by_timer = draft.timers().any(|timer| timer.name.as_ref() == Some(name));
            if !by_condition && !by_timer {
                let help = format!("use it in after.{name}, or leave it out");
                self.wrong(entry.name.span(), format!("nothing reads `days.{name}`"), help);
            }
        }
    }
}

/// Which entries of `[days]` a condition reads.
const READ_DAYS: [(Condition, &[&str]); 2] = [
    (Condition::SolicitOpen, &["solicit", "second_solicit"]),
    (Condition::AppointmentOpen, &["appointment"]),
];
