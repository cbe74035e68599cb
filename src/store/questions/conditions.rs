//! A filter as conditions on `cases as c`, the same for lists, counts, figures and exports.

use sqlx::{Encode, Postgres, QueryBuilder, Type};

use super::Question;
use crate::domain::case::StateName;
use crate::domain::event::Side;
use crate::domain::filter::{BookingRule, Condition, DateRange, RequestFilter};
use crate::domain::ids::{ActorId, OfficeCode, PatronatoCode, SedeCode, TopicCode};
use crate::domain::person::Scope;
use crate::domain::protocol::ProtocolNumber;
use crate::domain::search::{SearchText, Wanted};
use crate::store::intake::to_i32;

pub(super) type Query = QueryBuilder<Postgres>;

impl Question {
    /// Adds every condition of a filter, each with its `and`.
    pub(super) fn narrow(&self, query: &mut Query, filter: &RequestFilter) {
        self.within_scope(query, filter);
        equal(
            query,
            "patronato",
            filter.patronato.as_ref().map(PatronatoCode::as_str),
        );
        equal(query, "office", filter.office.as_ref().map(OfficeCode::as_str));
        equal(query, "sender", filter.sender.as_ref().map(ActorId::as_str));
        equal(query, "sede", filter.sede.as_ref().map(SedeCode::as_str));
        equal(query, "officer", filter.officer.as_ref().map(ActorId::as_str));
        equal(query, "state", filter.state.as_ref().map(StateName::as_str));
        equal(query, "topic", filter.topic.as_ref().map(TopicCode::as_str));
        between(query, filter.condition.as_ref(), filter.dates);
        if let Some(condition) = &filter.condition {
            query.push(" and ");
            fits(query, condition);
        }
        whether(query, filter.overdue, "c.overdue");
        whether(query, filter.solicited, "c.first_solicit is not null");
        whether(query, filter.with_attachments, "d.attachments > 0");
        whether(query, filter.unread, self.unread());
        if let Some(number) = &filter.protocol {
            of_protocol(query, number);
        }
        if let Some(text) = &filter.text {
            self.with_text(query, text.wanted());
        }
        if let Some(code) = &filter.codice_fiscale {
            let forms: Vec<String> = code.forms().iter().map(|form| form.as_str().to_owned()).collect();
            query
                .push(" and c.codice_fiscale = any(")
                .push_bind(forms)
                .push(")");
        }
    }

    /// What row-level security enforces as well: said here, it finds the right index. Not twice where the filter says
    /// it already, or the database would think that little is left and sort what it could read in order.
    pub(super) fn within_scope(&self, query: &mut Query, filter: &RequestFilter) {
        match &self.scope {
            Some(Scope::Office { patronato, office }) => {
                if filter.patronato.as_ref() != Some(patronato) || filter.office.as_ref() != Some(office) {
                    equal(query, "patronato", Some(patronato.as_str()));
                    equal(query, "office", Some(office.as_str()));
                }
            }
            Some(Scope::Sede(sede)) if filter.sede.as_ref() != Some(sede) => {
                query
                    .push(" and (c.sede = ")
                    .push_bind(sede.as_str().to_owned())
                    .push(" or c.sede_seq ? ")
                    .push_bind(sede.as_str().to_owned())
                    .push(")");
            }
            Some(Scope::Sede(_)) | None => {}
            Some(Scope::Nothing) => {
                query.push(" and false");
            }
        }
    }

    /// The tables those conditions speak of, and what the filter's words lead to.
    pub(super) fn tables(&self, query: &mut Query, filter: &RequestFilter) {
        query.push(" from cases as c left join request_digest as d on d.case_id = c.id");
        if let Some(reader) = &self.reader {
            query
                .push(" left join read_mark as m on m.case_id = c.id and m.source = ")
                .push_bind(reader.source.to_string())
                .push(" and m.reader = ")
                .push_bind(reader.id.as_str().to_owned());
        }
        if let Some(Wanted::Words(words)) = filter.text.as_ref().map(SearchText::wanted) {
            self.found_by_words(query, words);
        }
    }

