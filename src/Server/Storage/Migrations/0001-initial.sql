-- Times are milliseconds since 1970 UTC. {identity} and friends are the dialect's words.
CREATE TABLE functions (
    arn TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    runtime TEXT NOT NULL DEFAULT '',
    code_sha256 TEXT NOT NULL DEFAULT '',
    guard_version TEXT NOT NULL DEFAULT '',
    guard_mode TEXT NOT NULL DEFAULT '',
    guard_revision TEXT NOT NULL DEFAULT '',
    lines TEXT NOT NULL DEFAULT '{}',
    invocations BIGINT NOT NULL DEFAULT 0,
    clean_invocations BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    last_seen BIGINT
);
CREATE INDEX functions_name ON functions (name);

CREATE TABLE environments (
    id TEXT NOT NULL,
    function TEXT NOT NULL,
    code_sha256 TEXT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    mode TEXT NOT NULL,
    revision TEXT NOT NULL,
    faults BIGINT NOT NULL DEFAULT 0,
    dropped BIGINT NOT NULL DEFAULT 0,
    unanswered BIGINT NOT NULL DEFAULT 0,
    spool_dropped BIGINT NOT NULL DEFAULT 0,
    blocked BIGINT NOT NULL DEFAULT 0,
    would_block BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (function, id)
);

CREATE TABLE batches (
    id TEXT NOT NULL,
    function TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (function, id)
);
CREATE INDEX batches_received ON batches (received_at);

CREATE TABLE profiles (
    function TEXT NOT NULL,
    code_sha256 TEXT NOT NULL,
    invocations BIGINT NOT NULL DEFAULT 0,
    clean_invocations BIGINT NOT NULL DEFAULT 0,
    started_at BIGINT NOT NULL,
    carried_from TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (function, code_sha256)
);

CREATE TABLE observations (
    function TEXT NOT NULL,
    code_sha256 TEXT NOT NULL,
    dimension INTEGER NOT NULL,
    item TEXT NOT NULL,
    count BIGINT NOT NULL DEFAULT 0,
    invocations BIGINT NOT NULL DEFAULT 0,
    unclean BIGINT NOT NULL DEFAULT 0,
    carried INTEGER NOT NULL DEFAULT 0,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    PRIMARY KEY (function, code_sha256, dimension, item)
);

CREATE TABLE observation_environments (
    function TEXT NOT NULL,
    code_sha256 TEXT NOT NULL,
    dimension INTEGER NOT NULL,
    item TEXT NOT NULL,
    environment TEXT NOT NULL,
    PRIMARY KEY (function, code_sha256, dimension, item, environment)
);

CREATE TABLE loaded_files (
    function TEXT NOT NULL,
    code_sha256 TEXT NOT NULL,
    path TEXT NOT NULL,
    PRIMARY KEY (function, code_sha256, path)
);

CREATE TABLE incidents (
    seq {identity},
    id TEXT NOT NULL,
    function TEXT NOT NULL,
    environment TEXT NOT NULL,
    code_sha256 TEXT NOT NULL,
    at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    request_id TEXT NOT NULL,
    decision TEXT NOT NULL,
    dimension TEXT NOT NULL,
    item TEXT NOT NULL,
    detector TEXT NOT NULL,
    severity TEXT NOT NULL,
    source TEXT NOT NULL,
    field TEXT NOT NULL,
    evidence TEXT NOT NULL,
    reasons TEXT NOT NULL,
    sink TEXT NOT NULL,
    rule TEXT NOT NULL,
    UNIQUE (function, id)
);
CREATE INDEX incidents_at ON incidents (at);
CREATE INDEX incidents_function ON incidents (function, at);

CREATE TABLE policies (
    function TEXT NOT NULL PRIMARY KEY,
    revision BIGINT NOT NULL,
    document TEXT NOT NULL,
    signature TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT NOT NULL
);

CREATE TABLE policy_revisions (
    function TEXT NOT NULL,
    revision BIGINT NOT NULL,
    document TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (function, revision)
);

CREATE TABLE scans (
    target TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    arn TEXT NOT NULL,
    runtime TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    status TEXT NOT NULL,
    errors INTEGER NOT NULL,
    packages INTEGER NOT NULL,
    database_revision TEXT NOT NULL,
    scanned_at BIGINT NOT NULL,
    document TEXT NOT NULL
);

CREATE TABLE scan_layers (
    target TEXT NOT NULL,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    arn TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (target, position)
);

CREATE TABLE findings (
    target TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    kind TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    severity INTEGER NOT NULL,
    purl TEXT NOT NULL,
    origin TEXT NOT NULL,
    path TEXT NOT NULL,
    title TEXT NOT NULL,
    effective INTEGER NOT NULL,
    document TEXT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    resolved_at BIGINT,
    PRIMARY KEY (target, fingerprint)
);

CREATE TABLE tokens (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    role TEXT NOT NULL,
    name TEXT NOT NULL,
    account TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE TABLE audit (
    seq {identity},
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL
);

CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
