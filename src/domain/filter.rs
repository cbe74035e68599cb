//! Which requests a question is about. One filter serves lists, searches, figures, exports and the command line, so
//! that a figure and the list it opens cannot differ.

use chrono::{Datelike as _, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::calendar::TimeZone;
use super::case::{StateName, WorkflowRef};
use super::codice_fiscale::CodiceFiscale;
use super::event::words;
use super::ids::{ActorId, InvalidId, OfficeCode, PatronatoCode, RequestId, SedeCode, TopicCode};
use super::person::{Capacity, Person};
use super::protocol::ProtocolNumber;
use super::search::SearchText;

/// Which requests; everything given must fit. What a person may see at all is not said here: row-level security
/// says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestFilter {
    pub patronato: Option<PatronatoCode>,
    pub office: Option<OfficeCode>,
    /// The operator who sent it.
    pub sender: Option<ActorId>,
    /// Where it lies now.
    pub sede: Option<SedeCode>,
    /// Who took it in charge last.
    pub officer: Option<ActorId>,
    pub state: Option<StateName>,
    pub topic: Option<TopicCode>,
    /// Days of opening; of the solicit where `condition` is one.
    pub dates: DateRange,
    pub condition: Option<Condition>,
    pub overdue: Option<bool>,
    /// Whether at least one solicit was sent.
    pub solicited: Option<bool>,
    pub with_attachments: Option<bool>,
    /// Whether something in it is new to the asking person; nothing is to those who only look after the engine.
    pub unread: Option<bool>,
    pub protocol: Option<ProtocolNumber>,
    pub text: Option<SearchText>,
    /// In any of its omocodia forms.
    pub codice_fiscale: Option<CodiceFiscale>,
}

words!(
    /// Whose requests.
    Whose {
        /// Sent by the person, or in his or her charge at a sede.
        Mine = "mine",
        /// Of the person's office of the patronato.
        Office = "office",
        /// Of the person's sede.
        Sede = "sede",
    }
);

/// The person has no such requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a scope of your profile")]
pub struct WrongScope;

impl Whose {
    /// What a person sees who does not say it; `None` for those who read no request.
    pub const fn usual(person: &Person) -> Option<Self> {
        match &person.capacity {
            Capacity::Patronato(_) => Some(Self::Office),
            Capacity::Sede { .. } => Some(Self::Sede),
            Capacity::Manager => None,
        }
    }
}

impl RequestFilter {
    /// The requests of a person, of his or her office or sede.
    pub fn of(person: &Person, whose: Whose) -> Result<Self, WrongScope> {
        match (&person.capacity, whose) {
            (Capacity::Patronato(member), Whose::Mine | Whose::Office) => Ok(Self {
                patronato: Some(member.patronato.clone()),
                office: Some(member.office.clone()),
                sender: (whose == Whose::Mine).then(|| person.id.clone()),
                ..Self::default()
            }),
            (Capacity::Sede { sede }, Whose::Mine | Whose::Sede) => Ok(Self {
                sede: Some(sede.clone()),
                officer: (whose == Whose::Mine).then(|| person.id.clone()),
                ..Self::default()
            }),
            (Capacity::Patronato(_), Whose::Sede)
            | (Capacity::Sede { .. }, Whose::Office)
            | (Capacity::Manager, _) => Err(WrongScope),
        }
    }
}

/// Dates from one to another, both in it; either may be open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DateRange {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
}

impl DateRange {
    pub const ALL: Self = Self { from: None, to: None };

    /// Dates far away mean the same as the ends of 1900 to 9998.
    pub fn new(from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<Self, InvalidId> {
        let near = |date: NaiveDate| match date.year() {
            ..1900 => NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or(date),
            1900..9999 => date,
            9999.. => NaiveDate::from_ymd_opt(9998, 12, 31).unwrap_or(date),
        };
        let (from, to) = (from.map(near), to.map(near));
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            return Err(InvalidId {
                kind: "range of dates",
                expected: "an end that is not before the beginning",
            });
        }
        Ok(Self { from, to })
    }

    pub const fn from(self) -> Option<NaiveDate> {
        self.from
    }

    pub const fn to(self) -> Option<NaiveDate> {
        self.to
    }

    /// The first instant in it, as the wall clock in Italy goes.
    pub fn begins(self) -> Option<chrono::DateTime<Utc>> {
        self.from.map(|date| TimeZone::default().start_of(date))
    }

    /// The first instant after it.
    pub fn ends(self) -> Option<chrono::DateTime<Utc>> {
        self.to
            .map(|date| TimeZone::default().start_of(date + Days::new(1)))
    }
}

words!(
    /// The seven figures of the statistics, in the manual's order.
    Figure {
        /// "Aperte": the patronato waits for an answer.
        Open = "open",
        /// "Superati 15 gg": the waiting ran over.
        Overdue = "overdue",
        /// "1° sollecito", by the day it was sent.
        FirstSolicit = "first_solicit",
        /// "2° sollecito", by the day it was sent.
        SecondSolicit = "second_solicit",
        /// "Chiuse": answered or closed, nothing waits.
        Closed = "closed",
        /// "Abilitate appuntamento": their sender may book one now.
        AppointmentEnabled = "appointment_enabled",
        /// "Appuntamento": one is booked or confirmed.
        Appointment = "appointment",
    }
);

impl Figure {
    /// As the manual writes it above its column.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Open => "Aperte",
            Self::Overdue => "Superati 15 gg",
            Self::FirstSolicit => "1° Sollecito",
            Self::SecondSolicit => "2° Sollecito",
            Self::Closed => "Chiuse",
            Self::AppointmentEnabled => "Abilitate appuntamento",
            Self::Appointment => "Appuntamento",
        }
    }
}

