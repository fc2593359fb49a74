-- Packages that each layer brought into the scan of a function; null for scans of before.
ALTER TABLE scan_layers ADD COLUMN packages INTEGER;
