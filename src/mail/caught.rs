//! Reads mails caught as files, for the development viewer and for tests.
//!
//! Relies on `mail_parser`; what it cannot make sense of is left out, never an error.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use mail_parser::{Address, HeaderForm, HeaderValue, Message, MessageParser, MimeHeaders as _};
use serde::Serialize;

/// A mail as its reader would see it. What it does not say is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CaughtMail {
    /// Name of the file; sorts by time.
    pub file: String,
    pub message_id: String,
    pub date: String,
    pub from: String,
    /// Addresses, without names.
    pub to: Vec<String>,
    pub subject: String,
    /// Every header, decoded; one that stands twice is joined by a line feed.
    pub headers: BTreeMap<String, String>,
    pub text: String,
    pub html: String,
    pub attachments: Vec<CaughtFile>,
}

/// A file that came with a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaughtFile {
    pub name: String,
    pub media_type: String,
    /// Its content as text; bytes that are none are replaced.
    pub content: String,
}

/// The mails in a folder, oldest first. A folder nobody has written to yet holds none.
pub fn caught(folder: &Path) -> io::Result<Vec<CaughtMail>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let is_mail = Path::new(&name)
            .extension()
            .is_some_and(|extension| extension == "eml");
        // Names that begin with a dot are being written.
        if is_mail && !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort_unstable();
    let mails = names
        .into_iter()
        .filter_map(|name| match fs::read(folder.join(&name)) {
            // Somebody tidied up meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            bytes => Some(bytes.map(|bytes| CaughtMail::read(name, &bytes))),
        });
    mails.collect()
}

impl CaughtMail {
    /// Reads the bytes of a mail. Never fails.
    pub fn read(file: String, bytes: &[u8]) -> Self {
        let Some(message) = MessageParser::default().parse(bytes) else {
            return Self {
                file,
                ..Self::default()
            };
        };
        let headers = headers(&message);
        let header = |name: &str| headers.get(name).cloned().unwrap_or_default();
        Self {
            file,
            message_id: header("Message-ID"),
            date: header("Date"),
            from: header("From"),
            to: addresses(message.to()),
            subject: header("Subject"),
            text: body(message.text_part(0).and_then(|part| part.text_contents())),
            html: body(message.html_part(0).and_then(|part| part.text_contents())),
            attachments: files(&message),
            headers,
        }
    }
}

fn headers(message: &Message<'_>) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::new();
    for header in message.headers() {
        let name = header.name.as_str();
        let values = message.header_as(header.name.clone(), HeaderForm::Text);
        let texts = values.iter().filter_map(HeaderValue::as_text);
        let text = texts.map(str::trim).collect::<Vec<_>>().join("\n");
        headers.insert(name.to_owned(), text);
    }
    headers
}

fn addresses(header: Option<&Address<'_>>) -> Vec<String> {
    let all = header.into_iter().flat_map(Address::iter);
    all.filter_map(|one| one.address()).map(str::to_owned).collect()
}

/// Without the line feed at its end: every body has one, and none means it.
fn body(text: Option<&str>) -> String {
    let text = text.unwrap_or_default().replace("\r\n", "\n");
    text.strip_suffix('\n').unwrap_or(&text).to_owned()
}

fn files(message: &Message<'_>) -> Vec<CaughtFile> {
    let named = message
        .attachments()
        .filter_map(|part| Some((part, part.attachment_name()?)));
    named
        .map(|(part, name)| CaughtFile {
            name: name.to_owned(),
            media_type: part.content_type().map_or_else(String::new, |kind| {
                format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default())
            }),
            content: String::from_utf8_lossy(part.contents()).into_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "Message-ID: <1@usciere.example>\r\n\
        Date: Mon, 23 Nov 2026 09:00:00 +0000\r\n\
        From: \"Scrivi alla sede\" <non-rispondere@usciere.example>\r\n\
        To: op1@inca.example\r\n\
        Subject: =?utf-8?b?W1Njcml2aSBhbGxhIHNlZGVdIMOIIGFycml2YXRh?=\r\n =?utf-8?q?_una_risposta?=\r\n\
        MIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=\"out\"\r\n\
        \r\n\
        --out\r\n\
        Content-Type: multipart/alternative; boundary=\"abc\"\r\n\
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
        --abc--\r\n\
        --out\r\n\
        Content-Type: text/calendar; charset=utf-8; method=PUBLISH\r\n\
        Content-Disposition: attachment; filename=\"appuntamento.ics\"\r\n\
        \r\n\
        BEGIN:VCALENDAR\r\n\
        --out--\r\n";

    #[test]
    fn a_mail_is_read_as_its_reader_sees_it() {
        let mail = CaughtMail::read("a.eml".to_owned(), MAIL.as_bytes());
        assert_eq!(mail.subject, "[Scrivi alla sede] È arrivata una risposta");
        assert_eq!(mail.to, ["op1@inca.example"]);
        assert_eq!(
            mail.text.trim_end(),
            "La sede ha risposto: è possibile proseguire la conversazione."
        );
        assert_eq!(mail.html, "<p>La sede ha risposto</p>");
        assert_eq!(mail.message_id, "<1@usciere.example>");
        assert_eq!(mail.headers["Date"], "Mon, 23 Nov 2026 09:00:00 +0000");
        let [file] = mail.attachments.as_slice() else {
            panic!("one file: {:?}", mail.attachments)
        };
        assert_eq!(
            (file.name.as_str(), file.media_type.as_str()),
            ("appuntamento.ics", "text/calendar")
        );
        assert!(file.content.starts_with("BEGIN:VCALENDAR"));
    }

    #[test]
    fn a_folder_nobody_wrote_to_holds_no_mails() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(caught(&folder.path().join("none")).unwrap(), []);
        fs::write(folder.path().join(".half.eml"), "x").unwrap();
        fs::write(folder.path().join("notes.txt"), "x").unwrap();
        assert_eq!(caught(folder.path()).unwrap(), []);
        fs::write(folder.path().join("1.eml"), MAIL).unwrap();
        assert_eq!(caught(folder.path()).unwrap().len(), 1);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
            CaughtMail::read(String::new(), &bytes);
        }
    }
}
