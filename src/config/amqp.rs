//! `[amqp]`: where the broker is, what is declared there, and how much is taken at once.

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::size::Size;
use crate::domain::event::words;
use crate::domain::ids::{PatronatoCode, SedeCode, Source};

words!(
    /// Which kind of queue is declared.
    QueueType {
        /// Replicated; what production wants.
        Quorum = "quorum",
        /// One node only.
        Classic = "classic",
    }
);

/// The `[amqp]` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AmqpSettings {
    /// `amqp://user:password@host:port/vhost`, or `amqps://` for TLS.
    pub url: BrokerUrl,
    /// What every name starts with; it separates engines that share a virtual host.
    pub prefix: String,
    pub queue_type: QueueType,
    /// Queues commands are spread over.
    pub intake_shards: NonZeroU16,
    pub heartbeat_seconds: u16,
    /// Deliveries a node may hold unacknowledged.
    pub prefetch: u16,
    /// Bytes of their bodies a node holds; above, it stops reading from the broker until some are handled.
    pub prefetch_bytes: Size,
    /// Messages published without waiting for their confirms.
    pub confirm_window: usize,
    /// After this long without a confirm the channel is given up and its messages are sent again.
    pub confirm_timeout_seconds: u64,
    /// Larger bodies are dead-lettered (`too_large`).
    pub max_body_bytes: usize,
    /// Refuse commands whose `user_id` is not granted the routing key's patronato or sede.
    pub require_user_id: bool,
    /// Broker user -> what it may speak for: `"portal.inca"`, `"sede.230001"`, `"portal.*"`, `"sede.*"`.
    pub user_map: BTreeMap<String, Vec<Grant>>,
    pub topology: TopologySettings,
}

/// The `[amqp.topology]` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TopologySettings {
    /// Declare exchanges and queues at start and when one is found missing.
    pub manage: bool,
}

impl Default for TopologySettings {
    fn default() -> Self {
        Self { manage: true }
    }
}

impl Default for AmqpSettings {
    fn default() -> Self {
        Self {
            url: BrokerUrl("amqp://guest:guest@127.0.0.1:5672/%2f".to_owned()),
            prefix: "usciere".to_owned(),
            queue_type: QueueType::Quorum,
            intake_shards: NonZeroU16::MIN,
            heartbeat_seconds: 10,
            prefetch: 1_000,
            prefetch_bytes: Size::from_bytes(64 * 1_048_576),
            confirm_window: 500,
            confirm_timeout_seconds: 30,
            max_body_bytes: 9 * 1024 * 1024,
            require_user_id: false,
            user_map: BTreeMap::new(),
            topology: TopologySettings::default(),
        }
    }
}

/// Queues the intake may be spread over: beyond this, more prefixes or more brokers help, not more queues.
pub const MOST_SHARDS: u16 = 32;

impl AmqpSettings {
    pub const fn confirm_timeout(&self) -> Duration {
        Duration::from_secs(self.confirm_timeout_seconds)
    }
}

/// The broker's address with its password: shown without it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BrokerUrl(pub String);

impl std::fmt::Debug for BrokerUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match url::Url::parse(&self.0) {
            Ok(mut url) => {
                if url.password().is_some() && url.set_password(Some("***")).is_err() {
                    return f.write_str("(broker address)");
                }
                url.fmt(f)
            }
            Err(_) => f.write_str("(not an address)"),
        }
    }
}

/// Whom a broker user may speak for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Grant {
    Portal(PatronatoCode),
    Sede(SedeCode),
    EveryPortal,
    EverySede,
}

impl Grant {
    pub fn covers(&self, source: &Source) -> bool {
        match (self, source) {
            (Self::Portal(granted), Source::Portal(code)) => granted == code,
            (Self::Sede(granted), Source::Sede(code)) => granted == code,
            (Self::EveryPortal, Source::Portal(_)) | (Self::EverySede, Source::Sede(_)) => true,
            (Self::Portal(_) | Self::EveryPortal, Source::Sede(_) | Source::Engine)
            | (Self::Sede(_) | Self::EverySede, Source::Portal(_) | Source::Engine) => false,
        }
    }
}

/// Why a text grants nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected portal.<patronato>, sede.<code>, portal.* or sede.*")]
pub struct InvalidGrant;

impl TryFrom<String> for Grant {
    type Error = InvalidGrant;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "portal.*" => return Ok(Self::EveryPortal),
            "sede.*" => return Ok(Self::EverySede),
            _ => {}
        }
        match text.parse::<Source>() {
            Ok(Source::Portal(code)) => Ok(Self::Portal(code)),
            Ok(Source::Sede(code)) => Ok(Self::Sede(code)),
            Ok(Source::Engine) | Err(_) => Err(InvalidGrant),
        }
    }
}

impl From<Grant> for String {
    fn from(grant: Grant) -> Self {
        match grant {
            Grant::Portal(code) => Source::Portal(code).to_string(),
            Grant::Sede(code) => Source::Sede(code).to_string(),
            Grant::EveryPortal => "portal.*".to_owned(),
            Grant::EverySede => "sede.*".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_read_back_what_they_write() {
        let text = toml::to_string(&AmqpSettings::default()).unwrap();
        assert_eq!(
            toml::from_str::<AmqpSettings>(&text).unwrap(),
            AmqpSettings::default()
        );
        assert_eq!(
            toml::from_str::<AmqpSettings>("").unwrap(),
            AmqpSettings::default()
        );
    }

    #[test]
    fn unknown_keys_and_wrong_grants_are_mistakes() {
        for wrong in [
            "hearbeat_seconds = 3",
            "user_map = { u = ['portal.INCA'] }",
            "user_map = { u = ['engine'] }",
        ] {
            assert!(toml::from_str::<AmqpSettings>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_password_is_never_shown() {
        let url = BrokerUrl("amqp://usciere:segreto@broker:5672/%2f".to_owned());
        for shown in [url.to_string(), format!("{url:?}")] {
            assert!(!shown.contains("segreto"), "{shown}");
            assert!(shown.contains("broker:5672"), "{shown}");
        }
    }

    #[test]
    fn grants_cover_their_own_only() {
        let grant = |text: &str| Grant::try_from(text.to_owned()).unwrap();
        let source = |text: &str| text.parse::<Source>().unwrap();
        for (granted, asked, covered) in [
            ("portal.inca", "portal.inca", true),
            ("portal.inca", "portal.acli", false),
            ("portal.inca", "sede.inca", false),
            ("portal.*", "portal.acli", true),
            ("portal.*", "sede.230001", false),
            ("sede.*", "sede.230001", true),
            ("sede.230001", "sede.230002", false),
            ("sede.*", "engine", false),
        ] {
            assert_eq!(
                grant(granted).covers(&source(asked)),
                covered,
                "{granted} for {asked}"
            );
        }
    }
}
