-- A few dozen among tens of thousands of source packages have a graft.
CREATE INDEX source_package_grafted ON source_package (id) WHERE grafted;

-- A planner that knows nothing of a new index takes it for the best there is.
ANALYZE source_package;
