//! One batch on its way: a window of messages in flight, and what came back for each.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use lapin::message::BasicReturnMessage;
use lapin::options::BasicPublishOptions;
use lapin::{Channel, Confirmation, Error};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::{Lost, Published, properties, short};
use crate::amqp::error::{soft_code, told};
use crate::amqp::outgoing::Outgoing;
use crate::amqp::supervisor::{BrokerState, Publishing};
use crate::failpoint::{FailPoint, reached};

/// How long answers already on their way are waited for, when the channel broke or the broker takes nothing more.
const AFTERMATH: Duration = Duration::from_secs(1);

/// A message on the wire, until its confirm: its place in the batch and the answer.
type Sending<'c> = Pin<Box<dyn Future<Output = (usize, Result<Confirmation, Error>)> + Send + 'c>>;

/// What is known of one message.
enum Word {
    Unsent,
    InFlight,
    Acked,
    /// Acked, and with the confirm came something returned: this message or another.
    AckedWithReturn,
    Nacked,
    Lost(Lost),
}

/// What names a message among those returned: exchange, routing key, message id.
type Name = (String, String, String);

pub(super) struct Batch<'m> {
    messages: &'m [Outgoing],
    prefix: &'m str,
    window: usize,
    timeout: Duration,
    words: Vec<Word>,
    next: usize,
    returned: HashMap<Name, (u16, String)>,
    /// A channel broke: some returned messages may never have been told.
    doubtful: bool,
}

fn lost_by(error: &Error) -> Lost {
    match soft_code(error) {
        Some(code) => Lost::Objected(format!("{code} {}", told(error))),
        None => Lost::Broken(error.to_string()),
    }
}

impl<'m> Batch<'m> {
    pub(super) fn new(messages: &'m [Outgoing], prefix: &'m str, window: usize, timeout: Duration) -> Self {
        let words = messages.iter().map(|_| Word::Unsent).collect();
        Self {
            messages,
            prefix,
            window,
            timeout,
            words,
            next: 0,
            returned: HashMap::new(),
            doubtful: false,
        }
    }

    pub(super) fn has_unsent(&self) -> bool {
        self.next < self.messages.len()
    }

    /// Nothing more will be sent.
    pub(super) fn give_up(&mut self, lost: &Lost) {
        for word in &mut self.words[self.next..] {
            *word = Word::Lost(lost.clone());
        }
        self.next = self.messages.len();
    }

    /// Sends what is unsent and waits for the confirms. False when the channel may not be used again.
    /// With a state to watch, nothing is sent while the broker is in alarm.
    pub(super) async fn run(
        &mut self,
        channel: &Channel,
        state: Option<&watch::Receiver<BrokerState>>,
    ) -> bool {
        let mut news = state.cloned();
        let mut in_flight = FuturesUnordered::new();
        loop {
            let blocked = news.as_mut().is_some_and(is_blocked);
            if blocked {
                self.give_up(&Lost::Blocked);
            }
            while in_flight.len() < self.window && self.has_unsent() {
                in_flight.push(self.send_next(channel));
                reached(FailPoint::Published);
            }
            let (patience, lost) = if blocked {
                (AFTERMATH, Lost::Blocked)
            } else {
                (self.timeout, Lost::Silent)
            };
            tokio::select! {
                biased;
                answer = in_flight.next() => match answer {
                    None => return true,
                    Some((at, Ok(confirmation))) => self.note(at, confirmation),
                    Some((at, Err(error))) => {
                        self.break_off(at, &error, in_flight).await;
                        return false;
                    }
                },
                () = changed(news.as_mut()) => {}
                () = sleep(patience) => {
                    self.lose_in_flight(&lost);
                    self.give_up(&lost);
                    return false;
                }
            }
        }
    }

