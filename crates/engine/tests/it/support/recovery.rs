//! The notation of sagas and try blocks.

use smithers_model::tree::{CancelSpec, Kind, OnFailure, Region, SagaSpec, TrySpec};

use super::elements::{El, comp, seq};

/// A saga of the elements and what undoes each.
pub(crate) fn saga(
    id: &str,
    on_failure: OnFailure,
    steps: impl IntoIterator<Item = (El, El)>,
) -> El {
    saga_of(id, on_failure, None, steps)
}

/// A saga that is undone when its run is cancelled, within `limit_ms`.
pub(crate) fn cancellable(
    id: &str,
    limit_ms: u64,
    steps: impl IntoIterator<Item = (El, El)>,
) -> El {
    let on_cancel = Some(CancelSpec { limit_ms });
    saga_of(id, OnFailure::Compensate, on_cancel, steps)
}

fn saga_of(
    id: &str,
    on_failure: OnFailure,
    on_cancel: Option<CancelSpec>,
    steps: impl IntoIterator<Item = (El, El)>,
) -> El {
    let (actions, compensations) = steps.into_iter().unzip();
    let spec = SagaSpec {
        id: id.into(),
        on_failure,
        on_cancel,
    };
    let parts = vec![
        region(Region::Actions, actions),
        region(Region::Compensations, compensations),
    ];
    El::Of(Kind::Saga(spec), parts)
}

/// A step that does `id`, and undoes it with `undo-id`.
pub(crate) fn step(id: &str) -> (El, El) {
    let undo = format!("undo-{id}");
    (comp(id).into(), comp(&undo).into())
}

/// A try block; parts that are not there are none.
pub(crate) fn attempt(
    id: &str,
    codes: &[&str],
    tried: El,
    caught: Option<El>,
    finally: Option<El>,
) -> El {
    let spec = TrySpec {
        id: id.into(),
        catch_errors: codes.iter().map(|&code| code.into()).collect(),
    };
    let part = |of, element: Option<El>| element.map(|element| region(of, vec![element]));
    let parts = [
        part(Region::Try, Some(tried)),
        part(Region::Catch, caught),
        part(Region::Finally, finally),
    ];
    El::Of(Kind::Try(spec), parts.into_iter().flatten().collect())
}

/// Tasks one after another.
pub(crate) fn chain(ids: &[&str]) -> El {
    seq(ids.iter().map(|&id| comp(id).into()))
}

fn region(region: Region, children: Vec<El>) -> El {
    El::Of(Kind::Region(region), children)
}
