-- Figures are counted by the hour instead of by the day: whoever asks counts the last two or three hours anew, not the
-- last one or two days. Cells stay those of days and months; that of the day being counted holds its first hours.

-- How far the counting has come, by the time of opening.
alter table statistics_state
    alter column counted_before drop default,
    alter column noted_before drop default,
    alter column counted_before type timestamptz using counted_before::timestamp at time zone 'Europe/Rome',
    alter column noted_before type timestamptz using noted_before::timestamp at time zone 'Europe/Rome',
    alter column counted_before set default '1900-01-01 00:00Z',
    alter column noted_before set default '1900-01-01 00:00Z';

-- The instant before which changes are noted.
create or replace function statistics_noted_before() returns timestamptz language sql stable as $$
    select noted_before from statistics_state
$$;

-- Hours are counted two hours after their end by the machine's clock, so only what is opened more than an hour ago can
-- be late, as long as no transaction takes an hour; the condition keeps the function from being called for all else.
drop trigger note_late on cases;
create trigger note_late after insert on cases
    for each row when (new.opened_at < now() - interval '1 hour') execute function note_late_request();
drop trigger note_late on reply;
create trigger note_late after insert on reply
    for each row when (new.days is not null and new.at < now() - interval '1 hour')
    execute function note_late_reply();
