//! `usciere audit verify`.

use serde::Serialize;

use super::AuditVerifyArgs;
use crate::cli::cells::{count, maybe};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{Format, Printer, Row};
use crate::cli::reach;
use crate::cli::session::Session;
use crate::domain::audit::{Fault, Head, Verdict};
use crate::store::Walked;

/// What a walk found, for machines.
#[derive(Debug, Serialize)]
struct Report {
    head: Head,
    /// Links whose rows were kept long enough and dropped.
    expired: u64,
    not_chained_yet: u64,
    faults: Vec<Named>,
}

#[derive(Debug, Clone, Serialize)]
struct Named {
    #[serde(flatten)]
    fault: Fault,
    message: String,
}

pub(super) async fn run(args: &AuditVerifyArgs, session: &mut Session) -> Result<Exit, Failure> {
    let (_, store) = reach::database(session).await?;
    let walked = store.read_audit().await?.walk(args.head).await?;
    let whole = walked.verdict.faults.is_empty();
    print(walked, &mut session.printer)?;
    Ok(if whole { Exit::Ok } else { Exit::Failed })
}

fn print(walked: Walked, printer: &mut Printer) -> Result<(), Failure> {
    let Walked { verdict, waiting } = walked;
    let Verdict {
        head,
        faults,
        expired,
    } = verdict;
    let faults: Vec<Named> = faults
        .into_iter()
        .map(|fault| Named {
            fault,
            message: fault.to_string(),
        })
        .collect();
    let found = faults.len();
    match printer.format() {
        Format::Table | Format::Csv => printer.findings(&faults)?,
        Format::Json | Format::Jsonl => printer.one(&Report {
            head,
            expired,
            not_chained_yet: waiting,
            faults,
        })?,
    }
    printer.say(format!("chained up to position {}: {}", head.position, head.hash));
    if waiting > 0 {
        printer.say(format!("{waiting} not chained yet"));
    }
    if expired > 0 {
        printer.say(format!("{expired} known by their links alone: kept long enough"));
    }
    printer.say(if found == 0 {
        "nothing was changed".to_owned()
    } else {
        format!("the audit was changed: {}", count(found, "place", "places"))
    });
    Ok(())
}

impl Row for Named {
    const COLUMNS: &'static [&'static str] = &["position", "row", "message"];

    fn cells(&self) -> Vec<String> {
        let (position, row) = match self.fault {
            Fault::Changed { position, audit_id } | Fault::Removed { position, audit_id } => {
                (Some(position), Some(audit_id))
            }
            Fault::Gap { position } => (Some(position), None),
            Fault::Unchained { audit_id } => (None, Some(audit_id)),
            Fault::HeadMissing => (None, None),
        };
        vec![maybe(position), maybe(row), self.message.clone()]
    }
}

impl Row for Report {
    const COLUMNS: &'static [&'static str] = Named::COLUMNS;

    fn cells(&self) -> Vec<String> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::examples::{every_format, printed};
    use crate::domain::audit::ChainHash;

    fn walked(faults: Vec<Fault>) -> Walked {
        Walked {
            verdict: Verdict {
                head: Head {
                    position: 12,
                    hash: ChainHash::BEGINNING.next(12, None),
                },
                faults,
                expired: 3,
            },
            waiting: 2,
        }
    }

    #[test]
    fn every_fault_names_its_place() {
        let faults = vec![
            Fault::Changed {
                position: 4,
                audit_id: 40,
            },
            Fault::Removed {
                position: 5,
                audit_id: 50,
            },
            Fault::Gap { position: 9 },
            Fault::Unchained { audit_id: 99 },
            Fault::HeadMissing,
        ];
        insta::assert_snapshot!(every_format(|printer| print(walked(faults.clone()), printer)));
    }

    #[test]
    fn a_whole_chain_is_an_empty_table() {
        assert_eq!(
            printed(Format::Table, |printer| print(walked(vec![]), printer)),
            ""
        );
    }
}
