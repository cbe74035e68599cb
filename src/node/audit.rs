//! Chains the audit, and publishes the end of the chain where the database cannot reach: log and metrics.

use std::time::Duration;

use metrics::gauge;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::domain::audit::Head;
use crate::store::Store;
use crate::telemetry::metrics::{AUDIT_HEAD, AUDIT_HEAD_FINGERPRINT};

const EVERY: Duration = Duration::from_millis(500);
/// How often a head is written into the log, if it has moved.
const TOLD_EVERY: Duration = Duration::from_mins(10);

/// Chains what was written since, as long as the node runs. Every node does; the one that gets the lock works.
pub(super) async fn seal(store: Store, stop: CancellationToken) {
    let mut told: Option<Instant> = None;
    while !stop.is_cancelled() {
        let more = match store.seal_audit().await {
            Ok(sealed) => {
                if let Some(head) = sealed.head {
                    publish(head, &mut told);
                }
                sealed.more
            }
            Err(error) => {
                tracing::warn!(error = %error, "the audit is not chained for now");
                false
            }
        };
        if more {
            continue;
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Whoever keeps a head outside of the database can prove later that nothing before it was changed or cut off.
fn publish(head: Head, told: &mut Option<Instant>) {
    gauge!(AUDIT_HEAD).set(whole(head.position));
    gauge!(AUDIT_HEAD_FINGERPRINT).set(whole(head.hash.fingerprint()));
    if told.is_none_or(|told| told.elapsed() >= TOLD_EVERY) {
        *told = Some(Instant::now());
        tracing::info!(position = head.position, head = %head.hash, "the audit is chained up to here");
    }
}

/// Exact up to 53 bits, which is more than either number has.
#[expect(
    clippy::cast_precision_loss,
    reason = "a position below 2^53, a fingerprint of 48 bits"
)]
fn whole(number: u64) -> f64 {
    number as f64
}
