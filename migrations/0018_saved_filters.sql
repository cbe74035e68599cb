-- Searches people of patronati keep under a name. What is kept is the address of the list without its page; a search
-- by codice fiscale is never among them.
create table saved_filter (
    id          uuid        not null,
    patronato   text        not null,
    operator_id text        not null,
    name        text        not null,
    -- "oggetto=...&stato=...", as the list writes it
    query       text        not null,
    saved_at    timestamptz not null default now(),
    constraint saved_filter_pk primary key (id),
    constraint saved_filter_name unique (patronato, operator_id, name),
    constraint saved_filter_length check (length(name) <= 60 and length(query) <= 2000)
);
