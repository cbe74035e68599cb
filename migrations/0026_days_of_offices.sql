-- Offices and sedi have cells by the day as well, for the parts of months at both ends of what somebody asks about:
-- with millions of requests, counting a month's of an office anew takes longer than a figure may.
alter table statistics_cell drop constraint statistics_cell_level, add constraint statistics_cell_level
    check (level in ('topic', 'office', 'sede', 'office_day', 'sede_day'));
alter table statistics_reply_cell drop constraint statistics_reply_cell_level, add constraint statistics_reply_cell_level
    check (level in ('topic', 'office', 'sede', 'office_day', 'sede_day'));
-- With what is counted, so that the index alone answers.
alter table statistics_cell drop constraint statistics_cell_key, add constraint statistics_cell_key
    unique nulls not distinct (
        level, basis, patronato, office, sede, day, topic, workflow, workflow_version, awaiting_since, overdue,
        interactions, barred, appointment_enabled, appointment) include (requests);
alter table statistics_reply_cell drop constraint statistics_reply_cell_key, add constraint statistics_reply_cell_key
    unique nulls not distinct (level, patronato, office, sede, day, topic, days) include (replies);
create index statistics_cell_of_day on statistics_cell (level, basis, day) where level in ('office_day', 'sede_day');
create index statistics_reply_cell_of_day on statistics_reply_cell (level, day)
    where level in ('office_day', 'sede_day');

alter policy question on statistics_cell using (
    (level in ('office', 'office_day') and patronato = (select current_setting('usciere.patronato', true))
        and office = (select current_setting('usciere.office', true)))
    or (level in ('sede', 'sede_day') and sede = (select current_setting('usciere.sede', true))));
alter policy question on statistics_reply_cell using (
    (level in ('office', 'office_day') and patronato = (select current_setting('usciere.patronato', true))
        and office = (select current_setting('usciere.office', true)))
    or (level in ('sede', 'sede_day') and sede = (select current_setting('usciere.sede', true))));

-- Everything is counted anew: until then figures are told from the requests themselves.
truncate statistics_cell, statistics_reply_cell, statistics_change, statistics_late_reply;
update statistics_state set counted_before = default, noted_before = default, noted_since = null;
