//! What happened, in a few Italian words that name nobody.

use crate::domain::event::MailKind;
use crate::domain::refusal::RefusalCode;

/// The title of a mail, and its line in a digest.
pub(super) const fn title(kind: MailKind) -> &'static str {
    match kind {
        MailKind::Reply => "Nuova risposta",
        MailKind::Closed => "Richiesta chiusa",
        MailKind::Overdue => "Richiesta ancora senza risposta",
        MailKind::AppointmentEnabled => "Puoi prenotare un appuntamento",
        MailKind::AppointmentBooked => "Appuntamento richiesto",
        MailKind::AppointmentConfirmed => "Appuntamento confermato",
        MailKind::AppointmentCancelled => "Appuntamento annullato",
        MailKind::Refused => "Richiesta non accettata",
        MailKind::Digest => "Riepilogo",
    }
}

/// Why a request was refused: the refusal's own sentence may name people. Goes on after "non può essere accettata:".
pub(super) const fn sentence(code: RefusalCode) -> &'static str {
    match code {
        RefusalCode::CitizenUnknown => "il cittadino indicato non risulta negli archivi dell'Istituto",
        RefusalCode::CitizenAmbiguous => {
            "ai dati indicati corrispondono più persone e va scelta quella giusta"
        }
        RefusalCode::DelegationMissing => "manca la dichiarazione di possesso della delega",
        RefusalCode::ReasonNotAllowed => "il motivo di contatto non è previsto per il tuo profilo",
        RefusalCode::PracticeRequired => "manca il riferimento della pratica",
        RefusalCode::PracticeNotLinked => "la pratica indicata non è collegata al richiedente",
        RefusalCode::PracticeNotEntitled => {
            "il richiedente non è titolare, amministratore di sostegno o tutore della pratica indicata"
        }
        RefusalCode::TopicUnknown => "l'argomento scelto non esiste",
        RefusalCode::TopicNotForReason => "l'argomento scelto non è previsto per il motivo di contatto",
        RefusalCode::TextMissing => "manca il testo",
        RefusalCode::TextTooLong => "il testo è troppo lungo",
        RefusalCode::AttachmentType => "un allegato è di un tipo non ammesso",
        RefusalCode::AttachmentTooLarge => "gli allegati sono troppo grandi o troppi",
        RefusalCode::AttachmentMissing => "un allegato non è mai arrivato",
        RefusalCode::SedeUnknown => "la sede scelta non esiste o non è attiva",
        RefusalCode::RequestUnknown
        | RefusalCode::NotSender
        | RefusalCode::NotYourSede
        | RefusalCode::NotYet
        | RefusalCode::LimitReached
        | RefusalCode::AwaitingReply
        | RefusalCode::ConversationClosed
        | RefusalCode::AlreadyBooked
        | RefusalCode::StateConflict => "lo stato della richiesta non lo permette",
        RefusalCode::InvalidBody => "i dati inviati non sono completi o non sono validi",
    }
}
