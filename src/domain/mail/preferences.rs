//! When a person is told: at once, once a day or never, and not in the hours and on the days kept quiet.
//!
//! Everything is meant by the wall clock of Italy. A window of quiet is a pair of instants, so that it neither comes
//! twice on the day whose hour comes twice nor is missed on the day that skips one.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, Utc, Weekday};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::calendar::{TimeZone, is_national_holiday};
use crate::domain::event::{MailKind, words};

words!(
    /// How a person is told of a kind of event.
    #[derive(Default)]
    Delivery {
        /// By a mail of its own.
        #[default]
        AtOnce = "at_once",
        /// In one mail a day that lists all of them.
        Daily = "daily",
        Never = "never",
    }
);

/// What a person wants of mails. The default: everything at once, no quiet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MailPreferences {
    pub events: Deliveries,
    /// From when on the daily mail may come.
    pub digest_hour: Hour,
    /// Hours without mails, every day.
    pub quiet_hours: Option<QuietHours>,
    /// No mails on Saturday and Sunday.
    pub quiet_weekends: bool,
    /// No mails on Italian national holidays.
    pub quiet_holidays: bool,
}

/// How a person is told, per kind of event; what is left out is told at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Deliveries {
    pub reply: Delivery,
    pub closed: Delivery,
    pub overdue: Delivery,
    pub appointment_enabled: Delivery,
    pub appointment_booked: Delivery,
    pub appointment_confirmed: Delivery,
    pub appointment_cancelled: Delivery,
    pub refused: Delivery,
}

/// An hour of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u8", into = "u8")]
pub struct Hour(#[schemars(range(max = 23))] u8);

/// Hours without mails; over midnight where `from` is later than `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Window", into = "Window")]
#[schemars(with = "Window")]
pub struct QuietHours {
    from: NaiveTime,
    to: NaiveTime,
}

/// [`QuietHours`] as written: `{"from": "20:00", "to": "07:30"}`.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Window {
    #[schemars(regex(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    from: String,
    #[schemars(regex(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    to: String,
}

/// Preferences that make no sense. Italian: told to whoever wrote them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PreferenceError {
    #[error("indica un'ora intera da 0 a 23")]
    Hour,
    #[error("indica l'orario come HH:MM, per esempio 07:30")]
    Time,
    #[error("l'inizio e la fine della fascia di silenzio coincidono")]
    EmptyWindow,
}

/// Where a mail goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    Now,
    /// When the quiet ends.
    Later(DateTime<Utc>),
    /// Into the daily mail of this date.
    Digest(NaiveDate),
    /// The person wants none of its kind.
    Dropped,
}

impl Deliveries {
    fn of(self, kind: MailKind) -> Delivery {
        match kind {
            MailKind::Reply => self.reply,
            MailKind::Closed => self.closed,
            MailKind::Overdue => self.overdue,
            MailKind::AppointmentEnabled => self.appointment_enabled,
            MailKind::AppointmentBooked => self.appointment_booked,
            MailKind::AppointmentConfirmed => self.appointment_confirmed,
            MailKind::AppointmentCancelled => self.appointment_cancelled,
            MailKind::Refused => self.refused,
            // What was to be listed in it was already chosen.
            MailKind::Digest => Delivery::AtOnce,
        }
    }

    /// None of any kind.
    pub const fn never() -> Self {
        Self {
            reply: Delivery::Never,
            closed: Delivery::Never,
            overdue: Delivery::Never,
            appointment_enabled: Delivery::Never,
            appointment_booked: Delivery::Never,
            appointment_confirmed: Delivery::Never,
            appointment_cancelled: Delivery::Never,
            refused: Delivery::Never,
        }
    }
}

impl Default for Hour {
    fn default() -> Self {
        Self(8)
    }
}

impl TryFrom<u8> for Hour {
    type Error = PreferenceError;

    fn try_from(hour: u8) -> Result<Self, PreferenceError> {
        if hour < 24 {
            Ok(Self(hour))
        } else {
            Err(PreferenceError::Hour)
        }
    }
}

