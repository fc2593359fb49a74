-- What happened to findings, and which of them somebody accepted.
CREATE TABLE finding_events (
    seq {identity},
    at BIGINT NOT NULL,
    target TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    change TEXT NOT NULL,
    actor TEXT NOT NULL,
    note TEXT NOT NULL
);
CREATE INDEX finding_events_at ON finding_events (at);
CREATE INDEX finding_events_finding ON finding_events (target, fingerprint);

CREATE TABLE acceptances (
    target TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    until BIGINT,
    PRIMARY KEY (target, fingerprint)
);

CREATE TABLE account_runs (
    account TEXT NOT NULL PRIMARY KEY,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    kind TEXT NOT NULL,
    targets INTEGER NOT NULL DEFAULT 0,
    opened INTEGER NOT NULL DEFAULT 0,
    fixed INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT ''
);
