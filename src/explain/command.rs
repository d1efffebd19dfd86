//! Codes of commands.

use super::{Area, Explanation};

pub(super) const fn told(
    code: &'static str,
    meaning: &'static str,
    cause: &'static str,
    remedy: &'static str,
) -> Explanation {
    Explanation {
        code,
        area: Area::Command,
        meaning,
        cause,
        remedy,
    }
}

pub(super) const TABLE: &[Explanation] = &[
    told(
        "VALIDATION_ERROR",
        "The arguments of a command are wrong.",
        "A flag is unknown, an argument is missing, or a value is not one that is taken.",
        "See the help of the command: --help.",
    ),
    told(
        "COMMAND_NOT_FOUND",
        "There is no such command.",
        "It is misspelt, or belongs to another version.",
        "See the commands: `smithers --help`.",
    ),
    told(
        "UNKNOWN",
        "The command failed for a reason that has no code of its own.",
        "The message and the causes below it say what happened.",
        "Go by the message.",
    ),
    told(
        "INTERRUPTED",
        "The command was stopped with Ctrl-C or SIGTERM.",
        "Somebody stopped it.",
        "The hint says how to go on where it stopped.",
    ),
    told(
        "UNKNOWN_CODE",
        "No error of this version has this code.",
        "The code is misspelt, or comes from another version.",
        "See all codes: `smithers explain --list`.",
    ),
    told(
        "CONFIG_INVALID",
        "The configuration is refused.",
        "A value of the environment, of smithers.toml or of a flag is not one that is taken, or a key is unknown.",
        "Correct the places that the message names; `smithers config show` prints every value with its origin.",
    ),
    told(
        "INVALID_URL",
        "The address of the gateway is not one.",
        "--url or SMITHERS_GATEWAY_URL is no http or https address, or holds a password.",
        "Write http://host:port or https://host; tokens go into SMITHERS_API_KEY.",
    ),
    told(
        "TOKEN_UNREADABLE",
        "The token of the command cannot be read.",
        "The file does not exist or may not be read, or it holds something else than one token.",
        "Put the token alone into the file, readable by its owner only.",
    ),
    told(
        "CA_FILE_UNREADABLE",
        "The file of --ca-file holds no certificate that can be used.",
        "The path is wrong, or the file is not PEM.",
        "Name a file that begins with -----BEGIN CERTIFICATE-----.",
    ),
    told(
        "GATEWAY_UNREACHABLE",
        "No gateway answers at the address.",
        "It does not run, listens elsewhere, or a proxy before it does not reach it.",
        "Start it, or name its address: --url, SMITHERS_GATEWAY_URL. `smithers health` tells when it is up.",
    ),
    told(
        "GATEWAY_TIMEOUT",
        "The gateway did not answer in time.",
        "The network is slow, or the gateway is overloaded.",
        "Try again, with a longer --timeout if need be. A write may have gone through: look before you repeat it.",
    ),
    told(
        "CONNECTION_LOST",
        "The connection to the gateway broke off.",
        "The gateway or a proxy was restarted, or the network failed.",
        "Try again. A write may have gone through: look before you repeat it.",
    ),
    told(
        "TLS_FAILED",
        "No encrypted connection came about.",
        "The certificate is not for this host, has expired, or is of an authority that this machine does not know; or the port speaks plain HTTP.",
        "Check the address; name a private authority with --ca-file.",
    ),
    told(
        "NOT_A_GATEWAY",
        "Something else than a gateway answers.",
        "The address is that of another program, or of a proxy that sends elsewhere.",
        "Check --url and SMITHERS_GATEWAY_URL.",
    ),
    told(
        "RUN_NOT_FINISHED",
        "The run that was followed did not end well.",
        "It failed or was cancelled.",
        "See why: `smithers runs show RUN`.",
    ),
    told(
        "CONFIRMATION_REQUIRED",
        "Deleting needs --confirm.",
        "What is deleted comes back from a backup only, so the command asks first.",
        "See what would go with --dry-run, then add --confirm.",
    ),
    told(
        "NOT_ALL_DELETED",
        "Some of the runs were not deleted.",
        "They are active, held, or have children that were not named.",
        "The table says why for each run.",
    ),
    told(
        "NOTHING_WAITS",
        "The run waits for no decision.",
        "It has not come so far, was decided, or has ended.",
        "See what it does: `smithers runs show RUN`.",
    ),
    told(
        "NODE_REQUIRED",
        "Several nodes of the run wait for a decision.",
        "The command does not guess which one is meant.",
        "Name the node, and its iteration with --iteration.",
    ),
    told(
        "WORKFLOW_BROKEN",
        "`smithers workflows check` could not render the first frame of a workflow.",
        "Its code throws for this input, or the input does not fit its schema.",
        "Correct the place that the error shows, or give another input with --input.",
    ),
    told(
        "MODULE_BROKEN",
        "A module does not load.",
        "It has a syntax error, imports something that is not there, or throws at its top level.",
        "Correct the place that the error shows.",
    ),
    told(
        "CHECKS_FAILED",
        "A check of `smithers doctor` failed.",
        "A promise of the release checklist does not hold, or could not be looked at in production.",
        "Do what the hint beside the check says, then ask again with --only.",
    ),
    told(
        "CHECKS_WARNED",
        "A check of `smithers doctor` warned, and --strict accepts no warnings.",
        "A promise holds with a reservation.",
        "Do what the hint beside the check says, or leave out --strict.",
    ),
    told(
        "AUDIT_BROKEN",
        "The audit trail is not whole.",
        "A row was changed, removed or put in between, its triggers were changed, or its signed end is another.",
        "Keep a copy of everything and see the chapter on incidents in the operator's guide.",
    ),
    told(
        "EXPORT_FAILED",
        "The export of the audit trail could not be written.",
        "The file exists already, or the disk does not take it.",
        "Choose another file, or go on with one that was cut off: --resume.",
    ),
    told(
        "EXPORT_UNSOUND",
        "The file is no export of an audit trail that can be continued.",
        "It is something else, or a row of it was changed.",
        "Begin a new one with --out.",
    ),
];
