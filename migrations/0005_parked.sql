-- Commands that wait because a remote register or the store of files has not answered. Acknowledged to the broker,
-- not yet decided: kept as they came until they can be worked. Empty but for outages.
create table parked_command (
    -- the order of arrival; commands of one request are worked in it
    id           bigint generated always as identity,
    source       text        not null,
    message_id   text        not null,
    body_sha256  bytea       not null,
    kind         text        not null,
    -- the request it is about, or will open
    case_id      uuid        not null,
    trace_parent text,
    -- what it waited for when it was tried last
    waits_for    text        not null,
    -- the message as it came
    routing_key  text        not null,
    properties   jsonb       not null,
    headers      jsonb       not null,
    body         bytea       not null,
    -- the command inside a body that wraps it (a cloud event); null where the body is the command
    command      bytea,
    parked_at    timestamptz not null default now(),
    attempts     integer     not null default 0,
    -- also the end of the lease of the node that works it
    next_try_at  timestamptz not null default now(),
    constraint parked_command_pk primary key (id),
    constraint parked_command_message unique (source, message_id),
    constraint parked_command_waits_for check (waits_for in ('citizens', 'practices', 'attachments'))
);
create index parked_command_of_case on parked_command (case_id, id);
create index parked_command_due on parked_command (next_try_at);
