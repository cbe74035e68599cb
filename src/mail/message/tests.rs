use chrono::DateTime;
use proptest::prelude::*;
use url::Url;

use super::*;
use crate::domain::event::MailKind;
use crate::domain::mail::MailParams;
use crate::mail::caught::CaughtMail;
use crate::mail::templates::{SAMPLE_REQUEST, sample_params};
use crate::store::MailId;

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

fn mail(kind: MailKind) -> ClaimedMail {
    ClaimedMail {
        id: MailId(1),
        request: SAMPLE_REQUEST,
        kind,
        recipient: Personal("op1@inca.example".to_owned()),
        params: sample_params(kind),
        message_id: derived_uuid(&["mail", "key", kind.as_str()]),
        attempt: 1,
        leased_until: DateTime::UNIX_EPOCH,
    }
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
                headers(&composer("Scrivi alla sede").compose(&mail(kind)).unwrap())
            )
        })
        .collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn a_reader_sees_what_the_template_says() {
    let composer = composer("Scrivi alla sede");
    for &kind in MailKind::ALL {
        let rendered = composer.surroundings().sample(kind).unwrap();
        let read = CaughtMail::read("1.eml".to_owned(), composer.compose(&mail(kind)).unwrap().bytes());
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
    let (reply, closed) = (mail(MailKind::Reply), mail(MailKind::Closed));
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
            ..mail(MailKind::Reply)
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

const HEADERS: [&str; 10] = [
    "Date",
    "From",
    "To",
    "Subject",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
];

proptest! {
    /// Whatever stands in names, addresses and labels: no panic, no header more, no body before its time.
    #[test]
    fn nothing_adds_a_header(name in hostile(), address in hostile(), label in hostile(), protocol in hostile(),
                             tail in prop::bool::ANY) {
        let recipient = if tail { format!("{address}@inca.example") } else { address };
        let params = MailParams { protocol_number: Some(protocol), topic_label: label.clone(), sede_name: Some(label), ..sample_params(MailKind::Reply) };
        let mail = ClaimedMail { recipient: Personal(recipient), params, ..mail(MailKind::Reply) };
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
        prop_assert_eq!(names, HEADERS, "{}", headers);
        prop_assert!(headers.is_ascii());
    }
}
