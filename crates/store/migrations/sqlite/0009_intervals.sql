-- Comparisons read the intervals of a branch whole: nobody looks for their ends any more.
DROP INDEX package_interval_until;
DROP INDEX source_interval_since;
DROP INDEX source_interval_until;
