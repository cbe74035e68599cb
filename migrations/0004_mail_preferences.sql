-- How the people of patronati want to be told by mail. Who is not here is told everything at once.

create table mail_preference (
    patronato   text        not null,
    operator_id text        not null,
    preferences jsonb       not null,
    changed_at  timestamptz not null default now(),
    constraint mail_preference_pk primary key (patronato, operator_id)
);

-- Whose preferences decide about a mail.
alter table mail_outbox
    add column patronato   text not null,
    add column operator_id text not null,
    -- what a mail program sends back to end all mails; in the headers of this mail and nowhere else
    add column unsubscribe uuid not null default gen_random_uuid(),
    -- engine time: when the quiet ends for which a mail was deferred
    add column deliver_at  timestamptz,
    -- engine time, Europe/Rome: the day whose digest takes a held mail up
    add column digest_on   date,
    -- the digest in which a mail was told
    add column digest_id   bigint,
    -- a digest is about no single request
    alter column case_id drop not null,
    drop constraint mail_outbox_state,
    drop constraint mail_outbox_settled,
    add constraint mail_outbox_state check (
        state in ('queued', 'sending', 'sent', 'failed', 'unknown', 'deferred', 'held', 'told', 'dropped')
    ),
    add constraint mail_outbox_settled check (
        state in ('queued', 'sending', 'unknown') or next_try_at is null
    ),
    add constraint mail_outbox_deferred check ((state = 'deferred') = (deliver_at is not null)),
    add constraint mail_outbox_held check ((state in ('held', 'told')) = (digest_on is not null)),
    add constraint mail_outbox_told check ((state = 'told') = (digest_id is not null)),
    add constraint mail_outbox_digest check ((kind = 'digest') = (case_id is null));

create unique index mail_outbox_unsubscribe on mail_outbox (unsubscribe);
create index mail_outbox_deferred on mail_outbox (deliver_at) where state = 'deferred';
create index mail_outbox_held on mail_outbox (digest_on) where state = 'held';
create index mail_outbox_reader on mail_outbox (patronato, operator_id) where state in ('deferred', 'held');
-- told and dropped mails are done with as well
drop index mail_outbox_open;
create index mail_outbox_open on mail_outbox (id) where state not in ('sent', 'told', 'dropped');
create index mail_outbox_done on mail_outbox (created_at) where state in ('told', 'dropped');
