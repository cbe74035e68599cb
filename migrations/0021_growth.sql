-- Figures that stay cheap over many years, and lists over everything. The requests of finished days are counted once,
-- by a job, into cells; what happens to them afterwards is noted here in the same transaction and joins the cells at
-- the job's next run; requests of days not counted yet are counted when somebody asks. The three together are always
-- exact: nothing is ever stale.

-- lists over all offices, and what was opened on some days
create index cases_by_opening on cases (opened_at desc, id desc);
-- replies come in the order of their times
create index reply_at on reply using brin (at) with (pages_per_range = 16, autosummarize = on);

-- requests no rule could route: looked at every few seconds
create index cases_unrouted on cases (id) where sede = 'da-smistare' and awaiting_since is not null;

-- How far the counting has come, by the day of opening in Italy.
create table statistics_state (
    only_row       boolean not null default true,
    -- the cells hold the requests opened, and the replies given, before this day
    counted_before date    not null default '1900-01-01',
    -- what happens to requests opened before this day is noted
    noted_before   date    not null default '1900-01-01',
    -- transactions from this one on note it; null: not known yet
    noted_since    bigint,
    constraint statistics_state_pk primary key (only_row),
    constraint statistics_state_only_row check (only_row),
    constraint statistics_state_noted check (counted_before <= noted_before)
);
insert into statistics_state default values;

-- How many requests are alike in all that figures look at.
create table statistics_cell (
    -- what is told apart: topics by day, offices or sedi by month
    level               text    not null,
    -- whose days: those of opening, or of a solicit
    basis               text    not null,
    -- the day, or the first of the month
    day                 date    not null,
    patronato           text,
    office              text,
    sede                text,
    topic               text,
    -- as in `cases`, for the basis 'opened'; without what makes no difference any more
    workflow            text,
    workflow_version    integer,
    awaiting_since      date,
    overdue             boolean,
    interactions        smallint,
    barred              boolean,
    appointment_enabled boolean,
    appointment         text,
    requests            integer not null,
    constraint statistics_cell_key unique nulls not distinct (
        level, basis, patronato, office, sede, day, topic, workflow, workflow_version, awaiting_since, overdue,
        interactions, barred, appointment_enabled, appointment),
    constraint statistics_cell_level check (level in ('topic', 'office', 'sede')),
    constraint statistics_cell_basis check (basis in ('opened', 'first_solicit', 'second_solicit'))
) with (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02);
create index statistics_cell_empty on statistics_cell (level) where requests = 0;

-- What was counted before and changed since: how it was, with -1, and how it is, with 1.
create table statistics_change (
    requests            smallint    not null,
    opened_at           timestamptz not null,
    patronato           text        not null,
    office              text        not null,
    sede                text        not null,
    topic               text        not null,
    workflow            text        not null,
    workflow_version    integer     not null,
    awaiting_since      date,
    overdue             boolean     not null,
    first_solicit       date,
    second_solicit      date,
    interactions        smallint    not null,
    barred              boolean     not null,
    appointment_enabled boolean     not null,
    appointment         text        not null
) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000);

-- How many replies took so many days.
create table statistics_reply_cell (
    level     text    not null,
    day       date    not null,
    patronato text,
    office    text,
    sede      text,
    topic     text,
    days      integer not null,
    replies   integer not null,
    constraint statistics_reply_cell_key unique nulls not distinct (level, patronato, office, sede, day, topic, days),
    constraint statistics_reply_cell_level check (level in ('topic', 'office', 'sede'))
);

-- Replies that came in under a day already counted: somebody moved the engine's clock.
create table statistics_late_reply (
    patronato text        not null,
    office    text        not null,
    sede      text        not null,
    topic     text        not null,
    at        timestamptz not null,
    days      integer     not null
);

-- The first instant of the day before which changes are noted.
create function statistics_noted_before() returns timestamptz language sql stable as $$
    select noted_before::timestamp at time zone 'Europe/Rome' from statistics_state
