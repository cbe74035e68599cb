-- Requests being written at the pages, kept while one writes: nothing is lost to a reload, a closed window or a session
-- that ran out. Its id is the idempotency key it is sent under, so that a draft becomes one request at most.
create table draft (
    id         uuid        not null,
    source     text        not null,
    office     text        not null,
    person     text        not null,
    role       text        not null,
    content    jsonb       not null,
    changed_at timestamptz not null default now(),
    -- what it became
    request_id uuid,
    constraint draft_pk primary key (id),
    constraint draft_role check (role in ('operator', 'regional_referent'))
);
create index draft_of_person on draft (source, person, office, changed_at desc);
create index draft_old on draft (changed_at);
