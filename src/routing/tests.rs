use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::domain::command::ContactReason;
use crate::domain::registers::{RegisterRows, Topic};

/// A sede `code`, open in Lazio unless told otherwise.
fn sede(code: &str, kind: SedeKind, active: bool) -> Sede {
    Sede {
        region: Some(Region::Lazio),
        active,
        ..Sede::named(SedeCode::parse(code).unwrap(), code.to_uppercase(), kind)
    }
}

fn topic(code: &str, first_level: bool) -> Topic {
    Topic {
        code: TopicCode::parse(code).unwrap(),
        label: code.to_uppercase(),
        reasons: vec![ContactReason::AccessRequirements],
        first_level,
        keywords: Vec::new(),
    }
}

/// `cap comune topic sede priority`, `-` for all.
fn rule(line: &str) -> CompetenceRule {
    let parts: Vec<&str> = line.split(' ').collect();
    let some = |part: &str| (part != "-").then(|| part.to_owned());
    CompetenceRule {
        cap: parts[0].parse().unwrap(),
        comune_istat: some(parts[1]).map(|text| text.parse().unwrap()),
        topic: some(parts[2]).map(|text| text.parse().unwrap()),
        sede: parts[3].parse().unwrap(),
        priority: parts[4].parse().unwrap(),
    }
}

fn registers(rules: &[&str]) -> Registers {
    Registers::new(RegisterRows {
        sedi: vec![
            sede("territoriale", SedeKind::Sede, true),
            sede("agenzia", SedeKind::Agenzia, true),
            sede("polo", SedeKind::Sede, true),
            sede("chiusa", SedeKind::Agenzia, false),
        ],
        rules: rules.iter().map(|line| rule(line)).collect(),
        topics: vec![
            topic("estero", false),
            topic("pensioni", false),
            topic("pin", true),
        ],
        ..RegisterRows::default()
    })
}

const ALL_WAYS: &[&str] = &[
    "00071 - - territoriale 10",
    "00071 - estero polo 10",
    "00071 058079 - agenzia 10",
    "00071 058079 estero lontana 10",
    "00071 058079 estero chiusa 20",
    "00072 - - chiusa 1",
    "00073 058001 - agenzia 1",
    "00074 - - lineainps 1",
    "00075 - - polo 20",
    "00075 - - agenzia 10",
    "00076 - - territoriale 10",
    "00076 - - agenzia 10",
];

fn explained(routing: &Routing) -> String {
    let sentences: Vec<String> = routing.explanation.iter().map(ToString::to_string).collect();
    format!("{}\n{}", routing.destination.code(), sentences.join("\n"))
}

#[rstest]
#[case::cap_alone("00071", "-", "pensioni", "territoriale")]
#[case::topic_over_cap("00071", "-", "estero", "polo")]
#[case::comune_over_cap("00071", "058079", "pensioni", "agenzia")]
#[case::comune_over_topic_when_both_are_closed("00071", "058079", "estero", "agenzia")]
#[case::another_comune("00071", "058091", "estero", "polo")]
#[case::unknown_topic("00071", "-", "boh", "territoriale")]
#[case::first_level("00071", "058079", "pin", "lineainps")]
#[case::first_level_wherever("99999", "-", "pin", "lineainps")]
#[case::lowest_priority_number("00075", "-", "pensioni", "agenzia")]
#[case::equal_priority_by_code("00076", "-", "pensioni", "agenzia")]
#[case::closed_sede("00072", "-", "pensioni", "da-smistare")]
#[case::no_rule_for_comune("00073", "058002", "pensioni", "da-smistare")]
#[case::a_desk_is_no_sede("00074", "-", "pensioni", "da-smistare")]
#[case::unknown_cap("99999", "-", "pensioni", "da-smistare")]
#[case::no_cap("-", "-", "pensioni", "da-smistare")]
fn r_070_goes_to(#[case] cap: &str, #[case] comune: &str, #[case] topic: &str, #[case] sede: &str) {
    let routing = route(
        &registers(ALL_WAYS),
        cap.parse().ok().as_ref(),
        comune.parse().ok().as_ref(),
        &topic.parse().unwrap(),
    );
    assert_eq!(
        routing.destination.code().as_str(),
        sede,
        "{}",
        explained(&routing)
    );
}

