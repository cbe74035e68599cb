//! Mails as those who run usciere see them: how they stand, never to whom they go.

use schemars::JsonSchema;
use serde::Serialize;

use crate::store::MailSummary;

/// A mail of the outbox.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MailLine {
    #[serde(flatten)]
    pub mail: MailSummary,
    /// `o***@inca.example`.
    pub recipient: String,
}

impl From<MailSummary> for MailLine {
    fn from(mail: MailSummary) -> Self {
        Self {
            recipient: masked(&mail.recipient.0),
            mail,
        }
    }
}

/// `o***@inca.example`: whose server it goes to, not to whom.
fn masked(address: &str) -> String {
    match address.trim().rsplit_once('@') {
        Some((local, domain)) => {
            let first: String = local.chars().take(1).collect();
            format!("{first}***@{domain}")
        }
        None => "***".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_domain_alone() {
        assert_eq!(masked("op1@inca.example"), "o***@inca.example");
        assert_eq!(masked("\"a@b\"@inca.example"), "\"***@inca.example");
        assert_eq!(masked("op1"), "***");
        assert_eq!(masked("@x"), "***@x");
    }
}
