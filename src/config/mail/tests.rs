use super::*;

fn server(text: &str) -> SmtpServer {
    match text.parse::<SmtpUrl>().unwrap() {
        SmtpUrl::Server(server) => server,
        SmtpUrl::Files(folder) => panic!("{} is a folder", folder.display()),
    }
}

#[test]
fn tls_is_required_unless_told_otherwise() {
    for (text, security, port) in [
        ("smtps://mail.example", Security::Tls, 465),
        ("smtp://mail.example", Security::StartTls, 587),
        ("smtp://mail.example/", Security::StartTls, 587),
        ("smtp://mail.example:2525", Security::StartTls, 2525),
        ("smtp://mail.example?tls=none", Security::Open, 25),
        ("smtp://[::1]:1025?tls=none", Security::Open, 1025),
    ] {
        let server = server(text);
        assert_eq!((server.security, server.port), (security, port), "{text}");
    }
    assert_eq!(server("smtp://[::1]:1025").host, "::1");
}

#[test]
fn what_is_no_mail_server_is_refused_without_repeating_it() {
    for text in [
        "",
        "mail.example",
        "http://mail.example",
        "smtp://",
        "file:",
        "smtp://mail.example/helo",
        "smtp://mail.example?tls=opportunistic",
        "smtps://mail.example?tls=none",
        "smtp://u:hunter2%ff@mail.example",
        "smtp://u:hunter2@mail.example?tls=nope",
        "smtp://u:hunter2@mail.example?tls=none",
    ] {
        let error = text.parse::<SmtpUrl>().unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn logins_are_decoded_and_never_shown() {
    let server = server("smtp://usciere%40inps:p%2Fw%3A%C3%A8@mail.example");
    let login = server.login.clone().unwrap();
    assert_eq!(
        (login.user.as_str(), login.password.as_str()),
        ("usciere@inps", "p/w:è")
    );
    let url = SmtpUrl::Server(server);
    let shown = format!("{url} {url:?} {}", serde_json::to_string(&url).unwrap());
    assert!(!shown.contains("p/w") && !shown.contains("p%2Fw"), "{shown}");
}

#[test]
fn folders_are_written_with_or_without_slashes() {
    for (text, folder) in [
        ("file:var/mail", "var/mail"),
        ("file:/var/mail", "/var/mail"),
        ("file:///var/mail", "/var/mail"),
    ] {
        assert_eq!(text.parse::<SmtpUrl>(), Ok(SmtpUrl::Files(PathBuf::from(folder))));
    }
}

#[test]
fn senders_have_an_address_and_perhaps_a_name() {
    for (text, name, address) in [
        ("a@b.example", None, "a@b.example"),
        (
            "Scrivi alla sede <non-rispondere@inps.example>",
            Some("Scrivi alla sede"),
            "non-rispondere@inps.example",
        ),
        ("\"INPS, sede\" <a@b.example>", Some("INPS, sede"), "a@b.example"),
    ] {
        let sender: Sender = text.parse().unwrap();
        assert_eq!((sender.name.as_deref(), sender.address.as_str()), (name, address));
    }
    for text in [
        "",
        "a",
        "@b",
        "a@",
        "a@b c",
        "a@b>",
        "A <a@b",
        "a..b@c",
        "a@-b",
        "A\r\nBcc: x <a@b>",
        "è@b.example",
    ] {
        assert_eq!(text.parse::<Sender>(), Err(NotASender), "{text:?}");
    }
}

#[test]
fn sections_read_back_what_they_write() {
    let smtp = SmtpSettings {
        ca_file: Some("ca.pem".into()),
        ..SmtpSettings::default()
    };
    assert_eq!(
        toml::from_str::<SmtpSettings>(&toml::to_string(&smtp).unwrap()).unwrap(),
        smtp
    );
    let mail = MailSettings {
        unknown: UnknownOutcome::Leave,
        ..MailSettings::default()
    };
    assert_eq!(
        toml::from_str::<MailSettings>(&toml::to_string(&mail).unwrap()).unwrap(),
        mail
    );
    assert_eq!(
        toml::from_str::<SmtpSettings>("").unwrap(),
        SmtpSettings::default()
    );
}

#[test]
fn mistakes_are_named() {
    for (text, why) in [
        ("concurrency = 0", "nonzero"),
        ("timeout = 30", "invalid type"),
        ("form = 'a@b.example'", "unknown field `form`"),
        ("from = 'nobody'", "expected an address"),
    ] {
        let error = toml::from_str::<SmtpSettings>(text).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}
