//! Where a request would go, and why, before it is sent.

use aide::axum::ApiRouter;
use aide::axum::routing::post_with;
use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Shared;
use super::caller::{Member, forbidden};
use super::catalogue::SedeCard;
use super::people::{Named, people};
use super::trail::Trail;
use crate::domain::command::{CitizenQuery, Role};
use crate::domain::ids::{SedeCode, TopicCode};
use crate::domain::person::Membership;
use crate::domain::place::Region;
use crate::domain::protocol::ProtocolOffice;
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::domain::registers::Registers;
use crate::http::body::JsonBody;
use crate::http::problem::Problem;
use crate::registry::identify;
use crate::routing::{Desk, Destination, Routing, route, route_chosen, route_referent};

pub(in crate::http) fn routes() -> ApiRouter<Shared> {
    ApiRouter::new().api_route(
        "/routing/preview",
        post_with(preview, |op| {
            op.id("previewRouting").tag("portal").summary("Where a request would go").description(
                "An operator's by the citizen's residence and the topic, a referent's to the CRIC of the region; with `sede` there, beside what would have been proposed.",
            )
        }),
    )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct RoutingQuestion {
    /// In which role; may be left out by whoever has one only.
    #[serde(default)]
    pub(in crate::http) role: Option<Role>,
    /// An operator's citizen.
    #[serde(default)]
    pub(in crate::http) citizen: Option<Named>,
    /// Required of an operator.
    #[serde(default)]
    pub(in crate::http) topic: Option<TopicCode>,
    /// A referent's region, where the token names none.
    #[serde(default)]
    pub(in crate::http) region: Option<String>,
    /// The sede chosen in place of the proposed one.
    #[serde(default)]
    pub(in crate::http) sede: Option<SedeCode>,
}

/// Where it would go.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct RoutingPreview {
    /// The sede, or the desk it would wait on.
    pub(in crate::http) destination: SedeCard,
    /// Why it would wait on a desk: `first_level`, or why no rule routes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) desk: Option<&'static str>,
    /// The sede that would have been proposed; only where another was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) proposed: Option<SedeCard>,
    /// The code in the protocol number it would get.
    pub(in crate::http) protocol_office: ProtocolOffice,
    /// The way there, in Italian sentences.
    pub(in crate::http) explanation: Vec<String>,
}

async fn preview(
    State(api): State<Shared>,
    Member { membership, .. }: Member,
    trail: Trail,
    JsonBody(question): JsonBody<RoutingQuestion>,
) -> Result<Json<RoutingPreview>, Problem> {
    let proposed = match role(&membership, question.role)? {
        Role::Operator => of_operator(&api, &trail, question.citizen, question.topic).await?,
        Role::RegionalReferent => {
            let region = region(&membership, question.region.as_deref())?;
            route_referent(&api.registers.borrow(), region)
        }
    };
    let registers = api.registers.borrow();
    let chosen = question
        .sede
        .map(|sede| route_chosen(&registers, &sede))
        .transpose()?;
    Ok(Json(shown(&registers, &proposed, chosen.as_ref())?))
}

fn role(membership: &Membership, wanted: Option<Role>) -> Result<Role, Problem> {
    match (wanted, membership.roles.as_slice()) {
        (Some(role), _) if membership.may_act_as(role) => Ok(role),
        (None, [only]) => Ok(*only),
        (Some(_), _) => Err(forbidden("you do not have this role").field("/role", "not one of yours")),
        (None, _) => Err(missing("Indica in quale ruolo scrivi.", "/role").into()),
    }
}

async fn of_operator(
    api: &Shared,
    trail: &Trail,
    citizen: Option<Named>,
    topic: Option<TopicCode>,
) -> Result<Routing, Problem> {
    let query = CitizenQuery::from(citizen.unwrap_or_default());
    let citizen = identify(&people(api, &query).await?, &query)?;
    trail.persons([citizen.person_id.clone()]);
    let topic = topic.ok_or_else(|| missing("Indica l'argomento.", "/topic"))?;
    let registers = api.registers.borrow();
    if registers.topic(&topic).is_none() {
        let message = "L'argomento indicato non esiste.";
        return Err(Refusal::new(RefusalCode::TopicUnknown, message)
            .at("/topic")
            .into());
    }
    Ok(route(
        &registers,
        citizen.cap.as_ref(),
        citizen.comune_istat.as_ref(),
        &topic,
    ))
}

fn region(membership: &Membership, named: Option<&str>) -> Result<Region, Problem> {
    match (membership.region, named) {
        (Some(own), _) => Ok(own),
        (None, Some(named)) => {
            Region::parse(named).map_err(|_| missing("La regione indicata non esiste.", "/region").into())
        }
        (None, None) => Err(missing("Indica la regione del referente, oppure una sede.", "/region").into()),
    }
}

fn missing(message: &str, pointer: &str) -> Refusal {
    Refusal::new(RefusalCode::InvalidBody, message).at(pointer)
}

fn shown(
    registers: &Registers,
    proposed: &Routing,
    chosen: Option<&Routing>,
) -> Result<RoutingPreview, Problem> {
    let goes = chosen.unwrap_or(proposed);
    let code = goes.destination.code();
    let card = |code: &SedeCode| {
        registers
            .sede(code)
            .map(SedeCard::from)
            .ok_or_else(|| missing("La sede indicata non esiste o non è attiva.", "/sede"))
    };
    Ok(RoutingPreview {
        destination: card(&code)?,
        desk: match &goes.destination {
            Destination::Sede(_) => None,
            Destination::Desk(Desk::FirstLevel) => Some("first_level"),
            Destination::Desk(Desk::Unrouted(reason)) => Some(reason.as_str()),
        },
        proposed: chosen.map(|_| card(&proposed.destination.code())).transpose()?,
        protocol_office: registers.protocol_office(&code).clone(),
        explanation: goes.explanation.iter().map(ToString::to_string).collect(),
    })
}
