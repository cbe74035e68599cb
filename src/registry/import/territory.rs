//! `sedi` and `competence`.

use super::fields::{Fields, Reason, invalid, missing};
use super::register::Register;
use crate::domain::ids::{InvalidId, SedeCode, TopicCode};
use crate::domain::place::{Cap, ComuneIstat, Province, Region};
use crate::domain::protocol::ProtocolOffice;
use crate::domain::registers::{CompetenceRule, Sede, SedeKind};
use crate::store::{RegisterImport, StoreError, Written};

const SEDE_CODE: &str = "da 2 a 32 fra a-z, 0-9 e -";

pub(super) struct Sedi;

impl Register for Sedi {
    const COLUMNS: &'static [&'static str] = &[
        "code",
        "name",
        "kind",
        "region",
        "province",
        "address",
        "cap",
        "comune",
        "protocol_code",
        "email",
        "active",
    ];
    const IN_SNAPSHOT: bool = true;
    type Row = Sede;

    fn read(&mut self, fields: &Fields<'_>) -> Result<Sede, Reason> {
        let sede = Sede {
            code: fields.parse("code", SEDE_CODE, SedeCode::parse)?,
            name: fields.required("name")?,
            kind: fields.word("kind", SedeKind::ALL, SedeKind::from_word)?,
            region: fields.maybe("region", "una regione italiana", Region::parse)?,
            province: fields.maybe("province", "la sigla di una provincia", Province::parse)?,
            address: fields.text("address")?,
            cap: fields.maybe("cap", "5 cifre", Cap::parse)?,
            comune: fields.text("comune")?,
            protocol_code: fields.maybe("protocol_code", "4 o 5 fra 0-9 e A-Z", ProtocolOffice::parse)?,
            email: fields.maybe("email", "un indirizzo", email)?,
            active: fields.boolean("active")?,
        };
        match (sede.kind, sede.code.is_desk()) {
            (SedeKind::Desk, false) => Err(invalid("kind", "desk solo per lineainps e da-smistare")),
            (SedeKind::Desk, true) if !sede.active => Err(invalid("active", "true per una postazione")),
            (SedeKind::Desk, true) => Ok(sede),
            (_, true) => Err(invalid("kind", "desk per lineainps e da-smistare")),
            (_, false) if sede.region.is_none() => Err(missing("region")),
            (_, false) => Ok(sede),
        }
    }

    fn key(row: &Sede) -> String {
        row.code.to_string()
    }

    async fn save(&self, import: &mut RegisterImport, rows: &[Sede]) -> Result<Written, StoreError> {
        import.save_sedi(rows).await
    }
}

/// An address good enough to show; whether it can be written to is the mailer's to find out.
fn email(text: &str) -> Result<String, InvalidId> {
    let (local, domain) = text.split_once('@').unwrap_or_default();
    let whole = !local.is_empty() && domain.contains('.') && !text.contains(char::is_whitespace);
    if whole && text.len() <= 254 {
        Ok(text.to_owned())
    } else {
        Err(InvalidId {
            kind: "e-mail address",
            expected: "local@domain",
        })
    }
}

pub(super) struct Competence;

impl Register for Competence {
    const COLUMNS: &'static [&'static str] = &["cap", "comune_istat", "topic", "sede", "priority"];
    const IN_SNAPSHOT: bool = true;
    type Row = CompetenceRule;

    fn read(&mut self, fields: &Fields<'_>) -> Result<CompetenceRule, Reason> {
        let rule = CompetenceRule {
            cap: fields.parse("cap", "5 cifre", Cap::parse)?,
            comune_istat: fields.maybe("comune_istat", "6 cifre", ComuneIstat::parse)?,
            topic: fields.maybe("topic", "il codice di un argomento", TopicCode::parse)?,
            sede: fields.parse("sede", SEDE_CODE, SedeCode::parse)?,
            priority: fields.parse("priority", "un numero da 0 a 32767", priority)?,
        };
        if rule.sede.is_desk() {
            return Err(invalid("sede", "una sede, non una postazione"));
        }
        Ok(rule)
    }

    fn key(row: &CompetenceRule) -> String {
        let comune = row.comune_istat.as_ref().map_or("", ComuneIstat::as_str);
        let topic = row.topic.as_ref().map_or("", TopicCode::as_str);
        format!("{} {comune} {topic} {}", row.cap, row.priority)
    }

    async fn dangling(
        &self,
        import: &mut RegisterImport,
        rows: &[CompetenceRule],
    ) -> Result<Vec<Option<Reason>>, StoreError> {
        let sedi: Vec<SedeCode> = rows.iter().map(|rule| rule.sede.clone()).collect();
        let topics: Vec<TopicCode> = rows.iter().filter_map(|rule| rule.topic.clone()).collect();
        let sedi = import.known_sedi(&sedi).await?;
        let topics = import.known_topics(&topics).await?;
        let reason = |rule: &CompetenceRule| {
            if !sedi.contains(rule.sede.as_str()) {
                return Some(format!("sede: «{}» non è tra le sedi", rule.sede));
            }
            let topic = rule
                .topic
                .as_ref()
                .filter(|topic| !topics.contains(topic.as_str()))?;
            Some(format!("topic: «{topic}» non è tra gli argomenti"))
        };
        Ok(rows.iter().map(reason).collect())
    }

    async fn save(
        &self,
        import: &mut RegisterImport,
        rows: &[CompetenceRule],
    ) -> Result<Written, StoreError> {
        import.save_rules(rows).await
    }
}

fn priority(text: &str) -> Result<u16, InvalidId> {
    let number = text
        .parse::<u16>()
        .ok()
        .filter(|number| *number <= i16::MAX.unsigned_abs());
    number.ok_or(InvalidId {
        kind: "priority",
        expected: "0 to 32767",
    })
}
