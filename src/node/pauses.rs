//! Keeps what people hold known to this node: read again when somebody pauses or resumes, and when a pause ends.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::amqp::Broker;
use crate::store::Store;

/// How long after a failure it is read again.
const PAUSE: Duration = Duration::from_secs(1);
/// Ends further away than this are looked at again on the way.
const LONGEST: Duration = Duration::from_hours(1);

pub(super) async fn keep(store: Store, broker: Broker, told: Arc<Notify>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let again = match store.pauses().await {
            Ok(now) => {
                broker.hold(now.pauses);
                now.next_end.map_or(LONGEST, |end| end.min(LONGEST))
            }
            Err(error) => {
                tracing::warn!(error = %error, "the pauses of queues could not be read");
                PAUSE
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = told.notified() => {}
            () = tokio::time::sleep(again) => {}
        }
    }
}
