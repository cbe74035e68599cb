//! Deadlines that explain themselves: from which date, how many days, which dates did not count and why.

use std::fmt;

use chrono::NaiveDate;

use super::definition::Workflow;
use super::explain;
use crate::domain::calendar::{DayCount, DayOff, SkippedDay};
use crate::domain::case::Case;

/// What a deadline opens or brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeadlineKind {
    /// The next solicit may be sent.
    Solicit,
    /// The waiting alone opens an appointment.
    Appointment,
    /// The next timer of the workflow fires.
    Timer,
}

/// One date of a waiting request, with the way it was counted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Deadline {
    pub kind: DeadlineKind,
    pub start: NaiveDate,
    pub days: u16,
    pub count: DayCount,
    pub date: NaiveDate,
    pub skipped: Vec<SkippedDay>,
}

/// The dates a waiting request has ahead or behind; none while nothing waits.
pub fn deadlines(workflow: &Workflow, case: &Case) -> Vec<Deadline> {
    let facts = &case.facts;
    let Some(since) = facts.awaiting_since else {
        return Vec::new();
    };
    let calendar = workflow.calendar;
    let deadline = |kind, start, days| {
        let date = calendar.add(start, days);
        Deadline {
            kind,
            start,
            days,
            count: calendar.days,
            date,
            skipped: calendar.skipped(start, date),
        }
    };
    let solicit = workflow.solicit_from(case).and_then(|from| {
        // The later of two counts decides: the clock, or the days since the first solicit.
        let by_clock = deadline(DeadlineKind::Solicit, since, workflow.thresholds.solicit?);
        if by_clock.date == from {
            return Some(by_clock);
        }
        Some(deadline(
            DeadlineKind::Solicit,
            facts.first_solicit?,
            workflow.thresholds.second_solicit?,
        ))
    });
    let appointment = workflow
        .thresholds
        .appointment
        .map(|days| deadline(DeadlineKind::Appointment, since, days));
    let timer = workflow
        .state(&case.state)
        .and_then(|state| state.next_timer(facts));
    let timer = timer.map(|timer| deadline(DeadlineKind::Timer, since, timer.days));
    solicit.into_iter().chain(appointment).chain(timer).collect()
}

impl fmt::Display for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            DeadlineKind::Solicit => "sollecito",
            DeadlineKind::Appointment => "appuntamento",
            DeadlineKind::Timer => "scadenza",
        };
        let days = explain::days(u32::from(self.days), self.count);
        write!(
            f,
            "{what} dal {}: {days} dal {}",
            explain::date(self.date),
            explain::date(self.start)
        )?;
        for (position, SkippedDay { date, cause }) in self.skipped.iter().enumerate() {
            let cause = match cause {
                DayOff::Weekend => "fine settimana",
                DayOff::Holiday => "festa nazionale",
            };
            let lead = if position == 0 { "; non contano" } else { "," };
            write!(f, "{lead} {} ({cause})", explain::date(*date))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{RICHIESTA, Story, day, officer, operator, released, reply};
    use super::*;
    use crate::domain::event::Event;

    fn lines(workflow: &Workflow, case: &Case) -> Vec<String> {
        deadlines(workflow, case)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn calendar_days_count_every_date() {
        let mut story = Story::at_sede();
        assert_eq!(
            lines(&RICHIESTA, &story.case),
            [
                "sollecito dal 05/11/2020: 15 giorni dal 21/10/2020",
                "appuntamento dal 06/11/2020: 16 giorni dal 21/10/2020",
                "scadenza dal 06/11/2020: 16 giorni dal 21/10/2020",
            ]
        );
        story.then(20, &operator("op1"), &Event::Solicited);
        assert_eq!(
            lines(&RICHIESTA, &story.case)[0],
            "sollecito dal 25/11/2020: 15 giorni dal 10/11/2020"
        );
        story.then(21, &officer("anna", "230001"), &reply());
        assert_eq!(lines(&RICHIESTA, &story.case), Vec::<String>::new());
    }

    #[test]
    fn working_days_name_what_did_not_count() {
        let mut workflow = released("richiesta.v1.toml");
        workflow.calendar.days = DayCount::Working;
        workflow.thresholds.appointment = Some(3);
        let opened = super::super::open(&workflow, &super::super::fixtures::opening(None), day(44)).unwrap();
        assert_eq!(
            lines(&workflow, &opened.case)[1],
            "appuntamento dal 10/12/2020: 3 giorni lavorativi dal 04/12/2020; non contano 05/12/2020 (fine settimana), \
             06/12/2020 (fine settimana), 08/12/2020 (festa nazionale)"
        );
    }
}
