-- How often work on a parked command was begun and not ended: by a node that died, perhaps of it.
alter table parked_command add column unended integer not null default 0;

-- The text of a version as it first ran: a node whose folder lacks it decides the requests pinned to it all the same.
alter table workflow_version add column definition text;

-- Dead letters people mean when they say so.
create function dead_letters_like(wanted_reason text, wanted_source text, wanted_command text,
                                  since timestamptz, until timestamptz)
returns setof dead_letter language sql stable as $$
    select * from dead_letter
    where (wanted_reason is null or reason = wanted_reason) and (wanted_source is null or source = wanted_source)
      and (wanted_command is null or right(routing_key, length(wanted_command) + 1) = '.' || wanted_command)
      and (since is null or received_at >= since) and (until is null or received_at < until)
$$;