#[test]
fn r_070_every_way_is_explained_in_sentences() {
    let registers = registers(ALL_WAYS);
    let ways = [
        "00071 058079 pensioni",
        "00071 058079 estero",
        "00071 058091 boh",
        "99999 - pin",
        "00072 - pensioni",
    ];
    let more = ["00073 058002 pensioni", "99999 - pensioni", "- - pensioni"];
    let explain = |way: &&str| {
        let parts: Vec<&str> = way.split(' ').collect();
        let (cap, comune) = (parts[0].parse().ok(), parts[1].parse().ok());
        let routing = route(
            &registers,
            cap.as_ref(),
            comune.as_ref(),
            &parts[2].parse().unwrap(),
        );
        format!("{way} -> {}", explained(&routing))
    };
    let all: Vec<String> = ways.iter().chain(&more).map(explain).collect();
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn an_open_sede_beside_a_closed_one_is_found() {
    let routing = route(
        &registers(&["00071 - - chiusa 1", "00071 - - polo 2"]),
        Some(&"00071".parse().unwrap()),
        None,
        &"pensioni".parse().unwrap(),
    );
    assert_eq!(routing.destination, Destination::Sede("polo".parse().unwrap()));
    assert!(matches!(routing.explanation[0], Step::ClosedSede { .. }));
}

#[rstest]
#[case::cric(&[("cric-b", SedeKind::Cric, true), ("cric-a", SedeKind::Cric, true)], "cric-a")]
#[case::direction(&[("cric-a", SedeKind::Cric, false), ("lazio", SedeKind::Regionale, true)], "lazio")]
#[case::none(&[("rm", SedeKind::Sede, true)], "da-smistare")]
fn r_074_a_referent_goes_to_the_region(#[case] sedi: &[(&str, SedeKind, bool)], #[case] expected: &str) {
    let sedi = sedi
        .iter()
        .map(|(code, kind, active)| sede(code, *kind, *active))
        .collect();
    let registers = Registers::new(RegisterRows {
        sedi,
        ..RegisterRows::default()
    });
    let routing = route_referent(&registers, Region::Lazio);
    assert_eq!(routing.destination.code().as_str(), expected);
    assert!(explained(&routing).contains("Lazio"));
    let elsewhere = route_referent(&registers, Region::Molise);
    assert_eq!(
        elsewhere.destination,
        Destination::Desk(Desk::Unrouted(UnroutedReason::NoRegionalOffice))
    );
}

#[rstest]
#[case::open("polo", true)]
#[case::closed("chiusa", false)]
#[case::unknown("altrove", false)]
#[case::desk("lineainps", false)]
fn r_072_r_073_a_sender_may_choose_an_open_sede(#[case] code: &str, #[case] taken: bool) {
    let code = code.parse().unwrap();
    match route_chosen(&registers(&[]), &code) {
        Ok(routing) => assert!(taken && routing.destination == Destination::Sede(code)),
        Err(refusal) => {
            assert!(!taken);
            assert_eq!(refusal.code, RefusalCode::SedeUnknown);
            assert_eq!(refusal.fields[0].pointer, "/sede");
        }
    }
}

fn any_rule() -> impl Strategy<Value = CompetenceRule> {
    let comune = prop::option::of("05807[0-2]");
    let topic = prop::option::of(prop::sample::select(vec!["estero", "pensioni"]));
    let sede = prop::sample::select(vec![
        "territoriale",
        "agenzia",
        "polo",
        "chiusa",
        "lontana",
        "lineainps",
    ]);
    ("0007[0-2]", comune, topic, sede, 0..3_u16).prop_map(|(cap, comune, topic, sede, priority)| {
        CompetenceRule {
            cap: cap.parse().unwrap(),
            comune_istat: comune.map(|text| text.parse().unwrap()),
            topic: topic.map(|text| text.parse().unwrap()),
            sede: sede.parse().unwrap(),
            priority,
        }
    })
}

proptest! {
    #[test]
    fn routing_is_total_and_does_not_depend_on_the_order_of_rules(
        (rules, shuffled) in prop::collection::vec(any_rule(), 0..12)
            .prop_flat_map(|rules| (Just(rules.clone()), Just(rules).prop_shuffle())),
        cap in prop::option::of("0007[0-3]"), comune in prop::option::of("05807[0-3]"),
        topic in prop::sample::select(vec!["estero", "pensioni", "pin", "boh"]),
    ) {
        let cap = cap.map(|text| Cap::parse(&text).unwrap());
        let comune = comune.map(|text| ComuneIstat::parse(&text).unwrap());
        let topic = TopicCode::parse(topic).unwrap();
        let with = |rules: Vec<CompetenceRule>| {
            let base = registers(&[]);
            Registers::new(RegisterRows {
                sedi: base.sedi().cloned().collect(),
                topics: base.topics().cloned().collect(),
                rules,
                ..RegisterRows::default()
            })
        };
        let (one, other) = (with(rules.clone()), with(shuffled));
        let routing = route(&one, cap.as_ref(), comune.as_ref(), &topic);
        prop_assert_eq!(&routing, &route(&other, cap.as_ref(), comune.as_ref(), &topic));
        prop_assert!(one.open_sede(&routing.destination.code()).is_some(), "open and known");
        if let Destination::Sede(code) = &routing.destination {
            prop_assert!(rules.iter().any(|rule| rule.sede == *code && Some(&rule.cap) == cap.as_ref()));
        }
        prop_assert!(!routing.explanation.is_empty());
    }
}
