//! Who looks at a page: extractors that turn the session's cookie into a person, or send the browser to sign in.
//!
//! A [`Viewer`] acts in one role; the person's other role is left out, so that the rules, the API's code and the
//! database see the same thing.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::chrome::{Badge, badge};
use super::cookie::{self, Jar};
use super::fault::Fault;
use super::{EVENTS, Portal, Shared};
use crate::domain::command::Role;
use crate::domain::person::{Capacity, Membership, Person};
use crate::domain::session::{Flash, Session, SessionKey, Tone};
use crate::http::api::Trail;
use crate::http::problem::Problem;
use crate::store::{AskedBy, StoreError};

/// A session nobody used for this long has ended (UX.md 1.0).
pub(super) const IDLE: Duration = Duration::from_mins(30);

/// Somebody who is signed in, before choosing anything.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    pub(super) key: SessionKey,
    pub(super) session: Session,
}

/// Somebody of a patronato at work, in one role.
#[derive(Debug, Clone)]
pub(super) struct Viewer {
    pub(super) key: SessionKey,
    /// With the role taken and no other.
    pub(super) person: Person,
    pub(super) membership: Membership,
    pub(super) role: Role,
    /// To be shown on this page; it is forgotten already.
    pub(super) flash: Option<Flash>,
    pub(super) session: Session,
}

/// Who was seen to look: for the pages that say what went wrong.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen(Arc<Mutex<Option<Badge>>>);

impl Seen {
    fn note(parts: &Parts, badge: Badge) {
        if let Some(Self(seen)) = parts.extensions.get::<Self>() {
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(badge);
        }
    }

    pub(super) fn take(&self) -> Option<Badge> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl FromRequestParts<Shared> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, portal: &Shared) -> Result<Self, Response> {
        let Some(token) = Jar::Session.read(&parts.headers, portal.encrypted) else {
            return Err(to_sign_in(parts));
        };
        let key = cookie::key(&token);
        let by = if parts.uri.path() == EVENTS {
            AskedBy::Page
        } else {
            AskedBy::Person
        };
        let found = portal.api.store.session(key, IDLE, by).await;
        let session = found.map_err(|error| Fault::from(error).into_response())?;
        let session = session.ok_or_else(|| to_sign_in(parts))?;
        Trail::of(parts).caller(&session.person);
        let limited = portal.api.rate_limits.of_person(&session.person);
        limited.map_err(|problem| Fault::from(problem).into_response())?;
        Ok(Self { key, session })
    }
}

impl FromRequestParts<Shared> for Viewer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, portal: &Shared) -> Result<Self, Response> {
        let Visitor { key, mut session } = Visitor::from_request_parts(parts, portal).await?;
        let Capacity::Patronato(member) = &session.person.capacity else {
            return Err(Fault::from(not_of_a_patronato()).into_response());
        };
        if !session.memory.informed {
            return Err(onward("/informativa", parts));
        }
        let Some(role) = session.acting.filter(|role| member.may_act_as(*role)) else {
            return Err(onward("/profilo", parts));
        };
        let membership = narrowed(member, role);
        let person = Person {
            capacity: Capacity::Patronato(membership.clone()),
            ..session.person.clone()
        };
        // Said on a page that is looked at, not on one that is posted to.
        let flash = if parts.method == Method::GET {
            session.memory.flash.take()
        } else {
            None
        };
        let viewer = Self {
            key,
            person,
            membership,
            role,
            flash,
            session,
        };
        if viewer.flash.is_some() {
            viewer
                .keep(portal)
                .await
                .map_err(|error| Fault::from(error).into_response())?;
        }
        Seen::note(parts, viewer.badge(portal));
        Ok(viewer)
    }
}

fn narrowed(member: &Membership, role: Role) -> Membership {
    Membership {
        roles: vec![role],
        region: member.region.filter(|_| role == Role::RegionalReferent),
        ..member.clone()
    }
}

fn not_of_a_patronato() -> Problem {
    Problem::new(StatusCode::FORBIDDEN)
        .code("patronato_only")
        .detail("Queste pagine sono per gli operatori e i referenti dei patronati.")
}

impl Visitor {
    /// Writes down what the session is to remember.
    pub(super) async fn keep(&self, portal: &Portal) -> Result<(), StoreError> {
        portal.api.store.keep_session(self.key, &self.session).await
    }
}

