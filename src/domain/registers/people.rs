//! A citizen and a practice as their registers know them. Personal: `Debug` shows neither.

use std::fmt;

use chrono::NaiveDate;

use super::super::codice_fiscale::CodiceFiscale;
use super::super::ids::PersonId;
use super::super::place::{Cap, ComuneIstat};
use super::super::practice::{HolderRole, PracticeKind, PracticeNumber};

/// One person. Several may share a codice fiscale, and one may have none.
#[derive(Clone, PartialEq, Eq)]
pub struct Citizen {
    pub person_id: PersonId,
    pub codice_fiscale: Option<CodiceFiscale>,
    pub family_name: String,
    pub given_name: String,
    pub born_on: NaiveDate,
    pub birth_place: String,
    pub address: String,
    /// Without one (a residence abroad) no rule can route.
    pub cap: Option<Cap>,
    pub comune_istat: Option<ComuneIstat>,
}

impl fmt::Debug for Citizen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Citizen").finish_non_exhaustive()
    }
}

/// That a practice is of a person, and what that person is to it.
#[derive(Clone, PartialEq, Eq)]
pub struct PracticeRecord {
    pub kind: PracticeKind,
    pub number: PracticeNumber,
    pub codice_fiscale: CodiceFiscale,
    pub holder_role: HolderRole,
}

impl fmt::Debug for PracticeRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("PracticeRecord");
        shown
            .field("kind", &self.kind)
            .field("holder_role", &self.holder_role)
            .finish_non_exhaustive()
    }
}
