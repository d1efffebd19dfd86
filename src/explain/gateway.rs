//! Codes in the answers of a gateway: one entry for each code of the protocol.

use super::{Area, Explanation};

const fn told(
    code: &'static str,
    meaning: &'static str,
    cause: &'static str,
    remedy: &'static str,
) -> Explanation {
    Explanation {
        code,
        area: Area::Gateway,
        meaning,
        cause,
        remedy,
    }
}

/// A code that waits for a part of the product that this build does not have.
const fn planned(code: &'static str, meaning: &'static str) -> Explanation {
    told(
        code,
        meaning,
        "The part of the product that answers it is not in this build, so this gateway never sends it.",
        "Look at the version of the gateway that sent it: `smithers health`.",
    )
}

pub(super) const TABLE: &[Explanation] = &[
    told(
        "UNAUTHORIZED",
        "The caller is not authenticated, or its token is no longer valid.",
        "No token was sent, or it is unknown, expired or revoked; a browser page of another site is refused with this code too.",
        "Put a token into SMITHERS_API_KEY, or name its file with --token-file. `smithers token issue` makes a new one; `smithers token list` shows which have expired.",
    ),
    told(
        "Unauthorized",
        "The caller may not do this to this run.",
        "The method asks for the user who launched the run, or for an administrator.",
        "Use a token of that user, or one with the role admin.",
    ),
    told(
        "FORBIDDEN",
        "The token is valid, but does not allow this.",
        "The token lacks the scope that the error names as requiredScope, or an approval names the users or scopes that may decide it.",
        "Issue a token with that scope: `smithers token issue --scopes SCOPE`. For an approval, `smithers approvals list` shows who may decide.",
    ),
    told(
        "NOT_FOUND",
        "What the request names does not exist.",
        "The id of the run or the key of the workflow is misspelt, or the run was deleted.",
        "Look it up: `smithers runs list`, `smithers workflows list`.",
    ),
    told(
        "METHOD_NOT_FOUND",
        "No method has this name.",
        "The client is newer than the gateway, or the name is misspelt.",
        "Compare the versions of both; the methods are listed in docs/contract.",
    ),
    planned(
        "EXTENSION_METHOD_NOT_FOUND",
        "No method of an extension has this name.",
    ),
    told(
        "RunNotFound",
        "No run has this id.",
        "The id is misspelt, or the run was deleted.",
        "Look it up: `smithers runs list`.",
    ),
    told(
        "ScoreNotFound",
        "The run has no score of this id.",
        "The id is misspelt, its scorer has not answered, or a rewind has taken its attempt away.",
        "Look it up: `smithers runs scores RUN`.",
    ),
    told(
        "NodeNotFound",
        "The run has no such node.",
        "The id is misspelt, or the workflow has not rendered the node yet.",
        "Look it up: `smithers runs show RUN`.",
    ),
    told(
        "AttemptNotFound",
        "The node has no such attempt.",
        "It has not begun, or fewer attempts were made than the number says.",
        "Look them up: `smithers runs attempts RUN`.",
    ),
    told(
        "IterationNotFound",
        "The node has no such iteration.",
        "The node has run fewer times than the number says; iterations count from 0.",
        "Look it up: `smithers runs show RUN`.",
    ),
    told(
        "NodeHasNoOutput",
        "The node has no table of outputs.",
        "It is a node that decides or orders, or its workflow is no longer registered.",
        "Ask for the output of a task; register the workflow again if it is gone.",
    ),
    planned("CronNotFound", "No schedule has this id."),
    planned("TicketNotFound", "No ticket or document has this id."),
    told(
        "INVALID_REQUEST",
        "The shape of the request is wrong.",
        "A field is missing or has another type than the method takes.",
        "Correct the field that the message names.",
    ),
    told(
        "InvalidRequest",
        "The shape of the request is wrong.",
        "A field is missing or has another type than the method takes.",
        "Correct the field that the message names.",
    ),
    told(
        "INVALID_FRAME",
        "The frame is not one of the protocol.",
        "Something else than a client of this protocol writes to the socket.",
        "Check the client; frames are described in docs/contract.",
    ),
    told(
        "INVALID_INPUT",
        "A value is out of its range, or the input of a run does not fit its workflow.",
        "The input misses a field or has one of another type; or a frame is too deep, too long or no JSON.",
        "Correct the field that the message names, and launch again: nothing was started.",
    ),
    told(
        "InvalidInput",
        "A value is out of its range.",
        "A field has a value that the method does not take.",
        "Correct the field that the message names.",
    ),
    told(
        "SECRET_IN_PAYLOAD",
        "The input of a launch holds a secret, which would be stored with the run.",
        "A token, a private key or another secret that gives itself away by its form stands in the field that the message names.",
        "Pass the name of a variable that the module may read (SMITHERS_MODULE_ENV) instead. An operator can let a field through with SMITHERS_SECRET_POLICY_ALLOW.",
    ),
    told(
        "PROTOCOL_UNSUPPORTED",
        "The client does not speak protocol 1.",
        "The client is newer or older than the gateway.",
        "Use versions that speak the same protocol; `smithers health` names that of the gateway.",
    ),
    told(
        "InvalidRunId",
        "The text cannot be the id of a run.",
        "Ids are 1 to 64 of a-z, 0-9, `_`, `.` and `-`, and do not begin with a dot.",
        "Choose another id, or leave it out.",
    ),
    told(
        "InvalidNodeId",
        "The text cannot be the id of a node.",
        "Ids of nodes are 1 to 128 letters, digits, `:`, `_` and `-`.",
        "Correct the id: `smithers runs show RUN` lists them.",
    ),
    told(
        "InvalidIteration",
        "The value cannot be an iteration.",
        "Iterations are whole numbers from 0.",
        "Correct the number.",
    ),
    planned(
        "InvalidDelta",
        "A change of the element tree cannot be applied.",
    ),
    planned(
        "InvalidFrameNo",
        "The value cannot be the number of a frame.",
    ),
    told(
        "ConfirmationRequired",
        "A destructive call needs `confirm: true`.",
        "The call was made without it, perhaps by mistake.",
        "Look at what the call would do, then confirm it.",
    ),
    planned(
        "FrameOutOfRange",
        "The number of the frame is outside what is stored.",
    ),
    told(
        "SeqOutOfRange",
        "The sequence number is malformed, or newer than the newest event.",
        "The number belongs to another run, or to a database that was replaced by an older backup.",
        "Follow the run again without the number.",
    ),
    planned("SSRF_BLOCKED", "A destination of the browser is refused."),
    told(
        "REQUEST_TIMEOUT",
        "The request took longer than it may.",
        "The client sent too slowly, or the gateway is overloaded.",
        "Try again; if it stays so, look at the metrics of the gateway and at SMITHERS_GATEWAY_REQUEST_TIMEOUT_MS.",
    ),
    told(
        "AttemptNotFinished",
        "The attempt is still running, or nothing was kept of the files around it.",
        "Changes of files are known of attempts that have ended and that worked in a Worktree.",
        "Wait for its end; put the task into a Worktree to know what it changes.",
    ),
    told(
        "Busy",
        "Another operation on the same run is under way.",
        "Two operations that exclude each other were asked for at once.",
        "Try again when the other one has ended.",
    ),
    told(
        "AlreadyDecided",
        "The approval was decided before.",
        "Somebody else was faster, or the run was cancelled; the error says what was decided.",
        "Nothing: the first decision counts.",
    ),
    told(
        "ApprovalChanged",
        "The decision is about another request than the one that stands; nothing was decided.",
        "It was asked again with other words, choices or deciders after it was read.",
        "Read what is asked now, `smithers approvals show RUN`, and decide again.",
    ),
    told(
        "RUN_NOT_ACTIVE",
        "The run does not execute, or has ended.",
        "Only what executes can be paused, and only what has not ended can be cancelled.",
        "See where it stands: `smithers runs show RUN`.",
    ),
    told(
        "RESUME_METADATA_MISMATCH",
        "The workflow has changed since the run last went on.",
        "The gateway serves another version of the run's module, so the run is held: it is paused, and decisions and signals are kept for it.",
        "Let it go on with the new version (`smithers runs resume RUN --accept-workflow-change`), serve the old version again and resume it, or have all runs go on by themselves (`SMITHERS_WORKFLOW_CHANGE=accept`).",
    ),
    told(
        "RUN_ACTIVE",
        "The run executes or waits.",
        "It was to be deleted before it had ended, or one of its tasks retried while it executes.",
        "Wait for its end, cancel it (`smithers runs cancel RUN`), or pause it to retry a task (`smithers runs pause RUN`).",
    ),
    told(
        "RUN_HELD",
        "The run is held and cannot be deleted.",
        "Somebody asked with a reason that it be kept; the message repeats the reason.",
        "Ask whoever holds it, then release it: `smithers runs hold RUN --release`.",
    ),
    told(
        "RUN_HAS_CHILDREN",
        "Runs that the run has started are in the way of its deletion.",
        "They would be left without their parent.",
        "Delete them first, or together with it: `smithers runs delete RUN --with-children`.",
    ),
    told(
        "CONFLICT",
        "The thing exists already, in a state that forbids the request.",
        "A run with this id was launched before; ids of deleted runs are not used again.",
        "Choose another id; to launch safely twice, use --idempotency-key.",
    ),
    planned("REVISION_CONFLICT", "The revision of the browser is stale."),
    planned(
        "RunOwnerAlive",
        "The run is owned by another process that is alive.",
    ),
    planned(
        "TIME_TRAVEL_SIDE_EFFECT_BLOCKED",
        "Going back would cross a side effect that was not reverted.",
    ),
    told(
        "DiffTooLarge",
        "More has changed in the files of an attempt than an answer may hold.",
        "The task wrote large files, or very many; an answer holds 50 MiB.",
        "Look at the changes with git; the message has the command.",
    ),
    told(
        "PayloadTooLarge",
        "The body or the payload is over its limit.",
        "An input or an output is larger than 1 MiB, or than the gateway is configured for.",
        "Send less: put large data into a file or a store, and its address into the run.",
    ),
    planned(
        "PAYLOAD_TOO_LARGE",
        "The body of a write is over its limit.",
    ),
    told(
        "QUOTA_EXCEEDED",
        "A quota is used up.",
        "The caller asked for more than it may have.",
        "Wait, or have the quota raised.",
    ),
    told(
        "RateLimited",
        "A rate limit or a cap on streams is reached.",
        "One token, user or address asks too often, or keeps too many streams open; `scope` and `limit` in the error say which.",
        "Ask less often, close streams that nobody reads, or raise the limit in the configuration.",
    ),
    told(
        "BackpressureDisconnect",
        "The subscriber reads too slowly; its stream was dropped.",
        "The reader or its network cannot keep up with the events of the run.",
        "Reconnect with the last number that was seen; `smithers runs events --follow` does so by itself.",
    ),
    planned("UnsupportedSandbox", "The sandbox cannot do this."),
    told(
        "METHOD_NOT_AVAILABLE",
        "The method exists in the protocol, but not in this build.",
        "The part of the product behind it is not built yet.",
        "Use another way; the README lists what is there.",
    ),
    told(
        "CONNECTION_LIMIT",
        "The gateway accepts no more connections.",
        "Too many clients are connected, or connections are not closed.",
        "Try again later; look at the metrics, and at SMITHERS_GATEWAY_MAX_CONNECTIONS.",
    ),
    told(
        "UNAVAILABLE",
        "The gateway cannot do this now.",
        "It starts or stops, its database is busy, or its disk is full or broken. Whether a write went through may not be known.",
        "Try again. If it stays so, look at `smithers health`, the log of the gateway, and `smithers doctor`.",
    ),
    told(
        "ConnectionClosed",
        "The socket closed before the answer.",
        "The client or its network went away.",
        "Connect again, and look at what became of the request.",
    ),
    told(
        "VcsError",
        "Git failed, or nothing was kept of the files of the run.",
        "The run has not ended, none of its tasks worked in a Worktree, or the repository has lost what was kept.",
        "Read the message; look at the repository with git, and at SMITHERS_WORKTREE_ROOTS.",
    ),
    planned("RewindFailed", "Going back failed part-way."),
    planned("WorkingTreeDirty", "The working tree has changes."),
    told(
        "MalformedOutputRow",
        "A stored output cannot be read.",
        "The database was changed by hand, or is damaged.",
        "Check it: `smithers db check`; restore a backup if it is damaged.",
    ),
    planned(
        "SchemaConversionError",
        "The schema of an output cannot be shown.",
    ),
    planned(
        "MISSING_INPUT_TABLE",
        "The stored input of a run is missing.",
    ),
    planned(
        "EXTENSION_HANDLER_ERROR",
        "A handler of an extension failed.",
    ),
    told(
        "SERVER_ERROR",
        "Something unexpected happened.",
        "A defect of the gateway, or data that it refused to store.",
        "Look for the request id in the log of the gateway; report it as a defect.",
    ),
    told(
        "Internal",
        "Something unexpected happened.",
        "A defect of the gateway, or a stream that could not be continued.",
        "Try again; look for the request id in the log of the gateway.",
    ),
];
