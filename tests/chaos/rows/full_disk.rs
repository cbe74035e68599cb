//! P4: PostgreSQL has no room left.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::fcntl::{FallocateFlags, fallocate};

use crate::engine::{Engine, Orders};
use crate::service::standby::own;
use crate::trial::Trial;
use crate::world::World;

const CONVERSATIONS: usize = 12;
const SIZE: &str = "size=96m";

/// Tables on a file system that fills up: nothing is acknowledged, and everything comes when there is room again.
/// Without the right to mount one the server only says that its disk is full.
pub(crate) async fn a_full_disk(world: &mut World) -> String {
    let (figure, real) = match Disk::mount(world) {
        Some(disk) => (really_full(world, &disk).await, "a full file system"),
        None => (
            said_to_be_full(world).await,
            "the SQLSTATE alone: nothing may be mounted here",
        ),
    };
    format!("{real}: {figure}")
}

async fn really_full(world: &World, disk: &Disk) -> String {
    let place = disk.0.display();
    world
        .execute(&format!("create tablespace small location '{place}'"))
        .await;
    world
        .execute("alter table all in tablespace pg_default set tablespace small")
        .await;
    let (trial, mut engine) = begun(world).await;
    // Whoever meets it first: where the marks of the relay do, no client is answered and none sends a command.
    let waits = |log: &str| log.matches("intake waits").count() + log.matches("could not be marked").count();
    let before = waits(&engine.log());
    disk.fill();
    world
        .until("the engine meets it", async |world| {
            world.database.log().contains("No space left on device") && waits(&engine.log()) > before
        })
        .await;
    disk.empty();
    let resumed = trial.goes_on(world, 1).await;
    let verdict = trial.passes(world).await;
    engine.kill().await;
    world
        .execute("alter table all in tablespace small set tablespace pg_default")
        .await;
    world.execute("drop tablespace small").await;
    format!("deliveries again {resumed:.1?} after there was room; {verdict:?}")
}

async fn said_to_be_full(world: &World) -> String {
    let (trial, mut engine) = begun(world).await;
    let met = world.refuse("53100", i64::MAX).await;
    world
        .until("the engine meets it", async |world| met(world).await >= 3)
        .await;
    world.refuse_nothing().await;
    let resumed = trial.goes_on(world, 1).await;
    let verdict = trial.passes(world).await;
    engine.kill().await;
    format!("deliveries again {resumed:.1?} after there was room; {verdict:?}")
}

async fn begun(world: &World) -> (Trial, Engine) {
    let trial = Trial::start(world, 34, CONVERSATIONS);
    let mut engine = Engine::new(world, "a").await;
    engine.start(world, &Orders::default());
    trial.goes_on(world, 50).await;
    (trial, engine)
}

/// A small file system of its own.
struct Disk(PathBuf);

impl Disk {
    fn mount(world: &World) -> Option<Self> {
        let place = std::env::temp_dir().join(format!("usciere-disk-{}", std::process::id()));
        std::fs::create_dir(&place).unwrap();
        let mounted = run("mount", &["-t", "tmpfs", "-o", SIZE, "tmpfs"], &place);
        if !mounted {
            std::fs::remove_dir(&place).unwrap();
            return None;
        }
        own(&place, world.database.account().as_ref());
        Some(Self(place))
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// Leaves room for nothing.
    fn fill(&self) {
        let file = File::create(self.ballast()).unwrap();
        for step in [1 << 20, 4 << 10] {
            let mut end = file.metadata().unwrap().len().cast_signed();
            while fallocate(&file, FallocateFlags::empty(), end, step).is_ok() {
                end += step;
            }
        }
    }

    fn empty(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run("umount", &["--lazy"], &self.0);
        let _ = std::fs::remove_dir(&self.0);
    }
}

fn run(program: &str, arguments: &[&str], place: &Path) -> bool {
    let output = Command::new(program).args(arguments).arg(place).output();
    output.is_ok_and(|output| output.status.success())
}
