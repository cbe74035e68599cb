//! Files read by programs that are not ours (`scripts/readers`, `tests/readers/read.py`).

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What the reader of a kind of file finds in it.
pub(crate) fn found(kind: &str, bytes: &[u8]) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let prepared = Command::new(root.join("scripts/readers")).status().unwrap();
    assert!(prepared.success(), "scripts/readers");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(format!("paper.{kind}"));
    std::fs::write(&file, bytes).unwrap();
    let read = Command::new(root.join("target/readers/venv/bin/python"))
        .env("PYTHONUTF8", "1")
        .arg(root.join("tests/readers/read.py"))
        .args([kind.as_ref(), file.as_os_str()])
        .output()
        .unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    serde_json::from_slice(&read.stdout).unwrap()
}
