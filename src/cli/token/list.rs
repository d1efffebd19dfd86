//! `smithers token list`.

use clap::Args;
use smithers_tokens::{GrantInfo, Standing};

use super::{store, time};
use crate::cli::output::{Cell, Output, Paint, Table};

/// What was typed.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  smithers token list --active\n  smithers token list --user-id user:ana --json"
)]
pub(crate) struct ListArgs {
    /// Only tokens in force.
    #[arg(long, group = "state")]
    active: bool,
    /// Only tokens whose time is over.
    #[arg(long, group = "state")]
    expired: bool,
    /// Only revoked tokens.
    #[arg(long, group = "state")]
    revoked: bool,
    /// Only tokens of this user.
    #[arg(long, value_name = "USER")]
    user_id: Option<String>,
}

impl ListArgs {
    fn wants(&self, grant: &GrantInfo) -> bool {
        let in_state = match grant.state {
            Standing::Active => self.active,
            Standing::Expired => self.expired,
            Standing::Revoked => self.revoked,
        };
        let any_state = !self.active && !self.expired && !self.revoked;
        let of_user = self.user_id.is_none() || self.user_id == grant.user_id;
        of_user && (any_state || in_state)
    }
}

pub(super) fn run(args: &ListArgs, output: &Output) -> anyhow::Result<()> {
    let grants = store::ledger()?.list(store::now()).map_err(store::told)?;
    let wanted: Vec<GrantInfo> = grants
        .into_iter()
        .filter(|grant| args.wants(grant))
        .collect();
    output.print_table(&wanted, || table(&wanted))
}

fn table(grants: &[GrantInfo]) -> Table {
    let mut table = Table::new([
        "id", "state", "role", "user", "scopes", "issued", "expires", "revoked", "handles",
        "last use",
    ]);
    for grant in grants {
        table.row([
            Cell::from(&grant.token_id),
            state(grant.state),
            Cell::from(&grant.role),
            Cell::from(grant.user_id.as_deref().unwrap_or("-")),
            Cell::from(grant.scopes.join(" ")),
            Cell::from(time::shown(grant.issued_at_ms)),
            Cell::from(time::shown(grant.expires_at_ms)),
            Cell::from(time::shown(grant.revoked_at_ms)),
            Cell::from(grant.handles.to_string()),
            Cell::from(time::shown(grant.last_used_at_ms)),
        ]);
    }
    table
}

/// Shows a state in its colour.
pub(super) fn state(state: Standing) -> Cell {
    let paint = match state {
        Standing::Active => Paint::Green,
        Standing::Expired => Paint::Dim,
        Standing::Revoked => Paint::Red,
    };
    Cell::new(state.as_str(), paint)
}
