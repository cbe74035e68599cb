-- Queues people hold: what is for them waits where it is. A row whose time is over holds nothing.
create table queue_pause (
    queue     text        not null,
    paused_by text        not null,
    -- machine time, as the end
    paused_at timestamptz not null default now(),
    until     timestamptz,
    note      text,
    constraint queue_pause_pk primary key (queue)
);