/// A figure with what is needed to decide which requests are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    Open,
    Overdue,
    FirstSolicit,
    SecondSolicit,
    Closed,
    /// By the rules of each workflow version there is.
    AppointmentEnabled(Vec<BookingRule>),
    Appointment,
}

impl Condition {
    pub fn of(figure: Figure, rules: &[BookingRule]) -> Self {
        match figure {
            Figure::Open => Self::Open,
            Figure::Overdue => Self::Overdue,
            Figure::FirstSolicit => Self::FirstSolicit,
            Figure::SecondSolicit => Self::SecondSolicit,
            Figure::Closed => Self::Closed,
            Figure::AppointmentEnabled => Self::AppointmentEnabled(rules.to_vec()),
            Figure::Appointment => Self::Appointment,
        }
    }
}

/// From when and after how much a workflow lets the sender book, as of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingRule {
    pub workflow: WorkflowRef,
    /// Who has waited since this day or longer may book; `None` where waiting opens nothing.
    pub waiting_since: Option<NaiveDate>,
    /// The conversation is over once so many further messages were written and answered.
    pub interactions: u8,
}

words!(
    /// By what statistics are told apart.
    Grouping {
        Topic = "topic",
        Patronato = "patronato",
        Office = "office",
        Sede = "sede",
        /// Of opening, of the solicit, of the reply.
        Month = "month",
    }
);

/// A place in a list: where a page ends and the next begins. Stable while requests come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    pub at: chrono::DateTime<Utc>,
    pub request: RequestId,
}

words!(
    /// The criteria of "Ricerca per", in the manual's order.
    #[derive(Default)]
    Criterion {
        #[default]
        Date = "data",
        Topic = "oggetto",
        Protocol = "protocollo",
        CodiceFiscale = "codice-fiscale",
        State = "stato",
    }
);

impl Criterion {
    /// As the manual calls it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Date => "Data richiesta",
            Self::Topic => "Oggetto",
            Self::Protocol => "Numero protocollo",
            Self::CodiceFiscale => "Codice fiscale",
            Self::State => "Stato richiesta",
        }
    }
}

words!(
    /// By what a list is sorted; where that is the same, by opening.
    #[derive(Default)]
    Sorting {
        /// "Data richiesta".
        #[default]
        Opened = "opened",
        /// "Oggetto".
        Topic = "topic",
        /// "Numero protocollo".
        Protocol = "protocol",
        /// "Stato richiesta".
        State = "state",
    }
);

/// The order of a list; the newest first unless somebody wants it otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    pub by: Sorting,
    pub descending: bool,
}

impl Order {
    pub const NEWEST_FIRST: Self = Self {
        by: Sorting::Opened,
        descending: true,
    };
}

impl Default for Order {
    fn default() -> Self {
        Self::NEWEST_FIRST
    }
}

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Only what comes after this.
    pub after: Option<Position>,
    pub order: Order,
    pub limit: u16,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::command::{Personal, Role};
    use crate::domain::person::Membership;

    fn range(from: &str, to: &str) -> Result<DateRange, InvalidId> {
        DateRange::new(from.parse().ok(), to.parse().ok())
    }

    fn person(capacity: Capacity) -> Person {
        Person {
            id: "op1".parse().unwrap(),
            name: Personal("Mario Rossi".to_owned()),
            email: None,
            capacity,
        }
    }

    #[test]
    fn a_range_of_days_is_one_of_instants_in_italy() {
        let range = range("2026-10-25", "2026-10-25").unwrap();
        let instants = (range.begins().unwrap(), range.ends().unwrap());
        // the day on which summer time ends has 25 hours
        assert_eq!((instants.1 - instants.0).num_hours(), 25);
        assert_eq!(instants.0.to_rfc3339(), "2026-10-24T22:00:00+00:00");
    }

    #[test]
    fn a_range_ends_no_sooner_than_it_begins_and_reaches_no_further_than_dates_do() {
        assert!(range("2026-10-25", "2026-10-24").is_err());
        let far = DateRange::new(Some(NaiveDate::MIN), Some(NaiveDate::MAX)).unwrap();
        assert_eq!(Ok(far), range("1900-01-01", "9998-12-31"));
        assert!(far.ends().is_some());
    }

    /// one's own requests, and those of one's own office or sede.
    #[test]
    fn r_090_everyone_has_requests_of_ones_own_and_of_ones_place() {
        let member = person(Capacity::Patronato(Membership {
            patronato: "inca".parse().unwrap(),
            office: "INCA-RM-001".parse().unwrap(),
            roles: vec![Role::Operator],
            region: None,
        }));
        let all = RequestFilter::of(&member, Whose::Office).unwrap();
        assert_eq!((all.office.unwrap().as_str(), all.sender), ("INCA-RM-001", None));
        let mine = RequestFilter::of(&member, Whose::Mine).unwrap();
        assert_eq!(mine.sender.as_ref().map(ActorId::as_str), Some("op1"));
        assert_eq!(RequestFilter::of(&member, Whose::Sede), Err(WrongScope));

        let official = person(Capacity::Sede {
            sede: "230001".parse().unwrap(),
        });
        let mine = RequestFilter::of(&official, Whose::Mine).unwrap();
        assert_eq!(mine.officer.as_ref().map(ActorId::as_str), Some("op1"));
        assert_eq!(mine.sede.as_ref().map(SedeCode::as_str), Some("230001"));
        assert_eq!(RequestFilter::of(&official, Whose::Office), Err(WrongScope));

        let manager = person(Capacity::Manager);
        assert_eq!(Whose::usual(&manager), None);
        for whose in Whose::ALL {
            assert_eq!(RequestFilter::of(&manager, *whose), Err(WrongScope));
        }
    }
}
