//! Which kind of system this is. Everything unsafe for people's data asks here first.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// A developer's machine: movable clock, caught mails.
    Dev,
    /// Automatic tests: as `dev`, quieter and quicker.
    Test,
    /// Real people's requests. The default: the others must be asked for.
    #[default]
    Prod,
}

impl Profile {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Test => "test",
            Self::Prod => "prod",
        }
    }

    /// Whether this system serves real people.
    pub fn is_production(self) -> bool {
        match self {
            Self::Prod => true,
            Self::Dev | Self::Test => false,
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "dev" => Ok(Self::Dev),
            "test" => Ok(Self::Test),
            "prod" => Ok(Self::Prod),
            _ => Err(UnknownProfile),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a profile: one of dev, test, prod")]
pub struct UnknownProfile;
