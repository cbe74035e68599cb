//! The looks that need no services, and the mail server played by a few lines.

use std::os::unix::fs::PermissionsExt;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::*;
use crate::config::mail::SmtpUrl;
use crate::config::{Environment, Loaded, Request, load};

fn loaded(folder: &std::path::Path, variables: &[(&str, String)]) -> Loaded {
    let environment: Environment = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    let request = Request {
        folder: folder.to_owned(),
        environment,
        ..Request::default()
    };
    load(&request).unwrap()
}

fn health(findings: &[Finding], part: &str) -> Health {
    findings
        .iter()
        .find(|finding| finding.part == part)
        .unwrap()
        .health
}

#[test]
fn a_password_everyone_can_read_is_bad() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("database_url");
    std::fs::write(&secret, "postgres://u:hunter2@db/usciere").unwrap();
    let attachments = format!("file:{}", folder.path().join("new/attachments").display());
    let variables = [
        ("DATABASE_URL_FILE", secret.display().to_string()),
        ("USCIERE_ATTACHMENTS__URL", attachments),
        ("USCIERE_WORKFLOWS__DIR", folder.path().display().to_string()),
    ];
    for (mode, wanted) in [(0o644, Health::Bad), (0o640, Health::Good)] {
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(mode)).unwrap();
        let findings = machine::look(&loaded(folder.path(), &variables));
        assert_eq!(health(&findings, "secrets"), wanted);
        assert!(
            findings
                .iter()
                .all(|finding| !finding.message.contains("hunter2"))
        );
        assert_eq!(health(&findings, "attachments"), Health::Good);
        assert_eq!(
            health(&findings, "workflows"),
            Health::Bad,
            "the folder holds no workflow"
        );
        assert_eq!(health(&findings, "time zones"), Health::Good);
    }
}

#[test]
fn the_password_everyone_knows_is_none_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("config")).unwrap();
    std::fs::write(folder.path().join("config/default.toml"), crate::config::DEFAULTS).unwrap();
    let variables = [
        ("USCIERE_WORKFLOWS__DIR", folder.path().display().to_string()),
        (
            "USCIERE_ATTACHMENTS__URL",
            format!("file:{}", folder.path().display()),
        ),
    ];
    let findings = machine::look(&loaded(folder.path(), &variables));
    assert_eq!(health(&findings, "secrets"), Health::Good);
}

#[test]
fn a_folder_under_a_file_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let attachments = format!("file:{}", folder.path().join("file/attachments").display());
    let findings = machine::look(&loaded(
        folder.path(),
        &[("USCIERE_ATTACHMENTS__URL", attachments)],
    ));
    assert_eq!(health(&findings, "attachments"), Health::Bad);
}

/// A mail server that says `greeting`, answers EHLO with `offers`, and is gone.
async fn mail_server(greeting: &'static str, offers: &'static str) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        stream.write_all(greeting.as_bytes()).await.unwrap();
        let mut hello = String::new();
        stream.read_line(&mut hello).await.unwrap();
        stream.write_all(offers.as_bytes()).await.unwrap();
        // Held open until the client has said goodbye.
        let _goodbye = stream.read_line(&mut hello).await;
    });
    address
}

#[tokio::test]
async fn a_mail_server_must_offer_what_the_address_asks_for() {
    const WITH: &str = "250-mail.example\r\n250-STARTTLS\r\n250 8BITMIME\r\n";
    const WITHOUT: &str = "250-mail.example\r\n250 8BITMIME\r\n";
    for (greeting, offers, parameter, wanted) in [
        ("220 hello\r\n", WITH, "", Health::Good),
        ("220 hello\r\n", WITHOUT, "", Health::Bad),
        ("220 hello\r\n", WITHOUT, "?tls=none", Health::Warning),
        ("554 go away\r\n", WITH, "", Health::Bad),
    ] {
        let address = mail_server(greeting, offers).await;
        let SmtpUrl::Server(server) = format!("smtp://{address}{parameter}").parse().unwrap() else {
            panic!("an address of a server");
        };
        let finding = smtp::look(&server).await;
        assert_eq!(finding.health, wanted, "{}", finding.message);
    }
}

#[tokio::test]
async fn services_that_are_away_are_bad_with_a_fix_and_without_a_password() {
    let folder = tempfile::tempdir().unwrap();
    let port = nobody().await;
    let variables = [
        (
            "DATABASE_URL",
            format!("postgres://u:hunter2@127.0.0.1:{port}/usciere"),
        ),
        ("AMQP_URL", format!("amqp://u:hunter2@127.0.0.1:{port}/%2f")),
    ];
    let findings = services::look(&loaded(folder.path(), &variables).config).await;
    for part in ["database", "broker"] {
        assert_eq!(health(&findings, part), Health::Bad);
    }
    assert!(
        findings
            .iter()
            .all(|finding| finding.fix.is_some() && !finding.message.contains("hunter2"))
    );
}

/// A clamd that says `answer` to whoever pings it.
async fn clamd(answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut question = [0; 6];
        stream.read_exact(&mut question).await.unwrap();
        assert_eq!(&question, b"zPING\0");
        stream.write_all(answer).await.unwrap();
    });
    port
}

/// A port that was free a moment ago: nobody listens there.
async fn nobody() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test]
async fn a_scanner_that_does_not_answer_the_ping_is_bad() {
    for (port, wanted, said) in [
        (clamd(b"PONG\0").await, Health::Good, "clamd at tcp://127.0.0.1"),
        (
            clamd(b"UNKNOWN COMMAND\0").await,
            Health::Bad,
            "the scanner answered: UNKNOWN COMMAND",
        ),
        (
            nobody().await,
            Health::Bad,
            "the scanner cannot be reached: Connection refused",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("tcp://127.0.0.1:{port}");
        let config = loaded(folder.path(), &[("USCIERE_ATTACHMENTS__SCANNER__URL", url)]).config;
        let findings = files::look(&config.attachments, config.profile).await;
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].health, wanted);
        assert!(findings[0].message.contains(said), "{}", findings[0].message);
        assert!(!findings[0].message.contains('\n'));
    }
    let production = files::look(
        &crate::config::Config::default().attachments,
        crate::config::Profile::Prod,
    )
    .await;
    assert_eq!(health(&production, "virus scanner"), Health::Warning);
}

#[tokio::test]
async fn a_bucket_that_cannot_be_reached_is_bad_and_says_so_in_one_line_without_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let port = nobody().await;
    let url = format!("s3://AKIA:hunter2@allegati/x?region=eu-south-1&endpoint=http://127.0.0.1:{port}");
    let config = loaded(folder.path(), &[("USCIERE_ATTACHMENTS__URL", url)]).config;
    let findings = files::look(&config.attachments, config.profile).await;
    assert_eq!(health(&findings, "attachments"), Health::Bad);
    let message = &findings[0].message;
    assert!(message.starts_with("the bucket allegati: "), "{message}");
    assert!(
        !message.contains("hunter2") && !message.contains('\n'),
        "{message}"
    );
}
