//! From what a token says to a person of the registers.

use super::Denied;
use super::token::Claims;
use crate::config::auth::{ClaimNames, RoleWords};
use crate::domain::command::{Personal, Role};
use crate::domain::email::EmailAddress;
use crate::domain::ids::{ActorId, OfficeCode, PatronatoCode, SedeCode};
use crate::domain::person::{Capacity, Membership, Person};
use crate::domain::place::Region;
use crate::domain::registers::{Office, Registers};

/// Longest name that is taken; longer ones are nobody's.
const LONGEST_NAME: usize = 200;

/// Who the claims name. Roles this system does not know are other systems' and left out.
pub(super) fn person(
    claims: &Claims,
    names: &ClaimNames,
    words: &RoleWords,
    registers: &Registers,
) -> Result<Person, Denied> {
    let id = claims.text(&names.id).and_then(|id| ActorId::parse(id).ok());
    let personal = |name: &str| {
        claims
            .text(name)
            .filter(|text| text.chars().count() <= LONGEST_NAME && !text.chars().any(char::is_control))
            .map(|text| Personal(text.to_owned()))
    };
    let said = claims.words(&names.roles);
    let has = |wanted: &[String]| said.iter().any(|word| wanted.iter().any(|one| one == word));
    let of_patronato: Vec<Role> = Role::ALL
        .iter()
        .copied()
        .filter(|role| {
            has(match role {
                Role::Operator => &words.operator,
                Role::RegionalReferent => &words.regional_referent,
            })
        })
        .collect();
    let capacity = match (of_patronato.is_empty(), has(&words.officer), has(&words.manager)) {
        (false, false, false) => membership(claims, names, of_patronato, registers)?,
        (true, true, false) => at_sede(claims, names, registers)?,
        (true, false, true) => Capacity::Manager,
        (true, false, false) => return Err(Denied::NoAccess("it names none of the roles of this system")),
        _ => {
            return Err(Denied::NoAccess(
                "it names roles that do not go together: choose one profile",
            ));
        }
    };
    Ok(Person {
        id: id.ok_or(Denied::Invalid("its subject is no id of a person"))?,
        name: personal(&names.name).ok_or(Denied::NoAccess("it does not name the person"))?,
        email: claims
            .text(&names.email)
            .and_then(|text| EmailAddress::parse(text).ok()),
        capacity,
    })
}

fn membership(
    claims: &Claims,
    names: &ClaimNames,
    roles: Vec<Role>,
    registers: &Registers,
) -> Result<Capacity, Denied> {
    let patronato = claims
        .text(&names.patronato)
        .and_then(|code| PatronatoCode::parse(code).ok());
    let office = claims
        .text(&names.office)
        .and_then(|code| OfficeCode::parse(code).ok());
    let known = patronato.zip(office).and_then(|(patronato, office)| {
        let office = registers.office(&patronato, &office)?;
        Some((patronato, office))
    });
    let (patronato, office) = known.ok_or(Denied::NoAccess("its office is not in the register"))?;
    let region = if roles.contains(&Role::RegionalReferent) {
        Some(region(claims, names, office)?)
    } else {
        None
    };
    Ok(Capacity::Patronato(Membership {
        patronato,
        office: office.code.clone(),
        roles,
        region,
    }))
}

/// The region a referent speaks for: what the token says, else that of the office.
fn region(claims: &Claims, names: &ClaimNames, office: &Office) -> Result<Region, Denied> {
    let unknown = Denied::NoAccess("it names no region to be the referent of");
    match claims.text(&names.region) {
        Some(text) => Region::parse(text).map_err(|_| unknown),
        None => office.region.ok_or(unknown),
    }
}

fn at_sede(claims: &Claims, names: &ClaimNames, registers: &Registers) -> Result<Capacity, Denied> {
    let sede = claims
        .text(&names.sede)
        .and_then(|code| SedeCode::parse(code).ok())
        .filter(|code| registers.sede(code).is_some());
    let sede = sede.ok_or(Denied::NoAccess("its sede is not in the register"))?;
    Ok(Capacity::Sede { sede })
}
