//! Checks of sections that leave their meaning to those who use them.

use super::amqp::AmqpSettings;
use super::check::Checks;
use super::secret_url::SecretUrl;

pub(super) fn amqp(amqp: &AmqpSettings, checks: &mut Checks) {
    match amqp.url.0.parse::<SecretUrl>() {
        Ok(url) => checks.scheme("amqp.url", &url, &["amqp", "amqps"]),
        Err(_) => checks.add(
            "amqp.url",
            "is not a URL",
            "write amqp://user:password@host:5672/vhost",
        ),
    }
    let prefix = &amqp.prefix;
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    if prefix.is_empty() || prefix.len() > 64 || !prefix.chars().all(allowed) {
        checks.add(
            "amqp.prefix",
            "cannot begin a queue's name",
            "write 1 to 64 of a-z, 0-9, dot and -",
        );
    }
}