impl Viewer {
    pub(super) fn badge(&self, portal: &Portal) -> Badge {
        badge(portal, &self.session.person, Some(self.role), true)
    }

    pub(super) fn is_referent(&self) -> bool {
        match self.role {
            Role::Operator => false,
            Role::RegionalReferent => true,
        }
    }

    /// Writes down what the session is to remember.
    pub(super) async fn keep(&self, portal: &Portal) -> Result<(), StoreError> {
        portal.api.store.keep_session(self.key, &self.session).await
    }

    /// Says something on the next page.
    pub(super) async fn say(
        &mut self,
        portal: &Portal,
        tone: Tone,
        text: impl Into<String>,
    ) -> Result<(), StoreError> {
        self.session.memory.flash = Some(Flash {
            tone,
            text: text.into(),
        });
        self.keep(portal).await
    }
}

/// Somebody who sends what he or she wrote.
pub(super) enum Writer {
    Viewer(Box<Viewer>),
    /// Whose session ran out meanwhile: enough to keep what was written, and nothing else.
    Lapsed(Person),
}

impl FromRequestParts<Shared> for Writer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, portal: &Shared) -> Result<Self, Response> {
        let elsewhere = match Viewer::from_request_parts(parts, portal).await {
            Ok(viewer) => return Ok(Self::Viewer(Box::new(viewer))),
            Err(elsewhere) => elsewhere,
        };
        match lapsed(portal, &parts.headers).await {
            Ok(Some(person)) => {
                let limited = portal.api.rate_limits.of_person(&person);
                limited.map_err(|problem| Fault::from(problem).into_response())?;
                Ok(Self::Lapsed(person))
            }
            Ok(None) => Err(elsewhere),
            Err(error) => Err(Fault::from(error).into_response()),
        }
    }
}

impl Writer {
    /// The viewer; whose session ran out signs in again, and comes back to where the form is.
    pub(super) fn or_back(self, form: &str) -> Result<Viewer, Redirect> {
        match self {
            Self::Viewer(viewer) => Ok(*viewer),
            Self::Lapsed(_) => {
                let form = utf8_percent_encode(form, IN_QUERY);
                Err(Redirect::to(&format!("/accesso?poi={form}")))
            }
        }
    }
}

/// Whose session ran out a short time ago.
async fn lapsed(portal: &Portal, headers: &HeaderMap) -> Result<Option<Person>, StoreError> {
    let Some(token) = Jar::Session.read(headers, portal.encrypted) else {
        return Ok(None);
    };
    let (store, key) = (&portal.api.store, cookie::key(&token));
    if store.session(key, IDLE, AskedBy::Page).await?.is_some() {
        return Ok(None);
    }
    let session = store.lapsed_session(key).await?;
    Ok(session.map(|session| session.person))
}

const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.');

/// To the sign-in, and afterwards back to where the person wanted to go. What was posted is not sent again.
fn to_sign_in(parts: &Parts) -> Response {
    onward("/accesso", parts)
}

fn onward(page: &str, parts: &Parts) -> Response {
    let wanted = match parts.uri.path_and_query() {
        Some(place) if parts.method == Method::GET && place.path() != "/" => place.as_str(),
        Some(_) | None => return Redirect::to(page).into_response(),
    };
    let wanted = utf8_percent_encode(wanted, IN_QUERY);
    Redirect::to(&format!("{page}?poi={wanted}")).into_response()
}

/// A place of ours to go on to: never another site's.
pub(super) fn place(wanted: Option<&str>) -> &str {
    match wanted {
        Some(place) if is_ours(place) => place,
        Some(_) | None => "/",
    }
}

fn is_ours(place: &str) -> bool {
    place.starts_with('/')
        && !place.starts_with("//")
        && place.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_on_to_our_own_places_only() {
        for ours in ["/", "/richieste?stato=aperta", "/nuova/0199/compilazione"] {
            assert_eq!(place(Some(ours)), ours);
        }
        for other in [
            "//elsewhere.example",
            "https://elsewhere.example",
            "/\\elsewhere",
            "/a\nb",
            "",
        ] {
            assert_eq!(place(Some(other)), "/", "{other}");
        }
    }
}
