-- A few dozen among tens of thousands of source packages have a graft.
CREATE INDEX source_package_grafted ON source_package (id) WHERE grafted;
