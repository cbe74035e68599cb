-- How often work on a parked command was begun and not ended: by a node that died, perhaps of it.
alter table parked_command add column unended integer not null default 0;
