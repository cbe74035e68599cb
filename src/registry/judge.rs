//! What the registers' answers mean for a request. Pure.

use crate::domain::command::{CitizenQuery, Personal, Practice};
use crate::domain::practice::PracticeKind;
use crate::domain::refusal::{Candidate, Refusal, RefusalCode};
use crate::domain::registers::{Citizen, NameKey, PracticeRecord};

/// Figure 11, word for word.
const NOT_ENTITLED: &str = "Per il codice fiscale inserito, associato al numero della pensione indicata, non può \
    essere richiesta alcuna informazione in quanto si riferisce a soggetto diverso da: Titolare, Amministratore di \
    sostegno, Tutore.";

/// The one person a query means, of those a register found for it.
pub fn identify(candidates: &[Citizen], query: &CitizenQuery) -> Result<Citizen, Refusal> {
    let fitting = fitting(candidates, query)?;
    match (fitting.as_slice(), &query.person_id) {
        ([], _) => Err(Refusal::new(RefusalCode::CitizenUnknown, nobody(query)).at(unknown_at(query))),
        (several, Some(person)) => {
            let chosen = several.iter().find(|citizen| citizen.person_id == *person);
            chosen.map(|citizen| Citizen::clone(citizen)).ok_or_else(|| {
                let message = "La persona indicata non è tra quelle che corrispondono ai dati inseriti.";
                Refusal::new(RefusalCode::CitizenUnknown, message).at("/citizen/person_id")
            })
        }
        ([only], None) => Ok(Citizen::clone(only)),
        (several, None) => Err(ambiguous(several, query)),
    }
}

/// Everybody a query may mean, of those a register found for it; refused where it names nobody.
pub fn fitting<'c>(candidates: &'c [Citizen], query: &CitizenQuery) -> Result<Vec<&'c Citizen>, Refusal> {
    let named = query.family_name.is_some() && query.given_name.is_some() && query.born_on.is_some();
    if query.codice_fiscale.is_none() && !named {
        let message = "Indica il codice fiscale, oppure cognome, nome e data di nascita del cittadino.";
        return Err(Refusal::new(RefusalCode::InvalidBody, message).at("/citizen"));
    }
    Ok(candidates.iter().filter(|citizen| fits(citizen, query)).collect())
}

/// Whether a person agrees with everything the query says.
fn fits(citizen: &Citizen, query: &CitizenQuery) -> bool {
    let same_name = |wanted: &Option<Personal>, name: &str| {
        wanted
            .as_ref()
            .is_none_or(|wanted| NameKey::of(&wanted.0) == NameKey::of(name))
    };
    let same_code = query.codice_fiscale.as_ref().is_none_or(|wanted| {
        citizen
            .codice_fiscale
            .as_ref()
            .is_some_and(|code| code.base() == wanted.base())
    });
    same_code
        && same_name(&query.family_name, &citizen.family_name)
        && same_name(&query.given_name, &citizen.given_name)
        && query.born_on.is_none_or(|wanted| wanted == citizen.born_on)
}

/// That nobody fits a query.
pub fn nobody(query: &CitizenQuery) -> &'static str {
    if query.codice_fiscale.is_some() {
        "Nessun cittadino corrisponde al codice fiscale inserito."
    } else {
        "Nessun cittadino corrisponde ai dati anagrafici inseriti."
    }
}

const fn unknown_at(query: &CitizenQuery) -> &'static str {
    match (&query.person_id, &query.codice_fiscale) {
        (Some(_), _) => "/citizen/person_id",
        (None, Some(_)) => "/citizen/codice_fiscale",
        (None, None) => "/citizen",
    }
}

/// the operator has to choose, even where a codice fiscale was given.
pub fn choice(query: &CitizenQuery) -> String {
    let what = if query.codice_fiscale.is_some() {
        "CON LO STESSO CODICE FISCALE"
    } else {
        "CON GLI STESSI DATI ANAGRAFICI"
    };
    format!("SONO STATI TROVATI PIÙ UTENTI {what}. SELEZIONARE UN UTENTE PER PROCEDERE CON LA RICHIESTA:")
}

fn ambiguous(citizens: &[&Citizen], query: &CitizenQuery) -> Refusal {
    let mut refusal = Refusal::new(RefusalCode::CitizenAmbiguous, choice(query)).at("/citizen/person_id");
    refusal.candidates = citizens.iter().map(|citizen| candidate(citizen)).collect();
    refusal
}

fn candidate(citizen: &Citizen) -> Candidate {
    Candidate {
        person_id: citizen.person_id.clone(),
        codice_fiscale: citizen.codice_fiscale.clone(),
        family_name: citizen.family_name.clone(),
        given_name: citizen.given_name.clone(),
        born_on: citizen.born_on,
        birth_place: citizen.birth_place.clone(),
        address: citizen.address.clone(),
    }
}

/// Whether the practice is the citizen's, and the citizen may ask about it.
///
/// The codici fiscali are compared as they are registered: two forms of one code may be two people, and one must
/// not read of the other's practice.
pub fn check_practice(
    records: &[PracticeRecord],
    practice: &Practice,
    citizen: &Citizen,
) -> Result<(), Refusal> {
    let mut linked = records.iter().filter(|record| {
        record.kind == practice.kind
            && record.number == practice.number
            && citizen.codice_fiscale.as_ref() == Some(&record.codice_fiscale)
    });
    let Some(record) = linked.next() else {
        let noun = practice.kind.noun();
        let message = format!("{noun} non corretto o non associato al codice fiscale");
        return Err(Refusal::new(RefusalCode::PracticeNotLinked, message).at("/practice/number"));
    };
    match practice.kind {
        PracticeKind::Pension if !record.holder_role.is_entitled() => {
            Err(Refusal::new(RefusalCode::PracticeNotEntitled, NOT_ENTITLED).at("/practice/number"))
        }
        PracticeKind::Pension
        | PracticeKind::Protocol
        | PracticeKind::Domus
        | PracticeKind::Rdc
        | PracticeKind::Rem => Ok(()),
    }
}

#[cfg(test)]
mod tests;
