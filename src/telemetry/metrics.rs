//! The numbers at `/metrics`: every name stands here, with its meaning. Labels are closed lists of words.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Deliveries taken from the intake, by `type`.
pub const INTAKE_MESSAGES: &str = "usciere_intake_messages_total";
/// Batches committed.
pub const INTAKE_BATCHES: &str = "usciere_intake_batches_total";
/// What became of deliveries, by `outcome`: accepted, refused, duplicate, parked, dead.
pub const INTAKE_OUTCOMES: &str = "usciere_intake_outcomes_total";
/// Commands refused, by `code`.
pub const REFUSALS: &str = "usciere_refusals_total";
/// Dead letters, by `reason`.
pub const DEAD_LETTERS: &str = "usciere_dead_letters_total";
/// Deliveries in one batch.
pub const INTAKE_BATCH_SIZE: &str = "usciere_intake_batch_size";
/// From the begin of a batch's transaction to its commit.
pub const TRANSACTION_SECONDS: &str = "usciere_transaction_seconds";
/// Commands that wait for a remote register.
pub const PARKED: &str = "usciere_parked";
/// Age of the oldest of them.
pub const PARKED_OLDEST_AGE_SECONDS: &str = "usciere_parked_oldest_age_seconds";
/// Messages in the outbox that are not sent.
pub const OUTBOX_UNSENT: &str = "usciere_outbox_unsent";
/// Age of the oldest unsent message.
pub const OUTBOX_OLDEST_AGE_SECONDS: &str = "usciere_outbox_oldest_age_seconds";
/// Messages waiting at the broker, by `queue`.
pub const QUEUE_LAG: &str = "usciere_queue_lag";
/// Publishes, by `outcome`: confirmed, unroutable, refused, lost.
pub const PUBLISHES: &str = "usciere_publishes_total";
/// Connections to the broker made anew after a loss, by `link`: consume, publish.
pub const BROKER_RECONNECTS: &str = "usciere_broker_reconnects_total";
/// Consumers made anew after their channel, queue or connection was lost, by `queue`.
pub const BROKER_CONSUMERS_REBUILT: &str = "usciere_broker_consumers_rebuilt_total";
/// Acknowledgements of deliveries the broker had already taken back.
pub const BROKER_STALE_ACKS: &str = "usciere_broker_stale_acks_total";
/// 1 while the broker takes no messages.
pub const BROKER_BLOCKED: &str = "usciere_broker_blocked";
/// Mails tried, by `outcome`: sent, unavailable, temporary, permanent, unknown.
pub const MAILS: &str = "usciere_mails_total";
/// From taking a mail up to the end of its try.
pub const MAIL_SECONDS: &str = "usciere_mail_seconds";
/// 1 while the mail server counts as away.
pub const MAIL_SERVER_AWAY: &str = "usciere_mail_server_away";
/// Runs of jobs, by `job` and `outcome`: done, failed, panicked, lost.
pub const JOB_RUNS: &str = "usciere_job_runs_total";
/// How late the last run of a `job` began.
pub const JOB_LATE_SECONDS: &str = "usciere_job_late_seconds";
/// Files the scanner was asked about, by `outcome`: clean, infected, failed.
pub const ATTACHMENT_SCANS: &str = "usciere_attachment_scans_total";
/// Files nobody may fetch, by `scan`: pending, quarantined.
pub const ATTACHMENTS_HELD: &str = "usciere_attachments_held";
/// Requests no rule could route that wait on their desk.
pub const UNROUTED_REQUESTS: &str = "usciere_unrouted_requests";
/// Rows of the audit that are chained: the position of the last link.
pub const AUDIT_HEAD: &str = "usciere_audit_head_position";
/// The first 48 bits of the last link's hash, as a number.
pub const AUDIT_HEAD_FINGERPRINT: &str = "usciere_audit_head_fingerprint";
/// How far this machine's clock is ahead of the database's.
pub const CLOCK_SKEW_SECONDS: &str = "usciere_clock_skew_seconds";
/// Connections to the database, by `state`: open, idle.
pub const DATABASE_CONNECTIONS: &str = "usciere_database_connections";
/// 1 while this node can do its work.
pub const NODE_READY: &str = "usciere_node_ready";

/// Counters with a label, and the words that exist from the start: a rate needs a zero to begin from.
const FROM_ZERO: [(&str, &str, &[&str]); 5] = [
    (ATTACHMENT_SCANS, "outcome", &["clean", "infected", "failed"]),
    (
        INTAKE_OUTCOMES,
        "outcome",
        &["accepted", "refused", "duplicate", "parked", "dead"],
    ),
    (
        PUBLISHES,
        "outcome",
        &["confirmed", "unroutable", "refused", "lost"],
    ),
    (
        MAILS,
        "outcome",
        &["sent", "unavailable", "temporary", "permanent", "unknown"],
    ),
    (BROKER_RECONNECTS, "link", &["consume", "publish"]),
];

const SECONDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];
const BATCH_SIZES: [f64; 9] = [1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0];

/// Gives out the numbers in the text format of Prometheus.
#[derive(Clone)]
pub struct Exporter(PrometheusHandle);

impl std::fmt::Debug for Exporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Exporter")
    }
}

