-- Times are microseconds since 1970 in UTC. `position` orders the revisions of a repository: it is
-- the revision's time, made unique by a digest of its name (see docs/store.md).

CREATE TABLE setting (
    name TEXT COLLATE "C" PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);

-- Compressed runs of small records: raw advisories, their facts, packages.
CREATE TABLE block (
    id BIGINT PRIMARY KEY,
    bytes BYTEA NOT NULL
);
-- They are compressed already.
ALTER TABLE block ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- A format of advisories together with the part of the world its documents speak of.
CREATE TABLE feed (
    id BIGINT PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    as_of BIGINT,
    imported_at BIGINT,
    UNIQUE (kind, scope)
);

CREATE TABLE advisory (
    id BIGINT PRIMARY KEY,
    feed_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    identifier TEXT COLLATE "C" NOT NULL,
    digest BYTEA NOT NULL,
    published BIGINT,
    modified BIGINT,
    withdrawn BOOLEAN NOT NULL,
    gives_cve BOOLEAN NOT NULL,
    title TEXT COLLATE "C",
    score DOUBLE PRECISION,
    score_version TEXT COLLATE "C",
    scorer TEXT COLLATE "C",
    exploited_since TEXT COLLATE "C",
    raw_block BIGINT NOT NULL,
    raw_offset BIGINT NOT NULL,
    raw_length BIGINT NOT NULL,
    facts_block BIGINT NOT NULL,
    facts_offset BIGINT NOT NULL,
    facts_length BIGINT NOT NULL,
    UNIQUE (feed_id, name)
);

-- Other identifiers that an advisory gives the issue; its own when that is no CVE identifier.
CREATE TABLE advisory_alias (
    advisory_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (advisory_id, name)
);
CREATE INDEX advisory_alias_name ON advisory_alias (name);

-- Matching's keys as 64-bit hashes: they bring pairs together, matching itself decides.
CREATE TABLE advisory_key (
    key BIGINT NOT NULL,
    advisory_id BIGINT NOT NULL,
    PRIMARY KEY (key, advisory_id)
);

CREATE INDEX advisory_key_advisory ON advisory_key (advisory_id);

CREATE TABLE vulnerability (
    id BIGINT PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    published BIGINT,
    modified BIGINT,
    withdrawn BOOLEAN NOT NULL,
    lead_advisory BIGINT,
    score DOUBLE PRECISION,
    score_version TEXT COLLATE "C",
    scorer TEXT COLLATE "C",
    exploited_since TEXT COLLATE "C"
);

CREATE TABLE advisory_vulnerability (
    vulnerability_id BIGINT NOT NULL,
    advisory_id BIGINT NOT NULL,
    PRIMARY KEY (vulnerability_id, advisory_id)
);
CREATE INDEX advisory_vulnerability_advisory ON advisory_vulnerability (advisory_id);

-- Scores by the EPSS model: how probable exploitation is within 30 days.
CREATE TABLE epss (
    name TEXT COLLATE "C" PRIMARY KEY,
    score DOUBLE PRECISION NOT NULL,
    percentile DOUBLE PRECISION,
    day TEXT COLLATE "C" NOT NULL
);

CREATE TABLE branch (
    id BIGINT PRIMARY KEY,
    distribution TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    UNIQUE (distribution, name)
);

-- A place of a branch with inventories of its own: Alpine's main for x86_64; Guix has one without
-- a name.
CREATE TABLE repository (
    id BIGINT PRIMARY KEY,
    branch_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    architecture TEXT COLLATE "C" NOT NULL,
    UNIQUE (branch_id, name, architecture)
);

CREATE TABLE revision (
    id BIGINT PRIMARY KEY,
    repository_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    time BIGINT NOT NULL,
    position BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    packages BIGINT NOT NULL,
    signed_by TEXT COLLATE "C",
    imported_at BIGINT NOT NULL,
    UNIQUE (repository_id, name),
    UNIQUE (repository_id, position)
);

-- What matching sees: a source package in one version, with its patches, hints and graft.
CREATE TABLE source_package (
    id BIGINT PRIMARY KEY,
    distribution TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    grafted BOOLEAN NOT NULL,
    digest BYTEA NOT NULL UNIQUE,
    facts_block BIGINT NOT NULL,
    facts_offset BIGINT NOT NULL,
    facts_length BIGINT NOT NULL
);
CREATE INDEX source_package_name ON source_package (name);

CREATE TABLE source_package_key (
    key BIGINT NOT NULL,
    source_package_id BIGINT NOT NULL,
    PRIMARY KEY (key, source_package_id)
);

CREATE INDEX source_package_key_of ON source_package_key (source_package_id);

-- One entry of an inventory, by content.
CREATE TABLE package (
    id BIGINT PRIMARY KEY,
    source_package_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    maintainer TEXT COLLATE "C",
    digest BYTEA NOT NULL UNIQUE,
    facts_block BIGINT NOT NULL,
    facts_offset BIGINT NOT NULL,
    facts_length BIGINT NOT NULL
);
CREATE INDEX package_name ON package (name);
CREATE INDEX package_source ON package (source_package_id);

-- A package is in every revision of the repository with since <= position < until.
CREATE TABLE package_interval (
    repository_id BIGINT NOT NULL,
    package_id BIGINT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT,
    PRIMARY KEY (repository_id, package_id, since)
);
CREATE INDEX package_interval_package ON package_interval (package_id);
CREATE INDEX package_interval_open ON package_interval (repository_id, package_id) WHERE until IS NULL;

-- When a source package was on a branch, in any of its repositories; made from package_interval.
CREATE TABLE source_interval (
    branch_id BIGINT NOT NULL,
    source_package_id BIGINT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT,
    PRIMARY KEY (branch_id, source_package_id, since)
);
CREATE INDEX source_interval_source ON source_interval (source_package_id);

-- The state of a vulnerability in a source package on a branch; derived, never typed in.
CREATE TABLE finding (
    id BIGINT PRIMARY KEY,
    branch_id BIGINT NOT NULL,
    source_package_id BIGINT NOT NULL,
    vulnerability_id BIGINT NOT NULL,
    status BIGINT NOT NULL,
    confidence BIGINT NOT NULL,
    fixed_in TEXT COLLATE "C",
    first_seen BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    UNIQUE (branch_id, source_package_id, vulnerability_id)
);
CREATE INDEX finding_vulnerability ON finding (vulnerability_id);
CREATE INDEX finding_open ON finding (branch_id, source_package_id) WHERE status <= 1;

CREATE TABLE event (
    id BIGINT PRIMARY KEY,
    time BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    branch_id BIGINT,
    package TEXT COLLATE "C",
    vulnerability TEXT COLLATE "C",
    says TEXT COLLATE "C" NOT NULL
);

CREATE TABLE import (
    id BIGINT PRIMARY KEY,
    time BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    document TEXT COLLATE "C" NOT NULL,
    records BIGINT NOT NULL,
    added BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    withdrawn BIGINT NOT NULL,
    rejected BIGINT NOT NULL
);

CREATE TABLE import_reject (
    import_id BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    document TEXT COLLATE "C" NOT NULL,
    place TEXT COLLATE "C" NOT NULL,
    record TEXT COLLATE "C",
    reason TEXT COLLATE "C" NOT NULL,
    mended BOOLEAN NOT NULL,
    PRIMARY KEY (import_id, ordinal)
);
