//! The engine through its public doors: scenarios drawn as trees in and short text out, and random ones.

mod approvals;
mod cancelling;
mod children;
mod deferral;
mod ends;
mod heartbeats;
mod humans;
mod identity;
mod limits;
mod loops;
mod output;
mod owners;
mod pausing;
mod probes;
mod properties;
mod quarantine;
mod quotas;
mod resuming;
mod retries;
mod retrying;
mod signals;
mod standing;
mod steps;
mod support;
mod timers;
mod votes;
