//! `[jobs.<name>]`: when each recurring job runs, where that is not as built in.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::scheduler::{CronLine, Job};
use crate::store::JobName;

/// The jobs that differ from what is built in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobsSettings(BTreeMap<JobName, JobSettings>);

/// One job. What is left out stays as built in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JobSettings {
    /// `second minute hour day-of-month month day-of-week`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cron: Option<CronLine>,
    /// Whose wall clock the line means, such as `Europe/Rome`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<Tz>,
    /// `false`: runs only when asked for.
    pub enabled: bool,
}

impl Default for JobSettings {
    fn default() -> Self {
        Self {
            cron: None,
            timezone: None,
            enabled: true,
        }
    }
}

impl JobsSettings {
    /// The job as it is to run here.
    pub fn apply(&self, mut job: Job) -> Job {
        if let Some(settings) = self.0.get(&job.name).cloned() {
            job.cron = settings.cron.unwrap_or(job.cron);
            job.zone = settings.timezone.unwrap_or(job.zone);
            job.enabled = settings.enabled;
        }
        job
    }

    /// The names that are none of `jobs`: mistakes of the one who wrote them.
    pub fn unknown<'name>(&'name self, jobs: &[Job]) -> Vec<&'name JobName> {
        self.0
            .keys()
            .filter(|name| jobs.iter().all(|job| job.name != **name))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheduler::JobReport;

    fn job(name: &str) -> Job {
        Job::new(
            JobName::parse(name).unwrap(),
            CronLine::parse("0 15 3 * * *").unwrap(),
            chrono_tz::Europe::Rome,
            async |_| Ok(JobReport::default()),
        )
    }

    #[test]
    fn what_is_left_out_stays_as_built_in() {
        let settings: JobsSettings = toml::from_str("janitor.cron = '0 0 4 * * SUN'").unwrap();
        let janitor = settings.apply(job("janitor"));
        assert_eq!(janitor.cron.as_str(), "0 0 4 * * SUN");
        assert_eq!(janitor.zone, chrono_tz::Europe::Rome);
        assert!(janitor.enabled);
        let overdue = settings.apply(job("overdue"));
        assert_eq!(overdue.cron.as_str(), "0 15 3 * * *");
    }

    #[test]
    fn zones_and_switches_are_read() {
        let settings: JobsSettings =
            toml::from_str("janitor = { timezone = 'UTC', enabled = false }").unwrap();
        let janitor = settings.apply(job("janitor"));
        assert_eq!(janitor.zone, Tz::UTC);
        assert!(!janitor.enabled);
        let text = toml::to_string(&settings).unwrap();
        assert_eq!(toml::from_str::<JobsSettings>(&text).unwrap(), settings);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, why) in [
            ("janitor.cron = '15 3 * * *'", "needs six fields"),
            ("janitor.corn = '0 15 3 * * *'", "unknown field `corn`"),
            ("janitor.timezone = 'Europe/Roma'", "Europe/Roma"),
            ("'The Janitor'.enabled = false", "job name"),
        ] {
            let error = toml::from_str::<JobsSettings>(text).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
        let settings: JobsSettings = toml::from_str("janitro.enabled = false").unwrap();
        assert_eq!(
            settings.unknown(&[job("janitor")]),
            [&JobName::parse("janitro").unwrap()]
        );
    }
}
