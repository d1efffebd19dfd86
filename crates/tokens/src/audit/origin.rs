//! Who changes the store, as far as the operating system knows.

use serde::Serialize;

/// The user, the host and the version that a record names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    actor: Actor,
    host: String,
    cli_version: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Actor {
    user: String,
    uid: u32,
}

impl Origin {
    /// Asks the operating system. The name comes from the table of users, since a variable can say anything.
    pub fn of_process(version: &'static str) -> Origin {
        let uid = rustix::process::getuid().as_raw();
        let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let user = name_of(uid, &users).unwrap_or("unknown").to_owned();
        let host = rustix::system::uname();
        Origin {
            actor: Actor { user, uid },
            host: host.nodename().to_string_lossy().into_owned(),
            cli_version: version,
        }
    }

    /// Returns the user as audit trails of other parts name the actor, such as `os:ops`.
    pub fn actor_id(&self) -> String {
        format!("os:{}", self.actor.user)
    }
}

fn name_of(uid: u32, users: &str) -> Option<&str> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_user_is_found_by_its_number() {
        let users =
            "root:x:0:0:root:/root:/bin/bash\n\nbroken\nops:x:1000:1000::/home/ops:/bin/sh\n";
        assert_eq!(name_of(1000, users), Some("ops"));
        assert_eq!(name_of(1, users), None);
    }
}
