//! `citizens` and `practices`. No complaint about a line repeats what stands in it.

use chrono::NaiveDate;

use super::fields::{Fields, Reason, invalid};
use super::register::Register;
use crate::domain::codice_fiscale::CodiceFiscale;
use crate::domain::ids::{InvalidId, PersonId};
use crate::domain::place::{Cap, ComuneIstat};
use crate::domain::practice::{HolderRole, PracticeKind, PracticeNumber};
use crate::domain::registers::{Citizen, NameKey, PracticeRecord};
use crate::store::{RegisterImport, StoreError, Written};

const CODICE_FISCALE: &str = "un codice fiscale col suo carattere di controllo";

pub(super) struct Citizens;

impl Register for Citizens {
    const COLUMNS: &'static [&'static str] = &[
        "person_id",
        "codice_fiscale",
        "family_name",
        "given_name",
        "born_on",
        "birth_place",
        "address",
        "cap",
        "comune_istat",
    ];
    const IN_SNAPSHOT: bool = false;
    type Row = Citizen;

    fn read(&mut self, fields: &Fields<'_>) -> Result<Citizen, Reason> {
        Ok(Citizen {
            person_id: fields.parse("person_id", "da 1 a 64 caratteri ASCII visibili", PersonId::parse)?,
            codice_fiscale: fields.maybe("codice_fiscale", CODICE_FISCALE, CodiceFiscale::parse)?,
            family_name: name(fields, "family_name")?,
            given_name: name(fields, "given_name")?,
            born_on: fields.parse("born_on", "una data AAAA-MM-GG", date)?,
            birth_place: fields.text("birth_place")?,
            address: fields.text("address")?,
            cap: fields.maybe("cap", "5 cifre", Cap::parse)?,
            comune_istat: fields.maybe("comune_istat", "6 cifre", ComuneIstat::parse)?,
        })
    }

    fn key(row: &Citizen) -> String {
        row.person_id.to_string()
    }

    async fn save(&self, import: &mut RegisterImport, rows: &[Citizen]) -> Result<Written, StoreError> {
        import.save_citizens(rows).await
    }
}

/// A name that can be searched for.
fn name(fields: &Fields<'_>, column: &str) -> Result<String, Reason> {
    let name = fields.required(column)?;
    let searchable = NameKey::parse(&name).map_err(|_| invalid(column, "un nome di al più 100 caratteri"));
    searchable.map(|_| name)
}

/// Exactly `AAAA-MM-GG`: chrono itself takes signs, more digits and fewer.
fn date(text: &str) -> Result<NaiveDate, InvalidId> {
    let shaped = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let date = text.parse().ok().filter(|_| shaped);
    date.ok_or(InvalidId {
        kind: "date",
        expected: "YYYY-MM-DD",
    })
}

pub(super) struct Practices;

impl Register for Practices {
    const COLUMNS: &'static [&'static str] = &["kind", "number", "codice_fiscale", "holder_role"];
    const IN_SNAPSHOT: bool = false;
    type Row = PracticeRecord;

    fn read(&mut self, fields: &Fields<'_>) -> Result<PracticeRecord, Reason> {
        Ok(PracticeRecord {
            kind: fields.word("kind", PracticeKind::ALL, PracticeKind::from_word)?,
            number: fields.parse(
                "number",
                "da 1 a 50 caratteri ASCII visibili",
                PracticeNumber::parse,
            )?,
            codice_fiscale: fields.parse("codice_fiscale", CODICE_FISCALE, CodiceFiscale::parse)?,
            holder_role: fields.word("holder_role", HolderRole::ALL, HolderRole::from_word)?,
        })
    }

    fn key(row: &PracticeRecord) -> String {
        format!(
            "{} {} {}",
            row.kind,
            row.number.as_str(),
            row.codice_fiscale.as_str()
        )
    }

    async fn save(
        &self,
        import: &mut RegisterImport,
        rows: &[PracticeRecord],
    ) -> Result<Written, StoreError> {
        import.save_practices(rows).await
    }
}
