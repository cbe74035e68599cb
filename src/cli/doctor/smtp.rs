//! Says hello to the mail server and asks what it offers; sends no mail and no password.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::Finding;
use crate::config::mail::{Security, SmtpServer};

const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn look(server: &SmtpServer) -> Finding {
    let address = format!("{}:{}", server.host, server.port);
    let talked = tokio::time::timeout(PATIENCE, talk(server)).await;
    match talked {
        Ok(Ok(offer)) => judge(&address, server.security, offer),
        Ok(Err(error)) => Finding::bad(
            "mail",
            format!("{address}: {error}"),
            "start the mail server, or set smtp.url",
        ),
        Err(_) => Finding::bad(
            "mail",
            format!("{address} does not answer"),
            "look at the firewall, or set smtp.url",
        ),
    }
}

/// What a server that let us in offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Offer {
    StartTls,
    NoStartTls,
    /// TLS from the first byte: what is inside is not looked at.
    Encrypted,
}

fn judge(address: &str, security: Security, offer: Offer) -> Finding {
    match (security, offer) {
        (Security::StartTls, Offer::NoStartTls) => Finding::bad(
            "mail",
            format!("{address} does not offer STARTTLS: no mail would be sent"),
            "use smtps://, or a server that offers it",
        ),
        (Security::Open, Offer::StartTls | Offer::NoStartTls | Offer::Encrypted) => Finding::warning(
            "mail",
            format!("{address} is used without TLS: mails can be read on the way"),
            "remove ?tls=none from smtp.url",
        ),
        (Security::StartTls, Offer::StartTls | Offer::Encrypted) => {
            Finding::good("mail", format!("{address} offers STARTTLS"))
        }
        (Security::Tls, Offer::StartTls | Offer::NoStartTls | Offer::Encrypted) => {
            Finding::good("mail", format!("{address} is reached"))
        }
    }
}

async fn talk(server: &SmtpServer) -> io::Result<Offer> {
    let mut stream = BufReader::new(TcpStream::connect((server.host.as_str(), server.port)).await?);
    if server.security == Security::Tls {
        return Ok(Offer::Encrypted);
    }
    answer(&mut stream, "220").await?;
    stream.write_all(b"EHLO usciere-doctor\r\n").await?;
    let offers = answer(&mut stream, "250").await?;
    stream.write_all(b"QUIT\r\n").await?;
    let offered = offers.iter().any(|line| {
        line.get(4..)
            .is_some_and(|word| word.eq_ignore_ascii_case("STARTTLS"))
    });
    Ok(if offered {
        Offer::StartTls
    } else {
        Offer::NoStartTls
    })
}

/// The lines of one answer, whose code must be `expected`.
async fn answer(stream: &mut BufReader<TcpStream>, expected: &str) -> io::Result<Vec<String>> {
    const MOST_LINES: usize = 100;
    let mut lines = Vec::new();
    for _ in 0..MOST_LINES {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end().to_owned();
        if !line.starts_with(expected) {
            return Err(io::Error::other(format!(
                "said {}",
                crate::telemetry::redact::one_line(&line)
            )));
        }
        let last = line.as_bytes().get(3) != Some(&b'-');
        lines.push(line);
        if last {
            return Ok(lines);
        }
    }
    Err(io::Error::other("talks without end"))
}
