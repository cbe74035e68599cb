use proptest::prelude::*;

use super::*;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn a_date_is_that_of_rome_not_of_greenwich() {
    let rome = TimeZone::default();
    for (now, expected) in [
        ("2026-01-14T22:59:59Z", "2026-01-14"),
        ("2026-01-14T23:00:00Z", "2026-01-15"),
        ("2026-07-14T21:59:59Z", "2026-07-14"),
        ("2026-07-14T22:00:00Z", "2026-07-15"),
        ("2026-12-31T23:00:00Z", "2027-01-01"),
    ] {
        assert_eq!(rome.date_of(instant(now)), date(expected), "{now}");
    }
}

#[test]
fn a_day_starts_at_local_midnight_also_when_the_clock_changes() {
    let rome = TimeZone::default();
    for (day, start, hours) in [
        ("2026-03-28", "2026-03-27T23:00:00Z", 24),
        ("2026-03-29", "2026-03-28T23:00:00Z", 23),
        ("2026-03-30", "2026-03-29T22:00:00Z", 24),
        ("2026-10-25", "2026-10-24T22:00:00Z", 25),
        ("2026-10-26", "2026-10-25T23:00:00Z", 24),
    ] {
        assert_eq!(rome.start_of(date(day)), instant(start), "{day}");
        let length = rome.start_of(later(date(day), 1)) - rome.start_of(date(day));
        assert_eq!(length, TimeDelta::hours(hours), "{day}");
    }
}

#[test]
fn a_wall_clock_time_that_is_twice_or_never_has_one_instant() {
    let rome = TimeZone::default();
    for (wall, expected) in [
        ("2026-03-29T02:30:00", "2026-03-29T01:00:00Z"),
        ("2026-10-25T02:30:00", "2026-10-25T00:30:00Z"),
        ("2026-10-25T12:00:00", "2026-10-25T11:00:00Z"),
    ] {
        assert_eq!(
            rome.instant_of(wall.parse().unwrap()),
            instant(expected),
            "{wall}"
        );
    }
}

#[test]
fn a_skipped_midnight_moves_the_start_of_the_day() {
    let sao_paulo: TimeZone = "America/Sao_Paulo".parse().unwrap();
    assert_eq!(
        sao_paulo.start_of(date("2018-11-04")),
        instant("2018-11-04T03:00:00Z")
    );
    let apia: TimeZone = "Pacific/Apia".parse().unwrap();
    // 30 December 2011 does not exist there.
    assert_eq!(
        apia.start_of(date("2011-12-30")),
        apia.start_of(date("2011-12-31"))
    );
}

#[test]
fn fifteen_days_cross_clock_changes_leap_days_and_years() {
    for (start, end) in [
        ("2020-10-21", "2020-11-05"),
        ("2026-03-20", "2026-04-04"),
        ("2026-10-20", "2026-11-04"),
        ("2028-02-20", "2028-03-06"),
        ("2026-02-20", "2026-03-07"),
        ("2026-12-20", "2027-01-04"),
    ] {
        assert_eq!(DayCount::Calendar.add(date(start), 15), date(end), "{start}");
        assert_eq!(DayCount::Calendar.between(date(start), date(end)), 15, "{start}");
    }
}

#[test]
fn working_days_leave_out_weekends_and_holidays() {
    for (start, days, end) in [
        ("2026-11-23", 5, "2026-11-30"),
        ("2026-11-28", 1, "2026-11-30"),
        // Immaculate Conception on a Tuesday.
        ("2026-12-07", 1, "2026-12-09"),
        // Good Friday counts, Easter Monday does not.
        ("2026-04-02", 1, "2026-04-03"),
        ("2026-04-02", 2, "2026-04-07"),
        ("2026-12-24", 1, "2026-12-28"),
        ("2026-12-31", 2, "2027-01-05"),
    ] {
        assert_eq!(
            DayCount::Working.add(date(start), days),
            date(end),
            "{start} + {days}"
        );
    }
}

#[test]
fn easter_agrees_with_published_dates() {
    for day in [
        "1961-04-02",
        "2000-04-23",
        "2008-03-23",
        "2011-04-24",
        "2019-04-21",
        "2024-03-31",
        "2025-04-20",
        "2026-04-05",
        "2027-03-28",
        "2028-04-16",
        "2038-04-25",
        "2285-03-22",
    ] {
        assert_eq!(easter(date(day).year()), date(day));
    }
}

#[test]
fn the_national_holidays_of_2026() {
    let all: Vec<String> = (0..365)
        .map(|ahead| later(date("2026-01-01"), ahead))
        .filter(|day| is_national_holiday(*day))
        .map(|day| day.format("%d/%m").to_string())
        .collect();
    assert_eq!(
        all.join(" "),
        "01/01 06/01 05/04 06/04 25/04 01/05 02/06 15/08 04/10 01/11 08/12 25/12 26/12"
    );
    assert!(!is_national_holiday(date("2024-10-04")));
}

fn any_date() -> impl Strategy<Value = NaiveDate> {
    // 2000-01-01 to 2100-12-31
    (730_120_i32..767_010).prop_map(|day| NaiveDate::from_num_days_from_ce_opt(day).unwrap())
}

fn any_count() -> impl Strategy<Value = DayCount> {
    prop_oneof![Just(DayCount::Calendar), Just(DayCount::Working)]
}

proptest! {
    #[test]
    fn counting_back_gives_what_was_added(start in any_date(), days in 0_u16..400, count in any_count()) {
        let end = count.add(start, days);
        prop_assert_eq!(count.between(start, end), u32::from(days));
        if days > 0 {
            prop_assert!(count.between(start, end.pred_opt().unwrap()) < u32::from(days));
        }
    }

    #[test]
    fn a_deadline_is_reached_exactly_on_its_date(
        start in any_date(), ahead in 0_u64..80, days in 1_u16..40, count in any_count(),
    ) {
        let today = later(start, ahead);
        prop_assert_eq!(today >= count.add(start, days), count.between(start, today) >= u32::from(days));
    }

    #[test]
    fn every_instant_lies_in_the_day_it_is_said_to_be(seconds in 0_i64..4_102_444_800) {
        let rome = TimeZone::default();
        let now = DateTime::from_timestamp(seconds, 0).unwrap();
        let today = rome.date_of(now);
        prop_assert!(rome.start_of(today) <= now);
        prop_assert!(now < rome.start_of(later(today, 1)));
    }
}

#[test]
fn the_latest_start_is_the_last_day_whose_waiting_is_over() {
    for days in [DayCount::Calendar, DayCount::Working] {
        let calendar = Calendar {
            zone: TimeZone::default(),
            days,
        };
        let mut today = NaiveDate::from_ymd_opt(2026, 12, 1).unwrap();
        for _ in 0..60 {
            let start = calendar.latest_start(today, 16).unwrap();
            assert!(calendar.add(start, 16) <= today, "{days} {today}");
            assert!(calendar.add(later(start, 1), 16) > today, "{days} {today}");
            today = later(today, 1);
        }
    }
}