impl From<Hour> for u8 {
    fn from(hour: Hour) -> Self {
        hour.0
    }
}

impl Hour {
    /// When the wall clock first shows this hour on a date.
    fn on(self, date: NaiveDate) -> DateTime<Utc> {
        let time = NaiveTime::from_hms_opt(u32::from(self.0), 0, 0).unwrap_or(NaiveTime::MIN);
        TimeZone::default().instant_of(date.and_time(time))
    }
}

impl QuietHours {
    pub fn new(from: NaiveTime, to: NaiveTime) -> Result<Self, PreferenceError> {
        if from == to {
            return Err(PreferenceError::EmptyWindow);
        }
        Ok(Self { from, to })
    }

    /// Its beginning and end as they are written: `20:00`, `07:30`.
    pub fn written(self) -> (String, String) {
        let Window { from, to } = self.into();
        (from, to)
    }

    /// The window that begins on a date.
    fn beginning_on(self, date: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
        let zone = TimeZone::default();
        let last = if self.to > self.from { date } else { next(date) };
        (
            zone.instant_of(date.and_time(self.from)),
            zone.instant_of(last.and_time(self.to)),
        )
    }
}

impl TryFrom<Window> for QuietHours {
    type Error = PreferenceError;

    fn try_from(window: Window) -> Result<Self, PreferenceError> {
        let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| PreferenceError::Time);
        Self::new(time(&window.from)?, time(&window.to)?)
    }
}

impl From<QuietHours> for Window {
    fn from(hours: QuietHours) -> Self {
        let text = |time: NaiveTime| time.format("%H:%M").to_string();
        Self {
            from: text(hours.from),
            to: text(hours.to),
        }
    }
}

/// Quiet days and windows that touch each other: more would be more than a person can ask for.
const TOUCHING: usize = 64;

impl MailPreferences {
    /// Where a mail goes at this moment.
    pub fn route(&self, kind: MailKind, now: DateTime<Utc>) -> Route {
        match (self.events.of(kind), self.quiet_until(now)) {
            (Delivery::Never, _) => Route::Dropped,
            (Delivery::Daily, _) => Route::Digest(self.next_digest(now)),
            (Delivery::AtOnce, Some(end)) => Route::Later(end),
            (Delivery::AtOnce, None) => Route::Now,
        }
    }

    /// The date of the daily mail that is due now, if one is: never before its hour, never in the quiet.
    pub fn digest_due(&self, now: DateTime<Utc>) -> Option<NaiveDate> {
        let today = TimeZone::default().date_of(now);
        (now >= self.digest_hour.on(today) && self.quiet_until(now).is_none()).then_some(today)
    }

    /// The date whose daily mail takes up what happens now.
    fn next_digest(&self, now: DateTime<Utc>) -> NaiveDate {
        let today = TimeZone::default().date_of(now);
        if now < self.digest_hour.on(today) {
            today
        } else {
            next(today)
        }
    }

    /// When the quiet of this moment ends; `None`: it is not quiet.
    fn quiet_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut end = now;
        for _ in 0..TOUCHING {
            match self.quiet_around(end) {
                Some(later) => end = later,
                None => break,
            }
        }
        (end > now).then_some(end)
    }

    /// The end of a quiet day or window this moment lies in.
    fn quiet_around(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let zone = TimeZone::default();
        let today = zone.date_of(moment);
        if self.is_quiet_day(today) {
            return Some(zone.start_of(next(today)));
        }
        let yesterday = today.checked_sub_days(Days::new(1)).unwrap_or(today);
        let windows = self
            .quiet_hours
            .into_iter()
            .flat_map(|hours| [yesterday, today].map(|date| hours.beginning_on(date)));
        let mut around = windows.filter(|(start, end)| (*start..*end).contains(&moment));
        around.next().map(|(_, end)| end)
    }

    fn is_quiet_day(&self, date: NaiveDate) -> bool {
        let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
        (self.quiet_weekends && weekend) || (self.quiet_holidays && is_national_holiday(date))
    }
}

fn next(date: NaiveDate) -> NaiveDate {
    date.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests;
