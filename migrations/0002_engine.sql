-- The engine's truth: inbox, cases, history, outbox, dead letters, protocol register.
-- Growing tables are partitioned by month from the start; no foreign keys between the hot ones (measured 0.86x).

-- Which workflow files ever ran here: a released version never changes under a running case.
create table workflow_version (
    name      text        not null,
    version   integer     not null,
    sha256    text        not null,
    first_run timestamptz not null default now(),
    constraint workflow_version_pk primary key (name, version)
);

-- Every command ever understood, once. The month is the database's own (machine time), so that moving the
-- engine's clock in development cannot open a second window for a duplicate.
create table inbox (
    month       date        not null,
    source      text        not null,
    message_id  text        not null,
    body_sha256 bytea       not null,
    received_at timestamptz not null default now(),
    case_id     uuid,
    outcome     text        not null,
    -- what the sender was told, to be told again when it sends again: {"type": ..., "body": ...}
    answer      jsonb,
    constraint inbox_pk primary key (source, message_id, month),
    constraint inbox_outcome check (outcome in ('done', 'refused'))
) partition by range (month);
create table inbox_default partition of inbox default;

-- A request as the rules read it. Narrow and often updated: texts live in its history.
create table cases (
    id                  uuid        not null,
    workflow            text        not null,
    workflow_version    integer     not null,
    state               text        not null,
    patronato           text        not null,
    office              text        not null,
    role                text        not null,
    sender              text        not null,
    sender_name         text        not null,
    sender_email        text,
    sede                text        not null,
    protocol_office     text        not null,
    protocol_on         date        not null,
    protocol_year       smallint    not null,
    protocol_sequence   integer     not null,
    reason              text        not null,
    topic               text        not null,
    practice_kind       text,
    practice_number     text,
    person_id           text,
    codice_fiscale      text,
    family_name         text,
    given_name          text,
    born_on             date,
    awaiting_since      date,
    elapsed             smallint    not null default 0,
    overdue             boolean     not null default false,
    first_solicit       date,
    second_solicit      date,
    interactions        smallint    not null default 0,
    barred              boolean     not null default false,
    appointment_enabled boolean     not null default false,
    appointment         text        not null default 'none',
    -- who took it in charge last, and until when that holds
    officer             text,
    charge_until        timestamptz,
    -- date of the next timer; null when none runs
    due_on              date,
    -- last case-seq per sede that ever held it: {"230001": 3}
    sede_seq            jsonb       not null default '{}',
    -- number of its last event
    version             integer     not null,
    opened_at           timestamptz not null,
    changed_at          timestamptz not null,
    constraint cases_pk primary key (id),
    constraint cases_protocol unique (protocol_office, protocol_year, protocol_sequence),
    constraint cases_solicits check (second_solicit is null or first_solicit is not null),
    constraint cases_interactions check (interactions between 0 and 9),
    constraint cases_charge check ((officer is null) = (charge_until is null))
) with (fillfactor = 85);
-- the sweep costs by what is due, not by what is there
create index cases_due on cases (due_on) where due_on is not null;
-- lists go through these in their order; the last column is compared inside the index
create index cases_of_office on cases (patronato, office, opened_at desc, id desc, sender);
create index cases_of_sede on cases (sede, opened_at desc, id desc, state);

-- History: append only; (case_id, seq) is unique because seq is drawn under the row lock of the case.
create table case_event (
    case_id   uuid        not null,
    seq       integer     not null,
    kind      text        not null,
    actor     jsonb       not null,
    event     jsonb       not null,
    details   jsonb       not null,
    source    text        not null,
    caused_by text,
    at        timestamptz not null,
    -- the transaction that wrote it: what is followed by it, up to the oldest one still open, misses nothing
    position  bigint      not null default pg_current_xact_id()::text::bigint,
    constraint case_event_pk primary key (case_id, seq, at)
) partition by range (at);
create table case_event_default partition of case_event default;
create index case_event_position on case_event using brin (position) with (pages_per_range = 16, autosummarize = on);

-- What has to leave and did not yet. A confirmed row moves to outbox_sent, so this table stays small.
create table outbox (
    id           bigint generated always as identity,
    bucket       smallint    not null,
    exchange     text        not null,
    routing_key  text        not null,
    -- the queue in mind: the unit of backing off
    destination  text        not null,
    case_id      uuid,
    case_seq     integer,
    message_id   uuid        not null,
    kind         text        not null,
    causation_id text,
    trace_parent text,
    body         bytea       not null,
    created_at   timestamptz not null default now(),
    attempts     integer     not null default 0,
    last_error   text,
    constraint outbox_pk primary key (id)
) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000);
create index outbox_case on outbox (case_id) where case_id is not null;

