-- Since when somebody is at a source, and the mark of their lease. Nobody is at it who took a lease
-- before leases had a mark.
ALTER TABLE source ADD COLUMN leased_since BIGINT;
ALTER TABLE source ADD COLUMN leased_by TEXT COLLATE "C";
UPDATE source SET leased_until = NULL;
