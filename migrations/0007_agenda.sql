-- The local agenda: the hours a sede publishes for appointments, and the request that took each. A row is one hour at
-- one counter, so no hour can be taken twice; it is taken under its row lock, in the transaction of the booking.
create table agenda_slot (
    id           uuid        not null,
    sede         text        not null,
    starts_at    timestamptz not null,
    minutes      smallint    not null,
    -- counter or room
    place        text        not null,
    case_id      uuid,
    published_by text        not null,
    published_at timestamptz not null default now(),
    constraint agenda_slot_pk primary key (id),
    constraint agenda_slot_once unique (sede, starts_at, place),
    constraint agenda_slot_minutes check (minutes between 5 and 480)
);
-- a request holds one hour at most
create unique index agenda_slot_of_case on agenda_slot (case_id) where case_id is not null;
