//! `usciere import`: load registers from CSV files.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Load a register from a CSV file
#[derive(Debug, Args)]
#[command(after_help = "\
UTF-8 with a header line. Good lines are loaded; bad ones are listed with number and reason, and the exit code is 3.
A second run changes nothing.

Columns:
  sedi        code,name,kind,region,province,address,cap,comune,protocol_code,email,active
  competence  cap,comune_istat,topic,sede,priority (empty comune_istat or topic: all)
  topics      code,label,reasons,first_level,keywords
  patronati   code,name,office,office_name,region,queue
  citizens    person_id,codice_fiscale,family_name,given_name,born_on,birth_place,address,cap,comune_istat
  practices   kind,number,codice_fiscale,holder_role

Example:
  usciere import sedi config/example/sedi.csv")]
pub struct ImportArgs {
    /// Which register
    #[arg(value_enum)]
    pub register: Register,
    #[arg(value_name = "FILE.csv")]
    pub file: PathBuf,
    /// Reads and checks everything, loads nothing
    #[arg(long)]
    pub check: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Register {
    Sedi,
    Competence,
    Topics,
    Patronati,
    Citizens,
    Practices,
}
