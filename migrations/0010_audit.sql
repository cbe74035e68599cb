-- Who did what, and who read whom: append only, and chained so that nobody can change it unnoticed.

-- Written in the transaction of what it tells of. Never what was read: only which request and which person.
create table audit (
    id          bigint generated always as identity,
    -- machine time
    at          timestamptz not null default now(),
    -- as their own system names them; null where nobody was proven
    actor       text,
    capacity    text        not null,
    patronato   text,
    office      text,
    sede        text,
    -- a command's type, or the method and route of a call
    action      text        not null,
    outcome     text        not null,
    -- why it was refused or denied; the status of a call
    code        text,
    requests    uuid[]      not null default '{}',
    persons     text[]      not null default '{}',
    -- the message id of a command, the trace of a call
    correlation text,
    constraint audit_pk primary key (id, at),
    constraint audit_capacity check (capacity in ('patronato', 'sede', 'manager', 'administrator', 'engine', 'nobody')),
    constraint audit_outcome check (outcome in ('done', 'refused', 'denied'))
) partition by range (at);
create table audit_default partition of audit default;

-- What is in no chain yet, one row for all rows of a batch, so that finding them needs no cursor that a slower
-- transaction could slip behind.
create table audit_pending (
    first bigint      not null,
    ids   bigint[]    not null,
    at    timestamptz not null,
    constraint audit_pending_pk primary key (first)
) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000);

-- One link per row of the audit, kept by batches: hash(n) = SHA-256(hash(n - 1), n, row).
create table audit_chain (
    -- of the last link of the batch
    position  bigint      not null,
    audit_ids bigint[]    not null,
    audit_at  timestamptz not null,
    hashes    bytea[]     not null,
    sealed_at timestamptz not null default now(),
    constraint audit_chain_pk primary key (position, sealed_at),
    constraint audit_chain_links check (cardinality(audit_ids) = cardinality(hashes) and cardinality(hashes) > 0)
) partition by range (sealed_at);
create table audit_chain_default partition of audit_chain default;

-- Beside the rights, which a table's owner has without being given them.
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append only', tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger append_only before update or delete on audit for each row execute function refuse_change();
create trigger append_only before update or delete on audit_chain for each row execute function refuse_change();
create trigger never_emptied before truncate on audit for each statement execute function refuse_change();
create trigger never_emptied before truncate on audit_chain for each statement execute function refuse_change();
revoke update, delete on audit, audit_chain from usciere_engine;
revoke update on audit_pending from usciere_engine;
revoke all on audit_default, audit_chain_default from usciere_engine;

select ensure_months('audit', 2), ensure_months('audit_chain', 2);
