//! Reads mails caught as files, for the development viewer and for tests.
//!
//! Understands what this program writes (headers with encoded words, one level of multipart, the usual transfer
//! encodings), and shows the rest as it stands.

use std::path::Path;
use std::{fs, io};

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Serialize;

/// A mail as its reader would see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaughtMail {
    /// Name of the file; sorts by time.
    pub file: String,
    pub from: String,
    pub to: String,
    pub subject: String,
    pub date: String,
    pub message_id: String,
    pub text: String,
    pub html: String,
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
        // Names that begin with a dot are being written.
        if !name.starts_with('.')
            && Path::new(&name)
                .extension()
                .is_some_and(|extension| extension == "eml")
        {
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
    /// Reads the bytes of a mail. Never fails: what is missing is empty.
    pub fn read(file: String, bytes: &[u8]) -> Self {
        let message = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
        let entity = Entity::read(&message);
        let (mut text, mut html) = (String::new(), String::new());
        for part in entity.parts() {
            match part.content_type() {
                kind if kind.starts_with("text/html") => html = part.decoded(),
                kind if kind.starts_with("text/plain") || kind.is_empty() => text = part.decoded(),
                _ => {}
            }
        }
        let header = |name: &str| decoded_words(&entity.header(name));
        Self {
            file,
            from: header("from"),
            to: header("to"),
            subject: header("subject"),
            date: header("date"),
            message_id: header("message-id"),
            text,
            html,
        }
    }
}

/// Headers and body of a mail or one of its parts.
struct Entity {
    headers: Vec<(String, String)>,
    body: String,
}

impl Entity {
    fn read(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let unfolded = head.replace("\n ", " ").replace("\n\t", " ");
        let headers = unfolded
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Self {
            headers,
            body: body.to_owned(),
        }
    }

    fn header(&self, name: &str) -> String {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map_or_else(String::new, |(_, value)| value.clone())
    }

    fn content_type(&self) -> String {
        self.header("content-type").to_ascii_lowercase()
    }

    /// The parts of a multipart, or the whole as its only part.
    fn parts(&self) -> Vec<Self> {
        let kind = self.header("content-type");
        let boundary = kind.split_once("boundary=").map(|(_, boundary)| {
            let boundary = boundary.split(';').next().unwrap_or_default();
            format!("--{}", boundary.trim().trim_matches('"'))
        });
        match boundary {
            Some(boundary) if self.content_type().starts_with("multipart/") => self
                .body
                .split(&boundary)
                .skip(1)
                .take_while(|part| !part.starts_with("--"))
                .map(|part| Self::read(part.strip_prefix('\n').unwrap_or(part)))
                .collect(),
            Some(_) | None => vec![Self {
                headers: self.headers.clone(),
                body: self.body.clone(),
            }],
        }
    }

    fn decoded(&self) -> String {
        // The line break before a boundary belongs to the boundary.
        let body = self.body.strip_suffix('\n').unwrap_or(&self.body);
        let bytes = match self
            .header("content-transfer-encoding")
            .to_ascii_lowercase()
            .as_str()
        {
            "base64" => from_base64(body),
            "quoted-printable" => from_quoted_printable(&body.replace("=\n", "")),
            _ => body.as_bytes().to_vec(),
        };
        String::from_utf8_lossy(&bytes).replace("\r\n", "\n")
    }
}

fn from_base64(text: &str) -> Vec<u8> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let letters: String = text.split_whitespace().collect();
    GeneralPurpose::new(&STANDARD, lenient)
        .decode(letters)
        .unwrap_or_else(|_| text.as_bytes().to_vec())
}

/// `=C3=A8` and the like; an `=` that begins nothing stands for itself.
fn from_quoted_printable(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = match after {
            [high, low, ..] if first == b'=' => hexadecimal(*high, *low),
            _ => None,
        };
        bytes.push(escaped.unwrap_or(first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    bytes
}

fn hexadecimal(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// Encoded words of RFC 2047 in a header, `=?utf-8?b?...?=`; white space between two of them means nothing.
fn decoded_words(header: &str) -> String {
    let mut decoded: Vec<u8> = Vec::new();
    let mut after_word = false;
    for token in header.split_inclusive(' ') {
        let word = token.trim_end();
        if let Some(bytes) = encoded_word(word) {
            if after_word && decoded.last() == Some(&b' ') {
                decoded.pop();
            }
            decoded.extend(bytes);
            after_word = true;
        } else {
            decoded.extend(word.as_bytes());
            after_word = word.is_empty() && after_word;
        }
        if token.ends_with(' ') {
            decoded.push(b' ');
        }
    }
    String::from_utf8_lossy(&decoded).trim().to_owned()
}

fn encoded_word(word: &str) -> Option<Vec<u8>> {
    let mut fields = word.strip_prefix("=?")?.strip_suffix("?=")?.splitn(3, '?');
    let (charset, encoding, text) = (fields.next()?, fields.next()?, fields.next()?);
    match (charset.to_ascii_lowercase().as_str(), encoding) {
        ("utf-8", "b" | "B") => Some(from_base64(text)),
        ("utf-8", "q" | "Q") => Some(from_quoted_printable(&text.replace('_', " "))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_words_are_joined_and_plain_ones_left() {
        for (header, read) in [
            ("plain", "plain"),
            (
                "[Scrivi alla sede] Nuova =?utf-8?b?4oCT?= prot. INPS",
                "[Scrivi alla sede] Nuova – prot. INPS",
            ),
            ("=?utf-8?q?gi=C3=A0_?= =?UTF-8?Q?qui?= ora", "già qui ora"),
            ("=?utf-8?b?w6g=?= =?utf-8?b?w6g=?=", "èè"),
            ("=?broken =?koi8-r?b?w6g=?=", "=?broken =?koi8-r?b?w6g=?="),
        ] {
            assert_eq!(decoded_words(header), read);
        }
    }

    #[test]
    fn single_part_mails_are_read_whatever_their_encoding() {
        for (encoding, body) in [
            ("7bit", "perche'\n"),
            ("quoted-printable", "perch=\ne'\n"),
            ("base64", "cGVyY2hl\nJw==\n"),
        ] {
            let mail = format!("Subject: x\nContent-Transfer-Encoding: {encoding}\n\n{body}");
            assert_eq!(
                CaughtMail::read("1.eml".to_owned(), mail.as_bytes()).text,
                "perche'",
                "{encoding}"
            );
        }
    }

    #[test]
    fn a_folder_nobody_wrote_to_holds_no_mails() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(caught(&folder.path().join("none")).unwrap(), []);
        fs::write(folder.path().join(".half.eml"), "x").unwrap();
        fs::write(folder.path().join("notes.txt"), "x").unwrap();
        assert_eq!(caught(folder.path()).unwrap(), []);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
            CaughtMail::read(String::new(), &bytes);
        }

        #[test]
        fn any_multipart_is_read(text in "(Content-Type: multipart/x; boundary=\"b\"\n\n|--b|--b--|\n|=|[ -~]){0,40}") {
            CaughtMail::read(String::new(), text.as_bytes());
        }
    }
}
