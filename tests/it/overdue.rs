//! Deadlines over the days the clocks change: at midnight of the date, never before, never twice (C2, C3).

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Europe::Rome;
use usciere::clock::Clock;
use usciere::config::Config;
use usciere::lifecycle::Shutdown;
use usciere::lifecycle::readiness::{Part, Readiness};
use usciere::node::{Node, NodeOptions, Role};
use usciere::telemetry::metrics::Exporter;

use crate::long::amount;
use crate::world::World;

/// The date each quarter of the requests is due: the days the clocks change, and the days after.
pub(crate) const DUE: [&str; 4] = ["2026-03-29", "2026-03-30", "2026-10-25", "2026-10-26"];
/// Of the example workflow: overdue on the 16th day.
const DAYS: i64 = 16;

/// A node that takes submissions and sends nothing; only the test sweeps.
pub(crate) async fn quiet_node(config: &Config, clock: &Clock, name: &str) -> (Node, Shutdown) {
    let mut config = config.clone();
    config.node.name = name.parse().unwrap();
    let shutdown = Shutdown::new();
    let options = NodeOptions {
        config: &config,
        roles: &[Role::Intake],
        clock: clock.clone(),
        shutdown: &shutdown,
        readiness: Readiness::expecting([Part::Database]),
    };
    let node = Node::start(options, Exporter::detached()).await.unwrap();
    (node, shutdown)
}

/// Copies of the one request there is, each quarter due on its date.
pub(crate) async fn multiply(world: &World, count: i64) {
    let columns = world
        .text(
            "select string_agg(quote_ident(column_name), ',') from information_schema.columns
             where table_name = 'cases'
               and column_name not in ('id', 'protocol_sequence', 'awaiting_since', 'due_on')",
        )
        .await;
    for (quarter, due) in (0_i64..).zip(DUE) {
        let due: NaiveDate = due.parse().unwrap();
        let since = due - TimeDelta::days(DAYS);
        world
            .execute(&format!(
                "insert into cases (id, protocol_sequence, awaiting_since, due_on, {columns})
                 select gen_random_uuid(), 1000 + {count} * {quarter} + n, '{since}', '{due}', {columns}
                 from (select * from cases limit 1) as c, generate_series(1, {count}) as n"
            ))
            .await;
    }
    world.execute("analyze cases").await;
}

/// What three nodes, sweeping at the same moment, fired together.
async fn sweep(nodes: &[(Node, Shutdown)]) -> u64 {
    let swept = nodes.iter().map(|(node, _)| node.engine.sweep(|| false));
    let swept = futures::future::try_join_all(swept).await.unwrap();
    assert!(swept.iter().all(|swept| swept.failed == 0), "{swept:?}");
    swept.iter().map(|swept| swept.fired).sum()
}

fn midnight(date: NaiveDate) -> DateTime<Utc> {
    date.and_time(NaiveTime::MIN)
        .and_local_timezone(Rome)
        .unwrap()
        .to_utc()
}

#[tokio::test(flavor = "multi_thread")]
async fn overdue_begins_at_midnight_in_rome_on_the_days_the_clocks_change() {
    let mut world = World::start().await;
    world.submit().await;
    world.stop().await;
    let quarter = amount(20_000, 1_000_000) / DUE.len();
    multiply(&world, i64::try_from(quarter).unwrap()).await;
    world
        .execute("delete from cases where protocol_sequence < 1000; truncate case_event, outbox, mail_outbox")
        .await;
    let base = world.clock.now();
    let mut nodes = Vec::new();
    for name in ["a", "b", "c"] {
        nodes.push(quiet_node(&world.config, &world.clock, name).await);
    }
    let mut expected = 0;
    for due in DUE {
        let date: NaiveDate = due.parse().unwrap();
        let midnight = midnight(date);
        let at = async |moment: DateTime<Utc>| {
            world.clock.set_offset(moment - base);
            sweep(&nodes).await
        };
        assert_eq!(
            at(midnight - TimeDelta::hours(2)).await,
            0,
            "the evening before {due}"
        );
        assert_eq!(
            at(midnight - TimeDelta::milliseconds(1)).await,
            0,
            "just before {due}"
        );
        assert_eq!(
            at(midnight).await,
            u64::try_from(quarter).unwrap(),
            "at midnight of {due}"
        );
        for hours in [1, 2, 3, 22] {
            assert_eq!(
                at(midnight + TimeDelta::hours(hours)).await,
                0,
                "{hours} h into {due}"
            );
        }
        expected += i64::try_from(quarter).unwrap();
        let overdue = world.count("select count(*) from cases where overdue").await;
        assert_eq!(overdue, expected);
    }
    for (node, shutdown) in nodes {
        drop(node);
        shutdown.ask();
        shutdown.finished(usciere::lifecycle::GRACE).await;
    }
    let told = "select count(*) from outbox where kind = 'request.overdue'";
    assert_eq!(world.count(told).await, expected);
    let once = "select count(distinct case_id) from case_event where kind = 'elapsed'";
    assert_eq!(world.count(once).await, expected);
    assert_eq!(world.count("select count(*) from case_event").await, expected);
}
