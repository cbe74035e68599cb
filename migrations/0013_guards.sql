-- Files, each under the scope of the asking person: those of requests in sight, and those one brought oneself.

-- The source the asking scope writes under: portal.inca, sede.230001; null for none.
create function scope_source() returns text language sql stable as $$
    select case
        when current_setting('usciere.sede', true) <> '' then 'sede.' || current_setting('usciere.sede', true)
        when current_setting('usciere.patronato', true) <> ''
            then 'portal.' || current_setting('usciere.patronato', true)
    end
$$;

call guard_rows('attachment_use', $visible$
    exists (select from cases where cases.id = case_id)
$visible$);
call guard_rows('attachment_upload', $visible$
    source = (select scope_source())
$visible$);
call guard_rows('attachment', $visible$
    exists (select from attachment_use as u where u.sha256 = attachment.sha256)
    or exists (select from attachment_upload as u where u.sha256 = attachment.sha256)
$visible$);
