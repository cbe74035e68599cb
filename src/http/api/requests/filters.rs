//! The filters of a list, as an address or a body says them.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use super::paging::{Cursor, PageQuery, PageSize};
use crate::domain::case::StateName;
use crate::domain::codice_fiscale::CodiceFiscale;
use crate::domain::filter::{Condition, DateRange, Figure, RequestFilter, Whose};
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
            /// The name of a state, such as `assegnato_sede`.
            state: Option<StateName>,
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
                let mut filter = of(person, self.scope)?;
                filter.dates = dates(self.from, self.to, $wrong)?;
                filter.condition = self.figure.map(|figure| condition(api, figure));
                filter.topic = self.topic;
                filter.protocol = self.protocol;
                filter.state = self.state;
                filter.overdue = self.overdue;
                filter.solicited = self.solicited;
                filter.text = self.text;
                filter.unread = self.unread;
                filter.with_attachments = self.with_attachments;
                filter.sender = narrowed(filter.sender, self.operator)?;
                filter.patronato = narrowed(filter.patronato, self.patronato)?;
                filter.office = narrowed(filter.office, self.office)?;
                // What went on to another sede is still to be found by the one that held it.
                filter.sede = self.sede.or(filter.sede);
                $(filter.$extra = self.$extra;)*
                let page = PageQuery {
                    cursor: self.cursor,
                    limit: self.limit.unwrap_or_default(),
                };
                Ok((filter, page))
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
