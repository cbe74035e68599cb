//! The text of a scenario file.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use crate::domain::case::{Appointment, Continuation, StateName};
use crate::domain::event::{Actor, Claim, Event, EventKind};
use crate::domain::ids::{ActorId, OfficeCode, PatronatoCode, SedeCode};
use crate::domain::refusal::RefusalCode;
use crate::workflow::problems::Problem;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Script {
    pub title: String,
    pub rules: Vec<String>,
    /// `richiesta.v1`, or `richiesta` for its latest version.
    pub workflow: Spanned<String>,
    pub people: BTreeMap<String, Person>,
    pub given: Spanned<Given>,
    #[serde(default)]
    pub when: Vec<Spanned<When>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(super) enum Person {
    Operator {
        patronato: PatronatoCode,
        office: OfficeCode,
    },
    Officer {
        sede: SedeCode,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Given {
    pub on: Moment,
    pub sent_by: Spanned<String>,
    /// Where it lies before it is routed; the LineaINPS desk unless said otherwise.
    #[serde(default = "SedeCode::lineainps")]
    pub desk: SedeCode,
    /// Where the router sends it; left out, it stays with the desk.
    pub assigned_to: Option<SedeCode>,
    #[serde(default)]
    pub then: Expected,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct When {
    pub on: Moment,
    /// A name of `[people]`, or `engine`.
    pub by: Spanned<String>,
    pub event: EventKind,
    pub sede: Option<SedeCode>,
    #[serde(default = "allowed")]
    pub continuation: Continuation,
    pub days: Option<u16>,
    #[serde(default = "if_free")]
    pub claim: Claim,
    #[serde(default)]
    pub then: Expected,
}

const fn if_free() -> Claim {
    Claim::IfFree
}

const fn allowed() -> Continuation {
    Continuation::Allowed
}

/// What must be so after a step; what is left out may be anything.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Expected {
    pub refused: Option<RefusalCode>,
    pub message: Option<String>,
    pub available_from: Option<Moment>,
    /// Expected and without effect (`ignore`).
    pub ignored: Option<bool>,
    pub effects: Option<Vec<String>>,
    pub due_on: Option<OrNone<Moment>>,
    pub state: Option<StateName>,
    pub label: Option<String>,
    pub sede: Option<SedeCode>,
    pub awaiting_since: Option<OrNone<Moment>>,
    pub overdue: Option<bool>,
    pub first_solicit: Option<OrNone<Moment>>,
    pub second_solicit: Option<OrNone<Moment>>,
    pub interactions: Option<u8>,
    pub barred: Option<bool>,
    pub appointment_enabled: Option<bool>,
    pub appointment: Option<Appointment>,
    pub officer: Option<OrNone<ActorId>>,
    /// What the same person may do now.
    pub can: Vec<EventKind>,
    pub cannot: Vec<EventKind>,
}

/// A value, or the word `"none"` where there must be no value.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum OrNone<T> {
    None(NoneWord),
    Some(T),
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) enum NoneWord {
    #[serde(rename = "none")]
    None,
}

/// A local date, at noon unless a time is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Deserialize)]
#[serde(try_from = "Datetime")]
pub(super) struct Moment(pub NaiveDateTime);

impl Moment {
    pub(super) fn date(self) -> NaiveDate {
        self.0.date()
    }
}

impl TryFrom<Datetime> for Moment {
    type Error = &'static str;

    fn try_from(value: Datetime) -> Result<Self, Self::Error> {
        const EXPECTED: &str = "expected a local date, such as 2020-10-21 or 2020-10-21T17:04:13";
        if value.offset.is_some() {
            return Err(EXPECTED);
        }
        let date = value.date.and_then(|date| {
            NaiveDate::from_ymd_opt(i32::from(date.year), u32::from(date.month), u32::from(date.day))
        });
        let time = value.time.map_or(NaiveTime::from_hms_opt(12, 0, 0), |time| {
            NaiveTime::from_hms_opt(
                u32::from(time.hour),
                u32::from(time.minute),
                u32::from(time.second.unwrap_or(0)),
            )
        });
        date.zip(time)
            .map(|(date, time)| Self(date.and_time(time)))
            .ok_or(EXPECTED)
    }
}

impl Script {
    pub(super) fn parse(file: &str, text: &str) -> Result<Self, Problem> {
        toml::from_str(text)
            .map_err(|error| Problem::at(file, text, error.span().unwrap_or(0..0), error.message()))
    }

    pub(super) fn actor(&self, name: &Spanned<String>) -> Result<Actor, Fault> {
        if name.get_ref() == "engine" {
            return Ok(Actor::Engine);
        }
        let person = self.people.get(name.get_ref());
        let person = person
            .ok_or_else(|| Fault::at(name.span(), format!("`{}` is not among [people]", name.get_ref())))?;
        let id = ActorId::parse(name.get_ref()).map_err(|error| Fault::at(name.span(), error.to_string()))?;
        Ok(match person {
            Person::Operator { patronato, office } => Actor::Operator {
                id,
                patronato: patronato.clone(),
                office: office.clone(),
            },
            Person::Officer { sede } => Actor::Officer {
                id,
                sede: sede.clone(),
            },
        })
    }
}

impl When {
    /// The event with what it carries.
    pub(super) fn event(&self, actor: &Actor) -> Result<Event, &'static str> {
        let sede = self.sede.clone().ok_or("this event needs `sede`");
        Ok(match self.event {
            EventKind::Submitted => return Err("a request is submitted by [given]"),
            EventKind::Assigned => Event::Assigned { sede: sede? },
            EventKind::Transferred => Event::Transferred { sede: sede? },
            EventKind::Taken => match actor {
                Actor::Officer { id, .. } | Actor::Operator { id, .. } => Event::Taken {
                    officer: id.clone(),
                    claim: self.claim,
                },
                Actor::Engine => return Err("the engine takes nothing in charge"),
            },
            EventKind::Released => Event::Released,
            EventKind::Replied => Event::Replied {
                continuation: self.continuation,
            },
            EventKind::Closed => Event::Closed,
            EventKind::Noted => Event::Noted,
            EventKind::Messaged => Event::Messaged,
            EventKind::Attached => Event::Attached,
            EventKind::Solicited => Event::Solicited,
            EventKind::Booked => Event::Booked,
            EventKind::AppointmentEnabled => Event::AppointmentEnabled,
            EventKind::AppointmentConfirmed => Event::AppointmentConfirmed,
            EventKind::AppointmentCancelled => Event::AppointmentCancelled,
            EventKind::Elapsed => Event::Elapsed {
                days: self.days.ok_or("this event needs `days`")?,
            },
        })
    }
}

/// A message about a range of the scenario's text.
#[derive(Debug)]
pub(super) struct Fault {
    range: Range<usize>,
    message: String,
}

impl Fault {
    pub(super) fn at(range: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            range,
            message: message.into(),
        }
    }

    pub(super) fn located(self, file: &str, text: &str) -> Problem {
        Problem::at(file, text, self.range, self.message)
    }

    pub(super) fn failure(self, text: &str) -> super::Failure {
        let line = Problem::at("", text, self.range, "").line;
        super::Failure {
            line,
            message: self.message,
        }
    }
}
