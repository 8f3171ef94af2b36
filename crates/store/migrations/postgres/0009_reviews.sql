-- A merge or pull request that is reviewed, whatever is pushed to it.
CREATE TABLE review (
    id BIGINT PRIMARY KEY,
    -- The address of the repository, and the request's number there.
    repository TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    -- The commit that is to be reviewed.
    head TEXT COLLATE "C" NOT NULL,
    asked_by TEXT COLLATE "C" NOT NULL,
    asked_at BIGINT NOT NULL,
    -- queued, running, done, failed
    state TEXT COLLATE "C" NOT NULL,
    -- How often it was begun, and when it may be begun again.
    attempts BIGINT NOT NULL,
    due BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    leased_by TEXT COLLATE "C",
    leased_until BIGINT,
    problem TEXT COLLATE "C",
    log TEXT COLLATE "C" NOT NULL,
    -- The comment at the forge; when it is to be written, and how often that was tried.
    comment TEXT COLLATE "C",
    comment_due BIGINT,
    comment_attempts BIGINT NOT NULL,
    comment_problem TEXT COLLATE "C",
    -- The last report in numbers.
    report_head TEXT COLLATE "C",
    reported_at BIGINT,
    hunks BIGINT NOT NULL,
    critical BIGINT NOT NULL,
    warnings BIGINT NOT NULL,
    notes BIGINT NOT NULL,
    UNIQUE (repository, number)
);
CREATE INDEX review_asked ON review (asked_at);
CREATE INDEX review_state ON review (state);

-- The last report of a review, compressed: for programs, and in short for pages.
CREATE TABLE review_report (
    review_id BIGINT PRIMARY KEY,
    report BYTEA NOT NULL,
    outline BYTEA NOT NULL,
    markdown TEXT COLLATE "C" NOT NULL
);

-- Its hunks, a page's worth a row, compressed.
CREATE TABLE review_page (
    review_id BIGINT NOT NULL,
    page BIGINT NOT NULL,
    hunks BYTEA NOT NULL,
    PRIMARY KEY (review_id, page)
);

-- By what its hunks are known, in their order.
CREATE TABLE review_hunk (
    review_id BIGINT NOT NULL,
    hunk TEXT COLLATE "C" NOT NULL,
    place BIGINT NOT NULL,
    PRIMARY KEY (review_id, hunk)
);

-- What people said of hunks. Rows are added, never changed and never removed: of each hunk the latest
-- counts.
CREATE TABLE review_mark (
    id BIGINT PRIMARY KEY,
    review_id BIGINT NOT NULL,
    hunk TEXT COLLATE "C" NOT NULL,
    -- The commit that was looked at.
    head TEXT COLLATE "C" NOT NULL,
    -- seen, fine, question, unseen
    mark TEXT COLLATE "C" NOT NULL,
    note TEXT COLLATE "C" NOT NULL,
    author TEXT COLLATE "C" NOT NULL,
    time BIGINT NOT NULL
);
CREATE INDEX review_mark_hunk ON review_mark (review_id, hunk, id);

-- Reviewers who are signed in, by the digest of what their browser keeps.
CREATE TABLE reviewer_session (
    id TEXT COLLATE "C" PRIMARY KEY,
    reviewer TEXT COLLATE "C" NOT NULL,
    -- The digest of the token by which they signed in: another token ends it.
    token TEXT COLLATE "C" NOT NULL,
    until BIGINT NOT NULL
);
