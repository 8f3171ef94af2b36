-- What lists show and filter by: the decision points of SSVC as `exploitation/automatable/impact`,
-- an unknown one as `-`.
ALTER TABLE advisory ADD COLUMN ssvc TEXT;

-- Events of one kind, branch, package or vulnerability, latest first.
CREATE INDEX event_kind ON event (kind, id);
CREATE INDEX event_branch ON event (branch_id, id);
CREATE INDEX event_package ON event (package, id);
CREATE INDEX event_vulnerability ON event (vulnerability, id);
