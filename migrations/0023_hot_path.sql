-- Written by every batch and read whole: as text that was checked, not as a tree built for questions nobody asks.
alter table case_event
    alter column actor type json,
    alter column event type json,
    alter column details type json;
alter table inbox alter column answer type json;

-- How much of all requests is thought to hold a word that begins so, as the planner's statistics have it; of what they
-- do not know it thinks one in 200; null for a word that says nothing, as articles do. Volatile, as EXPLAIN demands; with
-- the rights of its owner, for it tells of words, not of requests.
create function share_with_words(words text[]) returns double precision[]
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    word   text;
    wanted tsquery;
    plan   json;
    rows   double precision;
    total  double precision;
    shares double precision[] := '{}';
begin
    execute 'explain (format json) select from request_digest' into plan;
    total := plan -> 0 -> 'Plan' ->> 'Plan Rows';
    foreach word in array words loop
        wanted := to_tsquery('italian', quote_literal(word) || ':*');
        execute format('explain (format json) select from request_digest where document @@ %L::tsquery', wanted)
            into plan;
        rows := plan -> 0 -> 'Plan' ->> 'Plan Rows';
        shares := shares || case when numnode(wanted) > 0 then rows / greatest(total, 1) end;
    end loop;
    return shares;
end $$;