/// Starts counting for the whole process. Call once, before anything counts.
pub fn start() -> Result<Exporter, BuildError> {
    let exporter = Exporter(builder()?.install_recorder()?);
    describe();
    Ok(exporter)
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Full(INTAKE_BATCH_SIZE.to_owned()), &BATCH_SIZES)
}

impl Exporter {
    /// An exporter nothing counts into: for tests.
    pub fn detached() -> Self {
        Self(PrometheusBuilder::new().build_recorder().handle())
    }

    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Keeps histograms small for as long as the process runs.
    pub async fn upkeep(self) {
        let mut tick = tokio::time::interval(Duration::from_secs(5));
        loop {
            tick.tick().await;
            self.0.run_upkeep();
        }
    }
}

fn describe() {
    describe_counter!(INTAKE_MESSAGES, "Deliveries taken from the intake, by type");
    describe_counter!(INTAKE_BATCHES, "Batches committed");
    describe_counter!(INTAKE_OUTCOMES, "What became of deliveries");
    describe_counter!(REFUSALS, "Commands refused, by code");
    describe_counter!(DEAD_LETTERS, "Dead letters, by reason");
    describe_histogram!(INTAKE_BATCH_SIZE, Unit::Count, "Deliveries in one batch");
    describe_histogram!(
        TRANSACTION_SECONDS,
        Unit::Seconds,
        "From begin to commit of a batch"
    );
    describe_gauge!(PARKED, Unit::Count, "Commands that wait for a remote register");
    describe_gauge!(
        PARKED_OLDEST_AGE_SECONDS,
        Unit::Seconds,
        "Age of the oldest parked command"
    );
    describe_gauge!(
        OUTBOX_UNSENT,
        Unit::Count,
        "Messages in the outbox that are not sent; above 10,000 an estimate"
    );
    describe_gauge!(
        OUTBOX_OLDEST_AGE_SECONDS,
        Unit::Seconds,
        "Age of the oldest unsent message"
    );
    describe_gauge!(QUEUE_LAG, Unit::Count, "Messages waiting at the broker, by queue");
    describe_counter!(PUBLISHES, "Publishes, by outcome");
    describe_counter!(BROKER_RECONNECTS, "Connections to the broker made anew");
    describe_counter!(BROKER_CONSUMERS_REBUILT, "Consumers made anew, by queue");
    describe_counter!(
        BROKER_STALE_ACKS,
        "Acknowledgements of deliveries already taken back"
    );
    describe_gauge!(BROKER_BLOCKED, "1 while the broker takes no messages");
    describe_counter!(MAILS, "Mails tried, by outcome");
    describe_histogram!(
        MAIL_SECONDS,
        Unit::Seconds,
        "From taking a mail up to the end of its try"
    );
    describe_gauge!(MAIL_SERVER_AWAY, "1 while the mail server counts as away");
    describe_counter!(JOB_RUNS, "Runs of jobs, by job and outcome");
    describe_gauge!(
        JOB_LATE_SECONDS,
        Unit::Seconds,
        "How late the last run of a job began"
    );
    describe_counter!(ATTACHMENT_SCANS, "Files the scanner was asked about, by outcome");
    describe_gauge!(ATTACHMENTS_HELD, "Files nobody may fetch, by scan");
    describe_gauge!(
        UNROUTED_REQUESTS,
        "Requests no rule could route that wait on their desk"
    );
    describe_gauge!(AUDIT_HEAD, Unit::Count, "Position of the audit's last link");
    describe_gauge!(
        AUDIT_HEAD_FINGERPRINT,
        "First 48 bits of the hash of the audit's last link"
    );
    describe_gauge!(
        CLOCK_SKEW_SECONDS,
        Unit::Seconds,
        "How far this machine's clock is ahead of the database's"
    );
    describe_gauge!(DATABASE_CONNECTIONS, "Connections to the database, by state");
    describe_gauge!(NODE_READY, "1 while this node can do its work");
    begin_at_zero();
}

fn begin_at_zero() {
    for (name, label, words) in FROM_ZERO {
        for word in words {
            counter!(name, label => *word).absolute(0);
        }
    }
    for name in [INTAKE_BATCHES, BROKER_STALE_ACKS] {
        counter!(name).absolute(0);
    }
    for name in [
        PARKED,
        PARKED_OLDEST_AGE_SECONDS,
        OUTBOX_UNSENT,
        OUTBOX_OLDEST_AGE_SECONDS,
        BROKER_BLOCKED,
        MAIL_SERVER_AWAY,
        UNROUTED_REQUESTS,
        NODE_READY,
    ] {
        gauge!(name).set(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_described_and_the_fixed_ones_begin_at_zero() {
        let recorder = builder().unwrap().build_recorder();
        let exporter = Exporter(recorder.handle());
        metrics::with_local_recorder(&recorder, || {
            describe();
            counter!(PUBLISHES, "outcome" => "confirmed").increment(3);
            metrics::histogram!(TRANSACTION_SECONDS).record(0.003);
        });
        let text = exporter.render();
        assert!(
            text.contains("usciere_publishes_total{outcome=\"confirmed\"} 3"),
            "{text}"
        );
        assert!(
            text.contains("usciere_publishes_total{outcome=\"unroutable\"} 0"),
            "{text}"
        );
        assert!(
            text.contains("usciere_transaction_seconds_bucket{le=\"0.005\"} 1"),
            "{text}"
        );
        assert!(text.contains("# HELP usciere_outbox_unsent"), "{text}");
    }
}
