//! Reads sagas and try blocks (`js/saga.mjs`, `js/try_catch_finally.mjs`).

use rquickjs::{Result, Value};
use smithers_model::tree::{CancelSpec, OnFailure, Region, SagaSpec, TrySpec};

use super::names::Names;
use super::node::get;

/// What a saga does when an action fails, in the order of `OUTCOMES` in `saga.mjs`.
const OUTCOMES: [OnFailure; 3] = [
    OnFailure::Compensate,
    OnFailure::CompensateAndFail,
    OnFailure::Fail,
];
/// Parts by the numbers of `Region` in `recovery.mjs`.
const REGIONS: [Region; 5] = [
    Region::Actions,
    Region::Compensations,
    Region::Try,
    Region::Catch,
    Region::Finally,
];

/// Reads what is known of a saga.
pub(super) fn saga(names: &Names, spec: &Value<'_>) -> Result<SagaSpec> {
    let on_failure: usize = get(spec, names.on_failure)?;
    let limit: Option<f64> = get(spec, names.cancel_ms)?;
    Ok(SagaSpec {
        id: get(spec, names.id)?,
        on_failure: OUTCOMES.get(on_failure).copied().unwrap_or_default(),
        on_cancel: limit.map(|limit| CancelSpec {
            limit_ms: limit as u64,
        }),
    })
}

/// Reads what is known of a try block.
pub(super) fn try_block(names: &Names, spec: &Value<'_>) -> Result<TrySpec> {
    Ok(TrySpec {
        id: get(spec, names.id)?,
        catch_errors: get(spec, names.codes)?,
    })
}

/// The part of a saga or try block with a number.
pub(super) fn region(number: usize) -> Region {
    REGIONS.get(number).copied().unwrap_or(Region::Actions)
}
