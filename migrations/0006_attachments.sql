-- Files: their bytes lie in the attachments' store by their SHA-256; here stands what is known of them, who brought
-- them and which requests use them.

create table attachment (
    sha256     text        not null,
    size       bigint      not null,
    media_type text        not null,
    -- what the virus scanner knows: unchecked (there was none), pending (it was away), clean, quarantined
    scan       text        not null,
    scanned_at timestamptz,
    kept_at    timestamptz not null default now(),
    constraint attachment_pk primary key (sha256),
    constraint attachment_sha256 check (sha256 ~ '^[0-9a-f]{64}$'),
    constraint attachment_scan check (scan in ('unchecked', 'pending', 'clean', 'quarantined'))
);
-- the later look costs by what waits for it
create index attachment_to_scan on attachment (kept_at, sha256) where scan in ('unchecked', 'pending');

-- Who brought a file over HTTP before a message named it: only that patronato or sede may name it by its hash.
create table attachment_upload (
    sha256      text        not null,
    source      text        not null,
    person      text        not null,
    name        text        not null,
    uploaded_at timestamptz not null default now(),
    constraint attachment_upload_pk primary key (sha256, source, person)
);

-- The files of each event of a request, in their order.
create table attachment_use (
    case_id  uuid     not null,
    -- the event's number in the history
    seq      integer  not null,
    position smallint not null,
    sha256   text     not null,
    -- as the sender called it there
    name     text     not null,
    constraint attachment_use_pk primary key (case_id, seq, position)
);
create index attachment_use_of_file on attachment_use (sha256);
