//! `streamRunEvents`: the one method that belongs to the socket itself (gateway-protocol 8).

use smithers_protocol::error::{ErrorCode, RpcError};
use smithers_protocol::frame::{Payload, RawParams};
use smithers_protocol::params::{StreamRunEvents, check_after_seq};
use smithers_protocol::view::StreamAnswer;

use super::services::Services;
use crate::hub::{ReadFailed, Replay, SessionId};

/// Opens a stream and returns the answer, which has to be written before anything else happens:
/// the first frame of the stream comes after it.
pub(super) async fn open(
    services: &Services,
    session: SessionId,
    params: &RawParams,
) -> Result<Payload, RpcError> {
    let asked = StreamRunEvents::read(&params.object_or_empty())?;
    let run = asked.run_id.as_str().into();
    let newest = services.pages.newest(&run).await.map_err(unreadable)?;
    let newest = newest.ok_or_else(|| RpcError::run_not_found(&asked.run_id))?;
    check_after_seq(asked.after_seq, newest)?;
    let replay = Replay::plan(asked.after_seq, newest, services.hub.event_window());
    let stream_id = services.hub.open_stream(session, &run, replay)?;
    let answer = StreamAnswer {
        stream_id: stream_id.as_str(),
        run_id: &asked.run_id,
        after_seq: asked.after_seq,
        current_seq: newest,
    };
    Payload::encode(&answer).map_err(|_| RpcError::internal())
}

fn unreadable(_: ReadFailed) -> RpcError {
    RpcError::new(
        ErrorCode::Internal,
        "The events of the run could not be read",
    )
}
