-- What people wrote at the pages for a request and have not sent: kept while one writes, and when a session ran out
-- meanwhile, until the command it belongs to is taken in.
create table unsent_text (
    source     text        not null,
    office     text        not null,
    person     text        not null,
    case_id    uuid        not null,
    -- what it was to be: request.message, request.book
    command    text        not null,
    content    text        not null,
    changed_at timestamptz not null default now(),
    constraint unsent_text_pk primary key (source, office, person, case_id, command)
);
create index unsent_text_old on unsent_text (changed_at);
