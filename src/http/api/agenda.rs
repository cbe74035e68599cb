//! The hours a sede publishes for appointments: its officers publish and withdraw them, everybody sees the free ones.

use aide::OperationInput;
use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with};
use aide::generate::GenContext;
use aide::openapi::Operation;
use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use chrono::{DateTime, FixedOffset, NaiveDate, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Shared;
use super::caller::{Caller, Official, forbidden};
use super::query::ApiQuery;
use super::trail::Trail;
use crate::domain::agenda::{Slot, SlotId};
use crate::domain::calendar::TimeZone;
use crate::domain::ids::{RequestId, SedeCode};
use crate::domain::person::Capacity;
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::http::body::JsonBody;
use crate::http::problem::Problem;
use crate::store::{SlotFilter, Withdrawn};

pub(in crate::http) fn routes() -> ApiRouter<Shared> {
    ApiRouter::new()
        .api_route(
            "/sedi/{code}/slots",
            get_with(list, |op| {
                op.id("listSlots").tag("questions").summary("The hours a sede publishes").description(
                    "The free ones from now on; its own officers see also the taken ones and by which request. What \
                     stands in `starts_at` is what a booking names in `slot`.",
                )
            })
            .post_with(publish, |op| {
                op.id("publishSlots").tag("sede").summary("Publishes hours").description(
                    "For officers of the sede. All or none; one that is there already stays. A sede that publishes \
                     hours takes bookings at these alone, one that publishes none takes any hour as a wish.",
                )
                .response::<201, Json<Published>>()
            }),
        )
        .api_route(
            "/sedi/{code}/slots/{id}",
            delete_with(withdraw, |op| {
                op.id("withdrawSlot").tag("sede").summary("Withdraws an hour nobody holds").response::<204, ()>()
            }),
        )
}

/// An hour.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct SlotEntry {
    pub(in crate::http) id: SlotId,
    pub(in crate::http) starts_at: DateTime<Utc>,
    pub(in crate::http) minutes: u16,
    /// Counter or room.
    pub(in crate::http) place: String,
    pub(in crate::http) free: bool,
    /// The request that holds it; for the officers of the sede.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) request_id: Option<RequestId>,
}

/// Which hours to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Wanted {
    /// First day; today unless given.
    #[serde(default)]
    pub(in crate::http) from: Option<NaiveDate>,
    /// Last day; 30 days later unless given.
    #[serde(default)]
    pub(in crate::http) to: Option<NaiveDate>,
}

const DAYS: i64 = 30;

async fn list(
    State(api): State<Shared>,
    Caller(person): Caller,
    trail: Trail,
    Named(OfSede { code }): Named<OfSede>,
    ApiQuery(wanted): ApiQuery<Wanted>,
) -> Result<Json<Vec<SlotEntry>>, Problem> {
    known(&api, &code)?;
    let own = person.capacity == Capacity::Sede { sede: code.clone() };
    let now = api.clock.now();
    let rome = TimeZone::default();
    let from = wanted.from.unwrap_or_else(|| rome.date_of(now));
    let to = wanted
        .to
        .unwrap_or_else(|| from.checked_add_signed(TimeDelta::days(DAYS)).unwrap_or(from));
    let begin = rome.start_of(from);
    let filter = SlotFilter {
        sede: code,
        // What is over is of interest to those who keep the agenda alone.
        from: if own { begin } else { begin.max(now) },
        to: rome.start_of(to.succ_opt().unwrap_or(to)),
        free: !own,
    };
    let slots = api.store.slots(&filter).await?;
    trail.requests(slots.iter().filter_map(|slot| slot.taken_by));
    let entries = slots.into_iter().map(|slot| SlotEntry {
        id: slot.id,
        starts_at: slot.starts_at,
        minutes: slot.minutes,
        place: slot.place,
        free: slot.taken_by.is_none(),
        request_id: slot.taken_by.filter(|_| own),
    });
    Ok(Json(entries.collect()))
}

