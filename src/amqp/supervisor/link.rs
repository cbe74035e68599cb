//! One connection, kept up: opened, watched, opened again.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use lapin::{Connection, Event};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Backoff, Board};
use crate::amqp::budget::Budget;
use crate::amqp::{connection, metrics};
use crate::config::amqp::AmqpSettings;
use crate::domain::ids::NodeName;

/// How often the connection's own word is asked, besides listening to its events.
const GLANCE: Duration = Duration::from_millis(250);

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkRole {
    Consume,
    Publish,
}

impl LinkRole {
    const fn word(self) -> &'static str {
        match self {
            Self::Consume => "consume",
            Self::Publish => "publish",
        }
    }
}

/// A connection that was up when it was handed out.
#[derive(Debug)]
pub(in crate::amqp) struct Live {
    pub(in crate::amqp) connection: Connection,
}

/// The connection of the moment, for those who use it.
#[derive(Debug, Clone)]
pub(in crate::amqp) struct LiveLink(watch::Receiver<Option<Arc<Live>>>);

impl LiveLink {
    pub(in crate::amqp) fn now(&self) -> Option<Arc<Live>> {
        self.0.borrow().clone()
    }

    /// Waits for a connection. Once the link is given up for good, waits for ever.
    pub(in crate::amqp) async fn live(&self) -> Arc<Live> {
        let mut receiver = self.0.clone();
        let live = receiver.wait_for(Option::is_some).await.map(|live| live.clone());
        match live {
            Ok(Some(live)) => live,
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }
}

/// The task that keeps one connection.
pub(super) struct Link {
    role: LinkRole,
    settings: AmqpSettings,
    name: String,
    board: Board,
    live: watch::Sender<Option<Arc<Live>>>,
    closing: CancellationToken,
    budget: Budget,
}

impl Link {
    pub(super) fn new(
        role: LinkRole,
        settings: AmqpSettings,
        node: &NodeName,
        board: Board,
        closing: CancellationToken,
        budget: Budget,
    ) -> (Self, LiveLink) {
        let (live, receiver) = watch::channel(None);
        let name = format!("usciere {node} {}", role.word());
        (
            Self {
                role,
                settings,
                name,
                board,
                live,
                closing,
                budget,
            },
            LiveLink(receiver),
        )
    }

    pub(super) async fn keep(self) {
        let mut backoff = Backoff::default();
        let mut reopened = false;
        loop {
            let opened = tokio::select! {
                opened = connection::open_within(&self.settings, &self.name, self.budget.clone()) => opened,
                () = self.closing.cancelled() => return,
            };
            let (lasted, why) = match opened {
                Ok(connection) => {
                    if reopened {
                        metrics::reconnected(self.role.word());
                    }
                    reopened = true;
                    let since = Instant::now();
                    match self.serve(connection).await {
                        Some(why) => (since.elapsed(), why),
                        None => return,
                    }
                }
                Err(error) => (Duration::ZERO, told(&error)),
            };
            self.down(&why);
            let wait = backoff.after(lasted);
            warn!(amqp.link = self.role.word(), reason = %why, wait_ms = wait.as_millis(), "no connection to the broker");
            tokio::select! {
                () = sleep(wait) => {}
                () = self.closing.cancelled() => return,
            }
        }
    }

    /// Stays with a connection until it breaks and says why; `None` when it was closed on purpose.
    async fn serve(&self, connection: Connection) -> Option<String> {
        let mut events = Box::pin(connection.events_listener());
        let live = Arc::new(Live { connection });
        self.live.send_replace(Some(live.clone()));
        self.up();
        info!(amqp.link = self.role.word(), "connected to the broker");
        let mut glance = tokio::time::interval(GLANCE);
        let mut last_error = String::from("the connection was closed");
        loop {
            tokio::select! {
                event = events.next() => match event {
                    Some(Event::ConnectionBlocked(why)) => self.blocked(&why),
                    Some(Event::ConnectionUnblocked) => self.up(),
                    // Errors of single channels are told here, too.
                    Some(Event::Error(error)) => last_error = error.to_string(),
                    Some(_) => {}
                    None => return Some(self.lose(last_error)),
                },
                _ = glance.tick() => {}
                () = self.closing.cancelled() => {
                    self.live.send_replace(None);
                    if !connection::goodbye(&live.connection).await {
                        warn!(amqp.link = self.role.word(), "the broker did not answer the goodbye");
                    }
                    return None;
                }
            }
            if !live.connection.status().connected() {
                return Some(self.lose(last_error));
            }
        }
    }

    fn lose(&self, why: String) -> String {
        self.live.send_replace(None);
        why
    }

    fn up(&self) {
        match self.role {
            LinkRole::Consume => self.board.consume_link_up(),
            LinkRole::Publish => {
                metrics::blocked(false);
                self.board.publishing_up();
            }
        }
    }

    fn blocked(&self, why: &str) {
        warn!(
            amqp.link = self.role.word(),
            reason = why,
            "the broker takes no messages"
        );
        match self.role {
            LinkRole::Consume => {}
            LinkRole::Publish => {
                metrics::blocked(true);
                self.board.publishing_blocked(why);
            }
        }
    }

    fn down(&self, why: &str) {
        match self.role {
            LinkRole::Consume => self.board.consume_link_down(why),
            LinkRole::Publish => self.board.publishing_down(why),
        }
    }
}

/// An error with its causes on one line.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
