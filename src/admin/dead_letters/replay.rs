//! Working dead letters again as if they had just arrived. Answers what became of each, not that it was sent somewhere.

use std::sync::Arc;

use super::{Fate, Rehearsed, Replayed, Unfit};
use crate::amqp::DecodeRules;
use crate::amqp::replay::{decode_again, replay_id};
use crate::domain::ids::MessageId;
use crate::engine::{Engine, HandleError, Handled, Item};
use crate::store::{DeadLetter, DeadLetterId, StoreError};

/// Most dead letters worked in one transaction.
const BATCH: usize = 100;
/// Bytes of their bodies read together: each may be as large as a message can be.
const WEIGHT: u64 = 8 * 1_048_576;

/// Cut so that no part weighs more, but one that is heavier alone.
fn by_weight(letters: &[(DeadLetterId, u64)]) -> Vec<Vec<DeadLetterId>> {
    let mut parts: Vec<Vec<DeadLetterId>> = Vec::new();
    let mut weight = 0;
    for &(id, size) in letters {
        weight += size;
        match parts.last_mut() {
            Some(part) if weight <= WEIGHT => part.push(id),
            Some(_) | None => {
                parts.push(vec![id]);
                weight = size;
            }
        }
    }
    parts
}

/// What dead letters are worked with.
#[derive(Clone)]
pub struct Replay {
    engine: Arc<Engine>,
    rules: DecodeRules,
}

impl Replay {
    pub const fn new(engine: Arc<Engine>, rules: DecodeRules) -> Self {
        Self { engine, rules }
    }

    /// Works these, in their order, and closes those the engine took in the name of `by`. `body` takes the place of
    /// their own where given. `progress` is told of every batch that is done.
    pub async fn work(
        &self,
        ids: &[DeadLetterId],
        body: Option<&[u8]>,
        by: &str,
        mut progress: impl FnMut(usize) + Send,
    ) -> Result<Vec<Replayed>, HandleError> {
        let store = self.engine.store();
        let mut replayed = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(BATCH) {
            for batch in by_weight(&store.dead_letter_sizes(chunk).await?) {
                let letters = store.dead_letters(&batch).await?;
                replayed.extend(self.batch(&letters, body, by).await?);
            }
            progress(chunk.len());
        }
        Ok(replayed)
    }

    /// What would come of working these, as far as reading them tells: nothing is worked.
    pub async fn rehearse(
        &self,
        ids: &[DeadLetterId],
        body: Option<&[u8]>,
    ) -> Result<Vec<Rehearsed>, StoreError> {
        let store = self.engine.store();
        let mut rehearsed = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(BATCH) {
            for batch in by_weight(&store.dead_letter_sizes(chunk).await?) {
                let letters = store.dead_letters(&batch).await?;
                rehearsed.extend(letters.iter().map(|letter| self.prospect(letter, body)));
            }
        }
        Ok(rehearsed)
    }

    fn prospect(&self, letter: &DeadLetter, body: Option<&[u8]>) -> Rehearsed {
        let unfit = self.read(letter, body).err();
        Rehearsed {
            id: letter.summary.id,
            readable: unfit.is_none(),
            unfit,
        }
    }

    /// Works some, and closes those the engine took. A crash in between does no harm: worked again under the same
    /// id, they are recognised.
    async fn batch(
        &self,
        letters: &[DeadLetter],
        body: Option<&[u8]>,
        by: &str,
    ) -> Result<Vec<Replayed>, HandleError> {
        let read: Vec<Result<Item, Unfit>> = letters.iter().map(|letter| self.read(letter, body)).collect();
        let items: Vec<Item> = read
            .iter()
            .filter_map(|read| read.as_ref().ok())
            .cloned()
            .collect();
        let mut handled = self.handle(&items).await?.into_iter().map(Fate::of);
        let mut replayed = Vec::with_capacity(letters.len());
        for (letter, read) in letters.iter().zip(read) {
            let id = letter.summary.id;
            let fate = match read {
                Ok(_) => handled
                    .next()
                    .ok_or_else(|| HandleError::Fault("an item without an outcome".to_owned()))?,
                Err(unfit) => unfit.into(),
            };
            replayed.push(Replayed { id, fate });
        }
        self.close(&replayed, body, by).await?;
        Ok(replayed)
    }

    fn read(&self, letter: &DeadLetter, body: Option<&[u8]>) -> Result<Item, Unfit> {
        if let Some(resolved) = &letter.summary.resolved {
            return Err(Unfit::NotOpen {
                resolved: resolved.clone(),
            });
        }
        match decode_again(letter, body, &self.rules) {
            // Without its original: what is not taken stays the dead letter it is.
            Ok(envelope) => Ok(Item::Command {
                envelope: Arc::new(envelope),
                original: None,
            }),
            Err(rejected) => Err(Unfit::StillDead {
                reason: rejected.reason,
                detail: rejected.detail,
            }),
        }
    }

    async fn handle(&self, items: &[Item]) -> Result<Vec<Handled>, HandleError> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        self.engine.handle(items).await
    }

    async fn close(&self, replayed: &[Replayed], body: Option<&[u8]>, by: &str) -> Result<(), HandleError> {
        let taken: Vec<(DeadLetterId, MessageId)> = replayed
            .iter()
            .filter(|one| one.fate.is_taken())
            .map(|one| (one.id, replay_id(one.id)))
            .collect();
        self.engine.store().resolve_as_replayed(&taken, body, by).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heavy_letters_are_read_a_few_at_a_time_and_in_their_order() {
        let cut = |sizes: &[u64]| -> Vec<Vec<i64>> {
            let letters: Vec<_> = (1..).map(DeadLetterId).zip(sizes.iter().copied()).collect();
            let parts = by_weight(&letters);
            parts
                .iter()
                .map(|part| part.iter().map(|id| id.0).collect())
                .collect()
        };
        assert_eq!(cut(&[]), Vec::<Vec<i64>>::new());
        assert_eq!(cut(&[1_000; 3]), [[1, 2, 3]]);
        assert_eq!(cut(&[WEIGHT, 1, WEIGHT - 1, 1]), [vec![1], vec![2, 3], vec![4]]);
        assert_eq!(cut(&[9 * 1_048_576; 2]), [[1], [2]]);
    }
}
