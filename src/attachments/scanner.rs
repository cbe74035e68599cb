//! The port to whatever looks for viruses, and what a node does while it is away.
//!
//! A file is never held up by a scanner that does not answer: it waits as [`ScanState::Pending`], and nobody may fetch
//! it until a later look finds it clean.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use metrics::counter;

use super::clamd::Clamd;
use crate::config::attachments::{ScannerSettings, ScannerUrl};
use crate::domain::attachment::ScanState;
use crate::telemetry::metrics::ATTACHMENT_SCANS;

/// What a scanner found in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Clean,
    Infected,
}

/// The scanner did not say what it found. Never carries anything of the file.
#[derive(Debug, thiserror::Error)]
pub enum ScannerFault {
    #[error("the scanner cannot be reached")]
    Unreachable(#[from] std::io::Error),
    #[error("the scanner did not answer in time")]
    Late,
    /// Such as a file larger than its own limit.
    #[error("the scanner answered: {0}")]
    Refused(String),
}

/// Looks for viruses.
pub trait Scan: fmt::Debug + Send + Sync {
    /// Whether it is there and would look.
    fn ping(&self) -> BoxFuture<'_, Result<(), ScannerFault>>;

    fn scan<'a>(&'a self, bytes: &'a [u8]) -> BoxFuture<'a, Result<Verdict, ScannerFault>>;
}

/// How long a scanner that failed is left alone by those who cannot wait for it.
const PAUSE: Duration = Duration::from_secs(15);

/// The scanner of a node, or none.
#[derive(Debug, Clone)]
pub struct Scanner {
    port: Option<Arc<dyn Scan>>,
    /// Until when it counts as away.
    away_until: Arc<Mutex<Option<Instant>>>,
}

impl Scanner {
    pub fn open(settings: &ScannerSettings) -> Self {
        let port: Option<Arc<dyn Scan>> = match &settings.url {
            ScannerUrl::None => None,
            ScannerUrl::Clamd(address) => Some(Arc::new(Clamd::new(address.clone(), settings.timeout.get()))),
        };
        Self {
            port,
            away_until: Arc::default(),
        }
    }

    /// Whether files are looked at here at all.
    pub const fn is_there(&self) -> bool {
        self.port.is_some()
    }

    /// Whether it is there and would look; one that is not asked for always is.
    pub async fn ping(&self) -> Result<(), ScannerFault> {
        match &self.port {
            Some(port) => port.ping().await,
            None => Ok(()),
        }
    }

    /// What is known of a file after a look at it; an outage costs its timeout once, then nothing for a while.
    pub async fn judge(&self, bytes: &[u8]) -> ScanState {
        let Some(port) = &self.port else {
            return ScanState::Unchecked;
        };
        if self.counts_as_away() {
            return ScanState::Pending;
        }
        self.look(port, bytes).await.unwrap_or(ScanState::Pending)
    }

    /// A look for which somebody has time, whether the scanner counted as away or not.
    pub async fn judge_patiently(&self, bytes: &[u8]) -> Result<ScanState, ScannerFault> {
        match &self.port {
            Some(port) => self.look(port, bytes).await,
            None => Ok(ScanState::Unchecked),
        }
    }

    async fn look(&self, port: &Arc<dyn Scan>, bytes: &[u8]) -> Result<ScanState, ScannerFault> {
        match port.scan(bytes).await {
            Ok(verdict) => {
                self.back();
                let (word, state) = match verdict {
                    Verdict::Clean => ("clean", ScanState::Clean),
                    Verdict::Infected => ("infected", ScanState::Quarantined),
                };
                counter!(ATTACHMENT_SCANS, "outcome" => word).increment(1);
                Ok(state)
            }
            Err(fault) => {
                counter!(ATTACHMENT_SCANS, "outcome" => "failed").increment(1);
                match &fault {
                    ScannerFault::Unreachable(_) | ScannerFault::Late => self.away(&fault),
                    // It works; this file alone it does not take.
                    ScannerFault::Refused(_) => tracing::warn!(error = %fault, "a file is not scanned"),
                }
                Err(fault)
            }
        }
    }

    fn counts_as_away(&self) -> bool {
        let until = *self.away_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    fn away(&self, fault: &ScannerFault) {
        let mut until = self.away_until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.replace(Instant::now() + PAUSE).is_none() {
            tracing::warn!(error = %fault, "the scanner is away: files wait until it is back");
        }
    }

    fn back(&self) {
        let mut until = self.away_until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.take().is_some() {
            tracing::info!("the scanner is back");
        }
    }
}
