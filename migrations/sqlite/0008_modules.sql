-- Source graphs of loaded modules, stored once per content: zstd over the JSON list of path and source.
CREATE TABLE _smithers_modules (
    hash             TEXT    PRIMARY KEY,
    entry            TEXT    NOT NULL,
    registered_at_ms INTEGER NOT NULL,
    files            BLOB    NOT NULL,
    files_bytes      INTEGER NOT NULL
) STRICT;
