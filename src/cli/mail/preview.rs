//! `usciere mail preview`: what operators will read.

use serde::Serialize;

use super::MailPreviewArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{Format, Printer, Row};
use crate::cli::session::Session;
use crate::config::Config;
use crate::domain::event::MailKind;
use crate::mail::{Rendered, Surroundings};

#[derive(Debug, Serialize)]
struct Preview {
    template: MailKind,
    from: String,
    subject: String,
    text: String,
    html: String,
}

pub(super) fn run(args: &MailPreviewArgs, session: &mut Session) -> Result<Exit, Failure> {
    let config = session.load(None)?.config;
    match args.template {
        None => {
            let previews = MailKind::ALL
                .iter()
                .map(|kind| Preview::new(*kind, &config))
                .collect::<Result<Vec<_>, _>>()?;
            session.printer.rows(&previews)?;
        }
        Some(kind) if args.html => session.printer.document(&Preview::new(kind, &config)?.html)?,
        Some(kind) => Preview::new(kind, &config)?.print(&mut session.printer)?,
    }
    Ok(Exit::Ok)
}

impl Preview {
    fn new(template: MailKind, config: &Config) -> Result<Self, Failure> {
        let surroundings = Surroundings {
            service: config.brand.name.clone(),
            base_url: config.http.base_url.clone(),
        };
        let Rendered { subject, text, html } = surroundings.sample(template).map_err(anyhow::Error::from)?;
        Ok(Self {
            template,
            from: config.smtp.from.to_string(),
            subject,
            text,
            html,
        })
    }

    fn print(&self, printer: &mut Printer) -> Result<(), Failure> {
        match printer.format() {
            Format::Table => printer.document(&format!(
                "From: {}\nSubject: {}\nAuto-Submitted: auto-generated\n\n{}",
                self.from, self.subject, self.text
            )),
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
    fn a_template_is_shown_as_it_is_read() {
        let config = Config::default();
        let reply = Preview::new(MailKind::Reply, &config).unwrap();
        insta::assert_snapshot!(printed(Format::Table, |printer| reply.print(printer)));
        let json = printed(Format::Jsonl, |printer| reply.print(printer));
        assert!(json.contains(r#""html":"<!"#), "{json}");
    }
}
