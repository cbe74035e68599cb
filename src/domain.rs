//! The words of "Scrivi alla sede" as types that cannot be wrong. Pure: no I/O, no clock, no async.

pub mod agenda;
pub mod attachment;
pub mod audit;
pub mod calendar;
pub mod case;
pub mod codice_fiscale;
pub mod command;
pub mod command_bodies;
pub mod dead_letter;
pub mod dependency;
pub mod event;
pub mod filter;
pub mod ids;
pub mod mail;
pub mod outgoing;
pub mod pause;
pub mod person;
pub mod place;
pub mod practice;
pub mod protocol;
pub mod refusal;
pub mod registers;
pub mod request;
pub mod search;
pub mod session;
pub mod trace;
