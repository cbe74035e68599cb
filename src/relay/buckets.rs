//! Which buckets are this relay's, and which of them it has to look through.

use super::Relay;
use super::confirmer::Confirmer;
use super::leases::Holding;
use crate::store::BucketLease;

impl Relay {
    pub(super) fn leases_changed(&mut self, now: Holding) {
        let Holding { held, leaving } = now;
        for bucket in self.held.keys().filter(|bucket| !held.contains_key(bucket)) {
            self.tickets.set_held(*bucket, false);
        }
        self.unread.forget(|bucket| !held.contains_key(&bucket));
        for (bucket, fence) in &held {
            let stays = !leaving.contains(bucket);
            if self.held.get(bucket) != Some(fence) || stays && self.leaving.contains(bucket) {
                self.unread.doubt([*bucket]);
            }
            // What is committed from now on is announced to whoever holds the bucket then.
            self.tickets.set_held(*bucket, stays);
        }
        if !leaving.is_subset(&self.leaving) {
            self.leave_after = self.tickets.reserved();
        }
        (self.held, self.leaving) = (held, leaving);
    }

    /// Once everything handed over of buckets that leave is published and marked: their leases, to be let go of.
    pub(super) async fn leave(&mut self, confirmer: &Confirmer) -> Option<Vec<BucketLease>> {
        if self.leaving.is_empty() || self.tickets.opened() < self.leave_after {
            return None;
        }
        // What got lost meanwhile stands in the database, for whoever comes next.
        self.publish_queue(confirmer).await;
        confirmer.idle().await;
        let leaving = std::mem::take(&mut self.leaving);
        let leases = self.held.extract_if(.., |bucket, _| leaving.contains(bucket));
        let leases = leases
            .map(|(bucket, fence)| BucketLease { bucket, fence })
            .collect();
        self.unread.forget(|bucket| leaving.contains(&bucket));
        Some(leases)
    }

    /// No buckets: it may be any.
    pub(super) fn told(&mut self, buckets: &[u16]) {
        let stays = |bucket: &u16| self.held.contains_key(bucket) && !self.leaving.contains(bucket);
        if buckets.is_empty() {
            self.unread.tell(self.held.keys().copied());
        } else {
            self.unread.tell(buckets.iter().copied().filter(stays));
        }
    }
}
