-- Written by every batch and read whole: as text that was checked, not as a tree built for questions nobody asks.
alter table case_event
    alter column actor type json,
    alter column event type json,
    alter column details type json;
alter table inbox alter column answer type json;
