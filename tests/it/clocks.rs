//! Machines whose clocks are wrong: what is due goes by the database's clock, which all nodes share (C1).

use std::cell::{Cell, RefCell};
use std::path::PathBuf;

use serde_json::Value;
use usciere::domain::ids::NodeName;

use crate::program::Program;
use crate::world::{World, request};

const DAY: i64 = 24 * 60 * 60;
const SECONDLY: (&str, &str) = ("USCIERE_JOBS__OVERDUE__CRON", "* * * * * *");

/// A node whose machine's clock is so many seconds ahead takes in a request, then looks three times for what is overdue.
async fn works_with_a_wrong_clock(world: &World, ahead: i64) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let ahead = ahead.to_string();
    let program = Program::start_with(world, &log, &[SECONDLY, ("FAIL_CLOCK", &ahead)]);
    world.send("portal.inca.request.submit", &request()).await;
    while world.next("portal.inca").await.kind != "request.accepted" {}
    let now = world.text("select clock_timestamp()::text").await;
    let looked = format!("select count(*) from job_run where result = 'done' and started_at > '{now}'");
    world
        .until("it looks for what is overdue", async || {
            world.count(&looked).await >= 3
        })
        .await;
    let said = std::fs::read_to_string(&log).unwrap();
    let said = said
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .any(|line| line["message"] == "clock is down" && line["readiness.reason"] == "ClockSkew");
    assert!(said, "the log tells of the skew");
    program.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_clock_is_wrong_is_neither_early_nor_late() {
    let mut world = World::start().await;
    world.stop().await; // it declared the queues, at the tests' own time
    world.execute("delete from job_run; delete from job").await;
    let overdue = "select count(*) from cases where overdue";

    works_with_a_wrong_clock(&world, 400 * DAY).await;
    assert_eq!(
        world.count(overdue).await,
        0,
        "none is overdue by a clock that is ahead"
    );
    world
        .execute("update cases set awaiting_since = current_date - 20, due_on = current_date - 4")
        .await;
    works_with_a_wrong_clock(&world, -400 * DAY).await;
    assert_eq!(
        world.count(overdue).await,
        1,
        "the first is, by a clock that is behind"
    );

    let apart = "select count(*) from case_event where abs(extract(epoch from at - now())) > 600";
    assert_eq!(
        world.count(apart).await,
        0,
        "what happened is dated by the database"
    );
    let apart = "select count(*) from job_run \
                 where abs(extract(epoch from started_at - scheduled_for at time zone 'UTC')) > 60 and timezone = 'UTC'";
    assert_eq!(
        world.count(apart).await,
        0,
        "jobs are due by the database's clock"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_tells_of_a_clock_that_is_wrong() {
    let world = World::empty().await;
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_usciere"))
        .args(["doctor", "--profile", "test"])
        .env("USCIERE_DATABASE__URL", world.config.database.url.expose())
        .env("USCIERE_AMQP__URL", &world.config.amqp.url.0)
        .env("FAIL_CLOCK", "-3600")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let clock = said.lines().find(|line| line.contains(" clock ")).unwrap();
    assert!(
        clock.starts_with('✘') && clock.ends_with(" s behind the database's"),
        "{said}"
    );
}

/// Every due time of the job, as the logs of those who ran it have it.
fn ran(logs: &[PathBuf]) -> Vec<String> {
    let lines = logs.iter().map(|log| std::fs::read_to_string(log).unwrap());
    let lines = lines.collect::<String>();
    lines
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line["message"] == "job done" && line["job.name"] == "overdue")
        .map(|line| line["job.scheduled_for"].as_str().unwrap().to_owned())
        .collect()
}

/// Whoever comes first in a second runs its job; that one is killed, and another comes first (C3).
#[tokio::test(flavor = "multi_thread")]
async fn three_schedulers_run_each_time_once_whoever_of_them_is_killed() {
    let mut world = World::start().await;
    world.stop().await;
    world.execute("delete from job_run; delete from job").await;
    let folder = tempfile::tempdir().unwrap();
    let logs = [0, 1, 2].map(|number| folder.path().join(format!("s-{number}")));
    let start = |number: usize| {
        let name = format!("s-{number}");
        Program::start_with(&world, &logs[number], &[SECONDLY, ("USCIERE_NODE__NAME", &name)])
    };
    let mut programs: Vec<Program> = (0..3).map(start).collect();
    let by_others = |victim: &str| {
        format!(
            "select count(*) from job_run where job = 'overdue' and result = 'done' and node <> '{victim}'
                 and scheduled_for > (select max(scheduled_for) from job_run where job = 'overdue' and node = '{victim}')"
        )
    };
    let first = "select count(*) from job_run where job = 'overdue' and result = 'done'";
    world
        .until("one comes first", async || world.count(first).await >= 1)
        .await;
    for _ in 0..3 {
        let busy = "select node from job_run where job = 'overdue' order by scheduled_for desc limit 1";
        let victim = world.text(busy).await;
        let number: usize = victim.strip_prefix("s-").unwrap().parse().unwrap();
        programs.remove(number).kill();
        world
            .until("another comes first", async || {
                world.count(&by_others(&victim)).await >= 2
            })
            .await;
        programs.insert(number, start(number));
    }
    drop(programs);
    let mut ran = ran(&logs);
    let times = ran.len();
    ran.sort_unstable();
    ran.dedup();
    assert_eq!(ran.len(), times, "no time was run twice");
    assert!(times >= 6, "{times} times were run");
}

/// The one whose turn it is dies inside the transaction that fires a deadline, and so does the next, until one comes that
/// lives: nothing of their runs stands, and the deadline is fired once (C3).
#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_whose_scheduler_is_killed_over_it_is_fired_once_by_another() {
    let mut world = World::start().await;
    world.submit().await;
    world.stop().await;
    world.execute("delete from job_run; delete from job").await;
    let folder = tempfile::tempdir().unwrap();
    let start = |number: usize, fail_point: &str| {
        let name = format!("s-{number}");
        let settings = [
            SECONDLY,
            ("USCIERE_NODE__NAME", &name),
            ("FAIL_POINT", fail_point),
        ];
        Program::start_with(&world, &folder.path().join(&name), &settings)
    };
    let programs: Vec<Program> = (0..3).map(|number| start(number, "in_transaction@1")).collect();
    let programs = RefCell::new(programs);
    let up = "select count(*) from node where name like 's-%'";
    world
        .until("all three are up", async || world.count(up).await == 3)
        .await;
    world
        .execute("update cases set awaiting_since = current_date - 20, due_on = current_date - 4")
        .await;
    let fired = "select count(*) from case_event where kind = 'elapsed'";
    let deaths = Cell::new(0);
    world
        .until("it is fired", async || {
            for (number, program) in programs.borrow_mut().iter_mut().enumerate() {
                if program.has_ended() {
                    deaths.set(deaths.get() + 1);
                    *program = start(number, "");
                }
            }
            world.count(fired).await == 1
        })
        .await;
    let told =
        "select count(*) from outbox_sent where kind = 'request.overdue' and destination = 'portal.inca'";
    world
        .until("the portal is told", async || world.count(told).await == 1)
        .await;
    assert!(deaths.get() >= 1, "the first died over it");
    assert_eq!(world.count(fired).await, 1);
    let lost = "select count(*) from job_run where job = 'overdue' and result = 'lost'";
    assert_eq!(world.count(lost).await, deaths.get());
}

/// Nodes that die as soon as they are up, under ever new names, take nobody's share of the outbox.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_counts_for_the_others_once_it_stayed() {
    let mut world = World::start().await;
    let store = world.node().store.clone();
    world.stop().await;
    let lease = std::time::Duration::from_mins(1);
    let sign = async |name: &str| {
        let name: NodeName = name.parse().unwrap();
        store.sign_of_life(&name, &["relay"]).await.unwrap();
        store.count_relays(&name, lease).await.unwrap()
    };
    assert_eq!(sign("stays").await, 1);
    for ghost in ["ghost-1", "ghost-2", "ghost-3"] {
        sign(ghost).await;
    }
    assert_eq!(sign("stays").await, 1);
    assert_eq!(sign("ghost-3").await, 2, "the one that stayed, and itself");
    assert_eq!(sign("stays").await, 2);
}
