-- What questions are answered from: words to search, what is new to whom, replies and how long they took.

-- lists of what is rare
create index cases_overdue_of_office on cases (patronato, office, opened_at desc, id desc) where overdue;
create index cases_overdue_of_sede on cases (sede, opened_at desc, id desc) where overdue;
create index cases_solicited_of_office on cases (patronato, office, first_solicit) where first_solicit is not null;
create index cases_solicited_of_sede on cases (sede, first_solicit) where first_solicit is not null;
create index cases_of_officer on cases (officer, sede, opened_at desc, id desc) where officer is not null;
create index cases_of_codice_fiscale on cases (codice_fiscale, opened_at desc, id desc) where codice_fiscale is not null;

-- One row per request beside the narrow one the rules read; written set-based in the transaction of the batch.
create table request_digest (
    case_id     uuid     not null,
    patronato   text     not null,
    office      text     not null,
    -- the words of everything a patronato may read, and '@<scope>' of everybody who may find the request by them;
    -- internal notes are not in it
    document    tsvector not null,
    -- how many files it has
    attachments integer  not null,
    -- numbers of the last events that are news to the office and to the sede; 0 when there was none
    office_news integer  not null,
    sede_news   integer  not null,
    constraint request_digest_pk primary key (case_id)
) with (fillfactor = 85);
-- The scopes stand in the document so that one index answers "these words among what I may see".
-- What was written lately is searched row by row until it is sorted in: not much of it at a time.
create index request_digest_document on request_digest using gin (document) with (gin_pending_list_limit = 1024);

-- What an answer's reader may find: '@inca/INCA-RM-001' for an office, '@230001' for a sede; '@' finds nothing.
create function scope_words() returns tsquery language sql stable as $$
    select quote_literal('@' || case
        when current_setting('usciere.sede', true) <> '' then current_setting('usciere.sede', true)
        when current_setting('usciere.office', true) <> ''
            then current_setting('usciere.patronato', true) || '/' || current_setting('usciere.office', true)
        else '' end)::tsquery
$$;

-- The requests of the asking scope that hold these words. With the rights of its owner, because under row-level
-- security PostgreSQL would compare every document instead of asking the index: @@ counts as leaky.
create function requests_with_text(words tsquery) returns setof uuid
language sql stable security definer rows 500 set search_path = public, pg_temp as $$
    select case_id from request_digest where document @@ (scope_words() && words)
$$;

-- Every answer of a sede, for the panel of recent replies and for the times they took.
create table reply (
    case_id   uuid        not null,
    -- the event it is
    seq       integer     not null,
    patronato text        not null,
    office    text        not null,
    sender    text        not null,
    -- who answered
    sede      text        not null,
    topic     text        not null,
    at        timestamptz not null,
    -- days of waiting it ended; null when nothing waited
    days      integer,
    constraint reply_pk primary key (case_id, seq)
);
create index reply_of_office on reply (patronato, office, at desc, case_id, sender);
create index reply_of_sede on reply (sede, at desc, case_id);

-- Up to which event a person has read a request.
create table read_mark (
    -- 'portal.<patronato>' or 'sede.<sede>': ids of persons are unique within it
    source  text        not null,
    reader  text        not null,
    case_id uuid        not null,
    seq     integer     not null,
    read_at timestamptz not null default now(),
    constraint read_mark_pk primary key (source, reader, case_id)
);

call guard_rows('request_digest', $visible$
    (patronato = (select current_setting('usciere.patronato', true))
        and office = (select current_setting('usciere.office', true)))
    or ((select current_setting('usciere.sede', true)) <> ''
        and exists (select from cases where cases.id = request_digest.case_id))
$visible$);

-- A sede's figures are of the answers it gave itself.
call guard_rows('reply', $visible$
    (patronato = (select current_setting('usciere.patronato', true))
        and office = (select current_setting('usciere.office', true)))
    or sede = (select current_setting('usciere.sede', true))
$visible$);

call guard_rows('read_mark', $visible$
    source = (select case when current_setting('usciere.sede', true) <> ''
                          then 'sede.' || current_setting('usciere.sede', true)
                          else 'portal.' || current_setting('usciere.patronato', true) end)
$visible$);
