-- What the newest report says of the seccomp filter: active, available, refused, unknown; empty before the first.
ALTER TABLE functions ADD COLUMN confinement TEXT NOT NULL DEFAULT '';
