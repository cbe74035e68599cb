//! Development mode: a private PostgreSQL and a private RabbitMQ, real ones, with nothing to set up.
//!
//! [`services::Services`] is what `usciere dev` and the tests start. It runs a [`guard`], a small process of its own
//! that holds the data folder's lock, starts both servers as its children, and takes them down when the pipe from
//! its parent ends: by a stop, by a crash or by `kill -9`. The servers die with the guard, so nothing is left over.

mod account;
mod broker;
mod crew;
mod error;
pub mod examples;
mod folder;
pub mod guard;
mod guard_handle;
mod launch;
mod leftovers;
mod ports;
mod postgres;
mod process;
mod programs;
mod protocol;
pub mod services;
mod signals;

pub use error::{Service, ServicesError};
pub use leftovers::processes_of;
pub use ports::free_port;
pub use services::{DataFolder, Services, ServicesOptions, Supply};
