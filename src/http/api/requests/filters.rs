//! The filters of a list, as an address or a body says them.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use super::line::Names;
use super::paging::{Cursor, PageQuery, PageSize};
use crate::domain::case::StateName;
use crate::domain::codice_fiscale::CodiceFiscale;
use crate::domain::filter::{Condition, DateRange, Figure, Order, RequestFilter, Sorting, Whose};
use crate::domain::ids::{ActorId, OfficeCode, PatronatoCode, SedeCode, TopicCode};
use crate::domain::person::Person;
use crate::domain::protocol::ProtocolNumber;
use crate::domain::search::SearchText;
use crate::http::api::Shared;
use crate::http::api::caller::forbidden;
use crate::http::api::query;
use crate::http::body;
use crate::http::problem::Problem;

/// Declares the same filters for an address and for a body. Not by flattening: serde then knows neither numbers in
/// an address nor fields that do not belong.
macro_rules! filters {
    ($(#[$doc:meta])* $name:ident, $wrong:path { $($(#[$extra_doc:meta])* $extra:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Default, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub(in crate::http) struct $name {
            $($(#[$extra_doc])* $extra: Option<$type>,)*
            /// Whose requests: your own, your office's, your sede's. All you may list unless said otherwise.
            scope: Option<Whose>,
            /// Opened (or, with a solicit as `figure`, solicited) on or after this day.
            from: Option<NaiveDate>,
            /// Opened (or solicited) on or before this day.
            to: Option<NaiveDate>,
            topic: Option<TopicCode>,
            protocol: Option<ProtocolNumber>,
            /// A state by its name or its label: `assegnato_sede` or `Assegnato a Sede`.
            state: Option<StateWord>,
            /// Whether the waiting ran over.
            overdue: Option<bool>,
            /// Whether at least one solicit was sent.
            solicited: Option<bool>,
            text: Option<SearchText>,
            /// Whether something in it is new to you.
            unread: Option<bool>,
            with_attachments: Option<bool>,
            /// The operator who sent it.
            operator: Option<ActorId>,
            /// Where it lies now.
            sede: Option<SedeCode>,
            patronato: Option<PatronatoCode>,
            office: Option<OfficeCode>,
            /// Those a figure of the statistics counts.
            figure: Option<Figure>,
            /// By what the list is sorted; by opening unless said otherwise.
            sort: Option<Sorting>,
            /// The least first; the newest, or greatest, is first unless said otherwise.
            ascending: Option<bool>,
            cursor: Option<Cursor>,
            limit: Option<PageSize>,
        }

        impl $name {
            /// What is asked for within what the person may ask for.
            pub(in crate::http) fn into_parts(
                self,
                person: &Person,
                api: &Shared,
            ) -> Result<(RequestFilter, PageQuery), Problem> {
                let criteria = Criteria {
                    scope: self.scope,
                    dates: dates(self.from, self.to, $wrong)?,
                    topic: self.topic,
                    protocol: self.protocol,
                    state: self.state.map(|word| word.state(&Names::of(api), $wrong)).transpose()?,
                    overdue: self.overdue,
                    solicited: self.solicited,
                    text: self.text,
                    unread: self.unread,
                    with_attachments: self.with_attachments,
                    operator: self.operator,
                    sede: self.sede,
                    patronato: self.patronato,
                    office: self.office,
                    figure: self.figure,
                    codice_fiscale: None,
                };
                $(let criteria = Criteria { $extra: self.$extra, ..criteria };)*
                let page = PageQuery {
                    cursor: self.cursor,
                    order: Order {
                        by: self.sort.unwrap_or_default(),
                        descending: !self.ascending.unwrap_or_default(),
                    },
                    limit: self.limit.unwrap_or_default(),
                };
                Ok((criteria.within(person, api)?, page))
            }
        }
    };
}

filters!(
    /// What a list is narrowed by.
    ListQuery, query::invalid {}
);

filters!(
    /// What a search is narrowed by.
    SearchBody, body::invalid {
        /// In any of its omocodia forms. It stands in a body because an address is written into logs.
        codice_fiscale: CodiceFiscale,
    }
);

/// A state as people or programs call it: events carry the label, workflow files the name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(in crate::http) struct StateWord(String);

impl StateWord {
    /// The state of some workflow that is meant.
    fn state(&self, names: &Names, wrong: impl FnOnce(&str, &str) -> Problem) -> Result<StateName, Problem> {
        let word = self.0.trim().to_lowercase();
        let mut states = names.states();
        let meant = states
            .iter()
            .position(|(name, label)| word == name.as_str() || word == label.to_lowercase());
        if let Some(meant) = meant {
            return Ok(states.swap_remove(meant).0);
        }
        let known: Vec<String> = states
            .iter()
            .map(|(name, label)| format!("{name} ({label})"))
            .collect();
        Err(wrong("state", &format!("one of {}", known.join(", "))))
    }
}

/// What a list is narrowed by, wherever it was said: in an address, a body or the form of a page.
#[derive(Debug, Clone, Default)]
pub(in crate::http) struct Criteria {
    pub(in crate::http) scope: Option<Whose>,
    pub(in crate::http) dates: DateRange,
    pub(in crate::http) topic: Option<TopicCode>,
    pub(in crate::http) protocol: Option<ProtocolNumber>,
    pub(in crate::http) state: Option<StateName>,
    pub(in crate::http) overdue: Option<bool>,
    pub(in crate::http) solicited: Option<bool>,
    pub(in crate::http) text: Option<SearchText>,
    pub(in crate::http) unread: Option<bool>,
    pub(in crate::http) with_attachments: Option<bool>,
    pub(in crate::http) operator: Option<ActorId>,
    pub(in crate::http) sede: Option<SedeCode>,
    pub(in crate::http) patronato: Option<PatronatoCode>,
    pub(in crate::http) office: Option<OfficeCode>,
    pub(in crate::http) figure: Option<Figure>,
    pub(in crate::http) codice_fiscale: Option<CodiceFiscale>,
}

impl Criteria {
    /// What is asked for within what the person may ask for.
    pub(in crate::http) fn within(self, person: &Person, api: &Shared) -> Result<RequestFilter, Problem> {
        let of_scope = of(person, self.scope)?;
        Ok(RequestFilter {
            dates: self.dates,
            condition: self.figure.map(|figure| condition(api, figure)),
            topic: self.topic,
            protocol: self.protocol,
            state: self.state,
            overdue: self.overdue,
            solicited: self.solicited,
            text: self.text,
            unread: self.unread,
            with_attachments: self.with_attachments,
            sender: narrowed(of_scope.sender, self.operator)?,
            patronato: narrowed(of_scope.patronato, self.patronato)?,
            office: narrowed(of_scope.office, self.office)?,
            // What went on to another sede is still to be found by the one that held it.
            sede: self.sede.or(of_scope.sede),
            officer: of_scope.officer,
            codice_fiscale: self.codice_fiscale,
        })
    }
}

/// The requests a person lists, in the scope he or she chose.
pub(in crate::http) fn of(person: &Person, scope: Option<Whose>) -> Result<RequestFilter, Problem> {
    let usual = Whose::usual(person).ok_or_else(|| forbidden("those who run the engine read no requests"))?;
    RequestFilter::of(person, scope.unwrap_or(usual))
        .map_err(|error| forbidden(&error.to_string()).field("/scope", error.to_string()))
}

pub(in crate::http) fn dates(
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    wrong: impl FnOnce(&str, &str) -> Problem,
) -> Result<DateRange, Problem> {
    DateRange::new(from, to)
        .map_err(|error| wrong("to", &error.to_string()).detail("the last day is before the first"))
}

pub(in crate::http) fn condition(api: &Shared, figure: Figure) -> Condition {
    let rules = api.workflows.borrow().booking_rules(api.clock.now());
    Condition::of(figure, &rules)
}

/// A choice within what is fixed already: anything else is not the person's to ask for.
fn narrowed<T: PartialEq>(fixed: Option<T>, chosen: Option<T>) -> Result<Option<T>, Problem> {
    match (fixed, chosen) {
        (Some(fixed), Some(chosen)) if fixed != chosen => {
            Err(forbidden("not within the scope that was asked for"))
        }
        (fixed, chosen) => Ok(chosen.or(fixed)),
    }
}
