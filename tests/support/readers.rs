//! What programs that are not ours find in papers and spreadsheets.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What a reader finds in a file.
pub(crate) fn found(kind: &str, bytes: &[u8]) -> Value {
    let mut all = found_in_all(kind, &[bytes]);
    all.pop().unwrap()
}

/// The same for many files at once: starting a reader takes longer than reading.
pub(crate) fn found_in_all(kind: &str, files: &[&[u8]]) -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let prepared = Command::new(root.join("scripts/readers")).status().unwrap();
    assert!(prepared.success(), "scripts/readers");
    let folder = tempfile::tempdir().unwrap();
    let write = |(number, bytes): (usize, &&[u8])| -> PathBuf {
        let file = folder.path().join(format!("{number}.{kind}"));
        std::fs::write(&file, bytes).unwrap();
        file
    };
    let read = Command::new(root.join("target/readers/venv/bin/python"))
        .env("PYTHONUTF8", "1")
        .arg(root.join("tests/readers/read.py"))
        .arg(kind)
        .args(files.iter().enumerate().map(write))
        .output()
        .unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    serde_json::from_slice(&read.stdout).unwrap()
}
