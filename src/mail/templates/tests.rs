use super::*;
use crate::mail::samples::{hostile_mail, sample_mail};

fn surroundings() -> Surroundings {
    Surroundings {
        service: "Scrivi alla sede".to_owned(),
        base_url: Url::parse("https://usciere.example/").unwrap(),
    }
}

fn sample(kind: MailKind) -> Rendered {
    let mail = sample_mail(kind);
    surroundings().render(kind, mail.request, &mail.content).unwrap()
}

#[test]
fn every_kind_has_a_mail() {
    for &kind in MailKind::ALL {
        let mail = sample(kind);
        insta::assert_snapshot!(
            format!("{kind}"),
            format!(
                "Subject: {}\n\n{}\n\n=====\n\n{}",
                mail.subject, mail.text, mail.html
            )
        );
    }
}

#[test]
fn every_template_belongs_to_a_kind() {
    let kinds: Vec<String> = MailKind::ALL
        .iter()
        .flat_map(|kind| ["txt", "html"].map(|suffix| format!("{kind}.{suffix}")))
        .chain(["subject.txt", "layout.txt", "layout.html"].map(str::to_owned))
        .collect();
    assert_eq!(SOURCES.len(), kinds.len());
    assert!(
        SOURCES
            .iter()
            .all(|(name, _)| kinds.iter().any(|kind| kind == name))
    );
}

#[test]
fn the_link_stands_first_and_names_nothing_but_the_request() {
    for &kind in MailKind::ALL {
        let mail = sample(kind);
        let first = mail.text.lines().next().unwrap();
        // A request that was refused is nowhere to be opened.
        let target = match kind {
            MailKind::Refused => "https://usciere.example/",
            MailKind::Digest => "https://usciere.example/richieste",
            _ => "https://usciere.example/richieste/0199c0de-0000-7000-8000-000000000001",
        };
        assert!(first.ends_with(target), "{first}");
    }
}

#[test]
fn labels_can_neither_open_a_tag_nor_a_line() {
    let hostile = "<img src=x onerror='alert(\"1\")'> & {{ 7*7 }}\r\nProtocollo: falso";
    for &kind in MailKind::ALL {
        let mail = hostile_mail(kind, hostile);
        let written = surroundings().render(kind, mail.request, &mail.content).unwrap();
        assert!(
            written
                .html
                .contains("&lt;img src=x onerror=&#39;alert(&quot;1&quot;)&#39;&gt; &amp; {{ 7*7 }}"),
            "{kind}"
        );
        assert!(!written.html.contains("<img"), "{kind}");
        let labels = written
            .text
            .lines()
            .filter(|line| line.starts_with("Protocollo: falso"));
        assert_eq!(labels.count(), 0, "{kind}");
        assert!(!written.subject.contains(['\r', '\n']), "{kind}");
    }
}

#[test]
fn a_name_no_template_knows_is_an_error() {
    let mut environment = TEMPLATES.clone();
    environment
        .add_template("wrong.txt", "{{ citizen_name }}")
        .unwrap();
    let wrong = environment.get_template("wrong.txt").unwrap();
    assert!(wrong.render(minijinja::context! {}).is_err());
}
