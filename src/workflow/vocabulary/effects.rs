//! Effects as workflow files write them: a target and what it is told.

use crate::domain::event::{Effect, MailKind, PortalEvent, SedeMessage};

/// An effect as workflow files write it: `sede:request.assigned`, `mail:reply`.
pub fn effect_word(effect: Effect) -> String {
    match effect {
        Effect::TellSede(message) => format!("sede:{message}"),
        Effect::TellPreviousSede(message) => format!("previous-sede:{message}"),
        Effect::TellPortal(event) => format!("portal:{event}"),
        Effect::Mail(kind) => format!("mail:{kind}"),
    }
}

/// Every effect a workflow may name. Refusals are not among them: the engine sends them by itself.
pub fn every_effect() -> impl Iterator<Item = Effect> {
    let sede = SedeMessage::ALL.iter().copied();
    let portal = PortalEvent::ALL.iter().copied();
    let mails = MailKind::ALL.iter().copied();
    sede.map(to_sede)
        .chain(
            portal
                .filter(|event| *event != PortalEvent::CommandRefused)
                .map(Effect::TellPortal),
        )
        .chain(mails.filter(|kind| kind.is_effect()).map(Effect::Mail))
}

/// A request is taken back from the sede that held it before; everything else is for the one that holds it.
const fn to_sede(message: SedeMessage) -> Effect {
    match message {
        SedeMessage::RequestRevoked => Effect::TellPreviousSede(message),
        SedeMessage::RequestAssigned
        | SedeMessage::RequestMessage
        | SedeMessage::RequestAttached
        | SedeMessage::RequestSolicited
        | SedeMessage::AppointmentBooked => Effect::TellSede(message),
    }
}

/// The effect of a word; `None` if there is none.
pub fn effect_of(word: &str) -> Option<Effect> {
    every_effect().find(|effect| effect_word(*effect) == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_read_back_what_they_write() {
        for effect in every_effect() {
            assert_eq!(effect_of(&effect_word(effect)), Some(effect));
        }
        for wrong in [
            "",
            "mail",
            "mail:",
            "mail:hello",
            "mail:refused",
            "mail:digest",
            "portal:command.refused",
            "fax:reply",
        ] {
            assert_eq!(effect_of(wrong), None, "{wrong}");
        }
    }
}
