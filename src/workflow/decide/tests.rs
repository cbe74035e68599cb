//! The rules of the manual, one test each, named after the requirement of DOMAIN.md.

mod appointment;
mod clock;
mod conversation;
mod custody;

use super::super::fixtures::*;
use super::super::{open, vocabulary::effect_word};
use super::*;
use crate::domain::refusal::RefusalCode;

fn words(effects: &[Effect]) -> String {
    effects
        .iter()
        .map(|effect| effect_word(*effect))
        .collect::<Vec<_>>()
        .join(" ")
}

fn label(case: &Case) -> &'static str {
    RICHIESTA.state_label(&case.state).unwrap()
}

fn op1() -> Actor {
    operator("op1")
}

fn anna() -> Actor {
    officer("anna", "230001")
}
