-- The content of a package without the lines on which it is defined, as a digest: a package that only
-- moved within its file did not change. Without one until Palisade next opens the database to write.
ALTER TABLE package ADD COLUMN substance BLOB;

-- What came and what went between two positions of a repository or a branch.
CREATE INDEX package_interval_since ON package_interval (repository_id, since, until);
CREATE INDEX package_interval_until ON package_interval (repository_id, until)
    WHERE until IS NOT NULL;
CREATE INDEX source_interval_since ON source_interval (branch_id, since, until);
CREATE INDEX source_interval_until ON source_interval (branch_id, until) WHERE until IS NOT NULL;

-- A planner that knows nothing of new indexes takes them for the best there are.
ANALYZE package_interval;
ANALYZE source_interval;
