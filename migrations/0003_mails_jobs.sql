-- Mails to send, and the jobs that run by the clock.

-- One row per recipient, so that an answer for one recipient never decides about another.
-- All times here are the machine's (database now()): waiting for a mail server does not move with the engine's clock.
create table mail_outbox (
    id          bigint generated always as identity,
    -- request:event number:hash of the recipient:kind: an event handled twice mails once
    dedup_key   text        not null,
    case_id     uuid        not null,
    kind        text        not null,
    -- the only personal data in this table
    recipient   text        not null,
    params      jsonb       not null,
    -- left part of the Message-ID: the same over all tries, so that mail programs show a repeated mail once
    message_id  uuid        not null,
    state       text        not null default 'queued',
    attempts    integer     not null default 0,
    -- from when a node may take it; while it is being sent, the end of the lease; null: nobody will try again
    next_try_at timestamptz          default now(),
    -- the node that holds the lease
    node        text,
    last_error  text,
    created_at  timestamptz not null default now(),
    -- queued for the first time or again by hand: the time to give up runs from here
    queued_at   timestamptz not null default now(),
    sent_at     timestamptz,
    constraint mail_outbox_pk primary key (id),
    constraint mail_outbox_once unique (dedup_key),
    constraint mail_outbox_state check (state in ('queued', 'sending', 'sent', 'failed', 'unknown')),
    constraint mail_outbox_lease check ((state = 'sending') = (node is not null)),
    constraint mail_outbox_sent check ((state = 'sent') = (sent_at is not null)),
    constraint mail_outbox_waiting check (state not in ('queued', 'sending') or next_try_at is not null),
    constraint mail_outbox_settled check (state not in ('sent', 'failed') or next_try_at is null)
) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000);
create index mail_outbox_due on mail_outbox (next_try_at, id) where next_try_at is not null;
create index mail_outbox_sent_at on mail_outbox (sent_at) where sent_at is not null;
-- what people look for: everything that did not simply go out
create index mail_outbox_open on mail_outbox (id) where state <> 'sent';
create index mail_outbox_case on mail_outbox (case_id);

-- Every job a scheduler ever announced, and whether people hold it.
create table job (
    name      text        not null,
    cron      text        not null,
    timezone  text        not null,
    enabled   boolean     not null,
    paused    boolean     not null default false,
    paused_by text,
    paused_at timestamptz,
    note      text,
    -- engine time; fires before it are not caught up: the job was not known yet, or paused
    runs_from timestamptz not null,
    constraint job_pk primary key (name),
    constraint job_paused check (paused or paused_by is null)
);

-- One row per job and wall-clock time it was due: two schedulers, or the hour that comes twice in October, cannot
-- run it twice. Asked-for runs stand here too, waiting for a scheduler to take them.
create table job_run (
    job           text        not null,
    -- wall-clock time in the job's zone, without the zone: 02:30 is one key even on the day it comes twice
    scheduled_for timestamp   not null,
    timezone      text        not null,
    cause         text        not null,
    -- who asked for it by hand
    asked_by      text,
    node          text,
    attempt       integer     not null default 0,
    -- machine time; a run whose lease ended without a result died with its node
    leased_until  timestamptz,
    -- engine time
    started_at    timestamptz,
    finished_at   timestamptz,
    late_by_ms    bigint      not null default 0,
    result        text,
    report        jsonb,
    constraint job_run_pk primary key (job, scheduled_for),
    constraint job_run_cause check (cause in ('schedule', 'hand')),
    constraint job_run_result check (result in ('done', 'failed', 'panicked', 'lost')),
    constraint job_run_finished check ((result is null) = (finished_at is null)),
    constraint job_run_leased check ((node is null) = (leased_until is null))
);
create index job_run_open on job_run (job) where result is null;
