//! A byte stream that obeys the verdicts of its [`Conn`] and reports what flows through it.
//!
//! It stands between the socket and the HTTP dispatcher, so deadlines act at every stage of
//! a connection, also where the dispatcher has no timer of its own.

use std::{
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Instant,
};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    conn::{Conn, Verdict},
    farewell,
    refusals::Refusals,
    sweep::Live,
};

/// The guarded stream of one connection.
pub(super) struct GuardedIo<Io> {
    /// `None` once the verdict was carried out.
    io: Option<(Io, Live)>,
    conn: Rc<Conn>,
    /// Rest of a dispatcher's own answer that was rewritten to carry our headers.
    rewritten: Bytes,
    refusals: Refusals,
}

impl<Io> GuardedIo<Io>
where
    Io: AsyncRead + AsyncWrite + Unpin + 'static,
{
    pub(super) fn new(io: Io, conn: Rc<Conn>, live: Live, refusals: Refusals) -> Self {
        Self {
            refusals,
            io: Some((io, live)),
            conn,
            rewritten: Bytes::new(),
        }
    }

    pub(super) fn conn(&self) -> &Rc<Conn> {
        &self.conn
    }

    /// Returns the stream, unless the connection is condemned; then carries out the verdict.
    fn live(&mut self, cx: &Context<'_>) -> io::Result<Pin<&mut Io>> {
        if let Some(verdict) = self.conn.check(cx)
            && let Some((io, live)) = self.io.take()
            && verdict == Verdict::RequestTimeout
        {
            if self.conn.has_no_request() {
                self.refusals.record(farewell::TIMEOUT_STATUS, 0);
            }
            actix_rt::spawn(farewell::request_timeout(io, live));
        }
        match &mut self.io {
            Some((io, _)) => Ok(Pin::new(io)),
            None => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// Writes to the socket and reports whether it took anything.
    fn poll_write_raw(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = self.live(cx)?.poll_write(cx, buf);
        match &result {
            Poll::Pending => self.conn.write_blocked(Instant::now()),
            Poll::Ready(Ok(_)) => self.conn.bytes_written(Instant::now()),
            Poll::Ready(Err(_)) => {}
        }
        result
    }

    fn poll_rewritten(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.rewritten.has_remaining() {
            let bytes = self.rewritten.clone();
            let written = ready!(self.poll_write_raw(cx, &bytes))?;
            self.rewritten.advance(written);
        }
        Poll::Ready(Ok(()))
    }
}

impl<Io> AsyncRead for GuardedIo<Io>
where
    Io: AsyncRead + AsyncWrite + Unpin + 'static,
{
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.live(cx)?;
        if this.conn.reads_are_finished() {
            return Poll::Ready(Ok(()));
        }
        if !this.conn.may_read() {
            return Poll::Pending;
        }
        let before = buf.filled().len();
        ready!(this.live(cx)?.poll_read(cx, buf))?;
        let count = buf.filled().len() - before;
        if count > 0 {
            this.conn.bytes_read(count, Instant::now());
        }
        Poll::Ready(Ok(()))
    }
}

impl<Io> AsyncWrite for GuardedIo<Io>
where
    Io: AsyncRead + AsyncWrite + Unpin + 'static,
{
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_rewritten(cx))?;
        if this.conn.has_no_response()
            && let Some((status, rewritten)) = farewell::with_our_headers(buf)
        {
            this.refusals.record(status, rewritten.len() as u64);
            this.rewritten = rewritten;
            // The flush that follows every write of the dispatcher sends it.
            return Poll::Ready(Ok(buf.len()));
        }
        this.poll_write_raw(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_rewritten(cx))?;
        ready!(this.live(cx)?.poll_flush(cx))?;
        this.conn.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_rewritten(cx))?;
        this.live(cx)?.poll_shutdown(cx)
    }
}
