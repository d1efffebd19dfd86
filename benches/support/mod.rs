//! How long the benches measure.

use std::time::Duration;

use criterion::Criterion;

/// Short enough that all benches take a few minutes; `--measurement-time` asks for more.
pub(crate) fn quick() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args()
}