create table outbox_sent (
    id          bigint      not null,
    destination text        not null,
    case_id     uuid,
    case_seq    integer,
    message_id  uuid        not null,
    kind        text        not null,
    created_at  timestamptz not null,
    sent_at     timestamptz not null default now()
) partition by range (sent_at);
create table outbox_sent_default partition of outbox_sent default;
create index outbox_sent_case on outbox_sent (case_id);

-- Nodes that gave a sign of life; the relays among them share the buckets.
create table node (
    name       text        not null,
    roles      text[]      not null,
    started_at timestamptz not null default now(),
    seen_at    timestamptz not null default now(),
    constraint node_pk primary key (name)
);

-- Which node publishes which bucket. The fence grows with every change of hands.
create table relay_lease (
    bucket smallint    not null,
    node   text        not null,
    fence  bigint      not null,
    until  timestamptz not null,
    constraint relay_lease_pk primary key (bucket)
);

-- A destination that refused (queue full, unroutable) waits as a whole; the others do not notice.
create table destination_backoff (
    destination text        not null,
    attempts    integer     not null,
    reason      text        not null,
    next_try_at timestamptz not null,
    since       timestamptz not null default now(),
    constraint destination_backoff_pk primary key (destination)
);

-- What could not be understood or trusted: kept byte for byte.
create table dead_letter (
    id          bigint generated always as identity,
    reason      text        not null,
    detail      text        not null,
    source      text,
    message_id  text,
    routing_key text        not null,
    properties  jsonb       not null,
    headers     jsonb       not null,
    body        bytea       not null,
    received_at timestamptz not null default now(),
    -- the dead letter this one is the failed replay of
    replay_of   bigint,
    resolution  text,
    resolved_at timestamptz,
    resolved_by text,
    resolved_why text,
    replayed_as text,
    constraint dead_letter_pk primary key (id),
    constraint dead_letter_resolution check (resolution in ('replayed', 'discarded'))
);
create index dead_letter_open on dead_letter (id) where resolution is null;
create index dead_letter_reason on dead_letter (reason, id);

-- The local protocol register: gapless per office and year, drawn in the transaction that opens the request.
create table protocol_register (
    office text    not null,
    year   smallint not null,
    last   integer not null,
    constraint protocol_register_pk primary key (office, year)
);

-- What every node has to agree on at run time: the development clock.
create table setting (
    key        text        not null,
    value      jsonb       not null,
    changed_at timestamptz not null default now(),
    constraint setting_pk primary key (key)
);

-- Creates the monthly partitions of one table from this month to `ahead` months from now. With the rights of its
-- owner: the engine itself may not make or drop tables.
create function ensure_months(parent text, ahead integer) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    first date := date_trunc('month', now() at time zone 'UTC')::date;
    name  text;
begin
    for i in 0 .. ahead loop
        name := parent || to_char(first + make_interval(months => i), '_YYYY_MM');
        if to_regclass(name) is null then
            execute format(
                'create table %I partition of %I for values from (%L) to (%L)',
                name, parent,
                (first + make_interval(months => i))::date, (first + make_interval(months => i + 1))::date);
        end if;
    end loop;
end $$;

-- Drops the monthly partitions of one table that ended longer ago than `kept`; who did what stays for six months,
-- whoever asks.
create function drop_months(parent text, kept interval) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    partition record;
    dropped   integer := 0;
begin
    if parent like 'audit%' and kept < interval '6 months' then
        raise exception 'the audit is kept for six months at least' using errcode = 'insufficient_privilege';
    end if;
    for partition in
        select c.relname as name,
               to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month' as ended
        from pg_inherits as i
        join pg_class as c on c.oid = i.inhrelid
        where i.inhparent = parent::regclass and c.relname ~ '_[0-9]{4}_[0-9]{2}$'
    loop
        if partition.ended < now() - kept then
            execute format('drop table %I', partition.name);
            dropped := dropped + 1;
        end if;
    end loop;
    return dropped;
end $$;

select ensure_months('inbox', 2), ensure_months('case_event', 2), ensure_months('outbox_sent', 2);
