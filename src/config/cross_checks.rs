//! Checks that look at more than one section, or at one that leaves its meaning to those who use it.

use super::amqp::{AmqpSettings, MOST_SHARDS};
use super::check::Checks;
use super::limits::Limits;
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
    if amqp.intake_shards.get() > MOST_SHARDS {
        checks.add(
            "amqp.intake_shards",
            "is more than one engine can use",
            format!("write 1 to {MOST_SHARDS}"),
        );
    }
}

/// An attachment travels inline, in base64, which writes 3 bytes as 4.
pub(super) fn attachment_fits(limits: &Limits, amqp: &AmqpSettings, checks: &mut Checks) {
    if limits.attachment.as_usize() / 3 * 4 > amqp.max_body_bytes {
        checks.add(
            "limits.attachment",
            "is more than a body of amqp.max_body_bytes can carry",
            "make amqp.max_body_bytes at least four thirds of it",
        );
    }
}
