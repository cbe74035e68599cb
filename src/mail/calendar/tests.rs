use icalendar::parser::{read_calendar, unfold};

use super::*;
use crate::domain::mail::MailContent;
use crate::mail::samples::{hostile_mail, sample_mail};
use crate::store::ClaimedMail;

const ISSUER: Issuer<'_> = Issuer {
    service: "Scrivi alla sede",
    address: "non-rispondere@usciere.example",
    domain: "usciere.example",
};

fn file_of(mail: &ClaimedMail) -> Option<CalendarFile> {
    let MailContent::Event(params) = &mail.content else {
        return None;
    };
    let now = "2021-03-08T09:00:00Z".parse().unwrap();
    calendar_file(&ISSUER, mail.kind, mail.request?, params, now)
}

/// The properties of the only event, as another program reads them.
fn event(text: &str) -> Vec<(String, String)> {
    let unfolded = unfold(text);
    let calendar = read_calendar(&unfolded).unwrap();
    assert_eq!(calendar.components.len(), 1);
    let properties = calendar.components[0].properties.iter();
    properties
        .map(|property| (property.name.to_string(), property.val.to_string()))
        .collect()
}

#[test]
fn each_word_about_an_appointment_has_its_file() {
    let files = [
        MailKind::AppointmentBooked,
        MailKind::AppointmentConfirmed,
        MailKind::AppointmentCancelled,
    ]
    .map(|kind| file_of(&sample_mail(kind)).unwrap().text);
    insta::assert_snapshot!(files.join("\n").replace('\r', ""));
}

#[test]
fn a_calendar_follows_the_latest_word() {
    let of = |kind, name: &str| {
        let properties = event(&file_of(&sample_mail(kind)).unwrap().text);
        let found = properties.into_iter().find(|(known, _)| known == name);
        found.unwrap().1
    };
    let (booked, confirmed, cancelled) = (
        MailKind::AppointmentBooked,
        MailKind::AppointmentConfirmed,
        MailKind::AppointmentCancelled,
    );
    assert_eq!(of(booked, "UID"), of(confirmed, "UID"));
    assert_eq!(of(confirmed, "UID"), of(cancelled, "UID"));
    let sequence = |kind| of(kind, "SEQUENCE").parse::<u32>().unwrap();
    assert!(sequence(booked) < sequence(confirmed) && sequence(confirmed) < sequence(cancelled));
    let statuses = [booked, confirmed, cancelled].map(|kind| of(kind, "STATUS"));
    assert_eq!(statuses, ["TENTATIVE", "CONFIRMED", "CANCELLED"]);
}

#[test]
fn the_hour_is_the_same_in_every_calendar() {
    // Half past nine in Italy, before and after the clocks change.
    for (at, start) in [
        ("2026-03-28T09:30:00+01:00", "20260328T083000Z"),
        ("2026-03-29T09:30:00+02:00", "20260329T073000Z"),
        ("2026-10-25T09:30:00+01:00", "20261025T083000Z"),
    ] {
        let mut mail = sample_mail(MailKind::AppointmentConfirmed);
        if let MailContent::Event(params) = &mut mail.content
            && let MailDetail::Appointment(appointment) = &mut params.detail
        {
            appointment.at = Some(at.parse().unwrap());
        }
        let properties = event(&file_of(&mail).unwrap().text);
        assert!(
            properties.contains(&("DTSTART".to_owned(), start.to_owned())),
            "{properties:?}"
        );
    }
}

#[test]
fn a_wish_without_a_date_and_other_mails_have_no_file() {
    let mut wish = sample_mail(MailKind::AppointmentBooked);
    if let MailContent::Event(params) = &mut wish.content
        && let MailDetail::Appointment(appointment) = &mut params.detail
    {
        appointment.at = None;
    }
    assert_eq!(file_of(&wish), None);
    assert_eq!(file_of(&sample_mail(MailKind::Reply)), None);
}

#[test]
fn a_place_can_neither_end_the_event_nor_add_to_it() {
    let hostile = "x\r\nEND:VEVENT\r\nATTENDEE:mailto:all@evil.example\r\n;,\\:\"\u{2028}";
    let mail = hostile_mail(MailKind::AppointmentConfirmed, hostile);
    let names: Vec<String> = event(&file_of(&mail).unwrap().text)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let usual: Vec<String> = event(
        &file_of(&sample_mail(MailKind::AppointmentConfirmed))
            .unwrap()
            .text,
    )
    .into_iter()
    .map(|(name, _)| name)
    .collect();
    assert_eq!(names, usual);
}

/// What the Python package `icalendar` finds in a file: a parser that does not share our writer's ideas.
fn elsewhere(mail: &ClaimedMail) -> serde_json::Value {
    let found = crate::readers::found("ics", file_of(mail).unwrap().text.as_bytes());
    assert_eq!(found["events"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found["events"][0]["errors"], serde_json::json!([]));
    found
}

#[test]
fn another_program_reads_the_same() {
    for (kind, method, status) in [
        (MailKind::AppointmentBooked, "PUBLISH", "TENTATIVE"),
        (MailKind::AppointmentConfirmed, "PUBLISH", "CONFIRMED"),
        (MailKind::AppointmentCancelled, "CANCEL", "CANCELLED"),
    ] {
        let mail = sample_mail(kind);
        let found = elsewhere(&mail);
        let event = &found["events"][0];
        assert_eq!(
            (&found["method"], &event["status"]),
            (&method.into(), &status.into())
        );
        for (name, value) in self::event(&file_of(&mail).unwrap().text) {
            match name.as_str() {
                "UID" => assert_eq!(event["uid"], value),
                "SEQUENCE" => assert_eq!(event["sequence"].to_string(), value),
                _ => {}
            }
        }
        let MailContent::Event(params) = &mail.content else {
            panic!("a mail of an event");
        };
        let MailDetail::Appointment(appointment) = &params.detail else {
            panic!("an appointment");
        };
        let start: DateTime<Utc> = event["start"].as_str().unwrap().parse().unwrap();
        assert_eq!(Some(start), appointment.at);
        let sede = params.sede_name.as_deref().unwrap();
        assert_eq!(event["summary"], format!("Appuntamento INPS – {sede}"));
        assert_eq!(event["location"], appointment.place.as_deref().unwrap_or(sede));
        assert_eq!(event["organizer"], "mailto:non-rispondere@usciere.example");
    }
}

#[test]
fn another_program_finds_nothing_a_place_smuggled_in() {
    let hostile = "x\r\nEND:VEVENT\r\nATTENDEE:mailto:all@evil.example\r\n;,\\:\"\u{2028}";
    let kind = MailKind::AppointmentConfirmed;
    let found = elsewhere(&hostile_mail(kind, hostile));
    let usual = elsewhere(&sample_mail(kind));
    assert_eq!(found["events"][0]["names"], usual["events"][0]["names"]);
}
