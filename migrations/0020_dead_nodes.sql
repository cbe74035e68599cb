-- What a node has in hand is freed as soon as the node counts as dead: it need not wait for the end of its lease.
-- A node that has just taken something is not dead, however old its last sign of life.
alter table mail_outbox add column taken_at timestamptz;
create index mail_outbox_in_hand on mail_outbox (node) where state = 'sending';

-- the node that works it, and since when
alter table parked_command add column node text, add column taken_at timestamptz;

-- A request is written at every step; one in fifty dead is enough to clean up, or the sweep of deadlines walks over them.
alter table cases set (autovacuum_vacuum_scale_factor = 0.02);
