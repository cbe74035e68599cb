//! What can be chosen from: topics and sedi. Nothing in it is personal, so it is asked for by GET.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Shared;
use super::caller::Caller;
use super::query::{ApiQuery, invalid};
use crate::domain::command::ContactReason;
use crate::domain::ids::{SedeCode, TopicCode};
use crate::domain::place::{Cap, Province, Region};
use crate::domain::registers::{Registers, Sede, SedeKind, SedeSearch, search_topics};
use crate::http::problem::Problem;

pub(in crate::http) fn routes() -> ApiRouter<Shared> {
    ApiRouter::new()
        .api_route(
            "/topics",
            get_with(topics, |op| {
                op.id("listTopics").tag("catalogue").summary("Topics that can be chosen").description(
                    "With `q` those found by the words in it: case, accents and the ends of words do not matter. The best come first.",
                )
            }),
        )
        .api_route(
            "/sedi",
            get_with(sedi, |op| {
                op.id("listSedi").tag("catalogue").summary("Sedi that can be chosen").description(
                    "A cascade: the regions; with `region` its provinces; and the sedi that fit all that is asked for.",
                )
            }),
        )
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::http) struct TopicQuery {
    /// Only topics that may be chosen for this reason.
    pub(in crate::http) reason: Option<ContactReason>,
    /// Words, or how they begin.
    pub(in crate::http) q: Option<String>,
}

/// A topic that can be chosen.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct TopicEntry {
    pub(in crate::http) code: TopicCode,
    pub(in crate::http) label: String,
    /// The reasons it may be chosen for.
    pub(in crate::http) reasons: Vec<ContactReason>,
    pub(in crate::http) keywords: Vec<String>,
    /// Whether LineaINPS itself answers it.
    pub(in crate::http) first_level: bool,
}

async fn topics(
    State(api): State<Shared>,
    Caller(_): Caller,
    ApiQuery(query): ApiQuery<TopicQuery>,
) -> Json<Vec<TopicEntry>> {
    let registers = api.registers.borrow();
    let text = query.q.unwrap_or_default();
    let found = search_topics(registers.topics(), query.reason, &text);
    let topics = found.into_iter().map(|topic| TopicEntry {
        code: topic.code.clone(),
        label: topic.label.clone(),
        reasons: topic.reasons.clone(),
        keywords: topic.keywords.clone(),
        first_level: topic.first_level,
    });
    Json(topics.collect())
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::http) struct SedeQuery {
    /// One of the twenty regions, by name.
    pub(in crate::http) region: Option<String>,
    /// Two letters.
    pub(in crate::http) province: Option<Province>,
    pub(in crate::http) kind: Option<SedeKind>,
    /// Words of the name, the comune or the code, or how they begin.
    pub(in crate::http) q: Option<String>,
}

/// What can be chosen, and what to choose it by.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Sedi")]
pub(in crate::http) struct SediToChoose {
    /// The regions that have a sede to choose.
    pub(in crate::http) regions: Vec<Region>,
    /// The provinces of the region asked for; empty without one.
    pub(in crate::http) provinces: Vec<Province>,
    /// By name.
    pub(in crate::http) sedi: Vec<SedeCard>,
}

/// A sede as its card shows it.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct SedeCard {
    pub(in crate::http) code: SedeCode,
    pub(in crate::http) name: String,
    /// As lists show it: `LANCIANO-230001`.
    pub(in crate::http) label: String,
    pub(in crate::http) kind: SedeKind,
    pub(in crate::http) address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) cap: Option<Cap>,
    pub(in crate::http) comune: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) province: Option<Province>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) region: Option<Region>,
}

impl From<&Sede> for SedeCard {
    fn from(sede: &Sede) -> Self {
        Self {
            code: sede.code.clone(),
            name: sede.name.clone(),
            label: sede.label(),
            kind: sede.kind,
            address: sede.address.clone(),
            cap: sede.cap.clone(),
            comune: sede.comune.clone(),
            province: sede.province.clone(),
            region: sede.region,
        }
    }
}

async fn sedi(
    State(api): State<Shared>,
    Caller(_): Caller,
    ApiQuery(query): ApiQuery<SedeQuery>,
) -> Result<Json<SediToChoose>, Problem> {
    let region = query
        .region
        .as_deref()
        .map(Region::parse)
        .transpose()
        .map_err(|error| invalid("region", &error.to_string()))?;
    let search = SedeSearch {
        region,
        province: query.province,
        kind: query.kind,
        text: query.q.unwrap_or_default(),
    };
    let registers = api.registers.borrow();
    Ok(Json(to_choose(&registers, &search)))
}

/// The sedi of a region and province, and the regions and provinces to choose them by.
pub(in crate::http) fn choices(
    registers: &Registers,
    region: Option<Region>,
    province: Option<Province>,
) -> SediToChoose {
    let search = SedeSearch {
        region,
        province,
        ..SedeSearch::default()
    };
    to_choose(registers, &search)
}

fn to_choose(registers: &Registers, search: &SedeSearch) -> SediToChoose {
    let region = search.region;
    let open = || registers.sedi().filter(|sede| SedeSearch::can_be_chosen(sede));
    let mut regions: Vec<Region> = open().filter_map(|sede| sede.region).collect();
    regions.sort_unstable();
    regions.dedup();
    let of_region = open().filter(|sede| region.is_some() && sede.region == region);
    let mut provinces: Vec<Province> = of_region.filter_map(|sede| sede.province.clone()).collect();
    provinces.sort_unstable();
    provinces.dedup();
    let mut sedi: Vec<SedeCard> = open()
        .filter(|sede| search.fits(sede))
        .map(SedeCard::from)
        .collect();
    sedi.sort_by(|one, other| (&one.name, &one.code).cmp(&(&other.name, &other.code)));
    SediToChoose {
        regions,
        provinces,
        sedi,
    }
}