    /// Whether something in a request is new to the reader.
    pub(super) fn unread(&self) -> &'static str {
        match self.reader.as_ref().map(|reader| reader.side) {
            Some(Side::Patronato) => "coalesce(d.office_news > coalesce(m.seq, 0), false)",
            Some(Side::Sede) => "coalesce(d.sede_news > coalesce(m.seq, 0), false)",
            None => "false",
        }
    }

    fn with_text(&self, query: &mut Query, wanted: &Wanted) {
        match wanted {
            Wanted::Protocol(number) => of_protocol(query, number),
            Wanted::Request(id) => {
                query.push(" and c.id = ").push_bind(id.0);
            }
            Wanted::Words(words) => self.with_words(query, words),
        }
    }
}

fn equal(query: &mut Query, column: &str, value: Option<&str>) {
    if let Some(value) = value {
        query
            .push(format_args!(" and c.{column} = "))
            .push_bind(value.to_owned());
    }
}

fn whether(query: &mut Query, wanted: Option<bool>, condition: &str) {
    match wanted {
        Some(true) => {
            query.push(format_args!(" and {condition}"));
        }
        Some(false) => {
            query.push(format_args!(" and ({condition}) is not true"));
        }
        None => {}
    }
}

fn of_protocol(query: &mut Query, number: &ProtocolNumber) {
    query
        .push(" and c.protocol_office = ")
        .push_bind(number.office().as_str().to_owned())
        .push(" and c.protocol_year = ")
        .push_bind(crate::store::intake::protocol_year(number.date()))
        .push(" and c.protocol_sequence = ")
        .push_bind(to_i32(number.sequence()))
        .push(" and c.protocol_on = ")
        .push_bind(number.date());
}

/// Days of opening, or of the solicit that is asked for.
fn between(query: &mut Query, condition: Option<&Condition>, dates: DateRange) {
    let solicit = match condition {
        Some(Condition::FirstSolicit) => Some("first_solicit"),
        Some(Condition::SecondSolicit) => Some("second_solicit"),
        Some(
            Condition::Open
            | Condition::Overdue
            | Condition::Closed
            | Condition::AppointmentEnabled(_)
            | Condition::Appointment,
        )
        | None => None,
    };
    if let Some(column) = solicit {
        compare(query, column, ">=", dates.from());
        compare(query, column, "<=", dates.to());
    } else {
        compare(query, "opened_at", ">=", dates.begins());
        compare(query, "opened_at", "<", dates.ends());
    }
}

fn compare<T>(query: &mut Query, column: &str, operator: &str, value: Option<T>)
where
    T: 'static + Send + Type<Postgres> + for<'q> Encode<'q, Postgres>,
{
    if let Some(value) = value {
        query
            .push(format_args!(" and c.{column} {operator} "))
            .push_bind(value);
    }
}

/// One figure as a condition.
pub(super) fn fits(query: &mut Query, condition: &Condition) {
    match condition {
        Condition::Open => {
            query.push("c.awaiting_since is not null");
        }
        Condition::Overdue => {
            query.push("c.overdue");
        }
        Condition::FirstSolicit => {
            query.push("c.first_solicit is not null");
        }
        Condition::SecondSolicit => {
            query.push("c.first_solicit is not null and c.second_solicit is not null");
        }
        Condition::Closed => {
            query.push("c.awaiting_since is null");
        }
        Condition::AppointmentEnabled(rules) => may_book(query, rules),
        Condition::Appointment => {
            query.push("c.appointment in ('booked', 'confirmed')");
        }
    }
}

/// R-100 as the rules of each version say it.
fn may_book(query: &mut Query, rules: &[BookingRule]) {
    query.push("(c.appointment not in ('booked', 'confirmed') and (c.appointment_enabled");
    for rule in rules {
        query
            .push(" or (c.workflow = ")
            .push_bind(rule.workflow.name.as_str().to_owned())
            .push(" and c.workflow_version = ")
            .push_bind(to_i32(rule.workflow.version))
            .push(" and (c.awaiting_since <= ")
            .push_bind(rule.waiting_since)
            .push(" or c.barred or (c.awaiting_since is null and c.interactions >= ")
            .push_bind(i16::from(rule.interactions))
            .push(")))");
    }
    query.push("))");
}
