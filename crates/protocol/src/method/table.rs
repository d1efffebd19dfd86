//! The table of methods, made by hand from the published catalogue; a test compares the two and knows which are ours.

use crate::scope::Scope;

/// Whether this build serves a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// It is served.
    Served,
    /// It is a part of the protocol and comes later.
    Planned,
}

/// Where a method can be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// By HTTP and over a WebSocket.
    Both,
    /// Over a WebSocket only, because it opens a stream.
    WebSocket,
}

/// The scope that a method needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requirement {
    /// The scope that errors name.
    pub scope: Scope,
    /// Another scope that does as well.
    pub or: Option<Scope>,
}

impl From<Scope> for Requirement {
    fn from(scope: Scope) -> Requirement {
        Requirement { scope, or: None }
    }
}

macro_rules! methods {
    ($($method:ident $availability:ident $transport:ident $scope:ident $name:literal $(aka $($alias:literal)+)?;)+) => {
        /// A method of the protocol.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the variants are the names of the methods, documented in docs/contract")]
        pub enum Method {
            $($method,)+
        }

        impl Method {
            /// Every method, in the order of the catalogue.
            pub const ALL: &'static [Method] = &[$(Method::$method),+];

            /// Returns the name of the method.
            pub fn name(self) -> &'static str {
                match self { $(Method::$method => $name,)+ }
            }

            /// Returns the other names of the method.
            pub fn aliases(self) -> &'static [&'static str] {
                match self { $(Method::$method => &[$($($alias),+)?],)+ }
            }

            /// Returns whether this build serves the method.
            pub fn availability(self) -> Availability {
                match self { $(Method::$method => Availability::$availability,)+ }
            }

            /// Returns where the method can be called.
            pub fn transport(self) -> Transport {
                match self { $(Method::$method => Transport::$transport,)+ }
            }

            fn scope(self) -> Scope {
                match self { $(Method::$method => Scope::$scope,)+ }
            }

            /// Returns the method with this name or alias, and the name as the table has it.
            pub(super) fn lookup(name: &str) -> Option<(Method, &'static str)> {
                match name {
                    $($name => Some((Method::$method, $name)),)+
                    $($($($alias => Some((Method::$method, $alias)),)+)?)+
                    _ => None,
                }
            }
        }
    };
}

methods! {
    LaunchRun Served Both RunWrite "launchRun" aka "runs.create";
    ResumeRun Served Both RunWrite "resumeRun";
    CancelRun Served Both RunWrite "cancelRun" aka "runs.cancel";
    PauseRun Served Both RunWrite "pauseRun" aka "runs.pause";
    HijackRun Planned Both RunAdmin "hijackRun";
    RewindRun Served Both RunAdmin "rewindRun" aka "jumpToFrame" "devtools.jumpToFrame";
    ForkRun Served Both RunWrite "runs.fork";
    Timeline Served Both RunRead "runs.timeline";
    SubmitApproval Served Both ApprovalSubmit "submitApproval" aka "approvals.decide";
    SubmitSignal Served Both SignalSubmit "submitSignal" aka "signals.send";
    DeleteRun Served Both RunAdmin "deleteRun" aka "runs.delete";
    HoldRun Served Both RunAdmin "holdRun" aka "runs.hold";
    GetRun Served Both RunRead "getRun" aka "runs.get";
    ListRunTokenUsage Served Both RunRead "listRunTokenUsage";
    ListRuns Served Both RunRead "listRuns" aka "runs.list";
    ListRunDescendants Served Both RunRead "listRunDescendants" aka "runs.descendants";
    GetSchemaSignature Planned Both RunRead "getSchemaSignature";
    ListWorkflows Served Both RunRead "listWorkflows" aka "workflows.list";
    ListApprovals Served Both RunRead "listApprovals" aka "approvals.list";
    ListDocs Planned Both RunRead "listDocs";
    StreamRunEvents Served WebSocket RunRead "streamRunEvents";
    StreamDevTools Served WebSocket ObservabilityRead "streamDevTools";
    GetDevToolsSnapshot Served Both ObservabilityRead "getDevToolsSnapshot";
    GetNodeOutput Served Both RunRead "getNodeOutput" aka "devtools.getNodeOutput";
    GetNodeDiff Served Both RunRead "getNodeDiff" aka "devtools.getNodeDiff";
    GetRunDiff Served Both RunRead "getRunDiff";
    WhatHappened Served Both RunRead "whatHappened";
    CronList Served Both CronRead "cronList" aka "cron.list";
    CronCreate Served Both CronWrite "cronCreate" aka "cron.add";
    CronDelete Served Both CronWrite "cronDelete" aka "cron.remove";
    CronRun Served Both CronWrite "cronRun" aka "cron.trigger";
    ListAccounts Planned Both AccountRead "listAccounts";
    ListUsageReports Planned Both AccountRead "listUsageReports";
    ListMemoryFacts Planned Both MemoryRead "listMemoryFacts";
    ListPrompts Planned Both PromptRead "listPrompts";
    ListScores Served Both ScoreRead "listScores";
    ListScoresForRuns Served Both ScoreRead "listScoresForRuns";
    GetScoreDetail Served Both ScoreRead "getScoreDetail";
    ListTickets Planned Both TicketRead "listTickets";
    CreateTicket Planned Both TicketWrite "createTicket";
    UpdateTicket Planned Both TicketWrite "updateTicket";
    DeleteTicket Planned Both TicketWrite "deleteTicket";
    CreateBrowserSession Planned Both RunWrite "createBrowserSession";
    BrowserAct Planned Both RunWrite "browserAct";
    BrowserContext Planned Both RunRead "browserContext";
    BrowserPick Planned Both RunRead "browserPick";
    CloseBrowserSession Planned Both RunWrite "closeBrowserSession";
    ListBrowserSessions Planned Both RunRead "listBrowserSessions";
    Health Served Both RunRead "health";
    ListNodeStates Served Both RunRead "listNodeStates";
    RetryTask Served Both RunWrite "retryTask";
    RerunRun Served Both RunWrite "runs.rerun";
    DiffRuns Served Both RunRead "runs.diff";
    ListFrames Served Both RunRead "frames.list";
    GetFrame Served Both RunRead "frames.get";
    ListAttempts Served Both RunRead "attempts.list";
    GetAttempt Served Both RunRead "attempts.get";
}

impl Method {
    /// Returns the scope that the method needs.
    ///
    /// Pending approvals can be read with their own scope, and still with that of runs, which older tokens hold.
    pub fn requirement(self) -> Requirement {
        let or = (self == Method::ListApprovals).then_some(Scope::ApprovalRead);
        Requirement {
            scope: self.scope(),
            or,
        }
    }
}