/// Hours to publish.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Publication {
    #[schemars(length(min = 1, max = 500))]
    pub(in crate::http) slots: Vec<NewSlot>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewSlot {
    /// Later than now.
    pub(in crate::http) starts_at: DateTime<FixedOffset>,
    #[serde(default = "half_an_hour")]
    #[schemars(range(min = 5, max = 480))]
    pub(in crate::http) minutes: u16,
    /// Counter or room: several of them may have the same hour.
    #[serde(default)]
    #[schemars(length(max = 100))]
    pub(in crate::http) place: String,
}

const fn half_an_hour() -> u16 {
    30
}

/// How many of the hours are new.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::http) struct Published {
    pub(in crate::http) published: u64,
}

const MOST_SLOTS: usize = 500;
const LONGEST_PLACE: usize = 100;

async fn publish(
    State(api): State<Shared>,
    official: Official,
    Named(OfSede { code }): Named<OfSede>,
    JsonBody(publication): JsonBody<Publication>,
) -> Result<(StatusCode, Json<Published>), Problem> {
    known(&api, &code)?;
    own(&official, &code)?;
    let now = api.clock.now();
    judge(&publication.slots, now)?;
    let slots: Vec<Slot> = publication
        .slots
        .into_iter()
        .map(|slot| Slot {
            id: SlotId(api.clock.new_id()),
            sede: code.clone(),
            starts_at: slot.starts_at.to_utc(),
            minutes: slot.minutes,
            place: slot.place.trim().to_owned(),
            taken_by: None,
        })
        .collect();
    let published = api.store.publish_slots(&slots, &official.person.id).await?;
    Ok((StatusCode::CREATED, Json(Published { published })))
}

/// Everything that is wrong with the hours, each in its place.
fn judge(slots: &[NewSlot], now: DateTime<Utc>) -> Result<(), Problem> {
    let mut refusal = Refusal::new(RefusalCode::InvalidBody, "Gli orari non sono validi.");
    if slots.is_empty() || slots.len() > MOST_SLOTS {
        refusal = refusal.at("/slots");
    }
    for (index, slot) in slots.iter().enumerate() {
        if slot.starts_at.to_utc() <= now {
            refusal = refusal.at(&format!("/slots/{index}/starts_at"));
        }
        if !(5..=480).contains(&slot.minutes) {
            refusal = refusal.at(&format!("/slots/{index}/minutes"));
        }
        if slot.place.chars().count() > LONGEST_PLACE || slot.place.chars().any(char::is_control) {
            refusal = refusal.at(&format!("/slots/{index}/place"));
        }
    }
    if refusal.fields.is_empty() {
        Ok(())
    } else {
        Err(refusal.into())
    }
}

async fn withdraw(
    State(api): State<Shared>,
    official: Official,
    Named(OfSlot { code, id }): Named<OfSlot>,
) -> Result<StatusCode, Problem> {
    own(&official, &code)?;
    match api.store.withdraw_slot(&code, id).await? {
        Withdrawn::Done => Ok(StatusCode::NO_CONTENT),
        Withdrawn::Unknown => Err(unknown()),
        Withdrawn::Taken => {
            let message = "L'orario è prenotato: annulla prima l'appuntamento.";
            Err(Refusal::new(RefusalCode::StateConflict, message).into())
        }
    }
}

fn known(api: &Shared, code: &SedeCode) -> Result<(), Problem> {
    let registers = api.registers.borrow();
    registers.sede(code).map(|_| ()).ok_or_else(unknown)
}

fn own(official: &Official, code: &SedeCode) -> Result<(), Problem> {
    if official.sede == *code {
        Ok(())
    } else {
        Err(forbidden("for officers of this sede only"))
    }
}

fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND)
        .code("sede_unknown")
        .detail("La sede o l'orario indicato non esiste.")
}

/// What a path names. What is no name names nothing: 404.
pub(in crate::http) struct Named<T>(T);

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct OfSede {
    /// The sede.
    pub(in crate::http) code: SedeCode,
}

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct OfSlot {
    /// The sede.
    pub(in crate::http) code: SedeCode,
    /// The hour.
    pub(in crate::http) id: SlotId,
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(path)| Self(path)).map_err(|_| unknown())
    }
}

impl<T: JsonSchema> OperationInput for Named<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        Path::<T>::operation_input(ctx, operation);
    }
}
