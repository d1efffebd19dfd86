//! Codes in the errors of runs and tasks (workflow-model, appendix A), as far as this build tells them.

use super::{Area, Explanation};

const fn told(
    code: &'static str,
    meaning: &'static str,
    cause: &'static str,
    remedy: &'static str,
) -> Explanation {
    Explanation {
        code,
        area: Area::Run,
        meaning,
        cause,
        remedy,
    }
}

pub(super) const TABLE: &[Explanation] = &[
    told(
        "SESSION_ERROR",
        "The run failed because one of its tasks did.",
        "A task failed in all its attempts, or an approval was denied; the cause below the error says why.",
        "See the failed node and its error: `smithers runs show RUN`.",
    ),
    told(
        "TASK_FAILED",
        "A task failed for a reason of the gateway, not of its own code.",
        "The function of the task is gone, or its runtime was lost.",
        "Look at the log of the gateway; launch again.",
    ),
    told(
        "WORKFLOW_EXECUTION_FAILED",
        "The run of a subflow failed or was cancelled.",
        "A task of the child run failed for good, or somebody ended it; the cause is in the error.",
        "Look at the child run that the error names; `retries` on the Subflow try it again.",
    ),
    told(
        "TASK_TIMEOUT",
        "A task did not end within its time limit.",
        "It waits for something that does not come, or timeoutMs is too short.",
        "Find what it waits for, or raise `timeoutMs` of the task.",
    ),
    told(
        "TASK_HEARTBEAT_TIMEOUT",
        "A task gave no sign of life for longer than it may.",
        "Its agent hangs, its code does not call `heartbeat()`, or heartbeatTimeoutMs is too short.",
        "Find what it waits for, call `heartbeat()` while it works, or raise `heartbeatTimeoutMs`.",
    ),
    told(
        "TASK_ABORTED",
        "A task was aborted.",
        "Its run was cancelled or failed, or its time was up.",
        "Nothing for itself; see why the run ended: `smithers runs show RUN`.",
    ),
    told(
        "INVALID_OUTPUT",
        "The output of a task does not fit its schema.",
        "The task returned a field of another type, or missed one.",
        "Correct the task or its schema; the details list each field.",
    ),
    told(
        "MISSING_OUTPUT",
        "An output was asked for that does not exist.",
        "`ctx.output` was called for a task that has not finished.",
        "Use `ctx.outputMaybe`, or render the reader after the task.",
    ),
    told(
        "INVALID_INPUT",
        "The input of a run or a property of an element is wrong.",
        "The input does not fit the schema, or an element was given a value that it does not take.",
        "Correct the value that the message names.",
    ),
    told(
        "WORKTREE_EMPTY_PATH",
        "A Worktree has no path.",
        "`path` is missing or blank.",
        "Give it a path below the folder of the module.",
    ),
    told(
        "WORKTREE_CREATE_FAILED",
        "A task cannot have its worktree.",
        "The path is below none of the folders in SMITHERS_WORKTREE_ROOTS, or somebody else has the path or the branch.",
        "Set SMITHERS_WORKTREE_ROOTS, or use the path and the branch that the message says are free; `git worktree list --verbose` shows who has what.",
    ),
    told(
        "VCS_NOT_FOUND",
        "There is no git, or no repository.",
        "Git is not installed where the gateway runs, or the folder of the module is in no repository.",
        "Install git, or keep the module in the repository that its tasks work on.",
    ),
    told(
        "VCS_WORKSPACE_CREATE_FAILED",
        "Git could not make a worktree.",
        "The base branch does not exist, there are files at the path, the disk is full, or git took too long.",
        "Read what git said in the message, and run it by hand in the repository.",
    ),
    told(
        "DUPLICATE_ID",
        "Two elements or workflows have one id.",
        "Two tasks of a frame were given the same id, or a key was registered twice.",
        "Give each its own id; in a list, build it from the item.",
    ),
    told(
        "TASK_ID_REQUIRED",
        "A task has no id.",
        "`id` is missing or empty.",
        "Give the task an id that stays the same from frame to frame.",
    ),
    told(
        "TASK_MISSING_OUTPUT",
        "A task has no output.",
        "`output` is missing.",
        "Give the task one of the outputs of createSmithers.",
    ),
    told(
        "UNKNOWN_OUTPUT_SCHEMA",
        "A task names an output that is not registered.",
        "The schema belongs to another createSmithers, or its key is misspelt.",
        "Use `outputs.<key>` of the createSmithers that made the workflow.",
    ),
    told(
        "APPROVAL_OPTIONS_REQUIRED",
        "An approval that lets people choose has no options.",
        "`options` is missing or empty in the mode select or rank.",
        "Give it options with keys and labels.",
    ),
    told(
        "CONTEXT_OUTSIDE_WORKFLOW",
        "A hook or a helper of rendering was called while nothing renders.",
        "It is called in a task, or at the top of the module.",
        "Call it in a component.",
    ),
    told(
        "WORKFLOW_RENDER_FAILED",
        "The workflow threw while it rendered.",
        "An expression of the workflow fails for the state of this run; the cause says which.",
        "Correct the workflow and launch again.",
    ),
    told(
        "WORKFLOW_MISSING_DEFAULT",
        "The module registers no workflow.",
        "It exports neither register, nor a default function, nor a workflow.",
        "Export `register(gateway)`, and check it: `smithers workflows check MODULE`.",
    ),
    told(
        "NESTED_LOOP",
        "A loop stands directly inside another.",
        "Its passes could not be told from those of the outer one.",
        "Put a Sequence around the inner loop.",
    ),
    told(
        "SCHEDULER_ERROR",
        "The run failed because a saga or a try block did.",
        "An action failed in a saga that fails then, or what was tried failed and nothing caught it; the cause below the error says why.",
        "See the failed node: `smithers runs show RUN`. A try block around it, or other `catchErrors`, would catch the failure.",
    ),
    told(
        "COMPENSATION_INCOMPLETE",
        "A cancelled run ended before everything it did was undone.",
        "A compensation failed, the time for all of them was over, somebody cancelled the run a second time, or its workflow has changed.",
        "The error names the tasks that are left; do by hand what they would have done.",
    ),
    told(
        "BOUND_STALE",
        "Tasks are held by the rows that they are bound to.",
        "A row has changed since a frame first showed it (`bound-stale`), or is not there yet (`waiting-bound`).",
        "Look at what has changed; `smithers runs retry RUN NODE` of a task that is held lets it go on with what is there now.",
    ),
    told(
        "ASPECT_BUDGET_EXCEEDED",
        "A limit of `Aspects` was reached when a task was about to start.",
        "Calls of agents have used up the token budget of the run, or the run is older than it may be.",
        "The error names the limit and what was used; raise it in the workflow, or let it warn or leave tasks out.",
    ),
    told(
        "RALPH_MAX_REACHED",
        "A loop has come to its last pass without an end.",
        "Its `until` did not hold after `maxIterations` passes, and `onMaxReached` is `fail`.",
        "Raise `maxIterations`, correct `until`, or let the loop return its last pass.",
    ),
    told(
        "SCORER_FAILED",
        "A scorer gave no score.",
        "It threw an error, its judge did, something that it needs was not given, or its score is no number from 0 to 1.",
        "The message names the scorer and says why; give it what it needs.",
    ),
    told(
        "TASK_EMPTY_PROMPT",
        "A task has nothing to ask its agent.",
        "Its children rendered to no text.",
        "Give the task a text or a prompt; look at the conditions in it.",
    ),
    told(
        "AGENT_QUOTA_EXCEEDED",
        "The quota of every agent of a task is used up.",
        "The providers refuse further calls for now.",
        "The run waits and goes on by itself when a time is known; else resume it when there is quota again. Or add an agent of another provider.",
    ),
    told(
        "MDX_PRELOAD_INACTIVE",
        "A prompt holds something that is no text.",
        "An object, a promise or a component that was not called stands where an element or a text belongs.",
        "Write `<Prompt/>` or `renderMdx(Prompt, props)`, and texts from values by JSON.stringify.",
    ),
    told(
        "RUNTIME_CAPABILITY_UNAVAILABLE",
        "A module or workflow asks for something that this gateway does not offer.",
        "It uses an element of a later version, an agent, or a function of the system that modules do not get.",
        "Leave it out, or use a gateway that offers it; the message names it.",
    ),
    told(
        "DEPENDENCY_DEADLOCK",
        "Tasks wait for each other, so that nothing can happen any more.",
        "Two tasks need each other, or a task needs one that is never rendered.",
        "Take the circle out; the message names the tasks.",
    ),
    told(
        "HEARTBEAT_PAYLOAD_TOO_LARGE",
        "A task reported more with a heartbeat than it may.",
        "The payload is over its limit.",
        "Report less; put large data into the output.",
    ),
    told(
        "HEARTBEAT_PAYLOAD_NOT_JSON_SERIALIZABLE",
        "A task reported something with a heartbeat that has no JSON form.",
        "The payload holds a function or a circle.",
        "Report plain data.",
    ),
    told(
        "AGENT_CONFIG_INVALID",
        "An agent is configured wrongly.",
        "It has no function `generate`, its login was refused, or it says itself that it is not ready.",
        "Correct what the message names, or add another agent to the task.",
    ),
    told(
        "ZOD_NOT_INSTALLED",
        "A schema uses a part of zod that is not built in.",
        "The built-in subset covers what most modules use, not everything.",
        "Install zod beside the module: `npm install zod`.",
    ),
    told(
        "DB_WRITE_FAILED",
        "The database refused a step of the run.",
        "A value of the step cannot be stored; this points to a defect.",
        "Look at the log of the gateway, and report it.",
    ),
    told(
        "INTERNAL_ERROR",
        "Something unexpected happened in the gateway.",
        "A defect, or a runtime that was stopped.",
        "Launch again; look at the log of the gateway, and report it.",
    ),
];
