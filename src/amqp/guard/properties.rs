//! Whether a content header can be read by a client that expects text where the protocol says text.

use crate::domain::dead_letter::DeadLetterReason;

/// Tables and lists within each other that are let through; the broker's own `x-death` needs three.
const MAX_DEPTH: usize = 8;
/// Class, weight and body size, before the property flags.
pub(super) const FIXED: usize = 12;
pub(super) const FLAG_HEADERS: u16 = 1 << 13;

/// The properties in the order of their flags, highest bit first.
const FORMS: [Form; 14] = [
    Form::Text,     // content type
    Form::Text,     // content encoding
    Form::Table,    // headers
    Form::Bytes(1), // delivery mode
    Form::Bytes(1), // priority
    Form::Text,     // correlation id
    Form::Text,     // reply to
    Form::Text,     // expiration
    Form::Text,     // message id
    Form::Bytes(8), // timestamp
    Form::Text,     // type
    Form::Text,     // user id
    Form::Text,     // app id
    Form::Text,     // cluster id
];

/// How a property is written.
#[derive(Clone, Copy)]
enum Form {
    /// A length of one byte, then UTF-8.
    Text,
    Table,
    Bytes(usize),
}

/// Why the payload of a content header must not be read; `None` when it may.
pub(super) fn fault(payload: &[u8]) -> Option<DeadLetterReason> {
    let mut reader = Reader {
        rest: payload.get(FIXED..).unwrap_or_default(),
    };
    match reader.properties() {
        Ok(()) => None,
        Err(Unreadable::Text) => Some(DeadLetterReason::InvalidUtf8),
        Err(Unreadable::Nesting | Unreadable::Malformed) => Some(DeadLetterReason::TooManyHeaders),
    }
}

enum Unreadable {
    /// A short text is not UTF-8.
    Text,
    /// Tables within tables without end: a reader that recurses runs out of stack.
    Nesting,
    /// It ends too early or too late, or is of no known form.
    Malformed,
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn properties(&mut self) -> Result<(), Unreadable> {
        let flags = u16::from_be_bytes(self.array()?);
        for (bit, form) in FORMS.into_iter().enumerate() {
            if flags & (1 << (15 - bit)) == 0 {
                continue;
            }
            match form {
                Form::Text => self.short_text()?,
                Form::Table => self.table()?,
                Form::Bytes(count) => self.take(count).map(|_| ())?,
            }
        }
        // More flags, or bytes that no property accounts for.
        if flags & 1 == 0 && self.rest.is_empty() {
            Ok(())
        } else {
            Err(Unreadable::Malformed)
        }
    }

    /// Walks a table without recursing: a list of the places where the tables and lists it is in end.
    fn table(&mut self) -> Result<(), Unreadable> {
        let mut open = vec![self.enter(true)?];
        while let Some(level) = open.last() {
            let is_table = level.is_table;
            if self.rest.len() <= level.ends_before {
                if self.rest.len() < level.ends_before {
                    return Err(Unreadable::Malformed);
                }
                open.pop();
                continue;
            }
            if is_table {
                self.short_text()?;
            }
            let [tag] = self.array()?;
            match tag {
                b't' | b'b' | b'B' => self.take(1).map(|_| ())?,
                b's' | b'U' | b'u' => self.take(2).map(|_| ())?,
                b'I' | b'i' | b'f' => self.take(4).map(|_| ())?,
                b'D' => self.take(5).map(|_| ())?,
                b'L' | b'l' | b'd' | b'T' => self.take(8).map(|_| ())?,
                b'S' | b'x' => {
                    let length = self.length()?;
                    self.take(length)?;
                }
                b'V' => {}
                b'A' | b'F' if open.len() > MAX_DEPTH => return Err(Unreadable::Nesting),
                b'A' | b'F' => open.push(self.enter(tag == b'F')?),
                _ => return Err(Unreadable::Malformed),
            }
        }
        Ok(())
    }

    /// Goes into a table or list.
    fn enter(&mut self, is_table: bool) -> Result<Level, Unreadable> {
        let length = self.length()?;
        let ends_before = self.rest.len().checked_sub(length).ok_or(Unreadable::Malformed)?;
        Ok(Level {
            is_table,
            ends_before,
        })
    }

    fn short_text(&mut self) -> Result<(), Unreadable> {
        let [length] = self.array()?;
        let text = self.take(length.into())?;
        std::str::from_utf8(text)
            .map(|_| ())
            .map_err(|_| Unreadable::Text)
    }

    fn length(&mut self) -> Result<usize, Unreadable> {
        usize::try_from(u32::from_be_bytes(self.array()?)).map_err(|_| Unreadable::Malformed)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(Unreadable::Malformed)?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Unreadable> {
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or(Unreadable::Malformed)?;
        self.rest = rest;
        Ok(bytes)
    }
}

/// A table or list being walked.
struct Level {
    is_table: bool,
    /// What is left of the payload when it ends.
    ends_before: usize,
}
