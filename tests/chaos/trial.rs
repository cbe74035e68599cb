//! A load from its first request to its verdict.

use std::ops::Deref;

use crate::load::Load;
use crate::verdict::{Facts, Verdict};
use crate::world::{PATIENCE, World};

pub(crate) struct Trial {
    load: Load,
    mails_before: usize,
}

impl Trial {
    pub(crate) fn start(world: &World, seed: u64, conversations: usize) -> Self {
        Self {
            load: Load::start(world, seed, conversations),
            mails_before: world.smtp.seen().mails.len(),
        }
    }

    /// Lets every conversation end and judges it all.
    pub(crate) async fn verdict(self, world: &World) -> Verdict {
        let ledger = self.load.finish(PATIENCE).await;
        let facts = Facts::gather(world).await;
        let mails = world.smtp.seen().mails;
        let ids: Vec<String> = mails[self.mails_before..]
            .iter()
            .map(|mail| mail.header("Message-ID").to_owned())
            .collect();
        Verdict::of(&ledger, &facts, &ids)
    }

    /// As [`Trial::verdict`], and nothing may be wrong.
    pub(crate) async fn passes(self, world: &World) -> Verdict {
        let verdict = self.verdict(world).await;
        assert!(verdict.is_clean() && verdict.requests > 0, "{verdict:#?}");
        verdict
    }
}

impl Deref for Trial {
    type Target = Load;

    fn deref(&self) -> &Load {
        &self.load
    }
}
