//! `[clock]`: a development system's notion of now.

use serde::{Deserialize, Serialize};

use super::check::Checks;
use super::iso_duration::IsoDuration;
use super::profile::Profile;

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClockSettings {
    pub offset: IsoDuration,
}

impl ClockSettings {
    pub(super) fn check(&self, profile: Profile, checks: &mut Checks) {
        if profile.is_production() && !self.offset.is_zero() {
            checks.add(
                "clock.offset",
                "moves the clock of a production system, whose deadlines bind people",
                "remove it, or set profile to dev or test",
            );
        }
    }
}
