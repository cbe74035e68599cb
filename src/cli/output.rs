//! The one printer. Data goes to stdout in the format asked for, talk goes to stderr.
//!
//! Off a terminal there is no colour, no progress bar and no question. A reader that went away is no error.

mod csv_cell;
mod table;

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::exit::Failure;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// Columns for people.
    #[default]
    Table,
    /// One JSON document.
    Json,
    /// One JSON object per line.
    Jsonl,
    /// Comma-separated, with a header line.
    Csv,
}

/// One line of output: its JSON is its serialisation, its columns serve tables and CSV.
pub trait Row: Serialize {
    const COLUMNS: &'static [&'static str];

    /// One cell per column.
    fn cells(&self) -> Vec<String>;
}

/// How the user wants to be spoken to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manner {
    pub format: Format,
    pub quiet: bool,
    pub no_color: bool,
    /// Questions are answered with yes.
    pub yes: bool,
}

pub struct Printer {
    manner: Manner,
    out: Box<dyn Write + Send>,
    talk: Box<dyn Write + Send>,
    out_is_terminal: bool,
    /// Both stdin and stderr are a terminal: a question can be asked and answered.
    can_ask: bool,
    talk_is_terminal: bool,
}

impl Printer {
    /// The printer of this process.
    pub fn of_process(manner: Manner) -> Self {
        let talk_is_terminal = io::stderr().is_terminal();
        Self {
            manner,
            out: Box::new(io::stdout()),
            talk: Box::new(io::stderr()),
            out_is_terminal: io::stdout().is_terminal(),
            can_ask: talk_is_terminal && io::stdin().is_terminal(),
            talk_is_terminal,
        }
    }

    /// A printer that writes elsewhere, as off a terminal.
    pub fn into_writers(manner: Manner, out: Box<dyn Write + Send>, talk: Box<dyn Write + Send>) -> Self {
        Self {
            manner,
            out,
            talk,
            out_is_terminal: false,
            can_ask: false,
            talk_is_terminal: false,
        }
    }

    pub fn format(&self) -> Format {
        self.manner.format
    }

    /// Prints rows in the format asked for.
    pub fn rows<R: Row>(&mut self, rows: &[R]) -> Result<(), Failure> {
        let text = match self.manner.format {
            Format::Table => table::columns(rows, self.out_is_terminal, self.colours_data()),
            Format::Json => json(&rows, true)?,
            Format::Jsonl => rows
                .iter()
                .map(|row| json(row, false))
                .collect::<Result<_, _>>()?,
            Format::Csv => csv_cell::document(rows)?,
        };
        self.write_out(&text)
    }

    /// As [`Printer::rows`], for changes and findings: people are not shown an empty table.
    pub fn findings<R: Row>(&mut self, rows: &[R]) -> Result<(), Failure> {
        match self.manner.format {
            Format::Table if rows.is_empty() => Ok(()),
            Format::Table | Format::Json | Format::Jsonl | Format::Csv => self.rows(rows),
        }
    }

    /// Prints one thing: for people as a list of its fields, for machines as one object.
    pub fn one<R: Row>(&mut self, row: &R) -> Result<(), Failure> {
        let text = match self.manner.format {
            Format::Table => table::fields(row, self.out_is_terminal, self.colours_data()),
            Format::Json => json(row, true)?,
            Format::Jsonl => json(row, false)?,
            Format::Csv => csv_cell::document(std::slice::from_ref(row))?,
        };
        self.write_out(&text)
    }

    /// Prints a document that has a format of its own: a schema, a script, a page.
    pub fn document(&mut self, text: &str) -> Result<(), Failure> {
        self.write_out(text)?;
        if text.ends_with('\n') {
            Ok(())
        } else {
            self.write_out("\n")
        }
    }

    /// Prints bytes as they are, whatever the format.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        heard(self.out.write_all(bytes).and_then(|()| self.out.flush()))
    }

    /// Talks to the person; silent with `--quiet`.
    pub fn say(&mut self, message: impl Display) {
        if !self.manner.quiet {
            self.talk_line(&message.to_string());
        }
    }

    /// Says what went wrong, as JSON where the output is JSON.
    pub fn failure(&mut self, failure: &Failure) {
        let text = match self.manner.format {
            Format::Json | Format::Jsonl => {
                serde_json::to_string(failure).unwrap_or_else(|_| failure.to_string())
            }
            Format::Table | Format::Csv => format!("{} {failure}", self.paint_talk("error:", "1;31")),
        };
        self.talk_line(&text);
    }

    /// Asks before something that cannot be undone. Where nobody can answer, `--yes` must have been given.
    pub fn confirm(&mut self, question: &str) -> Result<(), Failure> {
        if self.manner.yes {
            return Ok(());
        }
        if !self.can_ask {
            return Err(Failure::usage(format!("{question} Nobody can answer here.")).fix("add --yes"));
        }
        write!(self.talk, "{question} [y/N] ")?;
        self.talk.flush()?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        match answer.trim() {
            "y" | "Y" | "yes" | "s" | "si" | "sì" => Ok(()),
            _ => Err(Failure::usage("not confirmed: nothing was done")),
        }
    }

    /// Tells of something wrong that does not end the command; heard with `--quiet`, too.
    pub fn complain(&mut self, message: impl Display) {
        self.talk_line(&message.to_string());
    }

    /// A progress bar on stderr; invisible off a terminal and with `--quiet`.
    pub fn progress(&self, length: u64, what: &'static str) -> ProgressBar {
        self.bar(length, what, "{msg} {wide_bar} {pos}/{len} {eta}")
    }

    /// A progress bar over the bytes of a file, as [`Printer::progress`].
    pub fn progress_of_file(&self, bytes: u64, what: &'static str) -> ProgressBar {
        self.bar(
            bytes,
            what,
            "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
        )
    }

    fn bar(&self, length: u64, what: &'static str, template: &str) -> ProgressBar {
        let visible = self.talk_is_terminal && !self.manner.quiet;
        let target = if visible {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let style = ProgressStyle::with_template(template).expect("a template of known placeholders");
        ProgressBar::with_draw_target(Some(length), target)
            .with_style(style)
            .with_message(what)
    }

    fn colours_data(&self) -> bool {
        self.out_is_terminal && !self.manner.no_color
    }

    /// `text` in a colour (ANSI code) where talk is coloured.
    pub fn paint_talk(&self, text: &str, code: &str) -> String {
        paint(text, code, self.talk_is_terminal && !self.manner.no_color)
    }

    /// `text` in a colour (ANSI code) where data is coloured.
    pub fn paint_data(&self, text: &str, code: &str) -> String {
        paint(text, code, self.colours_data())
    }

    fn write_out(&mut self, text: &str) -> Result<(), Failure> {
        self.bytes(text.as_bytes())
    }

    fn talk_line(&mut self, text: &str) {
        // Nobody is left to be told that stderr is gone.
        let _gone = writeln!(self.talk, "{text}");
    }
}

/// A reader that had enough (`usciere case list | head`) is no error.
fn heard(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(Failure::from),
    }
}

pub(super) fn paint(text: &str, code: &str, colours: bool) -> String {
    if colours {
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

fn json<T: Serialize + ?Sized>(value: &T, pretty: bool) -> Result<String, Failure> {
    let text = if pretty {
        serde_json::to_string_pretty(value)
    } else {
        serde_json::to_string(value)
    };
    text.map(|text| text + "\n")
        .map_err(|error| anyhow::Error::from(error).into())
}

#[cfg(test)]
mod tests;
