//! Holds the arrows between the layers (see `src/lib.rs`), and the habits a compiler does not check.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A source file without its comments, texts and tests.
struct Source {
    /// Below `src`, such as `store/cases.rs`.
    path: String,
    /// `store` for `store.rs` and everything in `store/`.
    module: String,
    code: String,
    lines: usize,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    files.iter().map(|file| Source::read(file, &root)).collect()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

impl Source {
    fn read(file: &Path, root: &Path) -> Self {
        let text = std::fs::read_to_string(file).expect("a readable file");
        let path = file
            .strip_prefix(root)
            .expect("below src")
            .to_string_lossy()
            .into_owned();
        let module = path
            .split('/')
            .next()
            .unwrap_or_default()
            .trim_end_matches(".rs")
            .to_owned();
        let code = if is_test(&path) {
            String::new()
        } else {
            code_of(&text)
        };
        Self {
            module,
            code,
            lines: text.lines().count(),
            path,
        }
    }

    /// Whether the code names an external crate.
    fn names_crate(&self, name: &str) -> bool {
        words(&self.code)
            .any(|(before, word, after)| word == name && after.starts_with("::") && !before.ends_with("::"))
    }

    /// The modules of this crate the code names: `crate::x` and `crate::{x, y}`.
    fn names_modules(&self) -> BTreeSet<String> {
        let mut named = BTreeSet::new();
        for (_, after) in self
            .code
            .match_indices("crate::")
            .map(|(at, found)| self.code.split_at(at + found.len()))
        {
            match after.strip_prefix('{') {
                Some(group) => named.extend(group_heads(group)),
                None => named.extend(head(after)),
            }
        }
        named
    }
}

/// Tests may use whatever they need: files of tests, and what they are prepared with.
fn is_test(path: &str) -> bool {
    let words = ["tests", "fixtures", "invariants", "testing"];
    path.trim_end_matches(".rs")
        .split('/')
        .any(|part| words.contains(&part))
}

/// The text without comments, and without the tests at its end.
fn code_of(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    code.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Every word with what stands before and after it.
fn words(code: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut start = 0;
    std::iter::from_fn(move || {
        let begin = start + code[start..].find(is_word)?;
        let end = begin + code[begin..].find(|c| !is_word(c)).unwrap_or(code.len() - begin);
        start = end;
        Some((&code[..begin], &code[begin..end], &code[end..]))
    })
}

fn head(path: &str) -> Option<String> {
    let word: String = path
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect();
    (!word.is_empty()).then_some(word)
}

/// The first word of each path of `a::b, c::{d, e}} ...`, up to the brace that closes the group.
fn group_heads(group: &str) -> Vec<String> {
    let (mut depth, mut item, mut heads) = (0_usize, String::new(), Vec::new());
    for character in group.chars() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => heads.extend(head(std::mem::take(&mut item).trim())),
            _ => {}
        }
        if !(depth == 0 && character == ',') {
            item.push(character);
        }
    }
    heads.extend(head(item.trim()));
    heads
}

