//! The snapshot of sedi, competence, topics and patronati, read in one go.

use sqlx::{Postgres, Transaction};

use super::super::{Store, StoreError};
use crate::domain::command::ContactReason;
use crate::domain::ids::{OfficeCode, PatronatoCode, SedeCode, TopicCode};
use crate::domain::place::{Cap, ComuneIstat, Province, Region};
use crate::domain::protocol::ProtocolOffice;
use crate::domain::registers::{
    CompetenceRule, Office, Patronato, RegisterRows, Registers, RegistersVersion, Sede, SedeKind, Topic,
};

type Snapshot = Transaction<'static, Postgres>;

impl Store {
    /// The registers as one import left them, never half of another.
    pub async fn load_registers(&self) -> Result<Registers, StoreError> {
        let mut snapshot = self
            .pool
            .begin_with("begin isolation level repeatable read read only")
            .await?;
        let rows = RegisterRows {
            version: version(&mut snapshot).await?,
            sedi: sedi(&mut snapshot).await?,
            rules: rules(&mut snapshot).await?,
            topics: topics(&mut snapshot).await?,
            patronati: patronati(&mut snapshot).await?,
        };
        snapshot.commit().await?;
        Ok(Registers::new(rows))
    }

    /// The version of the registers in the database: newer than a node's snapshot means load again.
    pub async fn registers_version(&self) -> Result<RegistersVersion, StoreError> {
        let version = sqlx::query_scalar!("select version from registers_version")
            .fetch_one(&self.pool)
            .await?;
        Ok(RegistersVersion(version))
    }
}

/// Names the table and row a broken value stands in.
struct Row<'a>(&'static str, &'a str);

impl Row<'_> {
    fn read<T, E>(&self, column: &'static str, value: Result<T, E>) -> Result<T, StoreError> {
        value.map_err(|_| StoreError::corrupt(self.0, column, self.1))
    }

    fn known<T>(&self, column: &'static str, value: Option<T>) -> Result<T, StoreError> {
        value.ok_or_else(|| StoreError::corrupt(self.0, column, self.1))
    }

    fn maybe<T, E>(
        &self,
        column: &'static str,
        text: Option<&str>,
        parse: fn(&str) -> Result<T, E>,
    ) -> Result<Option<T>, StoreError> {
        self.read(column, text.map(parse).transpose())
    }
}

async fn version(snapshot: &mut Snapshot) -> Result<RegistersVersion, StoreError> {
    let version = sqlx::query_scalar!("select version from registers_version")
        .fetch_one(&mut **snapshot)
        .await?;
    Ok(RegistersVersion(version))
}

async fn sedi(snapshot: &mut Snapshot) -> Result<Vec<Sede>, StoreError> {
    let rows = sqlx::query!(
        r#"
        select code, name, kind, region, province, address, cap, comune, protocol_code, email, active
        from sede
        "#
    )
    .fetch_all(&mut **snapshot)
    .await?;
    let mut sedi = Vec::with_capacity(rows.len());
    for row in rows {
        let of = Row("sede", &row.code);
        sedi.push(Sede {
            code: of.read("code", SedeCode::parse(&row.code))?,
            kind: of.known("kind", SedeKind::from_word(&row.kind))?,
            region: of.maybe("region", row.region.as_deref(), Region::parse)?,
            province: of.maybe("province", row.province.as_deref(), Province::parse)?,
            cap: of.maybe("cap", row.cap.as_deref(), Cap::parse)?,
            protocol_code: of.maybe(
                "protocol_code",
                row.protocol_code.as_deref(),
                ProtocolOffice::parse,
            )?,
            name: row.name,
            address: row.address,
            comune: row.comune,
            email: row.email,
            active: row.active,
        });
    }
    Ok(sedi)
}

async fn rules(snapshot: &mut Snapshot) -> Result<Vec<CompetenceRule>, StoreError> {
    let rows = sqlx::query!("select cap, comune_istat, topic, sede, priority from competence")
        .fetch_all(&mut **snapshot)
        .await?;
    let mut rules = Vec::with_capacity(rows.len());
    for row in rows {
        let of = Row("competence", &row.cap);
        rules.push(CompetenceRule {
            cap: of.read("cap", Cap::parse(&row.cap))?,
            comune_istat: of.maybe("comune_istat", row.comune_istat.as_deref(), ComuneIstat::parse)?,
            topic: of.maybe("topic", row.topic.as_deref(), TopicCode::parse)?,
            sede: of.read("sede", SedeCode::parse(&row.sede))?,
            priority: of.read("priority", u16::try_from(row.priority))?,
        });
    }
    Ok(rules)
}

async fn topics(snapshot: &mut Snapshot) -> Result<Vec<Topic>, StoreError> {
    let rows = sqlx::query!("select code, label, reasons, first_level, keywords from topic")
        .fetch_all(&mut **snapshot)
        .await?;
    let mut topics = Vec::with_capacity(rows.len());
    for row in rows {
        let of = Row("topic", &row.code);
        let reasons: Option<Vec<_>> = row
            .reasons
            .iter()
            .map(|word| ContactReason::from_word(word))
            .collect();
        topics.push(Topic {
            code: of.read("code", TopicCode::parse(&row.code))?,
            reasons: of.known("reasons", reasons)?,
            label: row.label,
            first_level: row.first_level,
            keywords: row.keywords,
        });
    }
    Ok(topics)
}

async fn patronati(snapshot: &mut Snapshot) -> Result<Vec<Patronato>, StoreError> {
    let rows = sqlx::query!(
        r#"
        select p.code, p.name, p.queue, o.code as "office?", o.name as "office_name?", o.region
        from patronato p
        left join patronato_office o on o.patronato = p.code
        order by p.code, o.code
        "#
    )
    .fetch_all(&mut **snapshot)
    .await?;
    let mut patronati: Vec<Patronato> = Vec::new();
    for row in rows {
        let of = Row("patronato", &row.code);
        let code = of.read("code", PatronatoCode::parse(&row.code))?;
        if patronati.last().is_none_or(|last| last.code != code) {
            patronati.push(Patronato {
                code,
                name: row.name,
                queue: row.queue,
                offices: Vec::new(),
            });
        }
        if let (Some(patronato), Some(office), Some(name)) =
            (patronati.last_mut(), &row.office, row.office_name)
        {
            let of = Row("patronato_office", office);
            let region = of.maybe("region", row.region.as_deref(), Region::parse)?;
            let code = of.read("code", OfficeCode::parse(office))?;
            patronato.offices.push(Office { code, name, region });
        }
    }
    Ok(patronati)
}
