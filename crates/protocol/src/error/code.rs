//! The table of error codes: the text on the wire, the HTTP status, and whether trying again can help.
//!
//! The codes are a mixture of two styles because clients compare them as text.

use std::fmt;

macro_rules! error_codes {
    ($($(#[$doc:meta])+ $name:ident = $text:literal, $status:literal $(, $retry:ident)?;)+) => {
        /// A code that an answer can carry.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[$doc])+ $name,)+
        }

        impl ErrorCode {
            /// Every code, in the order of the table.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$name),+];

            /// Returns the code as clients read it.
            pub fn as_str(self) -> &'static str {
                match self { $(ErrorCode::$name => $text,)+ }
            }

            /// Returns the HTTP status of an answer with this code.
            pub fn status(self) -> u16 {
                match self { $(ErrorCode::$name => $status,)+ }
            }

            /// Tells whether the same request can succeed later without a change.
            pub fn retryable(self) -> bool {
                match self { $(ErrorCode::$name => error_codes!(@retry $($retry)?),)+ }
            }
        }
    };
    (@retry retryable) => { true };
    (@retry) => { false };
}

error_codes! {
    /// Not authenticated, or the token is no longer valid.
    Unauthorized = "UNAUTHORIZED", 401;
    /// The caller may not do this to this run.
    NotPermitted = "Unauthorized", 401;
    /// A scope is missing.
    Forbidden = "FORBIDDEN", 403;
    /// The thing named does not exist (older methods).
    NotFound = "NOT_FOUND", 404;
    /// No method has this name.
    MethodNotFound = "METHOD_NOT_FOUND", 404;
    /// No extension method has this name.
    ExtensionMethodNotFound = "EXTENSION_METHOD_NOT_FOUND", 404;
    /// No such run.
    RunNotFound = "RunNotFound", 404;
    /// No such score.
    ScoreNotFound = "ScoreNotFound", 404;
    /// No such node in the run.
    NodeNotFound = "NodeNotFound", 404;
    /// No such attempt of the node.
    AttemptNotFound = "AttemptNotFound", 404;
    /// No such iteration of the node.
    IterationNotFound = "IterationNotFound", 404;
    /// The node has no output table.
    NodeHasNoOutput = "NodeHasNoOutput", 404;
    /// No such cron.
    CronNotFound = "CronNotFound", 404;
    /// No such ticket or document.
    TicketNotFound = "TicketNotFound", 404;
    /// The shape of the request is wrong (older methods).
    InvalidRequest = "INVALID_REQUEST", 400;
    /// The shape of the request is wrong (newer methods).
    BadRequest = "InvalidRequest", 400;
    /// The frame is not one.
    InvalidFrame = "INVALID_FRAME", 400;
    /// A value is out of its range (older methods).
    InvalidInput = "INVALID_INPUT", 400;
    /// A value is out of its range (newer methods).
    BadInput = "InvalidInput", 400;
    /// The request holds a secret where it would be stored.
    SecretInPayload = "SECRET_IN_PAYLOAD", 400;
    /// The client does not speak this protocol.
    ProtocolUnsupported = "PROTOCOL_UNSUPPORTED", 400;
    /// The text cannot be the id of a run.
    InvalidRunId = "InvalidRunId", 400;
    /// The text cannot be the id of a node.
    InvalidNodeId = "InvalidNodeId", 400;
    /// The value cannot be an iteration.
    InvalidIteration = "InvalidIteration", 400;
    /// A tree delta cannot be applied.
    InvalidDelta = "InvalidDelta", 400;
    /// The value cannot be the number of a frame.
    InvalidFrameNo = "InvalidFrameNo", 400;
    /// A destructive call needs `confirm: true`.
    ConfirmationRequired = "ConfirmationRequired", 400;
    /// The frame number is outside what is stored.
    FrameOutOfRange = "FrameOutOfRange", 400;
    /// The sequence number is malformed or newer than the newest.
    SeqOutOfRange = "SeqOutOfRange", 400;
    /// A browser destination is refused.
    SsrfBlocked = "SSRF_BLOCKED", 400;
    /// The request took longer than it may.
    RequestTimeout = "REQUEST_TIMEOUT", 408, retryable;
    /// The attempt is still running.
    AttemptNotFinished = "AttemptNotFinished", 409, retryable;
    /// Another operation on the same run is under way.
    Busy = "Busy", 409, retryable;
    /// The approval was decided before.
    AlreadyDecided = "AlreadyDecided", 409;
    /// The decision is about another request than the one that stands.
    ApprovalChanged = "ApprovalChanged", 409;
    /// The run neither executes nor waits.
    RunNotActive = "RUN_NOT_ACTIVE", 409;
    /// The workflow has changed since the run last went on.
    ResumeMetadataMismatch = "RESUME_METADATA_MISMATCH", 409;
    /// The run executes.
    RunActive = "RUN_ACTIVE", 409;
    /// The run is held and cannot be deleted.
    RunHeld = "RUN_HELD", 409;
    /// Runs that the run has started are in the way of its deletion.
    RunHasChildren = "RUN_HAS_CHILDREN", 409;
    /// The thing exists already, in a state that forbids the request.
    Conflict = "CONFLICT", 409;
    /// The browser revision is stale.
    RevisionConflict = "REVISION_CONFLICT", 409;
    /// The run is owned by another process that is alive.
    RunOwnerAlive = "RunOwnerAlive", 409;
    /// Going back would cross a side effect that was not reverted.
    TimeTravelBlocked = "TIME_TRAVEL_SIDE_EFFECT_BLOCKED", 409;
    /// The diff is over its limit.
    DiffTooLarge = "DiffTooLarge", 413;
    /// The body or payload is over its limit.
    PayloadTooLarge = "PayloadTooLarge", 413;
    /// The body is over its limit (write endpoint).
    WriteTooLarge = "PAYLOAD_TOO_LARGE", 413;
    /// A quota is used up.
    QuotaExceeded = "QUOTA_EXCEEDED", 429, retryable;
    /// A rate limit or subscriber cap is reached.
    RateLimited = "RateLimited", 429, retryable;
    /// The subscriber reads too slowly; its stream is dropped.
    BackpressureDisconnect = "BackpressureDisconnect", 429, retryable;
    /// The sandbox cannot do this.
    UnsupportedSandbox = "UnsupportedSandbox", 501;
    /// The method exists in the protocol but not in this build.
    MethodNotAvailable = "METHOD_NOT_AVAILABLE", 501;
    /// The gateway accepts no more connections.
    ConnectionLimit = "CONNECTION_LIMIT", 503, retryable;
    /// The gateway cannot do this now: it starts, stops, or has lost its database.
    Unavailable = "UNAVAILABLE", 503, retryable;
    /// The socket closed before the answer.
    ConnectionClosed = "ConnectionClosed", 500;
    /// A version control operation failed.
    VcsError = "VcsError", 500;
    /// Going back failed part-way.
    RewindFailed = "RewindFailed", 500;
    /// The working tree has changes.
    WorkingTreeDirty = "WorkingTreeDirty", 500;
    /// A stored output row cannot be read.
    MalformedOutputRow = "MalformedOutputRow", 500;
    /// An output schema cannot be shown.
    SchemaConversionError = "SchemaConversionError", 500;
    /// The stored input of a run is missing.
    MissingInputTable = "MISSING_INPUT_TABLE", 500;
    /// A handler of an extension failed.
    ExtensionHandlerError = "EXTENSION_HANDLER_ERROR", 500;
    /// Unexpected (older methods).
    ServerError = "SERVER_ERROR", 500;
    /// Unexpected (newer methods and streams).
    Internal = "Internal", 500;
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}
