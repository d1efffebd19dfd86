//! How a handler tells the access log what it has found out about a request.

use std::cell::RefCell;
use std::rc::Rc;

use actix_web::{HttpMessage, HttpRequest, HttpResponse};

use super::line::Particulars;

/// The particulars of one request, shared by the edge and the handler. An extension of the request.
#[derive(Debug, Clone, Default)]
pub struct Noted(Rc<RefCell<Particulars>>);

impl Noted {
    /// Returns what has been noted.
    pub fn particulars(&self) -> Particulars {
        self.0.borrow().clone()
    }
}

/// Notes something about a request; without an edge in front of it nobody listens.
pub fn note(request: &HttpRequest, change: impl FnOnce(&mut Particulars)) {
    if let Some(noted) = request.extensions().get::<Noted>() {
        change(&mut noted.0.borrow_mut());
    }
}

/// What a response says besides its status: `ok`, or the code of its error. An extension of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome(pub &'static str);

impl Outcome {
    /// The outcome of a request that was served.
    pub const OK: Outcome = Outcome("ok");

    /// Puts the outcome on a response.
    pub fn put_on(self, response: &mut HttpResponse) {
        response.extensions_mut().insert(self);
    }
}
