-- People signed in at the pages. The token is the browser's alone: here stands its SHA-256, so that whoever reads this
-- table cannot enter with it. Times are the database's own: moving the engine's clock signs nobody out.
create table session (
    token_hash bytea       not null,
    person     jsonb       not null,
    -- the role taken for this session (R-007); none until one is chosen
    acting     text,
    -- what the pages remember from one to the next
    memory     jsonb       not null,
    created_at timestamptz not null default now(),
    seen_at    timestamptz not null default now(),
    constraint session_pk primary key (token_hash),
    constraint session_token_hash check (length(token_hash) = 32),
    constraint session_acting check (acting in ('operator', 'regional_referent'))
);
create index session_idle on session (seen_at);

-- Sign-ins that went to the identity provider and have not come back: each comes back once, to the same browser.
create table sign_in (
    -- SHA-256 of the `state` and of the browser's cookie
    state_hash   bytea       not null,
    browser_hash bytea       not null,
    nonce        text        not null,
    -- RFC 7636
    verifier     text        not null,
    -- where the person wanted to go
    place        text        not null,
    created_at   timestamptz not null default now(),
    constraint sign_in_pk primary key (state_hash)
);
create index sign_in_old on sign_in (created_at);
