//! Courtesy mails to operators: templates, the mail itself, the way out, and the loop that sends.
//!
//! Relies on `store` for the outbox. Nothing of the citizen and no text ever stands in a mail (DOMAIN.md 0), and no
//! address in a log or an error. Only this module names lettre.

mod breaker;
pub mod caught;
mod mailer;
pub mod message;
mod reasons;
mod settle;
pub mod templates;
pub mod transport;

pub use caught::{CaughtMail, caught};
pub use mailer::{Mailer, MailerError};
pub use message::{ComposeError, Composed, Composer};
pub use templates::{Rendered, Surroundings, TemplateError};
pub use transport::{SendOutcome, Transport, TransportError};
