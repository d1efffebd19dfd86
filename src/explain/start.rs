//! Codes of a gateway that does not start, and of commands on its database file.

use super::{Area, Explanation};

const fn told(
    code: &'static str,
    meaning: &'static str,
    cause: &'static str,
    remedy: &'static str,
) -> Explanation {
    Explanation {
        code,
        area: Area::Start,
        meaning,
        cause,
        remedy,
    }
}

pub(super) const TABLE: &[Explanation] = &[
    told(
        "LISTEN_FAILED",
        "The gateway cannot listen on its address.",
        "Another program listens there, the address is not of this machine, or the port needs privileges.",
        "Stop the other one, or choose another address: PORT, SMITHERS_GATEWAY_HOST.",
    ),
    told(
        "WORKFLOW_DUPLICATE",
        "Two workflows are registered under one key.",
        "The module registers a key twice, or one that the program itself has.",
        "Give each workflow its own key.",
    ),
    told(
        "SCHEDULE_INVALID",
        "The module registers a workflow with a schedule that cannot be followed.",
        "The pattern cannot be read or fits no date, or the time zone has no such name.",
        "Fix the `schedule` option; the message names the workflow and what is wrong.",
    ),
    told(
        "TABLES_CONFLICT",
        "The output tables of the workflows cannot live in one database.",
        "Two workflows declare a table of one name with different columns, or a table exists with others.",
        "Rename one of the schemas; the message names the table.",
    ),
    told(
        "SCHEMA_CHANGE_HOT",
        "A changed module is not taken while the gateway serves.",
        "A field of an output table holds values of another kind than before, and open runs read it by the old one.",
        "Give the field or the schema another name, or restart the gateway when no run is open.",
    ),
    told(
        "DB_NOT_FOUND",
        "There is no database at the place that was named.",
        "No gateway has run there yet, or the path is wrong.",
        "Name the file with --db or SMITHERS_DB_PATH.",
    ),
    told(
        "DB_IN_USE",
        "Another gateway uses the database.",
        "A second gateway was started on the same file, or the old one has not ended.",
        "Stop the other one: one database has one gateway.",
    ),
    told(
        "DB_SCHEMA_NEWER",
        "A newer version of the product has migrated the database.",
        "The program was downgraded.",
        "Use the version that wrote it, or restore a backup of before.",
    ),
    told(
        "DB_SCHEMA_OLDER",
        "The database has not been migrated to this version yet.",
        "A command for reading was used before the new gateway had started.",
        "Start the gateway on it, or run `smithers db migrate`.",
    ),
    told(
        "DB_SCHEMA_DRIFT",
        "The tables of the database are not those that its migrations made.",
        "Somebody changed the database by hand; triggers protect the audit trail, so this may be an attack.",
        "`smithers db check` lists what differs; find out who did it, then restore a backup.",
    ),
    told(
        "DB_FOREIGN",
        "The file is not a database of this product.",
        "SMITHERS_DB_PATH names another file.",
        "Name the right file; the gateway never writes into a foreign one.",
    ),
    told(
        "DB_FILE_SYSTEM",
        "The file system cannot hold a write-ahead log.",
        "The database lies on a network file system.",
        "Put it on a local disk or a block volume.",
    ),
    told(
        "DB_FAILED",
        "The database cannot be opened, read or written.",
        "The disk is full or broken, the file may not be accessed, or it is damaged.",
        "The cause below the error says what; `smithers db check` looks deeper.",
    ),
    told(
        "DB_NOT_KEPT",
        "The database was not migrated, because no copy of it could be kept before a step that takes something away.",
        "The disk is too full for a second copy of the database, or its folder may not be written.",
        "Make room beside the database, and try again; nothing was changed.",
    ),
    told(
        "DB_UNSOUND",
        "The database is damaged, or rows in it do not fit together.",
        "A disk or a file system lost or changed data, or somebody changed the database by hand.",
        "Stop the gateway, keep a copy of the file and its -wal, see `smithers db check --full`, and restore the newest sound backup.",
    ),
    told(
        "BACKUP_NOT_FOUND",
        "There is no backup at the path.",
        "The folder of all backups was named instead of that of one, or the path is misspelt.",
        "`smithers backup list` shows the folder of each backup.",
    ),
    told(
        "BACKUP_UNSOUND",
        "The backup is not exactly what was made: a byte, a file, a count or a number is wrong.",
        "Its disk damaged it, it was copied in part, or files of different backups were mixed.",
        "Use another backup; `smithers backup verify` tells which are sound.",
    ),
    told(
        "DRILL_FAILED",
        "A backup could not be restored, or the restored gateway does not show what is in the backup.",
        "The backup is damaged, the disk is too full for a second copy, or this version cannot read what it holds.",
        "The message says at which step; `smithers backup verify` looks at the backup alone.",
    ),
    told(
        "BACKUP_UNDER_WAY",
        "Another backup or drill uses the same folder.",
        "Two schedules overlap, or a large backup takes longer than their period.",
        "Wait for it, or write to another folder with --out.",
    ),
    told(
        "TARGET_EXISTS",
        "A database is already where one would be restored.",
        "The old database was not moved away.",
        "Restore to another place, or use --force: the old database is kept under another name.",
    ),
    told(
        "DISK_SPACE",
        "The disk has too little room for another copy of the database.",
        "It is nearly full.",
        "Make room, or choose another disk.",
    ),
    told(
        "FILE_FAILED",
        "A file or folder cannot be made, read or locked.",
        "The folder does not exist or may not be written, or the file system is read-only.",
        "Check the path and its owner.",
    ),
    told(
        "HOST_FAILED",
        "The gateway could not start its threads.",
        "The system has no threads or memory to give.",
        "Raise the limits of the process, or lower SMITHERS_SCRIPT_THREADS and SMITHERS_GATEWAY_WORKERS.",
    ),
];
