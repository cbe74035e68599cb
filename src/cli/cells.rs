//! How single values look in tables and CSV files: times as people in Italy read them, nothing as an empty cell.

use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Europe::Rome;

/// RFC 3339 with a space, to the second: `2026-11-23 10:15:32+01:00`.
pub fn moment(at: DateTime<Utc>) -> String {
    at.with_timezone(&Rome).format("%Y-%m-%d %H:%M:%S%:z").to_string()
}

/// Nothing is an empty cell.
pub fn maybe<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A mark that catches the eye, or nothing.
pub fn flag(set: bool, word: &str) -> String {
    if set { word.to_owned() } else { String::new() }
}

/// In the largest unit that leaves a number above 1: `45 s`, `12 min`, `5 h`, `3 d`.
pub fn age(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// How long ago it was; nothing is negative where two machines' clocks differ.
pub fn since(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    age((now - at).to_std().unwrap_or_default())
}

/// `1 request`, `3 requests`.
pub fn count(number: usize, one: &str, more: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{number} {more}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_italy() {
        let summer = "2026-07-01T22:30:00Z".parse().unwrap();
        assert_eq!(moment(summer), "2026-07-02 00:30:00+02:00");
        let winter = "2026-11-23T09:15:32.9Z".parse().unwrap();
        assert_eq!(moment(winter), "2026-11-23 10:15:32+01:00");
    }

    #[test]
    fn ages_have_one_unit() {
        for (seconds, shown) in [
            (0, "0 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7_199, "119 min"),
            (7_200, "2 h"),
            (172_799, "47 h"),
            (172_800, "2 d"),
        ] {
            assert_eq!(age(Duration::from_secs(seconds)), shown);
        }
        let now = "2026-11-23T09:00:00Z".parse().unwrap();
        let later = "2026-11-23T09:00:05Z".parse().unwrap();
        assert_eq!(since(later, now), "0 s");
    }
}
