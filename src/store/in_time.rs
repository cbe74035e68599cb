//! Waiting for a database that may have vanished without a word: the driver sets no keepalive.

use std::time::Duration;

use super::StoreError;

/// No statement lasts longer than `statement_timeout`, no batch has more than a few dozen: whoever waited so long is
/// answered no more.
const SILENCE: Duration = Duration::from_mins(2);

/// Waits for work on the database, but not for ever. What was under way may be done: it is safe for what may be tried
/// again.
pub(crate) async fn in_time<T, E: From<StoreError>>(
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    tokio::time::timeout(SILENCE, work)
        .await
        .unwrap_or_else(|_| Err(StoreError::silent().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn silence_passes_like_any_outage_and_an_answer_is_an_answer() {
        let silence = in_time(std::future::pending::<Result<(), StoreError>>()).await;
        assert!(silence.unwrap_err().is_passing());
        assert_eq!(in_time(async { Ok::<_, StoreError>(7) }).await.unwrap(), 7);
    }
}
