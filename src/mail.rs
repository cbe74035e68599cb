//! Courtesy mails to operators: templates, the mail itself, the way out, and the loop that sends.
//!
//! A mail is decided about when it is taken up, not when it is queued: the intake stays as quick as it was, and a mail
//! that had to wait for its server is not sent into the quiet of the night. Its reader's preferences send it out now,
//! defer it, hold it for the daily digest or drop it. Quiet hours, days of digests and what a calendar file says go by
//! the engine's clock, which a development system may move; tries, leases and giving up go by the machine's.
//!
//! Relies on `store` for the outbox. Nothing of the citizen and no text ever stands in a mail (DOMAIN.md 0), and no
//! address in a log or an error. Only this module names lettre.

mod breaker;
mod calendar;
pub mod caught;
mod digest;
mod mailer;
pub mod message;
pub mod samples;
mod settle;
pub mod templates;
pub mod transport;
mod words;

pub use calendar::{AppointmentFile, CalendarFile, appointment_file};
pub use caught::{CaughtMail, caught};
pub use digest::queue_digests;
pub use mailer::{Mailer, MailerError};
pub use message::{ComposeError, Composed, Composer};
pub use templates::{Rendered, Surroundings, TemplateError};
pub use transport::{SendOutcome, Transport, TransportError};
