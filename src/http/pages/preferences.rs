//! "Preferenze": how and when one is told by mail, and the searches one keeps.

use askama::Template;
use axum::Router;
use axum::extract::{Form, State};
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::get;
use serde::Deserialize;
use serde_json::json;

use super::chrome::{Chrome, Menu};
use super::fault::{Answer, show, show_again};
use super::forms::{Choice, FormErrors};
use super::viewer::Viewer;
use super::{Portal, Shared, history};
use crate::domain::mail::preferences::{Delivery, MailPreferences, QuietHours};
use crate::domain::session::Tone;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/preferenze", get(read).post(write))
}

/// The form; times as `07:30`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct PreferencesForm {
    reply: String,
    closed: String,
    overdue: String,
    appointment_enabled: String,
    appointment_booked: String,
    appointment_confirmed: String,
    appointment_cancelled: String,
    refused: String,
    ora: String,
    dalle: String,
    alle: String,
    fine_settimana: String,
    festivi: String,
}

/// One kind of event, and how one is told of it.
struct Event {
    id: &'static str,
    label: &'static str,
    chosen: String,
}

#[derive(Template)]
#[template(path = "http/pages/preferences.html", whitespace = "minimize")]
struct PreferencesPage {
    chrome: Chrome,
    events: [Event; 8],
    deliveries: Vec<Choice>,
    hours: Vec<Choice>,
    form: PreferencesForm,
    email: String,
    saved: Vec<history::KeptFilter>,
}

const YES: &str = "si";

impl PreferencesForm {
    fn of(preferences: &MailPreferences) -> Self {
        let events = preferences.events;
        let word = |delivery: Delivery| delivery.to_string();
        let (from, to) = preferences
            .quiet_hours
            .map_or_else(Default::default, QuietHours::written);
        let flag = |on: bool| if on { YES.to_owned() } else { String::new() };
        Self {
            reply: word(events.reply),
            closed: word(events.closed),
            overdue: word(events.overdue),
            appointment_enabled: word(events.appointment_enabled),
            appointment_booked: word(events.appointment_booked),
            appointment_confirmed: word(events.appointment_confirmed),
            appointment_cancelled: word(events.appointment_cancelled),
            refused: word(events.refused),
            ora: u8::from(preferences.digest_hour).to_string(),
            dalle: from,
            alle: to,
            fine_settimana: flag(preferences.quiet_weekends),
            festivi: flag(preferences.quiet_holidays),
        }
    }

    /// What was chosen, by the rules of the API's own preferences.
    fn read(&self) -> Result<MailPreferences, FormErrors> {
        let mut chosen = json!({
            "events": {
                "reply": self.reply,
                "closed": self.closed,
                "overdue": self.overdue,
                "appointment_enabled": self.appointment_enabled,
                "appointment_booked": self.appointment_booked,
                "appointment_confirmed": self.appointment_confirmed,
                "appointment_cancelled": self.appointment_cancelled,
                "refused": self.refused,
            },
            "digest_hour": self.ora.trim().parse::<u8>().unwrap_or(u8::MAX),
            "quiet_weekends": self.fine_settimana == YES,
            "quiet_holidays": self.festivi == YES,
        });
        if !self.dalle.is_empty() || !self.alle.is_empty() {
            chosen["quiet_hours"] = json!({ "from": self.dalle, "to": self.alle });
        }
        serde_path_to_error::deserialize(chosen).map_err(|error| {
            let field = match error.path().to_string().as_str() {
                "digest_hour" => "ora",
                path if path.starts_with("quiet_hours") => "dalle",
                _ => return FormErrors::one("reply", "Scegli come ricevere ogni avviso."),
            };
            FormErrors::one(field, sentence(&error.into_inner().to_string()))
        })
    }

    fn events(&self) -> [Event; 8] {
        [
            ("reply", "Risposta della sede", &self.reply),
            ("closed", "Richiesta chiusa dalla sede", &self.closed),
            ("overdue", "Superati 15 giorni senza risposta", &self.overdue),
            (
                "appointment_enabled",
                "Appuntamento abilitato",
                &self.appointment_enabled,
            ),
            (
                "appointment_booked",
                "Appuntamento richiesto",
                &self.appointment_booked,
            ),
            (
                "appointment_confirmed",
                "Appuntamento confermato",
                &self.appointment_confirmed,
            ),
            (
                "appointment_cancelled",
                "Appuntamento annullato",
                &self.appointment_cancelled,
            ),
            ("refused", "Richiesta non accettata", &self.refused),
        ]
        .map(|(id, label, chosen)| Event {
            id,
            label,
            chosen: chosen.clone(),
        })
    }
}

