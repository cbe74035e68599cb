//! Puts a mail together: headers, two alternatives, the calendar file of an appointment, the envelope.
//!
//! The bytes depend on the mail and the clock alone, and the Message-ID on the mail alone: a mail sent twice, because
//! nobody knows whether the first arrived, is one mail to the programs that read it.

use std::str::FromStr as _;
use std::time::SystemTime;

use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{ContentDisposition, ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MessageBuilder, MultiPart, MultiPartKind, SinglePart};

use super::calendar::{CalendarFile, Issuer, calendar_file};
use super::templates::{Rendered, Surroundings, TemplateError};
use crate::clock::Clock;
use crate::config::mail::Sender;
use crate::domain::command::Personal;
use crate::domain::ids::{RequestId, derived_uuid};
use crate::domain::mail::MailContent;
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
        let rendered = self.surroundings.render(mail.kind, mail.request, &mail.content)?;
        let builder = Message::builder()
            .date(SystemTime::from(self.clock.now()))
            .from(self.from.clone())
            .to(to)
            .subject(&rendered.subject)
            .message_id(Some(self.id(mail.message_id)));
        let message = self
            .in_thread(builder, mail.request)
            .raw_header(header("Auto-Submitted", "auto-generated".to_owned()));
        let message = self.with_way_out(message, mail.unsubscribe).multipart(parts(
            mail.message_id,
            rendered,
            self.calendar(mail),
        ))?;
        Ok(Composed {
            envelope: message.envelope().clone(),
            bytes: message.formatted(),
        })
    }

    /// The calendar file a mail carries.
    pub fn calendar(&self, mail: &ClaimedMail) -> Option<CalendarFile> {
        let MailContent::Event(params) = &mail.content else {
            return None;
        };
        let issuer = Issuer {
            service: &self.surroundings.service,
            address: self.from.email.as_ref(),
            domain: &self.domain,
        };
        calendar_file(&issuer, mail.kind, mail.request?, params, self.clock.now())
    }

    /// Mails of one request belong together.
    fn in_thread(&self, builder: MessageBuilder, request: Option<RequestId>) -> MessageBuilder {
        let Some(request) = request else {
            return builder;
        };
        let thread = self.id(derived_uuid(&["mail-thread", &request.to_string()]));
        builder.in_reply_to(thread.clone()).references(thread)
    }

    /// How to get no more mails (RFC 2369), by one click (RFC 8058) where the address is one a mail program may call.
    fn with_way_out(&self, builder: MessageBuilder, token: uuid::Uuid) -> MessageBuilder {
        let preferences = self.surroundings.preferences_link();
        if self.surroundings.base_url.scheme() != "https" {
            return builder.raw_header(header("List-Unsubscribe", format!("<{preferences}>")));
        }
        let one_click = self.surroundings.unsubscribe_link(token);
        builder
            .raw_header(header(
                "List-Unsubscribe",
                format!("<{one_click}>, <{preferences}>"),
            ))
            .raw_header(header(
                "List-Unsubscribe-Post",
                "List-Unsubscribe=One-Click".to_owned(),
            ))
    }

    fn id(&self, id: uuid::Uuid) -> String {
        format!("<{id}@{}>", self.domain)
    }
}

fn header(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

/// Text and HTML to choose from, and the calendar file beside them. Boundaries are derived: the same mail, the same bytes.
fn parts(message_id: uuid::Uuid, rendered: Rendered, calendar: Option<CalendarFile>) -> MultiPart {
    let boundary = message_id.simple().to_string();
    let alternatives = MultiPart::builder()
        .kind(MultiPartKind::Alternative)
        .boundary(&boundary)
        .singlepart(SinglePart::plain(rendered.text))
        .singlepart(SinglePart::html(rendered.html));
    let Some(calendar) = calendar else {
        return alternatives;
    };
    let kind = format!(
        "text/calendar; charset=utf-8; method={}",
        calendar.method.as_str()
    );
    let file = SinglePart::builder()
        .header(ContentType::parse(&kind).unwrap_or(ContentType::TEXT_PLAIN))
        .header(ContentDisposition::attachment("appuntamento.ics"))
        .body(calendar.text);
    MultiPart::builder()
        .kind(MultiPartKind::Mixed)
        .boundary(format!("mixed-{boundary}"))
        .multipart(alternatives)
        .singlepart(file)
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
