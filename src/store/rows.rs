//! Rows of `cases` to and from [`Request`].

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::StoreError;
use super::intake::{protocol_year, sede_seq_json, to_i32};
use super::writes::Writes;
use crate::domain::case::{Appointment, Case, Charge, Facts, StateName, WorkflowName, WorkflowRef};
use crate::domain::codice_fiscale::CodiceFiscale;
use crate::domain::command::{ContactReason, Operator, Personal, Practice, Role};
use crate::domain::email::EmailAddress;
use crate::domain::event::EventKind;
use crate::domain::ids::{
    ActorId, MessageId, OfficeCode, PatronatoCode, PersonId, RequestId, SedeCode, TopicCode,
};
use crate::domain::practice::{PracticeKind, PracticeNumber};
use crate::domain::protocol::{ProtocolNumber, ProtocolOffice};
use crate::domain::request::{HistoryEntry, IdentifiedCitizen, Request};

/// A row of `cases`, every column.
#[derive(sqlx::FromRow)]
pub(super) struct CaseRow {
    pub(super) id: Uuid,
    pub(super) workflow: String,
    pub(super) workflow_version: i32,
    pub(super) state: String,
    pub(super) patronato: String,
    pub(super) office: String,
    pub(super) role: String,
    pub(super) sender: String,
    pub(super) sender_name: String,
    pub(super) sender_email: Option<String>,
    pub(super) sede: String,
    pub(super) protocol_office: String,
    pub(super) protocol_on: NaiveDate,
    #[expect(
        dead_code,
        reason = "follows from protocol_on; the column carries the unique constraint"
    )]
    pub(super) protocol_year: i16,
    pub(super) protocol_sequence: i32,
    pub(super) reason: String,
    pub(super) topic: String,
    pub(super) practice_kind: Option<String>,
    pub(super) practice_number: Option<String>,
    pub(super) person_id: Option<String>,
    pub(super) codice_fiscale: Option<String>,
    pub(super) family_name: Option<String>,
    pub(super) given_name: Option<String>,
    pub(super) born_on: Option<NaiveDate>,
    pub(super) awaiting_since: Option<NaiveDate>,
    pub(super) elapsed: i16,
    pub(super) overdue: bool,
    pub(super) first_solicit: Option<NaiveDate>,
    pub(super) second_solicit: Option<NaiveDate>,
    pub(super) interactions: i16,
    pub(super) barred: bool,
    pub(super) appointment_enabled: bool,
    pub(super) appointment: String,
    pub(super) officer: Option<String>,
    pub(super) charge_until: Option<DateTime<Utc>>,
    pub(super) due_on: Option<NaiveDate>,
    pub(super) sede_seq: serde_json::Value,
    pub(super) version: i32,
    pub(super) opened_at: DateTime<Utc>,
    #[expect(dead_code, reason = "for people who look at the table")]
    pub(super) changed_at: DateTime<Utc>,
}

/// Names the column a broken row broke in.
struct Column(Uuid);

impl Column {
    fn read<T, E>(&self, column: &'static str, value: Result<T, E>) -> Result<T, StoreError> {
        value.map_err(|_| StoreError::corrupt("cases", column, self.0))
    }

    fn some<T>(&self, column: &'static str, value: Option<T>) -> Result<T, StoreError> {
        value.ok_or_else(|| StoreError::corrupt("cases", column, self.0))
    }
}

impl TryFrom<CaseRow> for Request {
    type Error = StoreError;

