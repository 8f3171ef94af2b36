-- Who said of which package that it is, or is not, a product, and why. Rows are added, never changed
-- and never removed: the latest about the same counts.
CREATE TABLE identity_statement (
    id INTEGER PRIMARY KEY,
    time BIGINT NOT NULL,
    -- None: the packages of that name in every distribution.
    distribution TEXT,
    package TEXT NOT NULL,
    product TEXT NOT NULL,
    is_product BOOLEAN NOT NULL,
    reason TEXT NOT NULL,
    author TEXT NOT NULL
);
CREATE INDEX identity_statement_package ON identity_statement (package);

-- Who took back what, and why.
CREATE TABLE identity_withdrawal (
    statement_id BIGINT PRIMARY KEY,
    time BIGINT NOT NULL,
    reason TEXT NOT NULL,
    author TEXT NOT NULL
);