    /// Puts the next message on the wire; polled once here, so that messages leave in their order.
    fn send_next<'c>(&mut self, channel: &'c Channel) -> Sending<'c>
    where
        'm: 'c,
    {
        let at = self.next;
        self.next += 1;
        self.words[at] = Word::InFlight;
        let message = &self.messages[at];
        let exchange = message.exchange.name(self.prefix);
        let mut sending: Sending<'c> = Box::pin(async move { (at, send(channel, &exchange, message).await) });
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match sending.as_mut().poll(&mut context) {
            Poll::Pending => sending,
            Poll::Ready(done) => Box::pin(std::future::ready(done)),
        }
    }

    fn note(&mut self, at: usize, confirmation: Confirmation) {
        let (word, returned) = match confirmation {
            Confirmation::Ack(None) => (Word::Acked, None),
            Confirmation::Ack(Some(returned)) => (Word::AckedWithReturn, Some(returned)),
            Confirmation::Nack(returned) => (Word::Nacked, returned),
            Confirmation::NotRequested => (Word::Lost(Lost::Broken("confirms are off".to_owned())), None),
        };
        self.words[at] = word;
        if let Some(returned) = returned {
            let why = (returned.reply_code, returned.reply_text.as_str().to_owned());
            self.returned.insert(name_of_returned(&returned), why);
        }
    }

    /// The channel broke: what was in flight is lost, except what the broker had answered before.
    async fn break_off(&mut self, at: usize, error: &Error, mut in_flight: FuturesUnordered<Sending<'_>>) {
        let lost = lost_by(error);
        self.words[at] = Word::Lost(lost.clone());
        while let Ok(Some((at, answer))) = timeout(AFTERMATH, in_flight.next()).await {
            match answer {
                Ok(confirmation) => self.note(at, confirmation),
                Err(_) => self.words[at] = Word::Lost(lost.clone()),
            }
        }
        self.lose_in_flight(&lost);
    }

    fn lose_in_flight(&mut self, lost: &Lost) {
        self.doubtful = true;
        for word in self
            .words
            .iter_mut()
            .filter(|word| matches!(word, Word::InFlight))
        {
            *word = Word::Lost(lost.clone());
        }
    }

    /// The verdicts. lapin gives a returned message to the next confirm that comes, whosever it is: only the name of
    /// what was returned tells which message no queue took.
    pub(super) fn outcomes(mut self) -> Vec<Published> {
        let words = std::mem::take(&mut self.words);
        self.messages
            .iter()
            .zip(words)
            .map(|(message, word)| self.verdict(message, word))
            .collect()
    }

    fn verdict(&self, message: &Outgoing, word: Word) -> Published {
        match word {
            Word::Lost(lost) => Published::Lost(lost),
            Word::Unsent | Word::InFlight => Published::Lost(Lost::Silent),
            Word::Nacked => Published::Refused,
            Word::Acked | Word::AckedWithReturn => match self.why_returned(message) {
                Some((code, text)) => Published::Unroutable {
                    code: *code,
                    text: text.clone(),
                },
                None if self.doubtful && matches!(word, Word::AckedWithReturn) => Published::Lost(
                    Lost::Broken("the channel broke while messages were returned".to_owned()),
                ),
                None => Published::Confirmed,
            },
        }
    }

    fn why_returned(&self, message: &Outgoing) -> Option<&(u16, String)> {
        if self.returned.is_empty() {
            return None;
        }
        let id = message.message_id.as_str().to_owned();
        let exchange = message.exchange.name(self.prefix);
        self.returned.get(&(exchange, message.routing_key.clone(), id))
    }
}

fn name_of_returned(returned: &BasicReturnMessage) -> Name {
    let id = returned
        .properties
        .message_id()
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    (
        returned.exchange.as_str().to_owned(),
        returned.routing_key.as_str().to_owned(),
        id,
    )
}

fn is_blocked(news: &mut watch::Receiver<BrokerState>) -> bool {
    matches!(news.borrow_and_update().publishing, Publishing::Blocked { .. })
}

/// Waits for news of the broker; without anybody to tell them, for ever.
async fn changed(news: Option<&mut watch::Receiver<BrokerState>>) {
    let told = match news {
        Some(news) => news.changed().await.is_ok(),
        None => false,
    };
    if !told {
        std::future::pending::<()>().await;
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that publishes")]
async fn send(channel: &Channel, exchange: &str, message: &Outgoing) -> Result<Confirmation, Error> {
    let options = BasicPublishOptions {
        mandatory: true,
        immediate: false,
    };
    let (exchange, key) = (short(exchange), short(&message.routing_key));
    channel
        .basic_publish(exchange, key, options, &message.body, properties(message))
        .await?
        .await
}
