//! `topics` and `patronati`.

use std::collections::BTreeMap;

use super::fields::{Fields, Reason, invalid, missing};
use super::register::Register;
use crate::domain::command::ContactReason;
use crate::domain::ids::{OfficeCode, PatronatoCode, TopicCode};
use crate::domain::place::Region;
use crate::domain::registers::{Office, Topic};
use crate::store::{PatronatoOffice, RegisterImport, StoreError, Written};

pub(super) struct Topics;

impl Register for Topics {
    const COLUMNS: &'static [&'static str] = &["code", "label", "reasons", "first_level", "keywords"];
    const IN_SNAPSHOT: bool = true;
    type Row = Topic;

    fn read(&mut self, fields: &Fields<'_>) -> Result<Topic, Reason> {
        let reasons = fields.list("reasons")?;
        let reasons: Option<Vec<_>> = reasons
            .iter()
            .map(|word| ContactReason::from_word(word))
            .collect();
        let topic = Topic {
            code: fields.parse("code", "da 2 a 80 fra a-z, 0-9 e -", TopicCode::parse)?,
            label: fields.required("label")?,
            reasons: reasons.ok_or_else(|| {
                let known: Vec<_> = ContactReason::ALL.iter().map(|reason| reason.as_str()).collect();
                invalid("reasons", &known.join("|"))
            })?,
            first_level: fields.boolean("first_level")?,
            keywords: fields.list("keywords")?,
        };
        if topic.reasons.is_empty() {
            Err(missing("reasons"))
        } else {
            Ok(topic)
        }
    }

    fn key(row: &Topic) -> String {
        row.code.to_string()
    }

    async fn save(&self, import: &mut RegisterImport, rows: &[Topic]) -> Result<Written, StoreError> {
        import.save_topics(rows).await
    }
}

/// One line per office. The patronato's own columns come again on each, and must agree.
#[derive(Default)]
pub(super) struct Patronati {
    /// Name and queue as the file had them first; there are some thirty patronati in all.
    met: BTreeMap<PatronatoCode, (String, bool)>,
}

impl Register for Patronati {
    const COLUMNS: &'static [&'static str] = &["code", "name", "office", "office_name", "region", "queue"];
    const IN_SNAPSHOT: bool = true;
    type Row = PatronatoOffice;

    fn read(&mut self, fields: &Fields<'_>) -> Result<PatronatoOffice, Reason> {
        let row = PatronatoOffice {
            patronato: fields.parse("code", "da 2 a 32 fra a-z, 0-9 e -", PatronatoCode::parse)?,
            patronato_name: fields.required("name")?,
            queue: fields.boolean("queue")?,
            office: Office {
                code: fields.parse(
                    "office",
                    "da 2 a 40 fra lettere, cifre, punto, _ e -",
                    OfficeCode::parse,
                )?,
                name: fields.required("office_name")?,
                region: fields.maybe("region", "una regione italiana", Region::parse)?,
            },
        };
        let own = (row.patronato_name.clone(), row.queue);
        let met = self
            .met
            .entry(row.patronato.clone())
            .or_insert_with(|| own.clone());
        if *met == own {
            Ok(row)
        } else {
            Err(
                "name e queue sono diversi da quelli di una riga precedente dello stesso patronato"
                    .to_owned(),
            )
        }
    }

    fn key(row: &PatronatoOffice) -> String {
        format!("{} {}", row.patronato, row.office.code)
    }

    async fn save(
        &self,
        import: &mut RegisterImport,
        rows: &[PatronatoOffice],
    ) -> Result<Written, StoreError> {
        import.save_offices(rows).await
    }
}
