//! Takes mails from the outbox and hands them over, some at a time, until told to stop.
//!
//! Relies on the leases of [`crate::store`]: a node that dies over a mail loses it to another. Nothing here can stop
//! the engine: a server that is away makes mails wait, a panic costs the one mail it happened over.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::Rng as _;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{debug, error, info, warn};

use super::breaker::Breaker;
use super::message::{ComposeError, Composer};
use super::settle::end_of;
use super::templates::Surroundings;
use super::transport::{SendOutcome, Transport, TransportError};
use crate::clock::Clock;
use crate::config::mail::{MailSettings, SmtpSettings};
use crate::domain::ids::NodeName;
use crate::domain::mail::preferences::Route;
use crate::failpoint::{FailPoint, reached};
use crate::store::{ClaimedMail, MailEnd, Store};
use crate::telemetry::metrics::{MAIL_SECONDS, MAIL_SERVER_AWAY, MAILS};

/// How long to wait for a wake-up before looking all the same.
const POLL: Duration = Duration::from_secs(1);
/// How often the end of a try is written before the mail is left to the end of its lease.
const WRITES: u32 = 6;

/// What keeps a mailer from being set up.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    #[error(transparent)]
    Compose(#[from] ComposeError),
    #[error(transparent)]
    Transport(#[from] TransportError),
}

/// The mailer of one node. Clones share it.
#[derive(Clone)]
pub struct Mailer(Arc<Inner>);

struct Inner {
    store: Store,
    node: NodeName,
    composer: Composer,
    transport: Transport,
    clock: Clock,
    settings: MailSettings,
    lease: Duration,
    slots: Arc<Semaphore>,
    concurrency: usize,
    breaker: Mutex<Breaker>,
}

impl Mailer {
    pub fn new(
        store: Store,
        node: NodeName,
        smtp: &SmtpSettings,
        mail: &MailSettings,
        surroundings: Surroundings,
        clock: Clock,
    ) -> Result<Self, MailerError> {
        let concurrency = usize::from(smtp.concurrency.get());
        Ok(Self(Arc::new(Inner {
            store,
            node,
            composer: Composer::new(&smtp.from, surroundings, clock.clone())?,
            transport: Transport::new(smtp, clock.clone())?,
            clock,
            settings: mail.clone(),
            // A try, and the time to write down how it ended.
            lease: smtp.timeout.get() + Duration::from_mins(1),
            slots: Arc::new(Semaphore::new(concurrency)),
            concurrency,
            breaker: Mutex::default(),
        })))
    }

    /// Sends what falls due until `shutdown`, then finishes what is under way, until `cut`: what is still in hand then
    /// is left to others at once. `wake` tells of new mails.
    pub async fn run(&self, shutdown: CancellationToken, cut: CancellationToken, wake: Arc<Notify>) {
        let mut under_way = JoinSet::new();
        self.free_own("mails of a process that died").await;
        while !shutdown.is_cancelled() {
            self.start_due(&mut under_way).await;
            let poll = POLL + Duration::from_millis(rand::rng().random_range(0..250));
            tokio::select! {
                Some(ended) = under_way.join_next() => note_fault(ended),
                () = wake.notified() => {}
                () = tokio::time::sleep(poll) => {}
                () = shutdown.cancelled() => {}
            }
            while let Some(ended) = under_way.try_join_next() {
                note_fault(ended);
            }
        }
        while let Some(Some(ended)) = cut.run_until_cancelled(under_way.join_next()).await {
            note_fault(ended);
        }
        if !under_way.is_empty() {
            // Dropped, they can neither be sent nor settled here any more.
            under_way.shutdown().await;
            self.free_own("mails still in hand at the stop").await;
        }
        self.0.transport.close().await;
    }

    /// Sends what is due now and answers how many mails were tried; for the `mail` job.
    pub async fn sweep(&self, stop: &CancellationToken) -> u64 {
        let mut under_way = JoinSet::new();
        let mut tried = 0;
        loop {
            if !stop.is_cancelled() {
                self.start_due(&mut under_way).await;
            }
            match under_way.join_next().await {
                None => return tried,
                Some(ended) => {
                    note_fault(ended);
                    tried += 1;
                }
            }
        }
    }

    /// Whether a mail could be handed over now; sends none. `Err` says why not.
    pub async fn check(&self) -> Result<(), String> {
        self.0.transport.check().await
    }

    /// What this node has in hand and nobody works on need not wait for its lease.
    async fn free_own(&self, which: &'static str) {
        match self.0.store.free_mails(&self.0.node).await {
            Ok(0) => {}
            Ok(freed) => info!(mails = freed, "{which} are tried again"),
            Err(error) => warn!(error = %error, "{which} wait for their leases to end"),
        }
    }

    async fn start_due(&self, under_way: &mut JoinSet<()>) {
        // Mails that go elsewhere leave room for others.
        while self.start_some(under_way).await {}
    }

    /// Starts as many as there is room for; answers whether some of them went elsewhere instead.
    async fn start_some(&self, under_way: &mut JoinSet<()>) -> bool {
        let free = self.0.slots.available_permits();
        let allowed = self
            .breaker()
            .allowance(Instant::now(), free, self.0.concurrency - free);
        let slots: Vec<OwnedSemaphorePermit> = (0..allowed)
            .map_while(|_| Arc::clone(&self.0.slots).try_acquire_owned().ok())
            .collect();
        let Ok(limit @ 1..) = u16::try_from(slots.len()) else {
            return false;
        };
        let mails = self.claim(limit).await;
        let now = self.0.clock.now();
        let routed = mails.into_iter().map(|mail| {
            let route = mail.preferences.route(mail.kind, now);
            (mail, route)
        });
        let (out, elsewhere): (Vec<_>, Vec<_>) = routed.partition(|(_, route)| *route == Route::Now);
        for ((mail, _), slot) in out.into_iter().zip(slots) {
            under_way.spawn(self.clone().deliver(mail, slot));
        }
        !elsewhere.is_empty() && self.send_elsewhere(&elsewhere).await
    }

    async fn claim(&self, limit: u16) -> Vec<ClaimedMail> {
        let Inner {
            store,
            node,
            settings,
            lease,
            ..
        } = &*self.0;
        store
            .claim_mails(
                node,
                limit,
                *lease,
                settings.unknown,
                settings.give_up_after.get(),
            )
            .await
            .unwrap_or_else(|error| {
                debug!(error = %error, "no mails are taken up");
                Vec::new()
            })
    }

    /// Where their readers want them. What cannot be written down now comes back when its lease ends.
    async fn send_elsewhere(&self, mails: &[(ClaimedMail, Route)]) -> bool {
        let written = self.0.store.route_mails(mails).await;
        match &written {
            Ok(()) => {
                for (_, route) in mails {
                    metrics::counter!(MAILS, "outcome" => elsewhere(*route)).increment(1);
                }
            }
            Err(error) => debug!(error = %error, "mails are not put where their readers want them"),
        }
        written.is_ok()
    }

    /// One try, from taking it up to writing down how it ended.
    async fn deliver(self, mail: ClaimedMail, slot: OwnedSemaphorePermit) {
        let begun = Instant::now();
        let outcome = guarded({
            let (mailer, mail) = (self.clone(), mail.clone());
            async move { mailer.attempt(&mail).await }
        })
        .await;
        metrics::counter!(MAILS, "outcome" => word(&outcome)).increment(1);
        metrics::histogram!(MAIL_SECONDS).record(begun.elapsed().as_secs_f64());
        drop(slot);
        self.settle(&mail, &end_of(outcome, mail.attempt)).await;
    }

    async fn attempt(&self, mail: &ClaimedMail) -> SendOutcome {
        match self.0.composer.compose(mail) {
            Ok(composed) => {
                let outcome = self.0.transport.send(&composed).await;
                if let SendOutcome::Sent(_) = outcome {
                    reached(FailPoint::MailAccepted);
                }
                self.note_server(&outcome);
                outcome
            }
            Err(error) => SendOutcome::Permanent(error.to_string()),
        }
    }

    fn note_server(&self, outcome: &SendOutcome) {
        let (before, after) = {
            let mut breaker = self.breaker();
            let before = breaker.is_open();
            breaker.note(Instant::now(), outcome);
            (before, breaker.is_open())
        };
        match (before, after) {
            (false, true) => warn!(mail.outcome = ?outcome, "the mail server is away; mails wait"),
            (true, false) => info!("the mail server is back"),
            (true, true) | (false, false) => {}
        }
        metrics::gauge!(MAIL_SERVER_AWAY).set(if after { 1.0 } else { 0.0 });
    }

    async fn settle(&self, mail: &ClaimedMail, end: &MailEnd) {
        let Inner { store, settings, .. } = &*self.0;
        for write in 0..WRITES {
            match store
                .mail_finished(mail, end, settings.unknown, settings.give_up_after.get())
                .await
            {
                Ok(true) => return report(mail, end),
                Ok(false) => {
                    warn!(mail.id = %mail.id, mail.kind = %mail.kind, "this mail was lost to another node");
                    return;
                }
                Err(error) => warn!(mail.id = %mail.id, error = %error, "the end of a mail is not recorded"),
            }
            tokio::time::sleep(Duration::from_millis(200) * 2_u32.pow(write)).await;
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.0.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs a try as its own task, so that a panic in it ends only the try.
async fn guarded(attempt: impl Future<Output = SendOutcome> + Send + 'static) -> SendOutcome {
    AbortOnDropHandle::new(tokio::spawn(attempt))
        .await
        .unwrap_or_else(|_| {
            SendOutcome::Permanent("the mailer panicked over it; the log has the place".to_owned())
        })
}

fn note_fault(ended: Result<(), tokio::task::JoinError>) {
    if let Err(fault) = ended {
        error!(error = %fault, "the task of a mail ended badly; the mail comes back when its lease ends");
    }
}

fn report(mail: &ClaimedMail, end: &MailEnd) {
    let (id, kind, attempt) = (mail.id, mail.kind, mail.attempt);
    let request = mail.request.map(tracing::field::display);
    match end {
        MailEnd::Sent => {
            info!(mail.id = %id, request.id = request, mail.kind = %kind, mail.attempt = attempt, "mail sent");
        }
        MailEnd::Retry { after, error }
        | MailEnd::Untried { after, error }
        | MailEnd::Unknown { after, error } => {
            info!(mail.id = %id, request.id = request, mail.kind = %kind, mail.attempt = attempt,
                mail.error = error, mail.retry_after = ?after, "mail waits for another try");
        }
        MailEnd::Failed { error } => {
            warn!(mail.id = %id, request.id = request, mail.kind = %kind, mail.attempt = attempt,
                mail.error = error, "mail failed");
        }
    }
}

const fn word(outcome: &SendOutcome) -> &'static str {
    match outcome {
        SendOutcome::Sent(_) => "sent",
        SendOutcome::Unavailable(_) => "unavailable",
        SendOutcome::Temporary(_) => "temporary",
        SendOutcome::Permanent(_) => "permanent",
        SendOutcome::Unknown(_) => "unknown",
    }
}

const fn elsewhere(route: Route) -> &'static str {
    match route {
        Route::Now => "sent",
        Route::Later(_) => "deferred",
        Route::Digest(_) => "held",
        Route::Dropped => "dropped",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_costs_one_try() {
        let outcome = guarded(async { panic!("as hostile input may make it") }).await;
        assert!(matches!(outcome, SendOutcome::Permanent(_)), "{outcome:?}");
    }
}
