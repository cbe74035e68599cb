-- What questions read beside requests and their history, each under the scope of the asking person. The tables of the
-- other parts of the schema are not granted to questions at all.

-- The source the asking scope writes under: portal.inca, sede.230001; null for none.
create function scope_source() returns text language sql stable as $$
    select case
        when current_setting('usciere.sede', true) <> '' then 'sede.' || current_setting('usciere.sede', true)
        when current_setting('usciere.patronato', true) <> ''
            then 'portal.' || current_setting('usciere.patronato', true)
    end
$$;

do $$
declare
    guarded text;
    visible text;
begin
    for guarded, visible in values
        -- who has the office needs no look at the request
        ('request_digest', $visible$
            (patronato = (select current_setting('usciere.patronato', true))
                and office = (select current_setting('usciere.office', true)))
            or ((select current_setting('usciere.sede', true)) <> ''
                and exists (select from cases where cases.id = case_id))
        $visible$),
        ('reply', $visible$
            (patronato = (select current_setting('usciere.patronato', true))
                and office = (select current_setting('usciere.office', true)))
            or sede = (select current_setting('usciere.sede', true))
            or ((select current_setting('usciere.sede', true)) <> ''
                and exists (select from cases where cases.id = case_id))
        $visible$),
        ('read_mark', $visible$
            source = (select scope_source())
        $visible$),
        ('attachment_use', $visible$
            exists (select from cases where cases.id = case_id)
        $visible$),
        ('attachment_upload', $visible$
            source = (select scope_source())
        $visible$),
        ('attachment', $visible$
            exists (select from attachment_use as u where u.sha256 = attachment.sha256)
            or exists (select from attachment_upload as u where u.sha256 = attachment.sha256)
        $visible$)
    loop
        if to_regclass(guarded) is not null then
            call guard_rows(guarded::regclass, visible);
        end if;
    end loop;
end $$;
