//! An import takes no more memory for a long file than for a short one.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sqlx::PgPool;
use usciere::domain::codice_fiscale::CodiceFiscale;

use crate::services::fresh;

const LOOK: Duration = Duration::from_millis(5);

/// A citizen's valid codice fiscale, another one for each number.
fn codice_fiscale(number: u32) -> String {
    let consonant = |place: u32| char::from(b"BCDFGLMNPRSTVZ"[(number / 14_u32.pow(place) % 14) as usize]);
    let body = format!(
        "{}{}{}{}{}{}{:02}A{:02}H501",
        consonant(0),
        consonant(1),
        consonant(2),
        consonant(3),
        consonant(4),
        consonant(5),
        number % 100,
        1 + number % 28,
    );
    let mut forms = ('A'..='Z').map(|check| format!("{body}{check}"));
    forms.find(|code| CodiceFiscale::parse(code).is_ok()).unwrap()
}

fn write_citizens(file: &Path, count: u32) {
    let mut csv = String::from(
        "person_id,codice_fiscale,family_name,given_name,born_on,birth_place,address,cap,comune_istat\n",
    );
    for number in 0..count {
        let code = codice_fiscale(number);
        writeln!(
            csv,
            "P{number:09},{code},Rossi,Mario,1950-01-{:02},ROMA,\"Via Roma {number}, POMEZIA\",00071,058079",
            1 + number % 28
        )
        .unwrap();
    }
    fs::write(file, csv).unwrap();
}

/// The most memory a process had, in KiB, as long as it tells.
fn peak(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

fn program(database: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_usciere"));
    command
        .args(["--profile", "test"])
        .env("DATABASE_URL", database)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Imports a file with the real program; the most memory it took.
async fn import(database: &str, file: &Path) -> u64 {
    let mut child = program(database)
        .args(["import", "citizens"])
        .arg(file)
        .spawn()
        .unwrap();
    let mut most = 0;
    loop {
        most = most.max(peak(&child).unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return most;
        }
        tokio::time::sleep(LOOK).await;
    }
}

#[tokio::test]
async fn ten_times_the_lines_take_no_more_memory() {
    let (database, _) = fresh().await;
    let database = database.as_str();
    let migrated = program(database).args(["db", "migrate"]).status().unwrap();
    assert!(migrated.success());
    let folder = tempfile::tempdir().unwrap();
    let (short, long) = (folder.path().join("short.csv"), folder.path().join("long.csv"));
    write_citizens(&short, 6_000);
    write_citizens(&long, 60_000);
    let few = import(database, &short).await;
    let many = import(database, &long).await;
    let loaded: i64 = sqlx::query_scalar("select count(*) from citizen")
        .fetch_one(&PgPool::connect(database).await.unwrap())
        .await
        .unwrap();
    assert_eq!(loaded, 60_000);
    assert!(few > 1_000, "{few} KiB were measured");
    assert!(
        many < few + 8 * 1024,
        "{few} KiB for 6,000 lines, {many} KiB for 60,000"
    );
}
