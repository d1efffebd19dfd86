//! `smithers runs events RUN [--follow]`: a client of a gateway like any other.

use anyhow::{Context, anyhow, bail};
use clap::Args;
use serde_json::{Value, json};
use tungstenite::Message;
use tungstenite::stream::MaybeTlsStream;

use super::output::{Output, note};

/// What was typed.
#[derive(Debug, Args)]
pub(super) struct EventsArgs {
    /// Id of the run.
    run: String,
    /// Go on with live events until the run ends.
    #[arg(long, short)]
    follow: bool,
    /// Begin after this number.
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    after_seq: u64,
    /// Address of the gateway.
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://127.0.0.1:7331",
        env = "SMITHERS_GATEWAY_URL"
    )]
    url: String,
}

type Socket = tungstenite::WebSocket<MaybeTlsStream<std::net::TcpStream>>;

pub(super) fn run(args: &EventsArgs, output: &Output) -> anyhow::Result<()> {
    let token = std::env::var("SMITHERS_API_KEY").ok();
    let mut socket = connect(args)?;
    call(
        &mut socket,
        "connect",
        &connect_params(args, token.as_deref()),
    )?;
    let params = json!({"runId": args.run, "afterSeq": args.after_seq});
    let current = call(&mut socket, "streamRunEvents", &params)?["currentSeq"]
        .as_u64()
        .unwrap_or(0);
    if current <= args.after_seq && !args.follow {
        return Ok(());
    }
    print_events(&mut socket, args, current, output)
}

fn connect(args: &EventsArgs) -> anyhow::Result<Socket> {
    let address = match args.url.strip_prefix("http://") {
        Some(rest) => format!("ws://{}/", rest.trim_end_matches('/')),
        None => bail!("--url must begin with http:// (put a TLS proxy's plain side here)"),
    };
    let (socket, _) = tungstenite::connect(&address)
        .with_context(|| format!("no gateway answers at {}", args.url))?;
    Ok(socket)
}

fn connect_params(args: &EventsArgs, token: Option<&str>) -> Value {
    let client =
        json!({"id": "smithers-cli", "version": env!("CARGO_PKG_VERSION"), "platform": "cli"});
    let mut params =
        json!({"minProtocol": 1, "maxProtocol": 1, "client": client, "subscribe": [args.run]});
    if let Some(token) = token {
        params["auth"] = json!({"token": token});
    }
    params
}

/// Sends a request and returns the payload of its answer; the method is its id.
fn call(socket: &mut Socket, method: &str, params: &Value) -> anyhow::Result<Value> {
    let frame = json!({"type": "req", "id": method, "method": method, "params": params});
    socket.send(Message::text(frame.to_string()))?;
    loop {
        let mut frame = next(socket)?;
        if frame["type"] != "res" {
            continue;
        }
        if frame["ok"] == true {
            return Ok(frame["payload"].take());
        }
        let (code, message) = (
            text(&frame["error"]["code"]),
            text(&frame["error"]["message"]),
        );
        let hint = match code {
            "UNAUTHORIZED" => " (put a token with run:read into SMITHERS_API_KEY)",
            _ => "",
        };
        bail!("{message} [{code}]{hint}");
    }
}

fn next(socket: &mut Socket) -> anyhow::Result<Value> {
    loop {
        match socket.read().context("the gateway closed the connection")? {
            Message::Text(text) => return Ok(serde_json::from_str(&text)?),
            Message::Close(frame) => {
                let reason = frame.map_or_else(String::new, |frame| format!(": {}", frame.reason));
                return Err(anyhow!("the gateway closed the connection{reason}"));
            }
            _ => {}
        }
    }
}

/// Prints events until the run ends, or until `current` was printed when nobody follows.
fn print_events(
    socket: &mut Socket,
    args: &EventsArgs,
    current: u64,
    output: &Output,
) -> anyhow::Result<()> {
    loop {
        let frame = next(socket)?;
        let payload = &frame["payload"];
        match text(&frame["event"]) {
            "run.event" => print_event(payload, output)?,
            "run.gap_resync" => {
                let (from, to) = (&payload["fromSeq"], &payload["toSeq"]);
                note(&format!("note: events {from} to {to} are no longer kept"));
            }
            "run.error" => bail!("{}", text(&payload["error"]["message"])),
            _ => continue,
        }
        let ended = payload["event"] == "run.completed";
        let reached = payload["seq"].as_u64().is_some_and(|seq| seq >= current);
        if ended || (reached && !args.follow) {
            return Ok(());
        }
    }
}

fn print_event(payload: &Value, output: &Output) -> anyhow::Result<()> {
    let item =
        json!({"seq": payload["seq"], "event": payload["event"], "payload": payload["payload"]});
    output.print_item(&item, || line(payload))
}

fn line(payload: &Value) -> String {
    let inner = &payload["payload"];
    let subject = inner["nodeId"]
        .as_str()
        .or(inner["status"].as_str())
        .unwrap_or_default();
    let detail = inner["error"]["message"].as_str().unwrap_or_default();
    let line = format!(
        "{:>6}  {:<24} {subject}  {detail}",
        payload["seq"].to_string(),
        text(&payload["event"])
    );
    line.trim_end().to_owned()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