/// "Indica un'ora ...": told by itself, it begins with a capital.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

fn deliveries() -> Vec<Choice> {
    [
        (Delivery::AtOnce, "Subito"),
        (Delivery::Daily, "Nel riepilogo giornaliero"),
        (Delivery::Never, "Mai"),
    ]
    .map(|(delivery, label)| Choice::new(delivery.as_str(), label))
    .into()
}

impl PreferencesPage {
    fn new(
        portal: &Portal,
        viewer: &Viewer,
        form: PreferencesForm,
        saved: Vec<history::KeptFilter>,
        errors: FormErrors,
    ) -> Self {
        Self {
            chrome: Chrome::of(portal, viewer, Menu::None, "Preferenze").with_errors(errors),
            events: form.events(),
            deliveries: deliveries(),
            hours: (0..24)
                .map(|hour| Choice::new(hour.to_string(), format!("{hour:02}:00")))
                .collect(),
            form,
            email: viewer
                .person
                .email
                .as_ref()
                .map(|email| email.as_str().to_owned())
                .unwrap_or_default(),
            saved,
        }
    }
}

async fn read(State(portal): State<Shared>, viewer: Viewer) -> Answer {
    let member = &viewer.membership;
    let preferences = portal
        .api
        .store
        .mail_preferences(&member.patronato, &viewer.person.id)
        .await?;
    let saved = history::saved_filters(&portal, &viewer).await?;
    let form = PreferencesForm::of(&preferences);
    show(&PreferencesPage::new(
        &portal,
        &viewer,
        form,
        saved,
        FormErrors::default(),
    ))
}

async fn write(
    State(portal): State<Shared>,
    mut viewer: Viewer,
    Form(form): Form<PreferencesForm>,
) -> Answer {
    let preferences = match form.read() {
        Ok(preferences) => preferences,
        Err(errors) => {
            let saved = history::saved_filters(&portal, &viewer).await?;
            return show_again(&PreferencesPage::new(&portal, &viewer, form, saved, errors));
        }
    };
    let member = &viewer.membership;
    portal
        .api
        .store
        .save_mail_preferences(&member.patronato, &viewer.person.id, &preferences)
        .await?;
    viewer.say(&portal, Tone::Done, "Preferenze salvate.").await?;
    Ok(Redirect::to("/preferenze").into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_reads_back_what_it_was_filled_from() {
        let preferences: MailPreferences = serde_json::from_value(json!({
            "events": { "reply": "daily", "refused": "never" },
            "digest_hour": 7,
            "quiet_hours": { "from": "20:00", "to": "07:30" },
            "quiet_holidays": true,
        }))
        .unwrap();
        assert_eq!(PreferencesForm::of(&preferences).read(), Ok(preferences));
        let usual = MailPreferences::default();
        assert_eq!(PreferencesForm::of(&usual).read(), Ok(usual));
    }

    #[test]
    fn what_makes_no_sense_is_named_in_its_place() {
        let usual = PreferencesForm::of(&MailPreferences::default());
        let wrong = |form: PreferencesForm, field: &str| form.read().unwrap_err().of(field).to_owned();
        let late = PreferencesForm {
            ora: "24".to_owned(),
            ..usual.clone()
        };
        assert_eq!(wrong(late, "ora"), "Indica un'ora intera da 0 a 23.");
        let half = PreferencesForm {
            dalle: "20:00".to_owned(),
            ..usual.clone()
        };
        assert_eq!(
            wrong(half, "dalle"),
            "Indica l'orario come HH:MM, per esempio 07:30."
        );
        let other = PreferencesForm {
            reply: "sometimes".to_owned(),
            ..usual
        };
        assert_eq!(wrong(other, "reply"), "Scegli come ricevere ogni avviso.");
    }
}
