//! Turns what went wrong at a stage of the conversation into an outcome, in words without addresses.

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::response::Response;
use std::error::Error as _;

use super::SendOutcome;

/// How far a mail has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Getting to a server that takes mails: connection, greeting, TLS, login.
    Connecting,
    /// Sender, recipient, the announcement of the mail.
    Offering,
    /// The mail itself is on its way; the server may have all of it.
    HandingOver,
}

impl Stage {
    /// The time allowed is over.
    pub(super) fn timed_out(self) -> SendOutcome {
        match self {
            Self::Connecting => SendOutcome::Unavailable("no answer in time while connecting".to_owned()),
            Self::Offering => SendOutcome::Temporary("no answer in time before the mail".to_owned()),
            Self::HandingOver => SendOutcome::Unknown("no answer in time after the mail".to_owned()),
        }
    }

    /// An error of the conversation.
    pub(super) fn failed(self, error: &Error, recipient: &Address) -> SendOutcome {
        let code = error.status().map(u16::from);
        let reason = self.reason(error, recipient);
        match (self, code) {
            // These mean the login, not the mail (RFC 4954 6).
            (Self::Connecting, _) | (Self::Offering, Some(530 | 534 | 535 | 538)) => {
                SendOutcome::Unavailable(reason)
            }
            (Self::Offering | Self::HandingOver, Some(_)) if error.is_permanent() => {
                SendOutcome::Permanent(reason)
            }
            (Self::Offering, Some(_) | None) | (Self::HandingOver, Some(_)) => SendOutcome::Temporary(reason),
            (Self::HandingOver, None) => SendOutcome::Unknown(reason),
        }
    }

    fn reason(self, error: &Error, recipient: &Address) -> String {
        let stage = match self {
            Self::Connecting => "while connecting",
            Self::Offering => "before the mail",
            Self::HandingOver => "after the mail",
        };
        let said = error.source().map(ToString::to_string).unwrap_or_default();
        let said = without_addresses(&said, recipient);
        match error.status() {
            Some(code) => format!("{stage}: {code} {said}").trim_end().to_owned(),
            None if said.is_empty() => {
                format!("{stage}: {}", without_addresses(&error.to_string(), recipient))
            }
            None => format!("{stage}: {said}"),
        }
    }
}

/// Whether the server has left: an idle connection it closed, or took its leave from (421).
pub(super) fn is_gone(error: &Error) -> bool {
    match error.status().map(u16::from) {
        Some(code) => code == 421,
        None => !error.is_client(),
    }
}

/// What a server answered to a mail it took: often the name it has for it.
pub(super) fn said(response: &Response, recipient: &Address) -> String {
    let words: Vec<&str> = response.message().collect();
    let line = format!("{} {}", response.code(), words.join(" "));
    without_addresses(&line, recipient)
}

/// The longest reason worth keeping.
const REASON_LIMIT: usize = 300;

/// What a server says, without the addresses it likes to repeat, in one line.
fn without_addresses(text: &str, recipient: &Address) -> String {
    masked(text, |word| {
        word.contains('@') || contains_word(word, recipient.user())
    })
}

/// What a server says before it was told of a recipient.
pub(super) fn without_any_address(text: &str) -> String {
    masked(text, |word| word.contains('@'))
}

fn masked(text: &str, names_someone: impl Fn(&str) -> bool) -> String {
    let words = text
        .split_whitespace()
        .map(|word| if names_someone(word) { "[address]" } else { word });
    let line = words.collect::<Vec<_>>().join(" ");
    line.chars()
        .filter(|c| !c.is_control())
        .take(REASON_LIMIT)
        .collect()
}

fn contains_word(text: &str, word: &str) -> bool {
    text.to_lowercase().contains(&word.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_carry_no_address() {
        let recipient: Address = "mario.rossi@inca.example".parse().unwrap();
        for (said, kept) in [
            (
                "5.1.1 <mario.rossi@inca.example>: Recipient address rejected",
                "5.1.1 [address] Recipient address rejected",
            ),
            ("No such user 'Mario.Rossi' here", "No such user [address] here"),
            (
                "relay for\r\nother@x.example\0 denied",
                "relay for [address] denied",
            ),
            ("4.7.1 Greylisted, try later", "4.7.1 Greylisted, try later"),
        ] {
            assert_eq!(without_addresses(said, &recipient), kept);
        }
        assert_eq!(
            without_addresses(&"x".repeat(1_000), &recipient).len(),
            REASON_LIMIT
        );
    }
}
