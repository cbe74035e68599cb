-- When a request was opened, as a word of its document: its month is enough, since the first requests of a list are
-- compared with what somebody looks for before the index is asked.
drop function day_words;
create function month_words(opened timestamptz) returns text[] language sql stable as $$
    select array[to_char(opened at time zone 'UTC', '"#"YYYYMM')]
$$;
