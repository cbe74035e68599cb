//! The daily digest: who is to get one now.

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use crate::domain::calendar::rome_date;
use crate::store::{Store, StoreError};

/// Queues the digests that are due; answers how many. Each is a transaction of its own and there is one per person
/// and day, so that a run that is killed, repeated or doubled tells nothing twice and leaves nothing out.
pub async fn queue_digests(
    store: &Store,
    now: DateTime<Utc>,
    stop: &CancellationToken,
) -> Result<u64, StoreError> {
    let mut queued = 0;
    for reader in store.digest_readers(rome_date(now)).await? {
        if stop.is_cancelled() {
            break;
        }
        if let Some(day) = reader.preferences.digest_due(now) {
            queued += u64::from(store.queue_digest(&reader, day).await?);
        }
    }
    Ok(queued)
}
