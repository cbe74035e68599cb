//! Where files are kept elsewhere, and who looks for viruses in them.

use super::Finding;
use super::services::chain;
use crate::attachments::{AttachmentStore, Scanner, ScannerFault};
use crate::config::Profile;
use crate::config::attachments::{AttachmentsSettings, AttachmentsUrl, ScannerUrl};

pub(super) async fn look(settings: &AttachmentsSettings, profile: Profile) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let AttachmentsUrl::S3(place) = &settings.url {
        findings.push(bucket(settings, &place.bucket).await);
    }
    findings.extend(scanner(settings, profile).await);
    findings
}

async fn bucket(settings: &AttachmentsSettings, name: &str) -> Finding {
    const PART: &str = "attachments";
    let reached = match AttachmentStore::open(settings) {
        Ok(files) => files.reach().await,
        Err(error) => Err(error),
    };
    match reached {
        Ok(()) => Finding::good(PART, format!("the bucket {name}")),
        Err(error) => Finding::bad(
            PART,
            format!("the bucket {name}: {}", chain(&error)),
            "let this machine reach it, and let its key list, read and write there (attachments.url)",
        ),
    }
}

async fn scanner(settings: &AttachmentsSettings, profile: Profile) -> Option<Finding> {
    const PART: &str = "virus scanner";
    let url = &settings.scanner.url;
    if *url == ScannerUrl::None {
        return profile.is_production().then(|| {
            Finding::warning(
                PART,
                "none: files are taken and given unchecked",
                "set attachments.scanner.url to a clamd",
            )
        });
    }
    Some(match Scanner::open(&settings.scanner).ping().await {
        Ok(()) => Finding::good(PART, format!("clamd at {url}")),
        Err(error) => Finding::bad(PART, format!("clamd at {url}: {}", chain(&error)), fix(&error)),
    })
}

fn fix(error: &ScannerFault) -> &'static str {
    match error {
        ScannerFault::Unreachable(_) => "start clamd, or set attachments.scanner.url",
        ScannerFault::Late => "look at the load of clamd, or raise attachments.scanner.timeout",
        ScannerFault::Refused(_) => "set attachments.scanner.url to a clamd",
    }
}
