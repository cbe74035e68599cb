//! The protocol of inbox, outbox and leases, checked exhaustively: every interleaving of nodes that may crash, or be
//! stopped and resumed, at every step. What a guard of the protocol is for is shown by taking it away.

#[path = "model/protocol.rs"]
mod protocol;
#[path = "model/state.rs"]
mod state;

use stateright::{Checker, HasDiscoveries, Model};

use protocol::{Guard, Protocol};

pub(crate) const ONE_EFFECT: &str = "every message takes effect at most once";
pub(crate) const NUMBERED: &str = "a sede sees each number once, in order, without a gap";
pub(crate) const PUBLISHED: &str = "what is not unsent was published";
pub(crate) const FENCED: &str = "who was fenced off marks nothing";
pub(crate) const ALL_DONE: &str = "every message takes effect and is sent";

#[test]
fn whatever_fails_the_protocol_holds() {
    let long = std::env::var_os("LONG_TESTS").is_some_and(|wanted| wanted == "1");
    let systems: &[(usize, u8)] = if long {
        &[(2, 3), (3, 2)]
    } else {
        &[(2, 2), (3, 1)]
    };
    for &(nodes, faults) in systems {
        let without = None;
        let protocol = Protocol {
            nodes,
            faults,
            without,
        };
        let checker = protocol.checker().threads(2).spawn_bfs().join();
        assert!(checker.is_done());
        checker.assert_properties();
    }
}

/// Without it, the checker finds a way to break what it is for.
#[test]
fn every_guard_is_needed() {
    for (guard, property) in [
        (Guard::Inbox, ONE_EFFECT),
        (Guard::Unique, ONE_EFFECT),
        (Guard::AckAfterCommit, ALL_DONE),
        (Guard::RowLock, NUMBERED),
        (Guard::Fence, FENCED),
        (Guard::OneInFlight, NUMBERED),
        (Guard::MarkAfterConfirm, PUBLISHED),
    ] {
        let protocol = Protocol {
            nodes: 2,
            faults: 2,
            without: Some(guard),
        };
        let found = HasDiscoveries::AnyOf([property].into());
        let checker = protocol
            .checker()
            .threads(2)
            .finish_when(found)
            .spawn_bfs()
            .join();
        assert!(
            checker.discovery(property).is_some(),
            "nothing breaks without {guard:?}"
        );
    }
}
