//! Reads mails that were caught as files, far enough for a test or a developer: headers, text and HTML.
//!
//! Understands what our own mailer writes (RFC 5322, 2045, 2047); anything else is shown as it stands.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// One caught mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct CaughtMail {
    pub(super) file: String,
    pub(super) message_id: Option<String>,
    pub(super) date: Option<String>,
    pub(super) from: Option<String>,
    pub(super) to: Vec<String>,
    pub(super) subject: Option<String>,
    /// Every header, decoded; one that stands twice is joined by a line feed.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) text: Option<String>,
    pub(super) html: Option<String>,
}

/// Every `.eml` file of a folder, the oldest first. A folder that does not exist holds no mails.
pub(super) fn read_all(folder: &Path) -> io::Result<Vec<CaughtMail>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut mails: Vec<(SystemTime, CaughtMail)> = Vec::new();
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "eml") {
            let written = entry.metadata()?.modified()?;
            mails.push((
                written,
                parse(&entry.file_name().to_string_lossy(), &std::fs::read(&path)?),
            ));
        }
    }
    mails.sort_by(|(one, a), (other, b)| one.cmp(other).then_with(|| a.file.cmp(&b.file)));
    Ok(mails.into_iter().map(|(_, mail)| mail).collect())
}

fn parse(file: &str, bytes: &[u8]) -> CaughtMail {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    let part = Part::split(&text);
    let (mut plain, mut html) = (None, None);
    part.collect(&mut plain, &mut html);
    let decoded: BTreeMap<String, String> =
        part.headers
            .iter()
            .fold(BTreeMap::new(), |mut all, (name, value)| {
                let value = encoded_words(value);
                all.entry(name.clone())
                    .and_modify(|before| *before = format!("{before}\n{value}"))
                    .or_insert(value);
                all
            });
    let header = |name: &str| {
        decoded
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.clone())
    };
    CaughtMail {
        file: file.to_owned(),
        message_id: header("Message-ID"),
        date: header("Date"),
        from: header("From"),
        to: header("To")
            .map(|to| to.split(',').map(|one| one.trim().to_owned()).collect())
            .unwrap_or_default(),
        subject: header("Subject"),
        text: plain,
        html,
        headers: decoded,
    }
}

/// A mail or a part of one: headers, an empty line, a body.
struct Part<'a> {
    headers: Vec<(String, String)>,
    body: &'a str,
}

