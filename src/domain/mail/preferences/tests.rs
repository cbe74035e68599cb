use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

use super::*;

fn at(instant: &str) -> DateTime<Utc> {
    instant.parse().unwrap()
}

fn quiet(from: &str, to: &str) -> MailPreferences {
    let window = json!({ "quiet_hours": { "from": from, "to": to } });
    serde_json::from_value(window).unwrap()
}

/// Monday 23/11/2026, ten in the morning in Italy.
const MONDAY: &str = "2026-11-23T09:00:00Z";

#[test]
fn without_wishes_everything_comes_at_once() {
    let now = at(MONDAY);
    for &kind in MailKind::ALL {
        assert_eq!(MailPreferences::default().route(kind, now), Route::Now);
    }
}

#[test]
fn each_event_goes_its_own_way() {
    let wanted = json!({ "events": { "closed": "daily", "overdue": "never" }, "digest_hour": 18 });
    let preferences: MailPreferences = serde_json::from_value(wanted).unwrap();
    let now = at(MONDAY);
    assert_eq!(preferences.route(MailKind::Reply, now), Route::Now);
    assert_eq!(preferences.route(MailKind::Overdue, now), Route::Dropped);
    assert_eq!(
        preferences.route(MailKind::Closed, now),
        Route::Digest(NaiveDate::from_ymd_opt(2026, 11, 23).unwrap())
    );
    assert_eq!(
        preferences.route(MailKind::Closed, at("2026-11-23T17:00:00Z")),
        Route::Digest(NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()),
        "the daily mail of that day is out"
    );
}

#[test]
fn no_more_mails_means_none_of_any_kind() {
    let preferences = MailPreferences {
        events: Deliveries::never(),
        ..MailPreferences::default()
    };
    for &kind in MailKind::ALL.iter().filter(|kind| **kind != MailKind::Digest) {
        assert_eq!(preferences.route(kind, at(MONDAY)), Route::Dropped);
    }
}

/// Both days on which Italy changes its clocks, and a common one. Wall-clock windows, instants in UTC.
#[rstest]
#[case::evening("20:00", "07:30", "2026-11-23T19:30:00Z", Some("2026-11-24T06:30:00Z"))]
#[case::early_morning("20:00", "07:30", "2026-11-23T05:00:00Z", Some("2026-11-23T06:30:00Z"))]
#[case::the_end_is_loud("20:00", "07:30", "2026-11-23T06:30:00Z", None)]
#[case::the_beginning_is_quiet("20:00", "07:30", "2026-11-23T19:00:00Z", Some("2026-11-24T06:30:00Z"))]
#[case::noon("12:00", "14:00", "2026-11-23T11:30:00Z", Some("2026-11-23T13:00:00Z"))]
#[case::in_summer("20:00", "07:30", "2026-07-01T05:29:00Z", Some("2026-07-01T05:30:00Z"))]
// 29/03/2026: at two it is three.
#[case::a_short_night("22:00", "06:00", "2026-03-28T21:00:00Z", Some("2026-03-29T04:00:00Z"))]
#[case::an_end_that_is_skipped("22:00", "02:30", "2026-03-28T23:00:00Z", Some("2026-03-29T01:00:00Z"))]
#[case::after_the_gap("22:00", "02:30", "2026-03-29T01:00:00Z", None)]
#[case::a_window_that_is_skipped("02:10", "02:50", "2026-03-29T01:00:00Z", None)]
// 25/10/2026: at three it is two again.
#[case::a_long_night("22:00", "06:00", "2026-10-24T20:00:00Z", Some("2026-10-25T05:00:00Z"))]
#[case::an_end_that_comes_twice("22:00", "02:30", "2026-10-25T00:15:00Z", Some("2026-10-25T00:30:00Z"))]
#[case::once_it_was_loud_it_stays_so("22:00", "02:30", "2026-10-25T01:15:00Z", None)]
fn quiet_hours_end_by_the_wall_clock(
    #[case] from: &str,
    #[case] to: &str,
    #[case] now: &str,
    #[case] end: Option<&str>,
) {
    let route = quiet(from, to).route(MailKind::Reply, at(now));
    assert_eq!(route, end.map_or(Route::Now, |end| Route::Later(at(end))));
}

