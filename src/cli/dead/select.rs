//! Which dead letters are meant.

use super::DeadSelection;
use crate::cli::exit::Failure;
use crate::domain::dead_letter::DeadLetterReason;
use crate::store::{DeadLetter, DeadLetterId, Store, StoreError};

/// Ids asked for at once.
const PAGE: u16 = 1_000;

/// One dead letter, or exit code 5.
pub(super) async fn one(store: &Store, id: DeadLetterId) -> Result<DeadLetter, Failure> {
    let found = store.dead_letters(&[id]).await?.pop();
    found.ok_or_else(|| missing(&[id]))
}

/// The selected ones, oldest first, each once. Those named by id all exist; whether they still wait is not asked.
pub(super) async fn ids(selection: &DeadSelection, store: &Store) -> Result<Vec<DeadLetterId>, Failure> {
    if selection.ids.is_empty() {
        return Ok(waiting(store, selection.reason).await?);
    }
    let mut wanted = selection.ids.clone();
    wanted.sort_unstable();
    wanted.dedup();
    let there = store.existing_dead_letters(&wanted).await?;
    let gone: Vec<DeadLetterId> = wanted.iter().filter(|id| !there.contains(id)).copied().collect();
    if gone.is_empty() {
        Ok(wanted)
    } else {
        Err(missing(&gone))
    }
}

async fn waiting(store: &Store, reason: Option<DeadLetterReason>) -> Result<Vec<DeadLetterId>, StoreError> {
    let mut all = Vec::new();
    loop {
        let page = store.open_dead_letters(reason, all.last().copied(), PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

fn missing(ids: &[DeadLetterId]) -> Failure {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    Failure::not_found(format!("there is no dead letter {}", ids.join(", ")))
        .fix("look for it with `usciere dead list --all`")
}
