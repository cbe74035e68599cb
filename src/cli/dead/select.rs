//! Which dead letters are meant.

use super::DeadSelection;
use crate::admin::dead_letters::waiting;
use crate::cli::exit::Failure;
use crate::store::{DeadLetter, DeadLetterId, Store};

/// One dead letter, or exit code 5.
pub(super) async fn one(store: &Store, id: DeadLetterId) -> Result<DeadLetter, Failure> {
    let found = store.dead_letters(&[id]).await?.pop();
    found.ok_or_else(|| missing(&[id]))
}

/// The selected ones, oldest first, each once. Those named by id all exist; whether they still wait is not asked.
pub(super) async fn ids(selection: &DeadSelection, store: &Store) -> Result<Vec<DeadLetterId>, Failure> {
    if selection.ids.is_empty() {
        return Ok(waiting(store, &selection.filter.matching()).await?);
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

fn missing(ids: &[DeadLetterId]) -> Failure {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    Failure::not_found(format!("there is no dead letter {}", ids.join(", ")))
        .fix("look for it with `usciere dead list --all`")
}
