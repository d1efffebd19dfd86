//! Every actor of the gateway. Knows nothing of HTTP: the edge hands in requests and gets answers through
//! cheap handles.

pub mod assembly;
pub mod catalogue;
pub mod clock;
pub mod deletion;
pub mod devtools;
pub mod hub;
pub mod launcher;
pub mod maintenance;
pub mod outbox;
mod reading;
pub mod registry;
pub mod run;
pub mod scheduler;
pub mod schedules;
pub mod session;
#[cfg(feature = "simulated")]
pub mod simulated;
#[cfg(test)]
mod testing;
pub mod turns;
pub mod wire;
pub mod writer;