impl<'a> Part<'a> {
    fn split(text: &'a str) -> Self {
        let (head, body) = match text.strip_prefix('\n') {
            Some(body) => ("", body),
            None => text.split_once("\n\n").unwrap_or((text, "")),
        };
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in head.lines() {
            match (line.starts_with([' ', '\t']), headers.last_mut()) {
                (true, Some((_, value))) => {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                _ => {
                    if let Some((name, value)) = line.split_once(':') {
                        headers.push((name.to_owned(), value.trim().to_owned()));
                    }
                }
            }
        }
        Self { headers, body }
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map_or("", |(_, value)| value)
    }

    /// Finds the first plain text and the first HTML, in this part and those inside it.
    fn collect(&self, plain: &mut Option<String>, html: &mut Option<String>) {
        let content_type = self.header("Content-Type").to_owned();
        let kind = content_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        match kind.as_str() {
            "text/html" => *html = html.take().or_else(|| Some(self.decoded())),
            "" | "text/plain" => *plain = plain.take().or_else(|| Some(self.decoded())),
            multipart if multipart.starts_with("multipart/") => {
                let delimiter = format!("--{}", boundary(&content_type));
                for piece in self
                    .body
                    .split(delimiter.as_str())
                    .skip(1)
                    .take_while(|piece| !piece.starts_with("--"))
                {
                    Part::split(piece.strip_prefix('\n').unwrap_or(piece)).collect(plain, html);
                }
            }
            _ => {}
        }
    }

    fn decoded(&self) -> String {
        let body = self.body.strip_suffix('\n').unwrap_or(self.body);
        let bytes = match self
            .header("Content-Transfer-Encoding")
            .to_ascii_lowercase()
            .as_str()
        {
            "quoted-printable" => quoted_printable(body),
            "base64" => {
                let compact: String = body.split_whitespace().collect();
                STANDARD
                    .decode(compact)
                    .unwrap_or_else(|_| body.as_bytes().to_vec())
            }
            _ => body.as_bytes().to_vec(),
        };
        String::from_utf8_lossy(&bytes).replace("\r\n", "\n")
    }
}

fn boundary(content_type: &str) -> &str {
    content_type
        .split(';')
        .find_map(|parameter| parameter.trim().strip_prefix("boundary="))
        .map_or("", |value| value.trim_matches('"'))
}

fn quoted_printable(text: &str) -> Vec<u8> {
    let joined = text.replace("=\n", "");
    let mut bytes = Vec::with_capacity(joined.len());
    let mut rest = joined.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = match (first, after) {
            (b'=', [high, low, ..]) => hex_pair(*high, *low),
            _ => None,
        };
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    bytes
}

fn hex_pair(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    Some(digit(high)? * 16 + digit(low)?)
}

/// Decodes the `=?utf-8?b?...?=` words of a header (RFC 2047).
fn encoded_words(value: &str) -> String {
    let mut decoded = String::new();
    let mut rest = value;
    while let Some(start) = rest.find("=?") {
        let Some((word, after)) = encoded_word(&rest[start..]) else {
            break;
        };
        // White space between two encoded words belongs to neither.
        let between = &rest[..start];
        if decoded.is_empty() || !between.trim().is_empty() {
            decoded.push_str(between);
        }
        decoded.push_str(&word);
        rest = after;
    }
    decoded.push_str(rest);
    decoded
}

fn encoded_word(text: &str) -> Option<(String, &str)> {
    let mut pieces = text.strip_prefix("=?")?.splitn(4, '?');
    let (_charset, encoding, content, after) =
        (pieces.next()?, pieces.next()?, pieces.next()?, pieces.next()?);
    let bytes = match encoding {
        "b" | "B" => STANDARD.decode(content).ok()?,
        "q" | "Q" => quoted_printable(&content.replace('_', " ")),
        _ => return None,
    };
    Some((
        String::from_utf8_lossy(&bytes).into_owned(),
        after.strip_prefix('=')?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "Message-ID: <1@usciere.example>\r\n\
        Date: Mon, 23 Nov 2026 09:00:00 +0000\r\n\
        From: \"Scrivi alla sede\" <non-rispondere@usciere.example>\r\n\
        To: op1@inca.example\r\n\
        Subject: =?utf-8?b?W1Njcml2aSBhbGxhIHNlZGVdIMOIIGFycml2YXRh?=\r\n =?utf-8?q?_una_risposta?=\r\n\
        Content-Type: multipart/alternative;\r\n boundary=\"abc\"\r\n\
        \r\n\
        --abc\r\n\
        Content-Type: text/plain; charset=utf-8\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\
        \r\n\
        La sede ha risposto: =C3=A8 possibile proseguire la conver=\r\n\
        sazione.\r\n\
        --abc\r\n\
        Content-Type: text/html; charset=utf-8\r\n\
        Content-Transfer-Encoding: base64\r\n\
        \r\n\
        PHA+TGEgc2VkZSBoYSByaXNwb3N0bzwvcD4=\r\n\
        --abc--\r\n";

    #[test]
    fn headers_text_and_html_are_readable() {
        let mail = parse("a.eml", MAIL.as_bytes());
        assert_eq!(
            mail.subject.as_deref(),
            Some("[Scrivi alla sede] È arrivata una risposta")
        );
        assert_eq!(mail.to, ["op1@inca.example"]);
        assert_eq!(
            mail.text.as_deref(),
            Some("La sede ha risposto: è possibile proseguire la conversazione.")
        );
        assert_eq!(mail.html.as_deref(), Some("<p>La sede ha risposto</p>"));
        assert_eq!(mail.headers["Message-ID"], "<1@usciere.example>");
    }

    #[test]
    fn what_is_not_understood_is_shown_as_it_stands() {
        let mail = parse("b.eml", b"Subject: =?utf-8?x?zz?= plain\n\n50% = half =ZZ\n");
        assert_eq!(mail.subject.as_deref(), Some("=?utf-8?x?zz?= plain"));
        assert_eq!(mail.text.as_deref(), Some("50% = half =ZZ"));
    }

    #[test]
    fn a_folder_that_does_not_exist_holds_no_mails() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read_all(&folder.path().join("none")).unwrap().is_empty());
        std::fs::write(folder.path().join("1.eml"), MAIL).unwrap();
        std::fs::write(folder.path().join("1.json"), "{}").unwrap();
        assert_eq!(read_all(folder.path()).unwrap().len(), 1);
    }
}
