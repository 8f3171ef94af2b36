-- Who said of which package that it is, or is not, a product, and why. Rows are added, never changed
-- and never removed: the latest about the same counts.
CREATE TABLE identity_statement (
    id BIGINT PRIMARY KEY,
    time BIGINT NOT NULL,
    -- None: the packages of that name in every distribution.
    distribution TEXT COLLATE "C",
    package TEXT COLLATE "C" NOT NULL,
    product TEXT COLLATE "C" NOT NULL,
    is_product BOOLEAN NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    author TEXT COLLATE "C" NOT NULL
);
CREATE INDEX identity_statement_package ON identity_statement (package);

-- Who took back what, and why.
CREATE TABLE identity_withdrawal (
    statement_id BIGINT PRIMARY KEY,
    time BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    author TEXT COLLATE "C" NOT NULL
);
