-- The registers: what requests are routed by and checked against. Filled by CSV imports; nothing here grows by traffic.

-- INPS structures that requests can lie at, and the two desks.
create table sede (
    code          text    not null,
    name          text    not null,
    kind          text    not null,
    region        text,
    province      text,
    address       text    not null,
    cap           text,
    comune        text    not null,
    -- its code in protocol numbers; without one LineaINPS's is used
    protocol_code text,
    email         text,
    active        boolean not null,
    constraint sede_pk primary key (code),
    constraint sede_code check (code ~ '^[a-z0-9-]{2,32}$'),
    constraint sede_kind check (kind in ('sede', 'agenzia', 'regionale', 'cric', 'desk')),
    constraint sede_desk check ((kind = 'desk') = (code in ('lineainps', 'da-smistare'))),
    constraint sede_region check (region is not null or kind = 'desk'),
    constraint sede_province check (province ~ '^[A-Z]{2}$'),
    constraint sede_cap check (cap ~ '^[0-9]{5}$'),
    constraint sede_protocol_code check (protocol_code ~ '^[0-9A-Z]{4,5}$')
);

create table topic (
    code        text    not null,
    label       text    not null,
    -- the reasons it may be chosen for, as on the wire
    reasons     text[]  not null,
    -- answered by LineaINPS itself
    first_level boolean not null,
    keywords    text[]  not null,
    constraint topic_pk primary key (code),
    constraint topic_code check (code ~ '^[a-z0-9-]{2,80}$')
);

-- Which sede is competent. One sede per (cap, comune, topic, priority): importing another one replaces it.
create table competence (
    cap          text     not null,
    -- null: every comune of the CAP
    comune_istat text,
    -- null: every topic
    topic        text,
    sede         text     not null,
    -- among equally specific rules the lowest number is the strongest
    priority     smallint not null,
    constraint competence_key unique nulls not distinct (cap, comune_istat, topic, priority),
    constraint competence_cap check (cap ~ '^[0-9]{5}$'),
    constraint competence_comune check (comune_istat ~ '^[0-9]{6}$'),
    constraint competence_priority check (priority >= 0),
    constraint competence_topic foreign key (topic) references topic (code),
    constraint competence_sede foreign key (sede) references sede (code)
);

create table patronato (
    code  text    not null,
    name  text    not null,
    -- whether it has a queue portal.<code>
    queue boolean not null,
    constraint patronato_pk primary key (code),
    constraint patronato_code check (code ~ '^[a-z0-9-]{2,32}$')
);

create table patronato_office (
    patronato text not null,
    code      text not null,
    name      text not null,
    region    text,
    constraint patronato_office_pk primary key (patronato, code),
    constraint patronato_office_patronato foreign key (patronato) references patronato (code)
);

-- People. A codice fiscale never identifies one by itself: several may share it, one may have none.
create table citizen (
    person_id      text not null,
    codice_fiscale text,
    -- the codice fiscale with its omocodia undone: all its forms find the same people
    cf_base        text,
    family_name    text not null,
    given_name     text not null,
    -- the names without case, accents, apostrophes and spaces, as searches compare them
    family_key     text not null,
    given_key      text not null,
    born_on        date not null,
    birth_place    text not null,
    address        text not null,
    cap            text,
    comune_istat   text,
    constraint citizen_pk primary key (person_id),
    constraint citizen_cf_base check ((codice_fiscale is null) = (cf_base is null)),
    constraint citizen_cap check (cap ~ '^[0-9]{5}$'),
    constraint citizen_comune check (comune_istat ~ '^[0-9]{6}$')
);
create index citizen_by_codice_fiscale on citizen (cf_base) where cf_base is not null;
create index citizen_by_name on citizen (family_key, given_key, born_on);

-- Which person is what to which practice.
create table practice (
    kind           text not null,
    number         text not null,
    codice_fiscale text not null,
    holder_role    text not null,
    constraint practice_pk primary key (kind, number, codice_fiscale),
    constraint practice_kind check (kind in ('protocol', 'domus', 'pension', 'rdc', 'rem')),
    constraint practice_holder_role
        check (holder_role in ('titolare', 'amministratore_di_sostegno', 'tutore', 'altro'))
);

-- Grows with every import that changed something: by it a node knows that its snapshot is old.
create table registers_version (
    only_row boolean not null default true,
    version  bigint  not null,
    constraint registers_version_pk primary key (only_row),
    constraint registers_version_only_row check (only_row)
);
insert into registers_version (version) values (0);

-- The keys a running import has met, so that a file that contradicts itself is noticed without remembering it all.
-- Emptied before the import commits: no other transaction ever sees a row.
create unlogged table import_line (
    import xid8   not null default pg_current_xact_id(),
    key    text   not null,
    line   bigint not null,
    constraint import_line_pk primary key (import, key)
);
