//! What the relay keeps in memory while the broker is away.

use std::time::Duration;

use tokio::task::yield_now;

use super::*;
use crate::amqp::Broker;
use crate::clock::Clock;
use crate::config::Config;
use crate::config::amqp::BrokerUrl;

const SLOTS: u64 = 50;
const ROWS: i64 = 1_000;

fn rows(slot: u64) -> Vec<OutboxRow> {
    let first = i64::try_from(slot).unwrap() * ROWS;
    let row = |id| OutboxRow {
        request: None,
        ..window::tests::row(id, 0, "sede.230001")
    };
    (first..first + ROWS).map(row).collect()
}

/// A relay whose broker nobody can reach, holding its one bucket.
fn relay() -> (Relay, HandOff) {
    let mut config = Config::default();
    config.amqp.url = BrokerUrl("amqp://127.0.0.1:1/%2f".to_owned());
    let node = config.node.name();
    let store = crate::node::store(&config, &node).unwrap();
    let broker = Broker::start(&config.amqp, &node, Clock::system());
    let options = RelayOptions {
        node,
        buckets: 1,
        lease: Duration::from_secs(10),
        poll: Duration::from_secs(1),
        window: 500,
        longest_back_off: Duration::from_secs(1),
    };
    let (mut relay, handoff) = Relay::new(store, vec![broker.publisher()], broker.held(), options);
    relay.leases_changed(Holding {
        held: [(0, 1)].into_iter().collect(),
        leaving: BTreeSet::new(),
    });
    (relay, handoff)
}

/// The rows of all slots that were filled, as the relay would take them.
async fn handed_over(relay: &mut Relay) -> usize {
    let mut rows = 0;
    while !relay.tickets.is_empty() {
        rows += match relay.tickets.next().await {
            Some(Opened::Filled(handed)) => handed.rows.len(),
            Some(Opened::Unfilled) | None => 0,
        };
    }
    rows
}

#[tokio::test]
async fn an_outage_of_the_broker_costs_no_memory_however_long_it_is() {
    let (mut relay, handoff) = relay();
    let growing = async {
        for slot in 0..SLOTS {
            handoff.reserve().fill(rows(slot), &[]);
            yield_now().await;
        }
        for _ in 0..SLOTS {
            yield_now().await;
        }
    };
    let stop = CancellationToken::new();
    tokio::select! {
        () = relay.wait_for_broker(&stop) => panic!("there is no broker"),
        () = growing => {}
    }
    assert_eq!(relay.tickets.opened(), SLOTS);
    assert!(relay.queue.is_empty(), "the rows are left to the database");
}

#[tokio::test]
async fn what_a_busy_relay_does_not_take_is_left_to_the_database_beyond_a_limit() {
    let (mut relay, handoff) = relay();
    for round in 0..2 {
        for slot in 0..SLOTS {
            handoff.reserve().fill(rows(slot), &[]);
        }
        assert_eq!(
            handed_over(&mut relay).await,
            10_000,
            "round {round}: as much as there is room for"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_waits_for_a_relay_that_lags_and_not_for_one_that_is_stuck() {
    let (mut relay, handoff) = relay();
    let waited = async |handoff: &HandOff| {
        let began = Instant::now();
        handoff.keep_pace().await;
        began.elapsed()
    };
    assert_eq!(waited(&handoff).await, Duration::ZERO, "nothing is to be done");
    for slot in 0..3 {
        handoff.reserve().fill(rows(slot), &[]);
    }

    let pause = Duration::from_millis(300);
    let takes_one = async {
        tokio::time::sleep(pause).await;
        relay.tickets.next().await
    };
    let (waited_for_one, taken) = tokio::join!(waited(&handoff), takes_one);
    assert!(matches!(taken, Some(Opened::Filled(_))));
    assert_eq!(waited_for_one, pause, "until it takes something");

    handoff.reserve().fill(rows(3), &[]);
    assert!(
        waited(&handoff).await >= Duration::from_secs(1),
        "it takes nothing"
    );
    assert_eq!(waited(&handoff).await, Duration::ZERO, "which is known now");

    let taken = relay.tickets.next().await;
    assert!(matches!(taken, Some(Opened::Filled(_))), "it moves again");
    handoff.reserve().fill(rows(4), &[]);
    assert!(
        waited(&handoff).await >= Duration::from_secs(1),
        "and may be waited for"
    );
}

#[tokio::test]
async fn a_look_leaves_out_what_is_on_its_way_instead_of_waiting_for_it() {
    let (mut relay, _handoff) = relay();
    let confirmer = Confirmer::start(
        relay.store.clone(),
        relay.options.node.clone(),
        watch::channel(Holding::default()).1,
    );
    let row = |id| window::tests::row(id, 0, "sede.230001");
    confirmer.confirmed(&[1]);
    relay.flights.launch(vec![row(2)]);
    relay.queue.push_back(row(3));
    let known = |relay: &Relay| relay.known(&confirmer).into_iter().collect::<BTreeSet<_>>();
    assert_eq!(known(&relay), BTreeSet::from([1, 2, 3]));

    relay.doubt_everything();
    assert_eq!(
        known(&relay),
        BTreeSet::from([1, 2]),
        "the rest is left to the database"
    );
}

#[tokio::test]
async fn what_is_handed_over_waits_for_a_look_only_where_something_may_come_before_it() {
    let (mut relay, _handoff) = relay();
    let filled = |id| {
        let rows = vec![window::tests::row(id, 0, "sede.230001")];
        Opened::Filled(Handed {
            rows,
            look: BTreeSet::new(),
        })
    };
    relay.unread = Unread::default();
    relay.told(&[0]);
    relay.take(filled(1));
    assert_eq!(
        relay.queue.len(),
        1,
        "another node's message is of another request"
    );

    relay.doubt_everything();
    relay.take(filled(2));
    assert!(relay.queue.is_empty());
}
