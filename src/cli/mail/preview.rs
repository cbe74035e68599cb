//! `usciere mail preview`: what operators will read.

use serde::Serialize;

use super::{MailPreviewArgs, surroundings};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{Format, Printer, Row};
use crate::cli::session::Session;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::event::MailKind;
use crate::mail::samples::sample_mail;
use crate::mail::{Composer, Rendered};

#[derive(Debug, Serialize)]
struct Preview {
    template: MailKind,
    from: String,
    subject: String,
    text: String,
    html: String,
    /// The calendar file that comes along.
    calendar: Option<String>,
}

pub(super) fn run(args: &MailPreviewArgs, session: &mut Session) -> Result<Exit, Failure> {
    let config = session.load(None)?.config;
    match args.template {
        None => {
            let previews = MailKind::ALL
                .iter()
                .map(|kind| Preview::new(*kind, &config, Clock::system()))
                .collect::<Result<Vec<_>, _>>()?;
            session.printer.rows(&previews)?;
        }
        Some(kind) if args.html => session
            .printer
            .document(&Preview::new(kind, &config, Clock::system())?.html)?,
        Some(kind) => Preview::new(kind, &config, Clock::system())?.print(&mut session.printer)?,
    }
    Ok(Exit::Ok)
}

impl Preview {
    fn new(template: MailKind, config: &Config, clock: Clock) -> Result<Self, Failure> {
        let composer = Composer::new(&config.smtp.from, surroundings(config), clock)
            .map_err(|error| Failure::new(Exit::Configuration, error.to_string()))?;
        let mail = sample_mail(template);
        let Rendered { subject, text, html } = composer
            .surroundings()
            .render(template, mail.request, &mail.content)
            .map_err(anyhow::Error::from)?;
        Ok(Self {
            template,
            from: config.smtp.from.to_string(),
            subject,
            text,
            html,
            calendar: composer.calendar(&mail).map(|file| file.text),
        })
    }

    fn print(&self, printer: &mut Printer) -> Result<(), Failure> {
        match printer.format() {
            Format::Table => {
                let calendar = self.calendar.as_ref().map_or_else(String::new, |calendar| {
                    format!("\n\n=== appuntamento.ics ===\n{}", calendar.replace('\r', ""))
                });
                printer.document(&format!(
                    "From: {}\nSubject: {}\nAuto-Submitted: auto-generated\n\n{}{calendar}",
                    self.from, self.subject, self.text
                ))
            }
            Format::Json | Format::Jsonl | Format::Csv => printer.one(self),
        }
    }
}

impl Row for Preview {
    const COLUMNS: &'static [&'static str] = &["template", "subject"];

    fn cells(&self) -> Vec<String> {
        vec![self.template.to_string(), self.subject.clone()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::examples::printed;

    #[test]
    fn every_template_is_shown_as_it_is_read() {
        let config = Config::default();
        let clock = || Clock::fixed("2026-11-23T09:00:00Z".parse().unwrap());
        let shown = MailKind::ALL.iter().map(|&kind| {
            let preview = Preview::new(kind, &config, clock()).unwrap();
            printed(Format::Table, |printer| preview.print(printer))
        });
        insta::assert_snapshot!(shown.collect::<Vec<_>>().join("\n##########\n\n"));
        let confirmed = Preview::new(MailKind::AppointmentConfirmed, &config, clock()).unwrap();
        let json = printed(Format::Jsonl, |printer| confirmed.print(printer));
        assert!(
            json.contains(r#""html":"<!"#) && json.contains("BEGIN:VCALENDAR"),
            "{json}"
        );
    }
}
