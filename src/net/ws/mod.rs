//! WebSocket on the transport level: the upgrade, frames in, frames out.
//!
//! ```text
//! payload --> Reader --> InboundFrames --> session --> Outbox --> SocketBody --> response
//!               ^                                                     |
//!               '------ after a close: discards until goodbye --------'
//! ```
//!
//! The session is not here: it takes the stream of messages and the [`Outbox`] and is
//! polled on its own, so it stays responsive when the peer stops reading.

use std::{cell::RefCell, rc::Rc};

use actix_web::{HttpRequest, HttpResponse, web};
use smithers_actors::outbox::{Outbox, ReadGate};

use super::{conn::Conn, limits::SocketLimits};

mod body;
mod handshake;
mod header;
mod inbound;
mod reader;

pub use handshake::{Refusal, refuse, wants_websocket};
pub use inbound::InboundFrames;

use body::SocketBody;
use reader::Reader;

/// The parts of an accepted upgrade.
#[derive(Debug)]
pub struct Upgraded {
    /// The 101 answer; the socket lives in its body.
    pub response: HttpResponse,
    /// The messages of the peer; ends after it is gone.
    pub inbound: InboundFrames,
    /// Where frames for the peer are put.
    pub outbox: Outbox,
    /// Where answered messages and the authentication are told.
    pub gate: ReadGate,
}

/// Accepts the upgrade that `req` asks for.
///
/// # Errors
/// [`Refusal`] for another version than 13, without a key, or for what is no upgrade.
pub fn upgrade(
    req: &HttpRequest,
    payload: web::Payload,
    limits: SocketLimits,
) -> Result<Upgraded, Refusal> {
    let mut response = handshake::accept(req)?;
    let conn = req.conn_data::<Rc<Conn>>().cloned();
    let outbox = Outbox::new(limits.outbox);
    let gate = ReadGate::new(limits.unanswered);
    if let Some(conn) = &conn {
        conn.upgraded(outbox.clone());
    }
    let reader = Reader::new(payload.into_inner(), conn.clone(), gate.clone(), limits);
    let reader = Rc::new(RefCell::new(reader));
    let inbound = InboundFrames::new(reader.clone(), outbox.clone(), gate.clone());
    let response = response.body(SocketBody::new(outbox.clone(), reader, conn));
    Ok(Upgraded {
        response,
        inbound,
        outbox,
        gate,
    })
}
