//! Whom a token names: what was asked for, completed and held against the registers.

use super::{CreateArgs, TokenRole};
use crate::cli::exit::Failure;
use crate::domain::command::{Personal, Role};
use crate::domain::email::EmailAddress;
use crate::domain::ids::{ActorId, OfficeCode, PatronatoCode, SedeCode};
use crate::domain::person::{Capacity, Membership, Person};
use crate::domain::registers::{Office, Registers};

/// Of the example registers; where they are not loaded, the first of each register is taken.
const PATRONATO: &str = "inca";
const OFFICE: &str = "INCA-RM-001";
const SEDE: &str = "230001";

pub(super) fn person(args: &CreateArgs, registers: &Registers) -> Result<Person, Failure> {
    let (usual, capacity) = capacity(args, registers)?;
    let id = match &args.id {
        Some(id) => id.clone(),
        None => usual.id.parse::<ActorId>().map_err(anyhow::Error::from)?,
    };
    let email = match (&args.email, &capacity) {
        (Some(email), _) => Some(email.clone()),
        (None, Capacity::Patronato(member)) => {
            EmailAddress::parse(&format!("{id}@{}.example", member.patronato)).ok()
        }
        (None, Capacity::Sede { .. } | Capacity::Manager) => None,
    };
    Ok(Person {
        id,
        name: Personal(args.name.clone().unwrap_or_else(|| usual.name.to_owned())),
        email,
        capacity,
    })
}

/// Who somebody is unless said otherwise.
struct Usual {
    id: &'static str,
    name: &'static str,
}

const OPERATOR: Usual = Usual {
    id: "op1",
    name: "Mario Rossi",
};
const REFERENT: Usual = Usual {
    id: "ref1",
    name: "Paola Neri",
};
const OFFICER: Usual = Usual {
    id: "uff1",
    name: "Anna Verdi",
};
const MANAGER: Usual = Usual {
    id: "gestore1",
    name: "Luca Gallo",
};

fn capacity(args: &CreateArgs, registers: &Registers) -> Result<(Usual, Capacity), Failure> {
    let has = |role: TokenRole| args.role.contains(&role);
    let of_patronato = has(TokenRole::Operator) || has(TokenRole::RegionalReferent);
    match (of_patronato, has(TokenRole::Officer), has(TokenRole::Manager)) {
        (true, false, false) => {
            no_use(args.sede.is_some(), "--sede", "an officer")?;
            let usual = if has(TokenRole::Operator) {
                OPERATOR
            } else {
                REFERENT
            };
            Ok((usual, Capacity::Patronato(membership(args, registers)?)))
        }
        (false, true, false) => {
            no_use_of_office(args)?;
            let sede = sede(args.sede.as_ref(), registers)?;
            Ok((OFFICER, Capacity::Sede { sede }))
        }
        (false, false, true) => {
            no_use_of_office(args)?;
            no_use(args.sede.is_some(), "--sede", "an officer")?;
            Ok((MANAGER, Capacity::Manager))
        }
        _ => Err(Failure::usage(
            "only operator and regional_referent go together: a token is for one profile",
        )
        .fix("make one token for each")),
    }
}

fn no_use_of_office(args: &CreateArgs) -> Result<(), Failure> {
    no_use(args.patronato.is_some(), "--patronato", "people of a patronato")?;
    no_use(args.office.is_some(), "--office", "people of a patronato")?;
    no_use(args.region.is_some(), "--region", "a regional referent")
}

fn no_use(given: bool, flag: &str, whom: &str) -> Result<(), Failure> {
    if given {
        Err(Failure::usage(format!("{flag} is for {whom} only")).fix(format!("leave {flag} out")))
    } else {
        Ok(())
    }
}

fn membership(args: &CreateArgs, registers: &Registers) -> Result<Membership, Failure> {
    let (patronato, office) = office(args.patronato.as_ref(), args.office.as_ref(), registers)?;
    let roles: Vec<Role> = Role::ALL
        .iter()
        .copied()
        .filter(|role| {
            args.role.contains(&match role {
                Role::Operator => TokenRole::Operator,
                Role::RegionalReferent => TokenRole::RegionalReferent,
            })
        })
        .collect();
    let region = if roles.contains(&Role::RegionalReferent) {
        let region = args.region.or(office.region);
        Some(
            region
                .ok_or_else(|| Failure::usage("the office has no region of its own").fix("give --region"))?,
        )
    } else {
        no_use(args.region.is_some(), "--region", "a regional referent")?;
        None
    };
    Ok(Membership {
        patronato,
        office: office.code.clone(),
        roles,
        region,
    })
}

fn office<'a>(
    patronato: Option<&PatronatoCode>,
    office: Option<&OfficeCode>,
    registers: &'a Registers,
) -> Result<(PatronatoCode, &'a Office), Failure> {
    let all = || {
        registers
            .patronati()
            .flat_map(|one| one.offices.iter().map(move |office| (&one.code, office)))
    };
    let wanted = all().filter(|(of, one)| {
        patronato.is_none_or(|code| code == *of) && office.is_none_or(|code| *code == one.code)
    });
    let usual =
        |(of, one): &(&PatronatoCode, &Office)| (of.as_str() != PATRONATO, one.code.as_str() != OFFICE);
    let found = wanted.min_by_key(usual);
    found.map(|(of, one)| (of.clone(), one)).ok_or_else(|| {
        Failure::not_found("no such office of a patronato in the registers")
            .fix("correct --patronato and --office, or load them: usciere import patronati FILE.csv")
    })
}

fn sede(wanted: Option<&SedeCode>, registers: &Registers) -> Result<SedeCode, Failure> {
    let found = match wanted {
        Some(code) => registers.sede(code),
        None => registers
            .sedi()
            .filter(|sede| sede.active)
            .min_by_key(|sede| (sede.code.as_str() != SEDE, sede.code.is_desk())),
    };
    found.map(|sede| sede.code.clone()).ok_or_else(|| {
        Failure::not_found("no such sede in the registers")
            .fix("correct --sede, or load it: usciere import sedi FILE.csv")
    })
}
