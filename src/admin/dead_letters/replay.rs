//! Working dead letters again as if they had just arrived. Answers what became of each, not that it was sent somewhere.

use std::sync::Arc;

use super::{Fate, Rehearsed, Replayed, Unfit};
use crate::amqp::DecodeRules;
use crate::amqp::replay::{decode_again, replay_id};
use crate::domain::ids::MessageId;
use crate::engine::{Engine, HandleError, Handled, Item};
use crate::store::{DeadLetter, DeadLetterId, StoreError};

/// Dead letters worked in one transaction.
const BATCH: usize = 100;

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
        let mut replayed = Vec::with_capacity(ids.len());
        for batch in ids.chunks(BATCH) {
            let letters = self.engine.store().dead_letters(batch).await?;
            replayed.extend(self.batch(&letters, body, by).await?);
            progress(batch.len());
        }
        Ok(replayed)
    }

    /// What would come of working these, as far as reading them tells: nothing is worked.
    pub async fn rehearse(
        &self,
        ids: &[DeadLetterId],
        body: Option<&[u8]>,
    ) -> Result<Vec<Rehearsed>, StoreError> {
        let mut rehearsed = Vec::with_capacity(ids.len());
        for batch in ids.chunks(BATCH) {
            for letter in self.engine.store().dead_letters(batch).await? {
                let unfit = self.read(&letter, body).err();
                rehearsed.push(Rehearsed {
                    id: letter.summary.id,
                    readable: unfit.is_none(),
                    unfit,
                });
            }
        }
        Ok(rehearsed)
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
