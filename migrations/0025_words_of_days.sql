-- When a request was opened, in words of its document: what was opened lately is found before all that is there is
-- gathered.
create function day_words(opened timestamptz) returns text[] language sql stable as $$
    select array[to_char(opened at time zone 'UTC', '"#"YYYYMMDD'), to_char(opened at time zone 'UTC', '"#"YYYYMM')]
$$;

update request_digest as d set document = d.document || array_to_tsvector(day_words(c.opened_at))
from cases as c where c.id = d.case_id;
