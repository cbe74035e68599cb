//! `usciere import`: load registers from CSV files.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::output::Row;
use super::reach;
use super::session::Session;
use super::who;
use super::words::one_of;
use crate::registry::import::{
    BadLine, ImportError, ImportEvent, ImportKind, ImportReport, import, rehearse,
};
use crate::store::Store;

/// Load a register from a CSV file
#[derive(Debug, Args)]
#[command(after_help = "\
UTF-8 with a header line. Good lines are loaded, bad ones are listed with number and reason, and
then the exit code is 3. A second run changes nothing. Competence names sedi and
topics: import those two first.

Columns, in any order:
  sedi        code,name,kind,region,province,address,cap,comune,protocol_code,email,active
  competence  cap,comune_istat,topic,sede,priority (empty comune_istat or topic: all)
  topics      code,label,reasons,first_level,keywords
  patronati   code,name,office,office_name,region,queue
  citizens    person_id,codice_fiscale,family_name,given_name,born_on,birth_place,address,cap,
              comune_istat
  practices   kind,number,codice_fiscale,holder_role

Examples:
  usciere import sedi config/examples/sedi.csv
  usciere import citizens citizens.csv --check -o json")]
pub struct ImportArgs {
    /// Which register
    #[arg(value_parser = one_of(ImportKind::ALL, ImportKind::as_str, ImportKind::from_word))]
    pub register: ImportKind,
    /// The file to read
    #[arg(value_name = "FILE.csv")]
    pub file: PathBuf,
    /// Reads and checks everything, loads nothing
    #[arg(long)]
    pub check: bool,
}

/// What an import did.
#[derive(Debug, Serialize)]
struct Imported {
    register: ImportKind,
    /// Nothing was loaded: the counts are what an import would do.
    check: bool,
    inserted: u64,
    changed: u64,
    unchanged: u64,
    rejected: u64,
    /// The first of them; all are told on the way.
    rejected_lines: Vec<RejectedLine>,
}

/// How many rejected lines the report lists: its memory must not grow with a file that is all wrong.
const LISTED: usize = 1_000;

#[derive(Debug, Serialize)]
struct RejectedLine {
    line: u64,
    /// In Italian, without the line's values.
    reason: String,
}

impl Row for Imported {
    const COLUMNS: &'static [&'static str] = &["register", "inserted", "changed", "unchanged", "rejected"];

    fn cells(&self) -> Vec<String> {
        let counts = [self.inserted, self.changed, self.unchanged, self.rejected];
        let counts = counts.iter().map(ToString::to_string);
        std::iter::once(self.register.to_string()).chain(counts).collect()
    }
}

pub async fn run(args: ImportArgs, session: &mut Session) -> Result<Exit, Failure> {
    let file = open(&args.file)?;
    let (_, store) = reach::database(session).await?;
    if !args.check {
        let about = format!("{} from {}", args.register, args.file.display());
        who::note(&store, "import", about).await?;
    }
    let imported = load(&store, &args, file, session).await?;
    store.close().await;
    session.printer.rows(std::slice::from_ref(&imported))?;
    if args.check {
        session.printer.say("this was a check: nothing was loaded");
    }
    Ok(if imported.rejected == 0 {
        Exit::Ok
    } else {
        Exit::Partly
    })
}

async fn load(
    store: &Store,
    args: &ImportArgs,
    file: File,
    session: &mut Session,
) -> Result<Imported, Failure> {
    let length = file.metadata()?.len();
    let bar = session.printer.progress_of_file(length, args.register.as_str());
    let mut rejected_lines = Vec::new();
    let observe = |event| match event {
        ImportEvent::Progress(bytes) => bar.set_position(bytes),
        ImportEvent::Rejected(BadLine { line, reason }) => {
            let complaint = format!("{}:{line}: {reason}", args.file.display());
            bar.suspend(|| session.printer.complain(complaint));
            if rejected_lines.len() < LISTED {
                rejected_lines.push(RejectedLine { line, reason });
            }
        }
    };
    let report = if args.check {
        rehearse(store, args.register, file, observe).await
    } else {
        import(store, args.register, file, observe).await
    };
    bar.finish_and_clear();
    let ImportReport {
        inserted,
        changed,
        unchanged,
        rejected,
    } = report.map_err(|error| failure(error, args))?;
    Ok(Imported {
        register: args.register,
        check: args.check,
        inserted,
        changed,
        unchanged,
        rejected,
        rejected_lines,
    })
}

fn open(path: &Path) -> Result<File, Failure> {
    let shown = path.display();
    let file = File::open(path).map_err(|error| {
        let exit = match error.kind() {
            ErrorKind::NotFound => Exit::NotFound,
            _ => Exit::Failed,
        };
        Failure::new(exit, format!("{shown} cannot be read")).caused_by(error)
    })?;
    if file.metadata()?.is_dir() {
        return Err(Failure::usage(format!("{shown} is a folder, not a CSV file")));
    }
    Ok(file)
}

fn failure(error: ImportError, args: &ImportArgs) -> Failure {
    let what = format!("nothing was imported from {}", args.file.display());
    match error {
        ImportError::Store(error) => error.into(),
        ImportError::Header(_) => {
            let columns = args.register.columns().join(",");
            Failure::new(Exit::Failed, what)
                .caused_by(error)
                .fix(format!("the first line must name the columns {columns}"))
        }
        ImportError::Read(_) => Failure::new(Exit::Failed, what).caused_by(error),
    }
}
