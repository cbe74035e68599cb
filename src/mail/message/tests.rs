use chrono::DateTime;
use proptest::prelude::*;
use url::Url;

use super::*;
use crate::domain::event::MailKind;
use crate::mail::caught::CaughtMail;
use crate::mail::samples::{hostile_mail, sample_mail};

fn composer(name: &str) -> Composer {
    let sender = Sender {
        name: Some(name.to_owned()),
        address: "non-rispondere@usciere.example".to_owned(),
    };
    let surroundings = Surroundings {
        service: "Scrivi alla sede".to_owned(),
        base_url: Url::parse("https://usciere.example/").unwrap(),
    };
    let clock = Clock::fixed("2026-03-29T00:59:59Z".parse::<DateTime<chrono::Utc>>().unwrap());
    Composer::new(&sender, surroundings, clock).unwrap()
}

fn text_of(composed: &Composed) -> String {
    String::from_utf8(composed.bytes.clone()).unwrap()
}

fn headers(composed: &Composed) -> String {
    text_of(composed)
        .split_once("\r\n\r\n")
        .unwrap()
        .0
        .replace("\r\n", "\n")
}

#[test]
fn headers_of_every_kind() {
    let all: Vec<String> = MailKind::ALL
        .iter()
        .map(|&kind| {
            format!(
                "{kind}\n{}\n",
                headers(&composer("Scrivi alla sede").compose(&sample_mail(kind)).unwrap())
            )
        })
        .collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn a_reader_sees_what_the_template_says() {
    let composer = composer("Scrivi alla sede");
    for &kind in MailKind::ALL {
        let rendered = {
            let mail = sample_mail(kind);
            composer
                .surroundings()
                .render(kind, mail.request, &mail.content)
                .unwrap()
        };
        let read = CaughtMail::read(
            "1.eml".to_owned(),
            composer.compose(&sample_mail(kind)).unwrap().bytes(),
        );
        assert_eq!(read.subject, rendered.subject);
        assert_eq!(read.text.trim_end(), rendered.text.trim_end());
        assert_eq!(read.html.trim_end(), rendered.html.trim_end());
        assert_eq!(read.to, ["op1@inca.example"]);
        assert_eq!(read.from, "\"Scrivi alla sede\" <non-rispondere@usciere.example>");
    }
}

#[test]
fn a_mail_sent_again_has_the_same_name_and_mails_of_a_request_one_thread() {
    let composer = composer("x");
    let line = |mail: &ClaimedMail, name: &str| {
        let headers = headers(&composer.compose(mail).unwrap());
        headers
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap()
            .to_owned()
    };
    let (reply, closed) = (sample_mail(MailKind::Reply), sample_mail(MailKind::Closed));
    assert_eq!(
        line(&reply, "Message-ID"),
        line(
            &ClaimedMail {
                attempt: 7,
                ..reply.clone()
            },
            "Message-ID"
        )
    );
    assert_ne!(line(&reply, "Message-ID"), line(&closed, "Message-ID"));
    assert_eq!(line(&reply, "References"), line(&closed, "References"));
    assert_eq!(
        line(&reply, "In-Reply-To"),
        line(&reply, "References").replace("References", "In-Reply-To")
    );
}

#[test]
fn addresses_that_cannot_be_used_are_refused() {
    for address in [
        "",
        "op1",
        "op1@",
        "è@inca.example",
        "a@b\r\nBcc: c@d",
        "a b@inca.example",
    ] {
        let mail = ClaimedMail {
            recipient: Personal(address.to_owned()),
            ..sample_mail(MailKind::Reply)
        };
        assert!(
            matches!(composer("x").compose(&mail), Err(ComposeError::Recipient)),
            "{address:?}"
        );
    }
}

/// Text as an attacker writes it: line breaks, header names, quotes, encoded words, bidirectional controls.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("\r\nBcc: all@evil.example".to_owned()),
        Just("\n".to_owned()),
        Just("\r".to_owned()),
        Just("\0\u{7f}\u{85}\u{2028}\u{202e}".to_owned()),
        Just("=?utf-8?b?DQpCY2M6IHg=?=".to_owned()),
        Just("\"<>@,;:\\()[]".to_owned()),
        "\\PC{0,60}",
        any::<String>(),
    ];
    prop::collection::vec(pieces, 0..6).prop_map(|pieces| pieces.concat())
}

const HEADERS: [&str; 12] = [
    "Date",
    "From",
    "To",
    "Subject",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "MIME-Version",
    "Content-Type",
];

proptest! {
    /// Whatever stands in names, addresses and labels: no panic, no header more, no body before its time.
    #[test]
    fn nothing_adds_a_header(name in hostile(), address in hostile(), text in hostile(), tail in prop::bool::ANY) {
        for &kind in MailKind::ALL {
            let recipient = if tail { format!("{address}@inca.example") } else { address.clone() };
            let mail = ClaimedMail { recipient: Personal(recipient), ..hostile_mail(kind, &text) };
            // A recipient nobody can write to is refused; the rest is tried with one that works.
            let composed = composer(&name).compose(&mail).or_else(|_| {
                composer(&name).compose(&ClaimedMail { recipient: Personal("op1@inca.example".to_owned()), ..mail })
            });
            let headers = headers(&composed.unwrap());
            let names: Vec<&str> = headers
                .lines()
                .filter(|line| !line.starts_with([' ', '\t']))
                .map(|line| line.split_once(':').map_or(line, |(name, _)| name))
                .collect();
            let expected: Vec<&str> = HEADERS
                .into_iter()
                .filter(|name| kind != MailKind::Digest || !["In-Reply-To", "References"].contains(name))
                .collect();
            prop_assert_eq!(names, expected, "{}", headers);
            prop_assert!(headers.is_ascii());
        }
    }
}

#[test]
fn without_tls_no_mail_program_is_asked_to_call_us() {
    let surroundings = Surroundings {
        base_url: Url::parse("http://127.0.0.1:8080/").unwrap(),
        ..composer("x").surroundings().clone()
    };
    let composer = Composer {
        surroundings,
        ..composer("x")
    };
    let headers = headers(&composer.compose(&sample_mail(MailKind::Reply)).unwrap());
    assert!(
        headers.contains("List-Unsubscribe: <http://127.0.0.1:8080/preferenze>"),
        "{headers}"
    );
    assert!(!headers.contains("One-Click"), "{headers}");
}

#[test]
fn an_appointment_comes_with_a_calendar_file() {
    let composer = composer("Scrivi alla sede");
    for (kind, media_type) in [
        (MailKind::AppointmentBooked, "text/calendar"),
        (MailKind::AppointmentConfirmed, "text/calendar"),
        (MailKind::AppointmentCancelled, "text/calendar"),
    ] {
        let mail = composer.compose(&sample_mail(kind)).unwrap();
        let read = CaughtMail::read("1.eml".to_owned(), mail.bytes());
        let [file] = read.attachments.as_slice() else {
            panic!("one file: {read:?}");
        };
        assert_eq!(
            (file.name.as_str(), file.media_type.as_str()),
            ("appuntamento.ics", media_type)
        );
        let calendar = composer.calendar(&sample_mail(kind)).unwrap();
        assert_eq!(
            file.content.replace("\r\n", "\n").trim(),
            calendar.text.replace("\r\n", "\n").trim()
        );
        assert!(
            !read.text.is_empty() && !read.html.is_empty(),
            "the words are still there"
        );
    }
    let reply = composer.compose(&sample_mail(MailKind::Reply)).unwrap();
    assert_eq!(
        CaughtMail::read("1.eml".to_owned(), reply.bytes()).attachments,
        []
    );
}
