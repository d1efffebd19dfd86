//! Every number that bounds what a client may send or hold, in one place.
//!
//! These are the protocol's own limits and the defaults of the configurable ones.

/// Port of the gateway unless configured otherwise.
pub const DEFAULT_PORT: u16 = 7331;

/// Largest HTTP body in bytes, unless configured otherwise.
pub const MAX_BODY_BYTES: usize = 1_048_576;
/// Largest WebSocket message in bytes, unless configured otherwise.
pub const MAX_PAYLOAD_BYTES: usize = 1_048_576;

/// Deepest nesting of a frame; every value counts, the outermost as 1.
pub const MAX_JSON_DEPTH: usize = 32;
/// Most items of any array in a frame.
pub const MAX_ARRAY_ITEMS: usize = 256;
/// Longest text in a frame, in UTF-16 units.
pub const MAX_STRING_UNITS: usize = 16_384;
/// Longest method name in characters.
pub const MAX_METHOD_CHARS: usize = 64;
/// Longest request id in characters.
pub const MAX_ID_CHARS: usize = 128;

/// Largest input of a run as JSON text, in bytes.
pub const MAX_INPUT_BYTES: usize = 1_048_576;
/// Deepest nesting of a run's input; objects and arrays count.
pub const MAX_INPUT_DEPTH: usize = 32;
/// Longest idempotency key in bytes.
pub const MAX_IDEMPOTENCY_KEY_BYTES: usize = 256;
/// Longest `startedBy.harness` in code points.
pub const MAX_HARNESS_CHARS: usize = 64;
/// Longest `startedBy.sessionId` in code points.
pub const MAX_SESSION_ID_CHARS: usize = 256;
/// `startedBy.prompt` is clipped to this many code points, the last one an ellipsis.
pub const MAX_PROMPT_CHARS: usize = 8_192;

/// Longest reason of a deletion or a hold in characters.
pub const MAX_REASON_CHARS: usize = 1_000;

/// Longest plain run id in characters.
pub const MAX_RUN_ID_CHARS: usize = 64;
/// Longest id of a child run in characters.
pub const MAX_CHILD_RUN_ID_CHARS: usize = 256;
/// Longest node id in characters.
pub const MAX_NODE_ID_CHARS: usize = 128;
/// Longest name of a signal, and its longest correlation.
pub const MAX_SIGNAL_NAME_CHARS: usize = 256;
/// Largest iteration of a node.
pub const MAX_ITERATION: u64 = 2_147_483_647;
/// Largest integer that a client written in JavaScript can hold exactly.
pub const MAX_SAFE_INTEGER: u64 = 9_007_199_254_740_991;

/// Milliseconds between two `tick` events, unless configured otherwise.
pub const TICK_MS: u64 = 15_000;
/// Milliseconds between two heartbeats of a run stream, unless configured otherwise.
pub const RUN_HEARTBEAT_MS: u64 = 1_000;
/// Milliseconds a socket may stay unauthenticated, unless configured otherwise.
pub const AUTH_DEADLINE_MS: u64 = 10_000;
/// Milliseconds a request head may take, unless configured otherwise.
pub const HEADERS_TIMEOUT_MS: u64 = 30_000;
/// Milliseconds a whole request may take, unless configured otherwise.
pub const REQUEST_TIMEOUT_MS: u64 = 60_000;

/// Authenticated sockets, unless configured otherwise.
pub const MAX_CONNECTIONS: usize = 1_000;
/// Sockets that have not authenticated yet, unless configured otherwise.
pub const MAX_PRE_AUTH_CONNECTIONS: usize = 64;

/// Newest visible events of a run that a stream can replay, unless configured otherwise.
pub const EVENT_WINDOW: u64 = 10_000;
/// Run streams of the whole gateway, unless configured otherwise.
pub const STREAMS_GLOBAL: usize = 256;
/// Run streams of one user, unless configured otherwise.
pub const STREAMS_PER_USER: usize = 32;
/// Run streams of one connection, unless configured otherwise.
pub const STREAMS_PER_CONNECTION: usize = 8;
/// Run streams of one run, unless configured otherwise.
pub const STREAMS_PER_RUN: usize = 64;
/// Live frames that may wait for a slow reader of one run stream.
pub const STREAM_QUEUE_FRAMES: usize = 1_000;
/// Bytes that may wait for a slow reader.
pub const OUTBOX_BYTES: usize = 8 * 1024 * 1024;

/// Rows of `listRuns` when the client names no limit.
pub const LIST_RUNS_DEFAULT: usize = 50;
/// Rows of `frames.list` when the client names no limit.
pub const LIST_FRAMES_DEFAULT: usize = 50;
/// Most bytes of trees that one answer of `frames.list` holds.
pub const MAX_FRAMES_BYTES: usize = 64 * 1024 * 1024;
/// Most rows that any list answers; a larger limit is lowered to this.
pub const LIST_MAX: usize = 1_000;
/// Largest output row that `getNodeOutput` answers, in bytes.
pub const MAX_NODE_OUTPUT_BYTES: usize = 100 * 1024 * 1024;
/// Longest error message in a node output answer, in characters.
pub const MAX_NODE_ERROR_CHARS: usize = 4_000;

/// Longest bearer token in bytes.
pub const MAX_TOKEN_BYTES: usize = 512;
/// Most scopes of one grant.
pub const MAX_SCOPES: usize = 64;
/// Longest scope in bytes.
pub const MAX_SCOPE_BYTES: usize = 64;
/// Longest user id in bytes.
pub const MAX_USER_ID_BYTES: usize = 256;