$$;

-- One statement for all requests of a batch.
create function note_changed_requests() returns trigger language plpgsql as $$
declare
    border constant timestamptz := statistics_noted_before();
begin
    insert into statistics_change (
        requests, opened_at, patronato, office, sede, topic, workflow, workflow_version, awaiting_since, overdue,
        first_solicit, second_solicit, interactions, barred, appointment_enabled, appointment)
    select version.requests, version.opened_at, version.patronato, version.office, version.sede, version.topic,
           version.workflow, version.workflow_version, version.awaiting_since, version.overdue, version.first_solicit,
           version.second_solicit, version.interactions, version.barred, version.appointment_enabled,
           version.appointment
    from before as b
    join after as a on a.id = b.id
    cross join lateral (select -1 as requests, b.* union all select 1, a.*) as version
    where b.opened_at < border
      and (b.sede, b.topic, b.workflow_version, b.awaiting_since, b.overdue, b.first_solicit, b.second_solicit,
           b.interactions, b.barred, b.appointment_enabled, b.appointment)
          is distinct from
          (a.sede, a.topic, a.workflow_version, a.awaiting_since, a.overdue, a.first_solicit, a.second_solicit,
           a.interactions, a.barred, a.appointment_enabled, a.appointment);
    return null;
end $$;
create trigger note_changed after update on cases
    referencing old table as before new table as after
    for each statement execute function note_changed_requests();

-- Days are counted 25 hours after their end by the machine's clock, so only what is opened before yesterday can be
-- late; the condition keeps the function from being called for all else.
create function note_late_request() returns trigger language plpgsql as $$
begin
    if new.opened_at < statistics_noted_before() then
        insert into statistics_change values (
            1, new.opened_at, new.patronato, new.office, new.sede, new.topic, new.workflow, new.workflow_version,
            new.awaiting_since, new.overdue, new.first_solicit, new.second_solicit, new.interactions, new.barred,
            new.appointment_enabled, new.appointment);
    end if;
    return null;
end $$;
create trigger note_late after insert on cases
    for each row when (new.opened_at < now() - interval '1 day') execute function note_late_request();

create function note_late_reply() returns trigger language plpgsql as $$
begin
    if new.at < statistics_noted_before() then
        insert into statistics_late_reply values (new.patronato, new.office, new.sede, new.topic, new.at, new.days);
    end if;
    return null;
end $$;
create trigger note_late after insert on reply
    for each row when (new.days is not null and new.at < now() - interval '1 day')
    execute function note_late_reply();

-- A question sees the cells of its own office or sede.
call guard_rows('statistics_cell', $visible$
    (level = 'office' and patronato = (select current_setting('usciere.patronato', true))
        and office = (select current_setting('usciere.office', true)))
    or (level = 'sede' and sede = (select current_setting('usciere.sede', true)))
$visible$);
call guard_rows('statistics_reply_cell', $visible$
    (level = 'office' and patronato = (select current_setting('usciere.patronato', true))
        and office = (select current_setting('usciere.office', true)))
    or (level = 'sede' and sede = (select current_setting('usciere.sede', true)))
$visible$);
call guard_rows('statistics_change', $visible$
    (patronato = (select current_setting('usciere.patronato', true))
        and office = (select current_setting('usciere.office', true)))
    or sede = (select current_setting('usciere.sede', true))
$visible$);
call guard_rows('statistics_late_reply', $visible$
    (patronato = (select current_setting('usciere.patronato', true))
        and office = (select current_setting('usciere.office', true)))
    or sede = (select current_setting('usciere.sede', true))
$visible$);
grant select on statistics_state to usciere_question;

-- Mails that failed or whose end nobody knows leave after a while as well.
create index mail_outbox_unsent on mail_outbox (queued_at) where state in ('failed', 'unknown');
