//! The options that every command with a gateway has.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::tls::Trust;
use super::{Address, Client, ClientError, credential, http};

/// Which gateway, as whom, and with how much patience.
#[derive(Debug, Args)]
#[command(next_help_heading = "Gateway")]
pub(in crate::cli) struct Connection {
    /// Address of the gateway, http or https [default: http://127.0.0.1:<PORT, else 7331>]
    #[arg(
        long,
        value_name = "URL",
        env = "SMITHERS_GATEWAY_URL",
        hide_env_values = true
    )]
    url: Option<String>,
    /// File that holds the token; without it SMITHERS_API_KEY is used.
    #[arg(long, value_name = "FILE", conflicts_with = "token_stdin")]
    token_file: Option<PathBuf>,
    /// Read the token from standard input.
    #[arg(long)]
    token_stdin: bool,
    /// File of certificates (PEM) to trust besides those of the system.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Seconds to wait for an answer.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

impl Connection {
    /// Makes the client; connects to nothing yet.
    pub(in crate::cli) fn client(&self) -> Result<Client, ClientError> {
        let address = match &self.url {
            Some(url) => Address::parse(url)?,
            None => Address::of_this_machine(std::env::var("PORT").ok().as_deref()),
        };
        let credential = credential::read(self.token_file.as_deref(), self.token_stdin)?;
        let trust = match address.is_encrypted() {
            true => Trust::read(self.ca_file.as_deref())?,
            false => Trust::default(),
        };
        let tls = address.is_encrypted().then(|| trust.for_http());
        let patience = Duration::from_secs(self.timeout);
        if credential.is_some() && !address.is_encrypted() && !address.is_loopback() {
            crate::cli::output::warn(&format!(
                "{address} is not encrypted: whoever is on the way can read the token"
            ));
        }
        Ok(Client {
            agent: http::agent(tls, patience),
            address,
            credential,
            trust,
            patience,
        })
    }
}
