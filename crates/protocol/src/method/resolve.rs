//! From the name that a client sent to what it needs and whether it can be served.
//!
//! The scope is checked before the existence of a method, so a name that does not exist also has a requirement.

use super::table::{Availability, Method, Requirement, Transport};
use crate::error::{ErrorCode, RpcError};
use crate::scope::Scope;

/// A method as a request names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MethodRef<'a> {
    name: &'a str,
    target: Target,
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// A method of the table; the name is the table's own.
    Known { method: Method, name: &'static str },
    /// An extension that nobody has registered.
    Extension,
    /// Nothing; what it needs depends on its first word.
    Unknown { scope: Scope },
}

/// Finds what `name` stands for.
pub fn resolve(name: &str) -> MethodRef<'_> {
    let target = match Method::lookup(name) {
        Some((method, name)) => Target::Known { method, name },
        None if name.starts_with("ext.") => Target::Extension,
        None if name.starts_with("config.") => Target::Unknown {
            scope: Scope::RunAdmin,
        },
        None if name.starts_with("oneshotMonitor") => Target::Unknown {
            scope: Scope::RunWrite,
        },
        None => Target::Unknown {
            scope: Scope::RunRead,
        },
    };
    MethodRef { name, target }
}

impl<'a> MethodRef<'a> {
    /// Returns the name as the client sent it, possibly an alias.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Returns a name fit for metric labels: names that do not exist share one.
    pub fn label(&self) -> &'static str {
        match self.target {
            Target::Known { name, .. } => name,
            Target::Extension | Target::Unknown { .. } => "unknown",
        }
    }

    /// Tells whether the name is in the table.
    pub fn is_known(&self) -> bool {
        matches!(self.target, Target::Known { .. })
    }

    /// Returns the scope that a caller of this name needs, whether or not it exists.
    pub fn requirement(&self) -> Requirement {
        match self.target {
            Target::Known { method, .. } => method.requirement(),
            Target::Extension => Scope::RunRead.into(),
            Target::Unknown { scope } => scope.into(),
        }
    }

    /// Returns the method if this build serves it on this transport, and the answer for the client if not.
    ///
    /// To be asked after the scope was checked.
    pub fn served(&self, over_websocket: bool) -> Result<Method, RpcError> {
        let name = self.name;
        let method = match self.target {
            Target::Known { method, .. } => method,
            Target::Extension => {
                let message = format!("Unknown extension method: {name}");
                return Err(
                    RpcError::new(ErrorCode::ExtensionMethodNotFound, message).with("method", name)
                );
            }
            Target::Unknown { .. } => {
                return Err(RpcError::new(
                    ErrorCode::MethodNotFound,
                    format!("Unknown method: {name}"),
                ));
            }
        };
        if method.availability() == Availability::Planned {
            let message =
                format!("Method {name} is part of the protocol but not available in this build");
            return Err(RpcError::new(ErrorCode::MethodNotAvailable, message).with("method", name));
        }
        if method.transport() == Transport::WebSocket && !over_websocket {
            let message = format!("{name} is only supported over websocket connections");
            return Err(RpcError::invalid_request(message));
        }
        Ok(method)
    }
}
