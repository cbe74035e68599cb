//! Who the token says one is.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

use super::Shared;
use super::caller::Caller;
use crate::domain::command::{Personal, Role};
use crate::domain::email::EmailAddress;
use crate::domain::ids::{ActorId, OfficeCode, PatronatoCode, SedeCode};
use crate::domain::person::{Capacity, Membership, Person};
use crate::domain::place::Region;
use crate::domain::registers::Registers;

pub(in crate::http) fn routes() -> ApiRouter<Shared> {
    ApiRouter::new().api_route(
        "/me",
        get_with(me, |op| {
            op.id("me").tag("identity").summary("Who the token says one is")
        }),
    )
}

/// A person as the token and the registers describe him or her.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct Me {
    pub(in crate::http) id: ActorId,
    pub(in crate::http) name: Personal,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) email: Option<EmailAddress>,
    #[serde(flatten)]
    pub(in crate::http) profile: Profile,
}

/// In which capacity.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "capacity", rename_all = "snake_case")]
pub(in crate::http) enum Profile {
    /// Somebody of a patronato: sees the requests of the office.
    Patronato {
        patronato: PatronatoCode,
        patronato_name: String,
        office: OfficeCode,
        office_name: String,
        /// One of them is chosen with every new request.
        roles: Vec<Role>,
        #[serde(skip_serializing_if = "Option::is_none")]
        region: Option<Region>,
    },
    /// Somebody of a sede or desk: sees the requests it holds or held.
    Sede { sede: SedeCode, sede_name: String },
    /// Somebody who runs the engine: sees no request.
    Manager,
}

async fn me(State(api): State<Shared>, Caller(person): Caller) -> Json<Me> {
    let registers = api.registers.borrow();
    let Person {
        id,
        name,
        email,
        capacity,
    } = person;
    let profile = match capacity {
        Capacity::Patronato(member) => of_patronato(member, &registers),
        Capacity::Sede { sede } => Profile::Sede {
            sede_name: registers
                .sede(&sede)
                .map(|known| known.name.clone())
                .unwrap_or_default(),
            sede,
        },
        Capacity::Manager => Profile::Manager,
    };
    Json(Me {
        id,
        name,
        email,
        profile,
    })
}

fn of_patronato(member: Membership, registers: &Registers) -> Profile {
    let patronato = registers.patronato(&member.patronato);
    let office = patronato.and_then(|patronato| patronato.office(&member.office));
    Profile::Patronato {
        patronato_name: patronato.map(|one| one.name.clone()).unwrap_or_default(),
        office_name: office.map(|one| one.name.clone()).unwrap_or_default(),
        patronato: member.patronato,
        office: member.office,
        roles: member.roles,
        region: member.region,
    }
}