    fn try_from(row: CaseRow) -> Result<Self, StoreError> {
        let column = Column(row.id);
        let citizen = citizen_of(&column, &row)?;
        let practice = practice_of(&column, &row)?;
        let facts = facts_of(&column, &row)?;
        let email = row.sender_email.as_deref().map(EmailAddress::parse).transpose();
        let protocol_office = column.read("protocol_office", ProtocolOffice::parse(&row.protocol_office))?;
        let sequence = column.read("protocol_sequence", u32::try_from(row.protocol_sequence))?;
        let protocol = ProtocolNumber::new(protocol_office, row.protocol_on, sequence);
        Ok(Self {
            case: Case {
                id: RequestId(row.id),
                workflow: WorkflowRef {
                    name: column.read("workflow", WorkflowName::parse(&row.workflow))?,
                    version: column.read("workflow_version", u32::try_from(row.workflow_version))?,
                },
                patronato: column.read("patronato", PatronatoCode::parse(&row.patronato))?,
                office: column.read("office", OfficeCode::parse(&row.office))?,
                sender: column.read("sender", ActorId::parse(&row.sender))?,
                state: column.read("state", StateName::parse(&row.state))?,
                sede: column.read("sede", SedeCode::parse(&row.sede))?,
                facts,
            },
            role: column.some("role", Role::from_word(&row.role))?,
            sender: Operator {
                id: column.read("sender", ActorId::parse(&row.sender))?,
                name: Personal(row.sender_name),
                email: column.read("sender_email", email)?,
            },
            protocol,
            reason: column.some("reason", ContactReason::from_word(&row.reason))?,
            topic: column.read("topic", TopicCode::parse(&row.topic))?,
            practice,
            citizen,
            due_on: row.due_on,
            sede_seq: column.read("sede_seq", serde_json::from_value::<BTreeMap<_, _>>(row.sede_seq))?,
            version: column.read("version", u32::try_from(row.version))?,
            opened_at: row.opened_at,
        })
    }
}

fn facts_of(column: &Column, row: &CaseRow) -> Result<Facts, StoreError> {
    Ok(Facts {
        awaiting_since: row.awaiting_since,
        elapsed: column.read("elapsed", u16::try_from(row.elapsed))?,
        overdue: row.overdue,
        first_solicit: row.first_solicit,
        second_solicit: row.second_solicit,
        interactions: column.read("interactions", u8::try_from(row.interactions))?,
        barred: row.barred,
        appointment_enabled: row.appointment_enabled,
        appointment: column.some("appointment", Appointment::from_word(&row.appointment))?,
        charge: charge_of(column, row)?,
    })
}

fn charge_of(column: &Column, row: &CaseRow) -> Result<Option<Charge>, StoreError> {
    let (Some(officer), Some(until)) = (&row.officer, row.charge_until) else {
        return Ok(None);
    };
    let officer = column.read("officer", ActorId::parse(officer))?;
    Ok(Some(Charge { officer, until }))
}

fn citizen_of(column: &Column, row: &CaseRow) -> Result<Option<IdentifiedCitizen>, StoreError> {
    let Some(person) = &row.person_id else {
        return Ok(None);
    };
    Ok(Some(IdentifiedCitizen {
        person_id: column.read("person_id", PersonId::parse(person))?,
        codice_fiscale: column.read(
            "codice_fiscale",
            row.codice_fiscale
                .as_deref()
                .map(CodiceFiscale::parse)
                .transpose(),
        )?,
        family_name: Personal(column.some("family_name", row.family_name.clone())?),
        given_name: Personal(column.some("given_name", row.given_name.clone())?),
        born_on: column.some("born_on", row.born_on)?,
    }))
}

fn practice_of(column: &Column, row: &CaseRow) -> Result<Option<Practice>, StoreError> {
    let (Some(kind), Some(number)) = (&row.practice_kind, &row.practice_number) else {
        return Ok(None);
    };
    Ok(Some(Practice {
        kind: column.some("practice_kind", PracticeKind::from_word(kind))?,
        number: column.read("practice_number", PracticeNumber::parse(number))?,
    }))
}

/// A row of `case_event`, every column.
pub(super) struct HistoryRow {
    pub(super) case_id: Uuid,
    pub(super) seq: i32,
    pub(super) kind: String,
    pub(super) actor: serde_json::Value,
    pub(super) event: serde_json::Value,
    pub(super) details: serde_json::Value,
    pub(super) source: String,
    pub(super) caused_by: Option<String>,
    pub(super) at: DateTime<Utc>,
    #[expect(dead_code, reason = "for those who follow what happens")]
    pub(super) position: i64,
}

