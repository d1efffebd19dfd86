//! What the scenarios are written with.

pub(crate) mod asked;
mod asking;
pub(crate) mod children;
pub(crate) mod driver;
pub(crate) mod elements;
pub(crate) mod launch;
pub(crate) mod past;
pub(crate) mod random;
pub(crate) mod recovery;
pub(crate) mod scenario;
pub(crate) mod session;
pub(crate) mod store;
pub(crate) mod text;
pub(crate) mod world;

pub(crate) use asking::{approval, asking, human, rank, select};
pub(crate) use elements::{
    El, Job, comp, deferred, group, later, par, par_max, par_subtrees, repeat, seq, signal, stat,
    subflow, timer, timer_until, workflow, workflow_at,
};
pub(crate) use recovery::{attempt, cancellable, chain, saga, step};
pub(crate) use session::Standing;
pub(crate) use text::lines;
pub(crate) use world::World;
