//! Which messages may be in flight together.
//!
//! Two messages of one request to one destination never are: should the first be refused and the second taken,
//! their order would be lost.

use std::collections::{HashSet, VecDeque};

use crate::domain::ids::RequestId;
use crate::store::OutboxRow;

/// What goes to one destination of one request: in order, one at a time.
pub(super) type Route = (RequestId, String);

/// The route of a message; `None` for one that may leave whenever it likes.
pub(super) fn route(row: &OutboxRow) -> Option<Route> {
    Some((row.request?, row.destination.clone()))
}

/// Takes up to `size` messages that may be in flight together, and with what is `under_way`, off the queue, keeping
/// the order of the rest.
///
/// Messages to destinations in `held_back` are dropped from the queue: they stay in the database.
pub(super) fn take_window(
    queue: &mut VecDeque<OutboxRow>,
    size: usize,
    held_back: &HashSet<String>,
    under_way: &HashSet<Route>,
) -> Vec<OutboxRow> {
    let mut window = Vec::with_capacity(size.min(queue.len()));
    let mut later = VecDeque::new();
    let mut taken: HashSet<Route> = HashSet::new();
    while window.len() < size {
        let Some(row) = queue.pop_front() else { break };
        if held_back.contains(&row.destination) {
            continue;
        }
        if let Some(route) = route(&row)
            && (under_way.contains(&route) || !taken.insert(route))
        {
            later.push_back(row);
            continue;
        }
        window.push(row);
    }
    later.append(queue);
    *queue = later;
    window
}

#[cfg(test)]
pub(super) mod tests {
    use bytes::Bytes;
    use chrono::DateTime;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    pub(in crate::relay) fn row(id: i64, request: u128, destination: &str) -> OutboxRow {
        OutboxRow {
            id,
            bucket: 0,
            exchange: "sedi".to_owned(),
            routing_key: destination.to_owned(),
            destination: destination.to_owned(),
            request: Some(RequestId(Uuid::from_u128(request))),
            case_seq: None,
            message_id: Uuid::from_u128(1),
            kind: "request.assigned".to_owned(),
            causation_id: None,
            trace_parent: None,
            body: Bytes::new(),
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    proptest! {
        #[test]
        fn every_message_leaves_once_and_in_order_per_request_and_destination(
            messages in proptest::collection::vec((0_u128..4, 0_usize..3), 0..60),
            size in 1_usize..10,
        ) {
            let names = ["sede.a", "sede.b", "portal.c"];
            let mut queue: VecDeque<OutboxRow> = messages
                .iter()
                .zip(0_i64..)
                .map(|((request, destination), id)| row(id, *request, names[*destination]))
                .collect();
            let total = queue.len();
            let mut seen = Vec::new();
            let mut before: Vec<OutboxRow> = Vec::new();
            while !queue.is_empty() {
                // Two windows at a time: the one before is still under way.
                let under_way: HashSet<_> = before.iter().filter_map(route).collect();
                let window = take_window(&mut queue, size, &HashSet::new(), &under_way);
                prop_assert!(!(window.is_empty() && before.is_empty()) && window.len() <= size);
                let together: HashSet<_> = before.iter().chain(&window).filter_map(route).collect();
                prop_assert_eq!(together.len(), before.len() + window.len());
                seen.extend(window.clone());
                before = window;
            }
            prop_assert_eq!(seen.len(), total);
            for (position, earlier) in seen.iter().enumerate() {
                for later in &seen[position + 1..] {
                    if earlier.request == later.request && earlier.destination == later.destination {
                        prop_assert!(earlier.id < later.id);
                    }
                }
            }
        }
    }

    #[test]
    fn a_waiting_destination_is_left_to_the_database() {
        let mut queue = VecDeque::from([row(1, 1, "sede.full"), row(2, 2, "sede.open")]);
        let window = take_window(
            &mut queue,
            10,
            &HashSet::from(["sede.full".to_owned()]),
            &HashSet::new(),
        );
        assert_eq!(window.iter().map(|r| r.id).collect::<Vec<_>>(), [2]);
        assert!(queue.is_empty());
    }
}
