-- Work on a suspect delivery, noted before a byte of it is read: what is begun three times and never ended ends the
-- process, and is kept as a dead letter. A row lives as long as its delivery is in hand.
create table delivery_attempt (
    -- SHA-256 of the delivery as it came
    fingerprint bytea       not null,
    attempts    integer     not null,
    first_at    timestamptz not null default now(),
    last_at     timestamptz not null default now(),
    constraint delivery_attempt_pk primary key (fingerprint)
);

-- A dead letter may be worked with an edited copy of its body: the copy stays beside the original.
alter table dead_letter add column replayed_body bytea;

-- What a sede was sent is kept whole for a while: a back-office that misses a number asks for it again.
alter table outbox_sent add column body bytea, add column causation_id text;
call guard_rows('outbox', $visible$
    destination = 'sede.' || (select current_setting('usciere.sede', true)) and case_id is not null
$visible$);
call guard_rows('outbox_sent', $visible$
    destination = 'sede.' || (select current_setting('usciere.sede', true)) and case_id is not null
$visible$);
