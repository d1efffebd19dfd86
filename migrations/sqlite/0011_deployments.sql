-- What exactly was started: the build, the revision of the module's folder, and the settings in force.
ALTER TABLE _smithers_deployments ADD COLUMN build_commit TEXT;
ALTER TABLE _smithers_deployments ADD COLUMN module_revision TEXT;
-- JSON object: name of a setting to a digest of its value, so that a later start can name what has changed.
ALTER TABLE _smithers_deployments ADD COLUMN settings_json TEXT;
-- Null while it runs, and for ever when it did not stop in good order.
ALTER TABLE _smithers_deployments ADD COLUMN stopped_at_ms INTEGER;

-- Newest sign of life of the process that owned the file before this one.
ALTER TABLE _smithers_gateway ADD COLUMN previous_heartbeat_at_ms INTEGER;

-- Starts and module sources are kept: they say what code a run was decided by.
CREATE TRIGGER _smithers_deployments_keep
BEFORE DELETE ON _smithers_deployments
BEGIN
    SELECT raise(ABORT, 'deployments are never deleted');
END;

-- A deployment changes once, when it stops.
CREATE TRIGGER _smithers_deployments_fixed
BEFORE UPDATE ON _smithers_deployments
WHEN old.stopped_at_ms IS NOT NULL
    OR new.stopped_at_ms IS NULL
    OR (old.deployment_id, old.started_at_ms, old.product_version, old.database_head, old.config_digest)
        IS NOT (new.deployment_id, new.started_at_ms, new.product_version, new.database_head, new.config_digest)
    OR (old.module_path, old.module_hash, old.build_commit, old.module_revision, old.settings_json)
        IS NOT (new.module_path, new.module_hash, new.build_commit, new.module_revision, new.settings_json)
BEGIN
    SELECT raise(ABORT, 'deployments are never changed');
END;

CREATE TRIGGER _smithers_deployments_once
BEFORE INSERT ON _smithers_deployments
WHEN EXISTS (SELECT 1 FROM _smithers_deployments WHERE deployment_id = new.deployment_id)
BEGIN
    SELECT raise(ABORT, 'deployments are never replaced');
END;

CREATE TRIGGER _smithers_modules_keep
BEFORE DELETE ON _smithers_modules
BEGIN
    SELECT raise(ABORT, 'module sources are never deleted');
END;

CREATE TRIGGER _smithers_modules_fixed
BEFORE UPDATE ON _smithers_modules
BEGIN
    SELECT raise(ABORT, 'module sources are never changed');
END;

-- The writer asks first whether a source is there, so that only others meet this.
CREATE TRIGGER _smithers_modules_once
BEFORE INSERT ON _smithers_modules
WHEN EXISTS (SELECT 1 FROM _smithers_modules WHERE hash = new.hash)
BEGIN
    SELECT raise(ABORT, 'module sources are never replaced');
END;
