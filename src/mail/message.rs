//! Puts a mail together: headers, two alternatives, the envelope.
//!
//! The bytes depend on the mail and the clock alone, and the Message-ID on the mail alone: a mail sent twice, because
//! nobody knows whether the first arrived, is one mail to the programs that read it.

use std::str::FromStr as _;
use std::time::SystemTime;

use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};

use super::templates::{Surroundings, TemplateError};
use crate::clock::Clock;
use crate::config::mail::Sender;
use crate::domain::command::Personal;
use crate::domain::ids::derived_uuid;
use crate::store::ClaimedMail;

/// Why a mail cannot be put together. None of these gets better by trying again, and none names the recipient.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    #[error("the address of the recipient cannot be used: not local@domain in ASCII")]
    Recipient,
    #[error("the address of the sender cannot be used")]
    Sender,
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error("the parts of the mail do not fit together")]
    Message(#[from] lettre::error::Error),
}

/// A mail ready to hand over.
#[derive(Debug, Clone)]
pub struct Composed {
    pub(super) envelope: Envelope,
    pub(super) bytes: Vec<u8>,
}

impl Composed {
    /// The mail as it goes over the wire (RFC 5322, CRLF).
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Writes mails of one system.
#[derive(Debug, Clone)]
pub struct Composer {
    surroundings: Surroundings,
    from: Mailbox,
    /// The right half of Message-IDs.
    domain: String,
    clock: Clock,
}

impl Composer {
    pub fn new(sender: &Sender, surroundings: Surroundings, clock: Clock) -> Result<Self, ComposeError> {
        let from = mailbox(sender.name.as_deref(), &sender.address).ok_or(ComposeError::Sender)?;
        Ok(Self {
            surroundings,
            from,
            domain: sender.domain().to_owned(),
            clock,
        })
    }

    pub fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    /// The whole mail.
    pub fn compose(&self, mail: &ClaimedMail) -> Result<Composed, ComposeError> {
        let Personal(recipient) = &mail.recipient;
        let to = mailbox(None, recipient).ok_or(ComposeError::Recipient)?;
        let rendered = self.surroundings.render(mail.kind, mail.request, &mail.params)?;
        let thread = derived_uuid(&["mail-thread", &mail.request.to_string()]);
        let parts = MultiPart::builder()
            .kind(lettre::message::MultiPartKind::Alternative)
            .boundary(mail.message_id.simple().to_string())
            .singlepart(SinglePart::plain(rendered.text))
            .singlepart(SinglePart::html(rendered.html));
        let message = Message::builder()
            .date(SystemTime::from(self.clock.now()))
            .from(self.from.clone())
            .to(to)
            .subject(rendered.subject)
            .message_id(Some(self.id(mail.message_id)))
            .in_reply_to(self.id(thread))
            .references(self.id(thread))
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .multipart(parts)?;
        Ok(Composed {
            envelope: message.envelope().clone(),
            bytes: message.formatted(),
        })
    }

    fn id(&self, id: uuid::Uuid) -> String {
        format!("<{id}@{}>", self.domain)
    }
}

/// The longest display name worth showing.
const NAME_LIMIT: usize = 100;

/// An address with a name to show. lettre panics when it writes a name with control characters (RELIABILITY F11), so
/// they are taken out before it sees them. Only ASCII addresses: the rest would need a server with SMTPUTF8.
fn mailbox(name: Option<&str>, address: &str) -> Option<Mailbox> {
    let address = address.trim();
    let plain = address.is_ascii() && !address.bytes().any(|byte| byte.is_ascii_control());
    let address = Address::from_str(address).ok().filter(|_| plain)?;
    let name: Option<String> = name.map(|name| {
        let shown: String = name
            .chars()
            .filter(|c| !c.is_control())
            .take(NAME_LIMIT)
            .collect();
        shown.trim().to_owned()
    });
    Some(Mailbox::new(name.filter(|name| !name.is_empty()), address))
}

#[cfg(test)]
mod tests;
