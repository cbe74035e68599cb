//! The one way out: mandatory, persistent, confirmed, many in flight.
//!
//! Three traps of publishing are closed here once (RELIABILITY.md F2, F3): an unroutable message is acknowledged
//! like any other; lapin hands the returned message to whichever confirm comes next, not to its own; a missing
//! exchange closes the channel and fails its neighbours. So outcomes are judged only when all confirms of a batch
//! are in, by the ids of what was returned, and a broken channel costs only what was in flight on it.

mod batch;

use std::collections::BTreeMap;
use std::time::Duration;

use lapin::options::ConfirmSelectOptions;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Connection};
use tokio::sync::{Mutex, watch};

use batch::Batch;

use super::metrics;
use super::outgoing::Outgoing;
use super::supervisor::{BrokerState, LiveLink, Publishing};
use crate::config::amqp::AmqpSettings;

/// What became of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// The broker has it, on disk, in at least one queue.
    Confirmed,
    /// No queue is bound for it; the broker gave it back with this code and text.
    Unroutable { code: u16, text: String },
    /// Its queue is full.
    Refused,
    /// Nobody knows: send it again under the same id.
    Lost(Lost),
}

/// Why nobody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lost {
    /// The broker is in alarm; the message was not sent.
    Blocked,
    /// There is no connection; the message was not sent.
    NotConnected,
    /// The channel or the connection broke before the confirm.
    Broken(String),
    /// The broker closed the channel over a message: its exchange is not there or takes nothing from us.
    Objected(String),
    /// The confirm did not come in time.
    Silent,
}

/// Publishes on a channel of its own. One batch at a time; for more at once, more publishers.
#[derive(Debug)]
pub struct Publisher {
    link: LiveLink,
    state: watch::Receiver<BrokerState>,
    prefix: String,
    window: usize,
    timeout: Duration,
    channel: Mutex<Option<Channel>>,
}

impl Publisher {
    pub(super) fn new(link: LiveLink, state: watch::Receiver<BrokerState>, settings: &AmqpSettings) -> Self {
        Self {
            link,
            state,
            prefix: settings.prefix.clone(),
            window: settings.confirm_window.max(1),
            timeout: settings.confirm_timeout(),
            channel: Mutex::new(None),
        }
    }

    /// Waits until the broker takes messages.
    pub async fn ready(&self) {
        let mut state = self.state.clone();
        if state
            .wait_for(|state| state.publishing == Publishing::Up)
            .await
            .is_err()
        {
            std::future::pending::<()>().await;
        }
    }

    /// Publishes in the given order and tells of each message what became of it, in the same order.
    pub async fn publish(&self, messages: Vec<Outgoing>) -> Vec<Published> {
        // Taken out while in use: a batch that is broken off leaves no half-confirmed channel behind.
        let mut kept = self.channel.lock().await;
        let mut batch = Batch::new(&messages, &self.prefix, self.window, self.timeout);
        let mut channel = kept.take();
        while batch.has_unsent() {
            let open = match channel.take().filter(|channel| channel.status().connected()) {
                Some(open) => open,
                None => match self.open().await {
                    Ok(open) => open,
                    Err(lost) => {
                        batch.give_up(&lost);
                        break;
                    }
                },
            };
            if batch.run(&open, Some(&self.state)).await {
                channel = Some(open);
            }
        }
        *kept = channel;
        let outcomes = batch.outcomes();
        count(&outcomes);
        outcomes
    }

    async fn open(&self) -> Result<Channel, Lost> {
        if let Publishing::Blocked { .. } = self.state.borrow().publishing {
            return Err(Lost::Blocked);
        }
        let live = self.link.now().ok_or(Lost::NotConnected)?;
        match tokio::time::timeout(self.timeout, confirming_channel(&live.connection)).await {
            Ok(Ok(channel)) => Ok(channel),
            Ok(Err(error)) => Err(Lost::Broken(error.to_string())),
            Err(_) => Err(Lost::Silent),
        }
    }
}

/// Publishes on a channel that is only used for this.
pub(super) async fn publish_once(
    connection: &Connection,
    messages: &[Outgoing],
    settings: &AmqpSettings,
) -> Result<Vec<Published>, lapin::Error> {
    let channel = confirming_channel(connection).await?;
    let mut batch = Batch::new(
        messages,
        &settings.prefix,
        settings.confirm_window.max(1),
        settings.confirm_timeout(),
    );
    if !batch.run(&channel, None).await {
        batch.give_up(&Lost::Broken("the channel broke".to_owned()));
    }
    Ok(batch.outcomes())
}

async fn confirming_channel(connection: &Connection) -> Result<Channel, lapin::Error> {
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    Ok(channel)
}

fn count(outcomes: &[Published]) {
    let mut counts = BTreeMap::new();
    for outcome in outcomes {
        let word = match outcome {
            Published::Confirmed => "confirmed",
            Published::Unroutable { .. } => "unroutable",
            Published::Refused => "refused",
            Published::Lost(_) => "lost",
        };
        *counts.entry(word).or_insert(0) += 1;
    }
    for (outcome, count) in counts {
        metrics::published(outcome, count);
    }
}

/// The properties of CONTRACT.md 1.
fn properties(message: &Outgoing) -> BasicProperties {
    let mut headers = FieldTable::default();
    headers.insert("schema-version".into(), AMQPValue::LongInt(1));
    if let Some(cause) = &message.causation_id {
        headers.insert(
            "causation-id".into(),
            AMQPValue::LongString(cause.as_str().into()),
        );
    }
    if let Some(trace) = &message.trace_parent {
        headers.insert(
            "traceparent".into(),
            AMQPValue::LongString(trace.0.as_bytes().into()),
        );
    }
    if let Some(seq) = message.case_seq {
        headers.insert("case-seq".into(), AMQPValue::LongLongInt(seq.into()));
    }
    let mut properties = BasicProperties::default()
        .with_message_id(short(message.message_id.as_str()))
        .with_type(short(&message.kind))
        .with_content_type("application/json".into())
        .with_delivery_mode(2)
        .with_app_id("usciere".into())
        .with_timestamp(u64::try_from(message.at.timestamp()).unwrap_or(0))
        .with_headers(headers);
    if let Some(request) = message.request {
        properties = properties.with_correlation_id(short(&request.to_string()));
    }
    properties
}

/// Ids, types and keys are all shorter than the 255 bytes of a short string.
pub(super) fn short(text: &str) -> ShortString {
    ShortString::try_new(text).unwrap_or_default()
}
