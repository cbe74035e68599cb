//! The home page (Figures 5 and 23): who one is, a new request, the replies of the last days and a search among them.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::form_urlencoded;

use super::chrome::{Chrome, Menu};
use super::fault::{Answer, show, show_again};
use super::forms::{Choice, FormErrors};
use super::moments::{self, read_day};
use super::viewer::{Viewer, Visitor};
use super::{Shared, cookie};
use crate::domain::codice_fiscale::CodiceFiscale;
use crate::domain::filter::DateRange;
use crate::domain::ids::TopicCode;
use crate::domain::protocol::ProtocolNumber;
use crate::http::api::Trail;
use crate::http::api::replies::{RepliesSearch, ReplyPanel, panel};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/", get(home).post(search))
        .route("/resta", post(stay))
}

/// What the panel is searched by, as it was typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Wanted {
    per: String,
    data: String,
    oggetto: String,
    codice_fiscale: String,
    protocollo: String,
    /// An opaque word for a search that does not stand in the address.
    ricerca: String,
    cursor: String,
}

impl Wanted {
    fn is_some(&self) -> bool {
        !self.per.is_empty()
    }
}

#[derive(Template)]
#[template(path = "http/pages/home.html")]
struct HomePage {
    chrome: Chrome,
    name: String,
    referent: bool,
    wanted: Wanted,
    criteria: Vec<Choice>,
    topics: Vec<Choice>,
    replies: ReplyPanel,
    next: String,
}

fn criteria(referent: bool) -> Vec<Choice> {
    let mut all = vec![Choice::new("data", "Data"), Choice::new("oggetto", "Oggetto")];
    if !referent {
        all.push(Choice::new("codice_fiscale", "Codice fiscale"));
    }
    all.push(Choice::new("protocollo", "Numero di protocollo"));
    all
}

/// What is searched for; an error where it cannot be.
fn parsed(wanted: &Wanted, referent: bool) -> Result<(RepliesSearch, DateRange), FormErrors> {
    let mut found = RepliesSearch::default();
    let mut dates = DateRange::default();
    match wanted.per.as_str() {
        "data" => {
            let date = read_day(&wanted.data);
            let date = date
                .ok_or_else(|| FormErrors::one("data", "Inserisci data richiesta: giorno, mese e anno."))?;
            dates = DateRange::new(Some(date), Some(date)).unwrap_or_default();
        }
        "oggetto" => {
            let topic = TopicCode::parse(&wanted.oggetto);
            found.topic =
                Some(topic.map_err(|_| FormErrors::one("oggetto", "Scegli l'oggetto della richiesta."))?);
        }
        "codice_fiscale" if !referent => {
            let code = CodiceFiscale::parse(&wanted.codice_fiscale);
            let wrong = |_| FormErrors::one("codice_fiscale", "Il codice fiscale non è corretto.");
            found.codice_fiscale = Some(code.map_err(wrong)?);
        }
        "protocollo" => {
            let number = wanted.protocollo.trim().parse::<ProtocolNumber>();
            let wrong = |_| {
                FormErrors::one(
                    "protocollo",
                    "Il numero di protocollo ha la forma INPS.7013.24/02/2021.0000123.",
                )
            };
            found.protocol = Some(number.map_err(wrong)?);
        }
        _ => {}
    }
    Ok((found, dates))
}

async fn page(
    portal: &Shared,
    viewer: &Viewer,
    trail: &Trail,
    wanted: Wanted,
    search: RepliesSearch,
    dates: DateRange,
) -> Result<HomePage, super::fault::Fault> {
    let Json(replies) = panel(&portal.api, &viewer.person, trail, search, dates).await?;
    let registers = portal.api.registers.borrow();
    let topic =
        |topic: &crate::domain::registers::Topic| Choice::new(topic.code.as_str(), topic.label.as_str());
    let next = replies
        .listing
        .page
        .next
        .as_deref()
        .map_or_else(String::new, |cursor| address(&wanted, cursor));
    Ok(HomePage {
        chrome: Chrome::of(portal, viewer, Menu::Home, "Home page"),
        name: viewer.person.name.0.clone(),
        referent: viewer.is_referent(),
        criteria: criteria(viewer.is_referent()),
        topics: registers.topics().map(topic).collect(),
        wanted,
        replies,
        next,
    })
}

/// The address of a search that may stand in one.
fn address(wanted: &Wanted, cursor: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in [
        ("per", wanted.per.as_str()),
        ("data", &wanted.data),
        ("oggetto", &wanted.oggetto),
        ("protocollo", &wanted.protocollo),
        ("ricerca", &wanted.ricerca),
        ("cursor", cursor),
    ] {
        let hidden = !wanted.ricerca.is_empty() && name != "ricerca" && name != "cursor";
        if !value.is_empty() && !hidden {
            query.append_pair(name, value);
        }
    }
    format!("/?{}#risposte", query.finish())
}

async fn home(
    State(portal): State<Shared>,
    viewer: Viewer,
    trail: Trail,
    Query(query): Query<Wanted>,
) -> Answer {
    let kept = viewer.session.memory.search(&query.ricerca);
    let kept = kept.and_then(|kept| serde_json::from_value::<Wanted>(kept.clone()).ok());
    let wanted = match kept {
        Some(kept) => Wanted {
            ricerca: query.ricerca,
            cursor: query.cursor,
            ..kept
        },
        None => query,
    };
    match parsed(&wanted, viewer.is_referent()) {
        Ok((mut search, dates)) => {
            search.cursor = wanted.cursor.clone().try_into().ok();
            show(&page(&portal, &viewer, &trail, wanted, search, dates).await?)
        }
        Err(errors) => again(&portal, &viewer, &trail, wanted, errors).await,
    }
}

async fn again(
    portal: &Shared,
    viewer: &Viewer,
    trail: &Trail,
    wanted: Wanted,
    errors: FormErrors,
) -> Answer {
    let all = RepliesSearch::default();
    let mut page = page(portal, viewer, trail, wanted, all, DateRange::default()).await?;
    page.chrome = page.chrome.with_errors(errors);
    show_again(&page)
}

/// A search is posted, so that a codice fiscale never stands in an address; what may stand there does.
async fn search(
    State(portal): State<Shared>,
    mut viewer: Viewer,
    trail: Trail,
    Form(mut wanted): Form<Wanted>,
) -> Answer {
    if let Err(errors) = parsed(&wanted, viewer.is_referent()) {
        return again(&portal, &viewer, &trail, wanted, errors).await;
    }
    (wanted.ricerca, wanted.cursor) = (String::new(), String::new());
    if wanted.per == "codice_fiscale" {
        let word = cookie::token();
        let kept = json!({ "per": wanted.per, "codice_fiscale": wanted.codice_fiscale });
        viewer.session.memory.keep_search(word.clone(), kept);
        viewer.keep(&portal).await?;
        wanted.ricerca = word;
    } else {
        // Only the chosen criterion counts.
        let chosen = wanted.clone();
        for (name, field) in [
            ("data", &mut wanted.data),
            ("oggetto", &mut wanted.oggetto),
            ("protocollo", &mut wanted.protocollo),
        ] {
            if chosen.per != name {
                field.clear();
            }
        }
    }
    Ok(Redirect::to(&address(&wanted, "")).into_response())
}

/// "Resta collegato": the session is used, and lasts.
async fn stay(State(portal): State<Shared>, visitor: Visitor) -> Answer {
    visitor.keep(&portal).await?;
    Ok(Json(json!({ "idle": super::viewer::IDLE.as_secs() })).into_response())
}