#[rstest]
#[case::saturday("2026-11-21T09:00:00Z", Some("2026-11-23T06:30:00Z"))]
#[case::friday_evening("2026-11-20T21:00:00Z", Some("2026-11-23T06:30:00Z"))]
#[case::immacolata("2026-12-08T09:00:00Z", Some("2026-12-09T06:30:00Z"))]
// Christmas is a Friday: two holidays, of which one is a Saturday too, and a Sunday.
#[case::christmas("2026-12-24T20:00:00Z", Some("2026-12-28T06:30:00Z"))]
#[case::monday(MONDAY, None)]
fn quiet_days_and_nights_run_into_each_other(#[case] now: &str, #[case] end: Option<&str>) {
    let preferences = MailPreferences {
        quiet_weekends: true,
        quiet_holidays: true,
        ..quiet("20:00", "07:30")
    };
    let route = preferences.route(MailKind::Reply, at(now));
    assert_eq!(route, end.map_or(Route::Now, |end| Route::Later(at(end))));
}

#[rstest]
#[case::before_its_hour("2026-11-23T06:59:00Z", None)]
#[case::at_its_hour("2026-11-23T07:00:00Z", Some("2026-11-23"))]
#[case::late("2026-11-23T16:00:00Z", Some("2026-11-23"))]
#[case::in_the_quiet("2026-11-23T20:00:00Z", None)]
#[case::on_a_quiet_day("2026-11-22T12:00:00Z", None)]
// 25/10/2026 is a Sunday; on the Monday after it, eight is at seven UTC again.
#[case::after_the_change("2026-10-26T06:30:00Z", None)]
fn a_digest_is_due_from_its_hour_on_and_never_in_the_quiet(#[case] now: &str, #[case] day: Option<&str>) {
    let preferences = MailPreferences {
        quiet_weekends: true,
        ..quiet("20:00", "07:30")
    };
    let day = day.map(|day| day.parse::<NaiveDate>().unwrap());
    assert_eq!(preferences.digest_due(at(now)), day);
}

#[rstest]
#[case(json!({ "digest_hour": 24 }), "ora intera")]
#[case(json!({ "quiet_hours": { "from": "8", "to": "09:00" } }), "HH:MM")]
#[case(json!({ "quiet_hours": { "from": "08:00", "to": "08:00" } }), "coincidono")]
#[case(json!({ "events": { "reply": "sometimes" } }), "sometimes")]
#[case(json!({ "events": { "digest": "never" } }), "digest")]
#[case(json!({ "quiet": true }), "quiet")]
fn wishes_without_sense_are_refused(#[case] wishes: serde_json::Value, #[case] said: &str) {
    let error = serde_json::from_value::<MailPreferences>(wishes)
        .unwrap_err()
        .to_string();
    assert!(error.contains(said), "{error}");
}

proptest! {
    /// Whatever is wished: a mail that waits goes out when its wait is over, and nothing waits for weeks.
    #[test]
    fn what_is_deferred_goes_out_later(
        minutes in 0_i64..(2 * 366 * 24 * 60), from in 0_u32..1_440, to in 0_u32..1_440, weekends: bool, holidays: bool,
    ) {
        let time = |minute: u32| NaiveTime::from_num_seconds_from_midnight_opt(minute * 60, 0).unwrap();
        let preferences = MailPreferences {
            quiet_hours: QuietHours::new(time(from), time(to)).ok(),
            quiet_weekends: weekends,
            quiet_holidays: holidays,
            ..MailPreferences::default()
        };
        let now = at("2026-01-01T00:00:00Z") + chrono::TimeDelta::minutes(minutes);
        if let Route::Later(end) = preferences.route(MailKind::Reply, now) {
            prop_assert!(end > now);
            prop_assert!(end - now < chrono::TimeDelta::days(9), "{end}");
            prop_assert_eq!(preferences.route(MailKind::Reply, end), Route::Now);
        }
    }
}
