use super::*;

fn at(hour: &str) -> DateTime<Utc> {
    format!("2026-11-26T{hour}:00+01:00")
        .parse::<DateTime<chrono::FixedOffset>>()
        .unwrap()
        .to_utc()
}

fn now() -> DateTime<Utc> {
    at("08:00")
}

fn sede() -> SedeCode {
    SedeCode::parse("230001").unwrap()
}

fn request(number: u128) -> RequestId {
    RequestId(Uuid::from_u128(number))
}

fn slot(number: u128, hour: &str, taken_by: Option<RequestId>) -> Slot {
    Slot {
        id: SlotId(Uuid::from_u128(number)),
        sede: sede(),
        starts_at: at(hour),
        minutes: 30,
        place: "Sportello 1".to_owned(),
        taken_by,
    }
}

/// 9:00 at two counters, 9:30 taken, 10:00 and 10:30 free.
fn agenda() -> Agenda {
    let slots = [
        slot(1, "09:00", None),
        slot(2, "09:00", None),
        slot(3, "09:30", Some(request(9))),
    ];
    let free = [
        slots[0].clone(),
        slots[1].clone(),
        slot(4, "10:00", None),
        slot(5, "10:30", None),
    ];
    let asked = ["09:00", "09:30", "10:00"].map(|hour| (sede(), at(hour)));
    Agenda::new(asked, slots, [(sede(), free.to_vec())].into())
}

#[test]
fn an_hour_is_taken_as_often_as_there_are_counters_and_never_again() {
    let mut agenda = agenda();
    for number in [1, 2] {
        assert_eq!(
            agenda.book(request(number), &sede(), at("09:00"), now()),
            Ok(Ok(()))
        );
    }
    let refusal = agenda
        .book(request(3), &sede(), at("09:00"), now())
        .unwrap()
        .unwrap_err();
    assert_eq!(refusal.code, RefusalCode::StateConflict);
    assert_eq!(
        refusal.message,
        "L'orario 26/11/2026 alle 09:00 non è disponibile. Sono liberi: 26/11/2026 alle 10:00; \
         26/11/2026 alle 10:30."
    );
    let free: Vec<bool> = refusal.why.iter().map(|reason| reason.holds).collect();
    assert_eq!(free, [false, true, true]);
    let takers: Vec<_> = agenda
        .changes()
        .into_iter()
        .filter_map(|(_, taker)| taker)
        .collect();
    assert_eq!(takers, [request(1), request(2)]);
}

#[test]
fn taken_past_and_unpublished_hours_are_refused() {
    let mut agenda = agenda();
    for hour in ["09:30", "10:00"] {
        // 10:00 is asked for and not among the hours that were found.
        assert!(
            agenda
                .book(request(1), &sede(), at(hour), now())
                .unwrap()
                .is_err(),
            "{hour}"
        );
    }
    assert!(
        agenda
            .book(request(1), &sede(), at("09:00"), at("09:00"))
            .unwrap()
            .is_err()
    );
    assert_eq!(
        agenda.book(request(1), &sede(), at("11:00"), now()),
        Err(NotLookedFor)
    );
    assert!(agenda.changes().is_empty());
}

#[test]
fn a_sede_without_hours_takes_any_as_a_wish() {
    let mut agenda = Agenda::new([(sede(), at("09:00"))], [], BTreeMap::new());
    assert_eq!(agenda.book(request(1), &sede(), at("09:00"), now()), Ok(Ok(())));
    assert!(agenda.changes().is_empty());
}

#[test]
fn a_cancelled_hour_is_free_again_also_in_the_same_batch() {
    let mut agenda = agenda();
    agenda.release(request(9));
    assert_eq!(agenda.book(request(1), &sede(), at("09:30"), now()), Ok(Ok(())));
    assert_eq!(agenda.changes(), [(SlotId(Uuid::from_u128(3)), Some(request(1)))]);
}

#[test]
fn confirming_another_hour_moves_the_request_there() {
    let mut agenda = agenda();
    agenda.confirm(request(9), &sede(), at("09:30")).unwrap();
    assert!(agenda.changes().is_empty());
    agenda.confirm(request(9), &sede(), at("09:00")).unwrap();
    let moved = [
        (SlotId(Uuid::from_u128(1)), Some(request(9))),
        (SlotId(Uuid::from_u128(3)), None),
    ];
    assert_eq!(agenda.changes(), moved);
    // An hour outside the agenda is the sede's own affair.
    agenda.confirm(request(9), &sede(), at("10:00")).unwrap();
    assert!(agenda.changes().iter().all(|(_, taker)| taker.is_none()));
    assert_eq!(
        agenda.confirm(request(9), &sede(), at("20:00")),
        Err(NotLookedFor)
    );
}
