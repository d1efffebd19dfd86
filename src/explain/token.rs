//! Codes of `smithers token`.

use super::Explanation;
use super::command::told;

pub(super) const TABLE: &[Explanation] = &[
    told(
        "TOKEN_ISSUE_FAILED",
        "No token was issued, since the token store cannot be used.",
        "The file is damaged, too large, not a file, or others may read or write it.",
        "Repair the file or move it away; `chmod 600` keeps others out. Nothing was changed.",
    ),
    told(
        "TOKEN_EXEC_FAILED",
        "The command was not started, or did not succeed.",
        "The handle is unknown, for another action, revoked or expired, its token has ended or lacks a scope; or the \
         command itself failed, and the exit code is its own.",
        "Go by the message; `smithers token list` and `smithers token show` tell what is in force.",
    ),
    told(
        "TOKEN_STORE_UNREADABLE",
        "The token store cannot be used.",
        "The file is damaged, too large, not a file, or others may read or write it.",
        "Repair the file or move it away; `chmod 600` keeps others out. Nothing was changed.",
    ),
    told(
        "TOKEN_STORE_UNSAFE",
        "The token store is a link that is not followed.",
        "It leads to another link, or into a folder in which others can write.",
        "Set SMITHERS_TOKEN_STORE to the file itself, in a folder of its owner alone.",
    ),
    told(
        "TOKEN_STORE_BUSY",
        "Other commands keep the token store locked.",
        "One has held the lock for five seconds without a change, or the queue is longer than a minute.",
        "Try again; `fuser tokens.json.lock` names the process that holds the lock.",
    ),
    told(
        "TOKEN_STORE_WRITE_FAILED",
        "The token store could not be written; it is as it was.",
        "The disk is full, the file system is read-only, or the folder belongs to another user.",
        "Make room or correct the rights, then run the command again.",
    ),
    told(
        "TOKEN_STORE_FULL",
        "The token store would become larger than it may be.",
        "It holds 10,000 grants or 4 MiB.",
        "Drop what has ended: `smithers token prune --older-than 7d`.",
    ),
    told(
        "TOKEN_AUDIT_FAILED",
        "A change of the token store is in force, but not in its audit trail.",
        "The disk is full, or the trail cannot be written.",
        "Repair the trail, then run the command again: a second revocation is recorded too.",
    ),
    told(
        "TOKEN_AUDIT_BROKEN",
        "The audit trail of the token store is not as it was written.",
        "A record was changed, removed or put in between, or a process was killed while it wrote one.",
        "Compare the trail with a copy from before the line that the message names.",
    ),
    told(
        "TOKEN_NOT_FOUND",
        "No token of the store is meant.",
        "The id is misspelt, the token was pruned, or the command reads another store.",
        "See the ids with `smithers token list`, and the store with `smithers config show`.",
    ),
    told(
        "TOKEN_NOT_ACTIVE",
        "The token has ended, so nothing can be made of it.",
        "It has expired or was revoked.",
        "Issue a new one: `smithers token issue`.",
    ),
    told(
        "TOKEN_RANDOM_FAILED",
        "No token can be made.",
        "The operating system gives no random bytes.",
        "Look at the system's log; nothing was changed.",
    ),
    told(
        "SCOPE_NOT_GRANTED",
        "A handle would have more scopes than its token.",
        "A scope of --scopes is not among those of the token.",
        "See the scopes with `smithers token show`, or issue a token that has them.",
    ),
    told(
        "UNKNOWN_SCOPE",
        "No gateway of this version understands a scope.",
        "It is misspelt, or belongs to a later version.",
        "Take one of the names in the hint; --allow-unknown-scope takes any other.",
    ),
    told(
        "EMPTY_SCOPES",
        "A token without scopes can do nothing.",
        "--scopes is empty.",
        "Name scopes, or a --profile; --allow-empty takes an empty list.",
    ),
    told(
        "INVALID_DURATION",
        "A duration is none.",
        "It is not a number with ms, s, m, h or d, or not more than zero.",
        "Write 90s, 15m, 1.5h or 7d.",
    ),
    told(
        "TTL_TOO_LONG",
        "A token or handle would live longer than it may.",
        "Tokens live for 30 days at most, those with approval:submit, run:admin or * for 24 hours, handles as long as \
         their token.",
        "Give a shorter --ttl; SMITHERS_TOKEN_MAX_TTL sets the maximum.",
    ),
];
