//! What a command works with: the printer, and the configuration once it asks for it.

use super::exit::Failure;
use super::globals::Globals;
use super::output::Printer;
use crate::config::{Environment, Loaded, Mistakes, Profile, load};

pub struct Session {
    pub globals: Globals,
    pub printer: Printer,
    environment: Environment,
}

impl Session {
    pub fn new(globals: Globals) -> Self {
        let environment = Environment::of_process();
        let printer = Printer::of_process(globals.manner(&environment));
        Self {
            globals,
            printer,
            environment,
        }
    }

    /// Reads the configuration; all its mistakes make one failure with exit code 78.
    pub fn load(&self, usual_profile: Option<Profile>) -> Result<Loaded, Failure> {
        Ok(self.try_load(usual_profile)?)
    }

    /// As [`Session::load`], for those who look at the mistakes one by one.
    pub fn try_load(&self, usual_profile: Option<Profile>) -> Result<Loaded, Mistakes> {
        load(&self.globals.request(self.environment.clone(), usual_profile))
    }
}
