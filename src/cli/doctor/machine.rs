//! What can be looked at on this machine: files, secrets, folders, workflows, time zones.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use chrono::{NaiveDate, Offset, TimeZone};
use chrono_tz::{Europe::Rome, IANA_TZDB_VERSION};

use super::Finding;
use crate::config::attachments::AttachmentsUrl;
use crate::config::mail::SmtpUrl;
use crate::config::{Config, Loaded};
use crate::workflow::Registry;

pub(super) fn look(loaded: &Loaded) -> Vec<Finding> {
    let config = &loaded.config;
    let mut findings = vec![configuration(loaded)];
    findings.extend(secrets(loaded));
    if let AttachmentsUrl::Folder(attachments) = &config.attachments.url {
        findings.push(folder("attachments", attachments));
    }
    if let SmtpUrl::Files(mails) = &config.smtp.url {
        findings.push(folder("mail", mails));
        findings.extend(no_mail_leaves(config));
    }
    findings.push(workflows(&config.workflows.dir));
    findings.push(time_zones());
    findings
}

fn configuration(loaded: &Loaded) -> Finding {
    let files: Vec<String> = loaded.files().map(|file| file.display().to_string()).collect();
    let read = if files.is_empty() {
        "built-in values only".to_owned()
    } else {
        files.join(", then ")
    };
    Finding::good(
        "configuration",
        format!("profile {}: {read}", loaded.config.profile),
    )
}

/// Files with a password that others on this machine can read.
fn secrets(loaded: &Loaded) -> Vec<Finding> {
    let others_read = |metadata: &Metadata| metadata.permissions().mode() & 0o004 != 0;
    let mut findings: Vec<Finding> = Vec::new();
    for file in loaded.secret_files() {
        if std::fs::metadata(file).is_ok_and(|metadata| others_read(&metadata)) {
            let file = file.display();
            findings.push(Finding::bad(
                "secrets",
                format!("{file} holds a password and everyone on this machine can read it"),
                format!("chmod o= {file}"),
            ));
        }
    }
    if findings.is_empty() {
        findings.push(Finding::good(
            "secrets",
            "no file with a password is readable by everyone",
        ));
    }
    findings
}

fn no_mail_leaves(config: &Config) -> Option<Finding> {
    config.profile.is_production().then(|| {
        Finding::warning(
            "mail",
            "mails are kept as files: none reaches anybody",
            "set smtp.url to smtps://host or smtp://host",
        )
    })
}

/// A folder the engine writes into. It is made at start where its parent can be written.
fn folder(part: &'static str, folder: &Path) -> Finding {
    let shown = folder.display();
    match write_probe(folder) {
        Ok(()) => Finding::good(part, format!("{shown} can be written")),
        Err(error) => Finding::bad(
            part,
            format!("{shown} cannot be written: {error}"),
            format!("mkdir -p {shown}, and give it to the user that runs usciere"),
        ),
    }
}

fn write_probe(folder: &Path) -> io::Result<()> {
    let Some(existing) = folder
        .ancestors()
        .find(|ancestor| ancestor.as_os_str().is_empty() || ancestor.exists())
    else {
        return Err(io::ErrorKind::NotFound.into());
    };
    let existing = if existing.as_os_str().is_empty() {
        Path::new(".")
    } else {
        existing
    };
    let probe = existing.join(format!(".usciere-doctor-{}", std::process::id()));
    std::fs::write(&probe, b"probe")?;
    std::fs::remove_file(&probe)
}

fn workflows(folder: &Path) -> Finding {
    match Registry::load(folder) {
        Ok(registry) => {
            let versions: Vec<String> = registry
                .iter()
                .map(|workflow| workflow.reference().to_string())
                .collect();
            Finding::good(
                "workflows",
                format!("{}: {}", folder.display(), versions.join(", ")),
            )
        }
        Err(problems) => {
            let first = problems
                .iter()
                .next()
                .map(ToString::to_string)
                .unwrap_or_default();
            let first = first.lines().next().unwrap_or_default().to_owned();
            let count = problems.iter().count();
            let message = if count == 1 {
                first
            } else {
                format!("{first} (and {} more)", count - 1)
            };
            Finding::bad("workflows", message, "usciere workflow check")
        }
    }
}

/// Deadlines are dates in Rome: the zone must know its summer time.
fn time_zones() -> Finding {
    let hours = |month| {
        let noon = NaiveDate::from_ymd_opt(2026, month, 1).and_then(|day| day.and_hms_opt(12, 0, 0));
        noon.map(|noon| Rome.offset_from_utc_datetime(&noon).fix().local_minus_utc() / 3_600)
    };
    match (hours(1), hours(7)) {
        (Some(1), Some(2)) => Finding::good(
            "time zones",
            format!("{IANA_TZDB_VERSION}, Europe/Rome UTC+1 and UTC+2"),
        ),
        (winter, summer) => Finding::bad(
            "time zones",
            format!("{IANA_TZDB_VERSION} has Europe/Rome at {winter:?} and {summer:?} hours from UTC"),
            "build usciere with a newer chrono-tz",
        ),
    }
}
