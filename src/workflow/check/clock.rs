//! The waiting clock: started before it is read, stopped by somebody, never kept alive by its own timers.

use super::Checker;
use crate::workflow::parse::draft::Section;
use crate::workflow::vocabulary::{Change, Condition};

impl Checker<'_> {
    pub(super) fn clock(&mut self) {
        let draft = self.draft;
        let starts = self.first(Change::StartClock);
        let stops = self.first(Change::StopClock);
        match (starts, stops) {
            (Some(start), None) => {
                self.wrong(
                    start,
                    "the clock is started and never stopped",
                    "let a reply set \"stop_clock\"",
                );
            }
            (None, Some(stop)) => {
                self.wrong(
                    stop,
                    "the clock is stopped and never started",
                    "let the opening set \"start_clock\"",
                );
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
        if !draft.steps().any(|step| step.sets(Change::StartClock)) {
            self.read_without_start();
        }
        for step in draft
            .steps()
            .filter(|step| step.sets(Change::StartClock) && step.sets(Change::StopClock))
        {
            self.wrong(
                step.set[0].span(),
                "the clock is both started and stopped",
                "keep one of the two",
            );
        }
        for section in draft.sections() {
            self.timers(section);
        }
    }

    fn first(&self, change: Change) -> Option<std::ops::Range<usize>> {
        let mut words = self.draft.steps().flat_map(|step| &step.set);
        words
            .find(|word| *word.get_ref() == change)
            .map(toml::Spanned::span)
    }

    fn read_without_start(&mut self) {
        let draft = self.draft;
        let waits = |condition: Condition| {
            matches!(
                condition,
                Condition::Awaiting | Condition::SolicitOpen | Condition::AppointmentOpen
            )
        };
        let mut conditions = draft.conditions();
        let reader = conditions
            .find(|word| waits(*word.get_ref()))
            .map(toml::Spanned::span);
        if let Some(range) = reader.or_else(|| draft.timers().next().map(|timer| timer.range.clone())) {
            self.wrong(
                range,
                "this waits for a clock that nobody starts",
                "let the opening set \"start_clock\"",
            );
        }
    }

    fn timers(&mut self, section: &Section) {
        for (index, timer) in section.timers.iter().enumerate() {
            if section.timers[..index]
                .iter()
                .any(|earlier| earlier.days == timer.days)
            {
                let message = format!("a second timer on day {}", timer.days);
                self.wrong(timer.range.clone(), message, "put the effects of both into one");
            }
            for change in &timer.step.set {
                if TIMERS_MAY_SET.contains(change.get_ref()) {
                    continue;
                }
                let help = if *change.get_ref() == Change::StartClock {
                    "a timer that starts its own clock again never comes to rest".to_owned()
                } else {
                    format!(
                        "a timer may set: {}",
                        TIMERS_MAY_SET.map(Change::as_str).join(", ")
                    )
                };
                self.wrong(
                    change.span(),
                    format!("a timer cannot set `{}`", change.get_ref()),
                    help,
                );
            }
        }
    }
}

/// A timer brings no person, no sede and no message with it.
const TIMERS_MAY_SET: [Change; 5] = [
    Change::FlagOverdue,
    Change::StopClock,
    Change::BarConversation,
    Change::EnableAppointment,
    Change::ReleaseCharge,
];