impl TryFrom<HistoryRow> for HistoryEntry {
    type Error = StoreError;

    fn try_from(row: HistoryRow) -> Result<Self, StoreError> {
        let id = format!("{} {}", row.case_id, row.seq);
        let corrupt = |column| StoreError::corrupt("case_event", column, &id);
        let caused_by = row.caused_by.as_deref().map(MessageId::parse).transpose();
        Ok(Self {
            request: RequestId(row.case_id),
            seq: u32::try_from(row.seq).map_err(|_| corrupt("seq"))?,
            kind: EventKind::from_word(&row.kind).ok_or_else(|| corrupt("kind"))?,
            actor: serde_json::from_value(row.actor).map_err(|_| corrupt("actor"))?,
            event: serde_json::from_value(row.event).map_err(|_| corrupt("event"))?,
            details: serde_json::from_value(row.details).map_err(|_| corrupt("details"))?,
            source: row.source.parse().map_err(|_| corrupt("source"))?,
            caused_by: caused_by.map_err(|_| corrupt("caused_by"))?,
            at: row.at,
        })
    }
}

/// Requests turned into one array per column.
pub(super) struct CaseColumns<'a>(&'a [&'a Request]);

impl<'a> CaseColumns<'a> {
    pub(super) const fn of(requests: &'a [&'a Request]) -> Self {
        Self(requests)
    }

    fn column<T>(&self, value: impl Fn(&'a Request) -> T) -> Vec<T> {
        self.0.iter().map(|request| value(request)).collect()
    }

    fn text(&self, value: impl Fn(&'a Request) -> &'a str) -> Vec<&'a str> {
        self.column(value)
    }

    fn citizen<T>(&self, value: impl Fn(&'a IdentifiedCitizen) -> Option<T>) -> Vec<Option<T>> {
        self.column(|request| request.citizen.as_ref().and_then(&value))
    }

    pub(super) fn insert(&self, writes: &mut Writes) {
        let opened = writes.insert("opened", "cases");
        opened
            .column("id", "uuid", self.column(|r| r.case.id.0))
            .column("workflow", "text", self.text(|r| r.case.workflow.name.as_str()))
            .column(
                "workflow_version",
                "int",
                self.column(|r| to_i32(r.case.workflow.version)),
            )
            .column("patronato", "text", self.text(|r| r.case.patronato.as_str()))
            .column("office", "text", self.text(|r| r.case.office.as_str()))
            .column("role", "text", self.text(|r| r.role.as_str()))
            .column("sender", "text", self.text(|r| r.case.sender.as_str()))
            .column("sender_name", "text", self.text(|r| &r.sender.name.0))
            .column(
                "sender_email",
                "text",
                self.column(|r| r.sender.email.as_ref().map(EmailAddress::as_str)),
            )
            .column(
                "protocol_office",
                "text",
                self.text(|r| r.protocol.office().as_str()),
            )
            .column("protocol_on", "date", self.column(|r| r.protocol.date()))
            .column(
                "protocol_year",
                "smallint",
                self.column(|r| protocol_year(r.protocol.date())),
            )
            .column(
                "protocol_sequence",
                "int",
                self.column(|r| to_i32(r.protocol.sequence())),
            )
            .column("reason", "text", self.text(|r| r.reason.as_str()))
            .column("topic", "text", self.text(|r| r.topic.as_str()))
            .column(
                "practice_kind",
                "text",
                self.column(|r| r.practice.as_ref().map(|p| p.kind.as_str())),
            )
            .column(
                "practice_number",
                "text",
                self.column(|r| r.practice.as_ref().map(|p| p.number.as_str())),
            )
            .column("person_id", "text", self.citizen(|c| Some(c.person_id.as_str())))
            .column(
                "codice_fiscale",
                "text",
                self.citizen(|c| c.codice_fiscale.as_ref().map(CodiceFiscale::as_str)),
            )
            .column(
                "family_name",
                "text",
                self.citizen(|c| Some(c.family_name.0.as_str())),
            )
            .column(
                "given_name",
                "text",
                self.citizen(|c| Some(c.given_name.0.as_str())),
            )
            .column("born_on", "date", self.citizen(|c| Some(c.born_on)))
            .column("opened_at", "timestamptz", self.column(|r| r.opened_at))
            .column("changed_at", "timestamptz", self.column(|r| r.opened_at))
            .column("state", "text", self.text(|r| r.case.state.as_str()))
            .column("sede", "text", self.text(|r| r.case.sede.as_str()))
            .column(
                "awaiting_since",
                "date",
                self.column(|r| r.case.facts.awaiting_since),
            )
            .column("due_on", "date", self.column(|r| r.due_on))
            .column("sede_seq", "jsonb", self.column(|r| sede_seq_json(&r.sede_seq)))
            .column("version", "int", self.column(|r| to_i32(r.version)))
            .done("");
    }

    pub(super) async fn update(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
    ) -> Result<(), StoreError> {
        let written = sqlx::query!(
            r#"
            update cases as c
            set state = t.state, sede = t.sede, awaiting_since = t.awaiting_since, elapsed = t.elapsed,
                overdue = t.overdue, first_solicit = t.first_solicit, second_solicit = t.second_solicit,
                interactions = t.interactions, barred = t.barred, appointment_enabled = t.appointment_enabled,
                appointment = t.appointment, officer = t.officer, charge_until = t.charge_until, due_on = t.due_on,
                sede_seq = t.sede_seq, version = t.version, changed_at = now()
            from unnest(
                $1::uuid[], $2::text[], $3::text[], $4::date[], $5::smallint[], $6::bool[], $7::date[],
                $8::date[], $9::smallint[], $10::bool[], $11::bool[], $12::text[], $13::text[],
                $14::timestamptz[], $15::date[], $16::jsonb[], $17::int[])
                as t (
                id, state, sede, awaiting_since, elapsed, overdue, first_solicit, second_solicit, interactions,
                barred, appointment_enabled, appointment, officer, charge_until, due_on, sede_seq, version)
            where c.id = t.id
            "#,
            &self.column(|r| r.case.id.0),
            &self.text(|r| r.case.state.as_str()) as _,
            &self.text(|r| r.case.sede.as_str()) as _,
            &self.column(|r| r.case.facts.awaiting_since) as _,
            &self.column(|r| i16::try_from(r.case.facts.elapsed).unwrap_or(i16::MAX)),
            &self.column(|r| r.case.facts.overdue),
            &self.column(|r| r.case.facts.first_solicit) as _,
            &self.column(|r| r.case.facts.second_solicit) as _,
            &self.column(|r| i16::from(r.case.facts.interactions)),
            &self.column(|r| r.case.facts.barred),
            &self.column(|r| r.case.facts.appointment_enabled),
            &self.text(|r| r.case.facts.appointment.as_str()) as _,
            &self.column(|r| r.case.facts.charge.as_ref().map(|charge| charge.officer.as_str())) as _,
            &self.column(|r| r.case.facts.charge.as_ref().map(|charge| charge.until)) as _,
            &self.column(|r| r.due_on) as _,
            &self.column(|r| sede_seq_json(&r.sede_seq)),
            &self.column(|r| to_i32(r.version))
        )
        .execute(&mut **transaction)
        .await?
        .rows_affected();
        if usize::try_from(written).ok() == Some(self.0.len()) {
            Ok(())
        } else {
            Err(StoreError::corrupt(
                "cases",
                "id",
                format!("{written} of {} rows written", self.0.len()),
            ))
        }
    }
}
