//! A delivery that may be what ends the process: worked alone, under a note the process leaves behind if it dies.

use std::time::Duration;

use super::{Intake, Kept, item};
use crate::domain::dead_letter::DeadLetterReason;
use crate::engine::{Item, Original as _, condemned};
use crate::store::Fingerprint;

/// Between two tries to leave the note while the database is away.
const RETRY: Duration = Duration::from_millis(500);

/// Works one delivery to its end; answers whether its outcome is committed. `ended`: consuming was stopped.
pub(super) async fn work(intake: &Intake, kept: Kept, ended: impl Fn() -> bool) -> bool {
    let message_id = kept.properties.message_id.as_deref();
    let fingerprint = Fingerprint::of(&kept.routing_key, message_id, &kept.body);
    let Some(attempt) = begin(intake, &fingerprint, ended).await else {
        return false;
    };
    let item = match condemned(attempt) {
        Some(detail) => Item::DeadLetter(kept.bury(DeadLetterReason::EngineFault, detail).into()),
        None => item(kept, &intake.rules),
    };
    let committed = intake.door.ask(item).await.is_some();
    if let Err(error) = intake.store.end_attempts(&fingerprint).await {
        // Should it come once more, it begins with less patience.
        tracing::warn!(error = %error, "the note about a suspect delivery stays");
    }
    committed
}

/// Leaves the note, however long the database is away; `None` when consuming is stopped meanwhile.
async fn begin(intake: &Intake, fingerprint: &Fingerprint, ended: impl Fn() -> bool) -> Option<u32> {
    loop {
        match intake.store.begin_attempt(fingerprint).await {
            Ok(attempt) => return Some(attempt),
            Err(_) if ended() => return None,
            Err(error) => {
                tracing::warn!(error = %error, "a suspect delivery waits: its note cannot be left");
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}
