use proptest::prelude::*;

use super::*;

fn at(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

#[test]
fn lines_both_parsers_read_alike_are_taken() {
    for line in [
        "0 * * * * *",
        "*/30 * * * * *",
        "0 15 3 * * *",
        "0 0 8,18 * * MON-FRI",
        "0 30 9 1 jan,JUL *",
        "0 0-30/10 8-18 * * *",
        "0 0 0 29 FEB *",
    ] {
        assert_eq!(CronLine::parse(line).map(String::from), Ok(line.to_owned()));
    }
}

/// Lines, and why they are refused.
const REFUSED: &[(&str, &str)] = &[
    (
        "30 9 * * *",
        "needs six fields (second minute hour day month weekday), has 5",
    ),
    (
        "@daily",
        "needs six fields (second minute hour day month weekday), has 1",
    ),
    (
        "0 0 9 * * * 2026",
        "needs six fields (second minute hour day month weekday), has 7",
    ),
    (
        "0 0 9 * * 1",
        "day of the week `1`: expected *, or names from SUN to SAT with , and - (numbers mean different days to \
             different programs)",
    ),
    (
        "0 0 9 L * *",
        "day of the month `L`: expected *, or 1 to 31 with , - and /",
    ),
    (
        "0 0 9 ? * *",
        "day of the month `?`: expected *, or 1 to 31 with , - and /",
    ),
    (
        "0 5/10 9 * * *",
        "minute `5/10`: expected *, or 0 to 59 with , - and /",
    ),
    (
        "0 60 9 * * *",
        "minute `60`: expected *, or 0 to 59 with , - and /",
    ),
    (
        "0 */0 9 * * *",
        "minute `*/0`: expected *, or 0 to 59 with , - and /",
    ),
    (
        "0 0 9-8 * * *",
        "hour `9-8`: expected *, or 0 to 23 with , - and /",
    ),
    (
        "0 0 9 13 * FRI",
        "name a day of the month or a day of the week, not both: programs disagree whether one or both must fit",
    ),
    ("0 0 9 31 FEB *", "never fires"),
];

#[test]
fn lines_they_disagree_about_are_refused_and_say_why() {
    for (line, why) in REFUSED {
        assert_eq!(CronLine::parse(line).unwrap_err().to_string(), *why, "{line}");
    }
}

#[test]
fn the_latest_fire_counts_the_very_second() {
    let line = CronLine::parse("0 30 2 * * *").unwrap();
    let cases = [
        ("2026-03-29T02:29:59", "2026-03-28T02:30:00"),
        ("2026-03-29T02:30:00", "2026-03-29T02:30:00"),
        ("2026-03-29T02:30:00.999", "2026-03-29T02:30:00"),
        ("2026-03-30T00:00:00", "2026-03-29T02:30:00"),
    ];
    for (wall, latest) in cases {
        assert_eq!(line.latest_until(at(wall)), Some(at(latest)), "{wall}");
    }
}

/// Any item `field` takes: numbers, names, ranges, steps.
fn items(field: &'static Field) -> impl Strategy<Value = String> {
    let value = (field.first..=field.last, any::<bool>()).prop_map(move |(value, named)| {
        let name = field.names.get((value - field.first) as usize);
        match name {
            Some(name) if named || !field.digits => (*name).to_owned(),
            Some(_) | None => value.to_string(),
        }
    });
    let range = (field.first..field.last).prop_flat_map(move |from| {
        (from + 1..=field.last).prop_map(move |to| {
            let word = |value: u32| {
                if field.digits {
                    value.to_string()
                } else {
                    field.names[(value - field.first) as usize].to_owned()
                }
            };
            format!("{}-{}", word(from), word(to))
        })
    });
    let step = 1..=field.last - field.first;
    let digits = field.digits;
    let stepped = (prop_oneof![Just("*".to_owned()), range.clone()], step)
        .prop_map(move |(span, step)| if digits { format!("{span}/{step}") } else { span });
    let item = prop_oneof![3 => value, 2 => range, 2 => stepped];
    let list = prop::collection::vec(item, 1..4).prop_map(|items| {
        if items.iter().any(|item| item == "*") {
            "*".to_owned()
        } else {
            items.join(",")
        }
    });
    prop_oneof![2 => Just("*".to_owned()), 3 => list]
}

fn lines() -> impl Strategy<Value = String> {
    let fields: Vec<_> = FIELDS.iter().map(|field| items(field).boxed()).collect();
    (fields, any::<bool>()).prop_map(|(mut fields, by_month)| {
        let unrestricted = if by_month { 5 } else { 3 };
        "*".clone_into(&mut fields[unrestricted]);
        fields.join(" ")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// What this type takes, `cron` and `croner` fire at the same times, forwards and backwards.
    #[test]
    fn both_parsers_agree(text in lines(), seconds in 1_700_000_000_i64..1_900_000_000, millis in 0_i64..1_000) {
        let line = match CronLine::parse(&text) {
            Ok(line) => line,
            Err(InvalidCronLine::Never) => return Ok(()),
            Err(error) => return Err(TestCaseError::fail(format!("{text}: {error}"))),
        };
        let other = croner::Cron::from_str(&text).unwrap();
        let start = DateTime::from_timestamp(seconds, 0).unwrap();
        let mut wall = start;
        for _ in 0..5 {
            // Not croner's iterator, which leaves out every other fire of a line that fires each second.
            let theirs = other.find_next_occurrence(&wall, false).unwrap();
            let ours = line.next_after(wall.naive_utc()).unwrap();
            prop_assert_eq!(ours, theirs.naive_utc(), "{}", &text);
            prop_assert_eq!(line.latest_until(ours), Some(ours), "{}", &text);
            let within = ours + TimeDelta::milliseconds(millis);
            prop_assert_eq!(line.latest_until(within), Some(ours), "{}", &text);
            prop_assert_eq!(line.next_after(within), line.next_after(ours), "{}", &text);
            let before = ours - TimeDelta::milliseconds(1);
            prop_assert!(line.latest_until(before).unwrap() < ours, "{}", &text);
            wall = theirs;
        }
        let latest = other.find_previous_occurrence(&start, true).unwrap();
        prop_assert_eq!(line.latest_until(start.naive_utc()), Some(latest.naive_utc()), "{}", &text);
    }

    /// No text makes the parser panic, and what it takes it writes back unchanged.
    #[test]
    fn any_text_is_read_or_refused(text in "[0-9A-Za-z*,/?#@ -]{0,24}") {
        if let Ok(line) = CronLine::parse(&text) {
            prop_assert_eq!(CronLine::parse(line.as_str()), Ok(line.clone()));
        }
    }
}