fn complain(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// Crates that one module alone may name, and the files beside it that may too.
const OWNED: &[(&str, &str, &[&str])] = &[
    ("sqlx", "store", &[]),
    ("lapin", "amqp", &[]),
    ("lettre", "mail", &[]),
    ("mail_parser", "mail", &[]),
    ("axum", "http", &[]),
    ("figment", "config", &[]),
    ("tokio_cron_scheduler", "scheduler", &[]),
    ("minijinja", "mail", &[]),
    ("icalendar", "mail", &[]),
    ("jsonwebtoken", "identity", &[]),
    ("krilla", "documents", &[]),
    ("parley", "documents", &[]),
    ("rust_xlsxwriter", "documents", &[]),
    ("governor", "http", &[]),
    ("cookie", "http", &[]),
    ("hyper", "http", &[]),
    ("hyper_util", "http", &[]),
    ("include_dir", "http", &[]),
    ("oauth2", "identity", &[]),
    ("anyhow", "cli", &["main.rs"]),
];

#[test]
fn each_driver_is_named_by_one_module() {
    let mut faults = Vec::new();
    for source in sources() {
        for &(name, owner, others) in OWNED {
            if source.module != owner && !others.contains(&source.path.as_str()) && source.names_crate(name) {
                faults.push(format!(
                    "src/{} names {name}, which is {owner}'s alone",
                    source.path
                ));
            }
        }
    }
    complain(&faults);
}

/// Modules that may name these of the crate and no others.
const MAY_NAME: [(&str, &[&str]); 5] = [
    ("domain", &["domain"]),
    ("workflow", &["workflow", "domain"]),
    ("documents", &["documents", "domain", "workflow"]),
    ("clock", &["clock", "failpoint"]),
    ("telemetry", &["telemetry", "config"]),
];

/// Modules nothing but these may name.
const NAMED_BY: [(&str, &[&str]); 3] = [
    ("cli", &["cli", "main", "schema"]),
    ("http", &["http", "cli", "node", "schema", "main"]),
    ("node", &["node", "cli", "dev", "main"]),
];

#[test]
fn arrows_point_the_right_way() {
    let mut faults = Vec::new();
    for source in sources() {
        let named = source.names_modules();
        for (module, allowed) in MAY_NAME {
            let wrong = named
                .iter()
                .filter(|other| source.module == module && !allowed.contains(&other.as_str()));
            faults.extend(wrong.map(|other| format!("src/{} names {other}; {module} may not", source.path)));
        }
        for (module, namers) in NAMED_BY {
            if named.contains(module) && !namers.contains(&source.module.as_str()) {
                faults.push(format!(
                    "src/{} names {module}; only {} may",
                    source.path,
                    namers.join(", ")
                ));
            }
        }
    }
    complain(&faults);
}

#[test]
fn every_module_is_one_of_the_plan() {
    let known = include_str!("../src/lib.rs");
    let mut files: BTreeMap<String, bool> = BTreeMap::new();
    for source in sources() {
        files.insert(
            source.module.clone(),
            known.contains(&format!("mod {};", source.module)),
        );
    }
    let unknown = files
        .iter()
        .filter(|(module, declared)| !**declared && !["lib", "main"].contains(&module.as_str()));
    complain(
        &unknown
            .map(|(module, _)| format!("src/{module}.rs is declared nowhere"))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn no_release_can_be_told_to_kill_itself() {
    let open = include_str!("../src/failpoint.rs");
    let armed = include_str!("../src/failpoint/armed.rs");
    assert!(
        open.contains("#[cfg(debug_assertions)]\nmod armed;"),
        "what kills stands in a module of debug builds"
    );
    for word in ["kill(", "env::"] {
        assert!(
            !code_of(open).contains(word),
            "{word} stands outside the module of debug builds"
        );
        assert!(armed.contains(word));
    }
    let manifest: toml::Table = include_str!("../Cargo.toml").parse().expect("TOML");
    for profile in ["release", "dist"] {
        let settings = manifest["profile"][profile].as_table().expect("a table");
        assert!(
            !settings.contains_key("debug-assertions"),
            "profile {profile} has fail points"
        );
    }
}

/// Longer files hide what they are about.
const MOST_LINES: usize = 400;

#[test]
fn files_are_short_and_named_after_their_module() {
    let mut faults = Vec::new();
    for source in sources() {
        if source.lines >= MOST_LINES {
            faults.push(format!(
                "src/{} has {} lines: split it",
                source.path, source.lines
            ));
        }
        if source.path.ends_with("/mod.rs") {
            faults.push(format!(
                "src/{}: name it after its folder, beside it",
                source.path
            ));
        }
    }
    complain(&faults);
}

#[test]
fn every_module_says_what_it_is_for() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    let silent = files
        .iter()
        .filter(|file| !is_test(&file.to_string_lossy()))
        .filter(|file| !std::fs::read_to_string(file).is_ok_and(|text| text.starts_with("//! ")));
    complain(
        &silent
            .map(|file| format!("{} opens without //!", file.display()))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn the_reader_of_sources_sees_what_it_should() {
    let source = Source {
        path: "x.rs".to_owned(),
        module: "x".to_owned(),
        code: code_of(
            "use crate::{clock::Clock, store::{Store, a}};\nuse sqlx::query; // lapin::x\ncrate::domain::y();\n",
        ),
        lines: 3,
    };
    assert_eq!(
        source.names_modules(),
        ["clock", "domain", "store"].map(str::to_owned).into()
    );
    assert!(source.names_crate("sqlx") && !source.names_crate("lapin"));
}
