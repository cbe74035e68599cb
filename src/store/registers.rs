//! The registers: loading the snapshot requests are routed by, finding people and practices, and imports.

mod import;
mod load;
mod people;
mod save;

pub use import::{PatronatoOffice, RegisterImport, Written};
