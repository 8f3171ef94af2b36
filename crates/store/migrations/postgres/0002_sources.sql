-- A source that is fetched from, by its name in the configuration, and how that went.
CREATE TABLE source (
    name TEXT COLLATE "C" PRIMARY KEY,
    attempted_at BIGINT,
    succeeded_at BIGINT,
    failures BIGINT NOT NULL,
    error TEXT COLLATE "C",
    next_at BIGINT NOT NULL,
    -- Until when somebody is at it, unless they died.
    leased_until BIGINT,
    -- Seconds from one run to the next; without them it is not in the configuration.
    every BIGINT
);

-- A document of a source, or another part of what it has.
CREATE TABLE source_part (
    source TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    -- What to remember for the next time, as JSON: validators, a place to go on from.
    memory TEXT COLLATE "C" NOT NULL,
    fetched_at BIGINT,
    changed_at BIGINT,
    records BIGINT,
    rejected BIGINT,
    -- The import that last changed something.
    import_id BIGINT,
    error TEXT COLLATE "C",
    PRIMARY KEY (source, name)
);
