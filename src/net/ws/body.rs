//! The response body of an upgraded request: drains the outbox, then says goodbye.

use std::{
    cell::RefCell,
    convert::Infallible,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Instant,
};

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;
use smithers_actors::outbox::Outbox;

use super::reader::Reader;
use crate::net::{conn::Conn, server::WRITE_BUFFER};

/// Lives as long as the socket; dropping it tells the outbox that the peer is gone.
pub(super) struct SocketBody {
    outbox: Outbox,
    reader: Rc<RefCell<Reader>>,
    conn: Option<Rc<Conn>>,
}

impl SocketBody {
    pub(super) fn new(outbox: Outbox, reader: Rc<RefCell<Reader>>, conn: Option<Rc<Conn>>) -> Self {
        Self {
            outbox,
            reader,
            conn,
        }
    }

    /// After the close frame: waits for the peer's own, so that ours is not lost to a reset.
    fn poll_goodbye(&self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(conn) = &self.conn {
            conn.close_sent(Instant::now());
        }
        if !self.outbox.is_hung_up() {
            ready!(self.reader.borrow_mut().poll_goodbye(cx));
        }
        if let Some(conn) = &self.conn {
            conn.finish_reads();
        }
        Poll::Ready(())
    }
}

impl MessageBody for SocketBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    /// Yields as many bytes as fit one write, so that frames ready together leave together.
    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        match ready!(self.outbox.poll_drain(cx, WRITE_BUFFER)) {
            Some(chunk) => Poll::Ready(Some(Ok(chunk))),
            None => self.poll_goodbye(cx).map(|()| None),
        }
    }
}

impl Drop for SocketBody {
    fn drop(&mut self) {
        self.outbox.mark_gone();
        self.reader.borrow_mut().dismiss();
    }
}
