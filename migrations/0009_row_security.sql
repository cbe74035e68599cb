-- Who may touch what. Two roles without login: `usciere_engine`, as which nodes work, and `usciere_question`, as which
-- the questions of people are asked. The second owns nothing, reads little, and of that only the rows of its scope:
-- settings of the transaction (`usciere.patronato`, `usciere.office`, `usciere.sede`) without which it sees none.
-- docs/operations.md says how an administrator sets up logins.

-- The roles are the cluster's, so another database may have them already, or be about to.
do $$
declare
    advice constant text := format(
        'Let a superuser run: create role usciere_engine nologin; create role usciere_question nologin; '
        'grant usciere_question to usciere_engine; grant usciere_engine to %I;', current_user);
    wanted text;
begin
    foreach wanted in array array['usciere_engine', 'usciere_question'] loop
        if to_regrole(wanted) is null then
            begin
                execute format('create role %I nologin', wanted);
            exception when duplicate_object or unique_violation then
                null;
            end;
        end if;
    end loop;
    if exists (select from pg_roles
               where rolname in ('usciere_engine', 'usciere_question') and (rolsuper or rolbypassrls)) then
        raise exception 'usciere_engine and usciere_question must obey row-level security'
            using hint = 'Take SUPERUSER and BYPASSRLS from them.';
    end if;
    -- The login asks under the second role, and gets there by the first.
    if not pg_has_role('usciere_engine', 'usciere_question', 'member') then
        begin
            grant usciere_question to usciere_engine;
        exception when unique_violation then
            null;
        end;
    end if;
    -- Functions with the rights of the owner read as the engine does.
    if not pg_has_role(current_user, 'usciere_engine', 'member') then
        execute format('grant usciere_engine to %I', current_user);
    end if;
exception when insufficient_privilege then
    raise exception '% lacks the right to create or grant the roles of usciere', current_user using hint = advice;
end $$;

grant usage on schema public to usciere_engine, usciere_question;
grant select, insert, update, delete on all tables in schema public to usciere_engine;
-- what later migrations create
alter default privileges in schema public grant select, insert, update, delete on tables to usciere_engine;
-- what happened stays as it was written
revoke update, delete on inbox, case_event, outbox_sent from usciere_engine;
do $$
begin
    if to_regclass('_sqlx_migrations') is not null then
        revoke insert, update, delete on _sqlx_migrations from usciere_engine;
    end if;
end $$;

-- Partitions are reached through their tables alone, where rights and policies stand.
do $$
declare
    partition regclass;
begin
    for partition in select oid from pg_class where relispartition and relkind = 'r' loop
        execute format('revoke all on %s from usciere_engine', partition);
    end loop;
end $$;
create or replace function ensure_months(parent text, ahead integer) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    first date := date_trunc('month', now() at time zone 'UTC')::date;
    name  text;
begin
    for i in 0 .. ahead loop
        name := parent || to_char(first + make_interval(months => i), '_YYYY_MM');
        if to_regclass(name) is null then
            execute format(
                'create table %I partition of %I for values from (%L) to (%L)',
                name, parent,
                (first + make_interval(months => i))::date, (first + make_interval(months => i + 1))::date);
            execute format('revoke all on %I from usciere_engine', name);
        end if;
    end loop;
end $$;
revoke execute on function ensure_months(text, integer), drop_months(text, interval) from public;
grant execute on function ensure_months(text, integer), drop_months(text, interval) to usciere_engine;

-- Puts a table under row-level security: the engine sees every row (a constant, which costs nothing), a question
-- those that `visible` holds of. Every table with data of requests that questions read goes through here.
create procedure guard_rows(guarded regclass, visible text) language plpgsql as $$
begin
    execute format('alter table %s enable row level security', guarded);
    execute format('alter table %s force row level security', guarded);
    execute format('create policy engine on %s to usciere_engine using (true) with check (true)', guarded);
    execute format('create policy question on %s for select to usciere_question using (%s)', guarded, visible);
    execute format('grant select on %s to usciere_question', guarded);
end $$;
revoke execute on procedure guard_rows(regclass, text) from public;

-- A setting of the scope. In a sub-select it is read once per statement, not once per row.
call guard_rows('cases', $visible$
    (patronato = (select current_setting('usciere.patronato', true))
        and office = (select current_setting('usciere.office', true)))
    or sede = (select current_setting('usciere.sede', true))
    -- held before
    or sede_seq ? (select current_setting('usciere.sede', true))
$visible$);

-- What a sede keeps to itself is no patronato's: notes, and who has taken charge.
call guard_rows('case_event', $visible$
    exists (select from cases where cases.id = case_event.case_id)
    and (kind not in ('noted', 'taken', 'released') or (select current_setting('usciere.sede', true)) <> '')
$visible$);

-- registers without people
grant select on sede, topic, competence, patronato, patronato_office to usciere_question;
