//! How the command line reaches a gateway: addresses, tokens, TLS, and what it says when it cannot.

use std::process::Stdio;
use std::sync::Arc;

use smithers_testkit::Scratch;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::support::{
    OPERATOR, Operator, READER, command, error_of, launch, run, scratch, wait_for,
};

/// A TLS proxy before a gateway, with a certificate of an authority that nobody knows.
struct Proxy {
    url: String,
    /// The certificate, as text.
    certificate: String,
}

impl Proxy {
    async fn start(upstream: &str) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let upstream = upstream.to_owned();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, upstream) = (acceptor.clone(), upstream.clone());
                tokio::spawn(async move {
                    // A client that does not trust the certificate goes away.
                    let Ok(mut client) = acceptor.accept(client).await else {
                        return;
                    };
                    let mut gateway = TcpStream::connect(upstream).await.unwrap();
                    let _ = copy_bidirectional(&mut client, &mut gateway).await;
                });
            }
        });
        Self {
            url: format!("https://localhost:{port}"),
            certificate: made.cert.pem(),
        }
    }
}

/// Answers every connection with `text` and closes it.
async fn impostor(text: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(text.as_bytes()).await;
        }
    });
    format!("http://{address}")
}

async fn error_at(url: &str) -> serde_json::Value {
    let ended = run(&scratch(), &["runs", "list", "--url", url, "--json"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    error_of(&ended)
}

#[tokio::test]
async fn no_gateway_a_proxy_without_one_and_something_else_are_told_apart() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let error = error_at(&nobody).await;
    assert_eq!(error["code"], "GATEWAY_UNREACHABLE", "{error}");
    assert!(error["hint"].as_str().unwrap().contains("smithers gateway"));

    let proxy = impostor("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 3\r\n\r\nno!").await;
    let error = error_at(&proxy).await;
    assert_eq!(error["code"], "GATEWAY_UNREACHABLE", "{error}");
    assert!(
        error["message"].as_str().unwrap().contains("502"),
        "{error}"
    );

    let page = impostor("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>").await;
    assert_eq!(error_at(&page).await["code"], "NOT_A_GATEWAY");
    let json = impostor("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    assert_eq!(error_at(&json).await["code"], "NOT_A_GATEWAY");
    let ssh = impostor("SSH-2.0-OpenSSH_9.2\r\n").await;
    assert_eq!(error_at(&ssh).await["code"], "NOT_A_GATEWAY");
}

#[tokio::test]
async fn the_token_is_sent_nowhere_but_to_the_address_that_was_named() {
    let moved =
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/elsewhere\r\ncontent-length: 0\r\n\r\n";
    let error = error_at(&impostor(moved).await).await;
    assert_eq!(error["code"], "NOT_A_GATEWAY", "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("it sends to http://127.0.0.1:1/elsewhere"),
        "{message}"
    );
}

#[tokio::test]
async fn a_gateway_that_accepts_no_writes_is_not_healthy() {
    let degraded = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 55\r\n\r\n{\"ok\":false,\"protocol\":1,\"stateVersion\":7,\"identity\":0}";
    let url = impostor(degraded).await;
    let ended = run(&scratch(), &["health", "--url", &url]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("degraded"), "{ended:?}");
    assert!(ended.stderr.contains("[UNAVAILABLE]"), "{ended:?}");
}

#[tokio::test]
async fn silence_ends_with_a_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let arguments = ["runs", "list", "--url", &url, "--timeout", "1", "--json"];
    let ended = run(&scratch(), &arguments).await;
    assert_eq!(error_of(&ended)["code"], "GATEWAY_TIMEOUT", "{ended:?}");
}

#[tokio::test]
async fn without_a_token_and_with_a_wrong_one_the_error_says_what_to_set() {
    let mut operator = Operator::start().await;
    operator.scratch.unset("SMITHERS_API_KEY");
    for command in [&["runs", "list"][..], &["runs", "events", "r1"]] {
        let error = operator.error(command).await;
        assert_eq!(error["code"], "UNAUTHORIZED", "{error}");
        let hint = error["hint"].as_str().unwrap();
        assert!(hint.contains("SMITHERS_API_KEY"), "{hint}");
    }
    operator.scratch.set("SMITHERS_API_KEY", "wrong-token");
    let ended = operator.run(&["runs", "list"]).await;
    assert!(ended.stderr.contains("Invalid token [UNAUTHORIZED]"));
    assert!(!ended.stderr.contains("wrong-token"), "{ended:?}");
}

#[tokio::test]
async fn the_token_comes_from_the_environment_a_file_or_standard_input() {
    let mut operator = Operator::start().await;
    operator.scratch.unset("SMITHERS_API_KEY");
    let file = operator.scratch.path("key");
    std::fs::write(&file, format!("{READER}\n")).unwrap();
    let file = file.to_str().unwrap();
    operator.json(&["runs", "list", "--token-file", file]).await;
    let error = operator
        .error(&["runs", "launch", "chain", "--token-file", file])
        .await;
    assert_eq!(error["code"], "FORBIDDEN", "the token of the file is used");

    let mut child = command(&operator.scratch, &["runs", "list", "--token-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(OPERATOR.as_bytes()).await.unwrap();
    drop(stdin);
    let ended = child.wait_with_output().await.unwrap();
    assert!(ended.status.success(), "{ended:?}");

    let error = operator
        .error(&["runs", "list", "--token-file", "/nowhere/key"])
        .await;
    assert_eq!(error["code"], "TOKEN_UNREADABLE", "{error}");
}

#[tokio::test]
async fn no_flag_takes_a_token_as_its_value() {
    for flag in ["--token", "--api-key", "--bearer"] {
        let ended = run(&scratch(), &["runs", "list", flag, "secret-value"]).await;
        assert_eq!(ended.code, Some(4), "{flag}: {ended:?}");
    }
}

#[tokio::test]
async fn the_default_address_has_the_port_of_the_environment() {
    let mut operator = Operator::start().await;
    operator.scratch.unset("SMITHERS_GATEWAY_URL");
    let port = operator.gateway.address().rsplit(':').next().unwrap();
    operator.scratch.set("PORT", port.to_owned());
    operator.json(&["runs", "list"]).await;
}

#[tokio::test]
async fn methods_and_events_go_through_a_tls_proxy_whose_authority_is_named() {
    let operator = Operator::start().await;
    launch(&operator.gateway, "chain", "r1", serde_json::json!({})).await;
    wait_for(&operator.gateway, "r1", "finished").await;
    let proxy = Proxy::start(operator.gateway.address()).await;
    let authority = operator.scratch.path("ca.pem");
    std::fs::write(&authority, &proxy.certificate).unwrap();
    let flags = [
        "--url",
        &proxy.url,
        "--ca-file",
        authority.to_str().unwrap(),
    ];

    let rows = operator
        .json(&[&["runs", "list"], &flags[..]].concat())
        .await;
    assert_eq!(rows[0]["runId"], "r1");
    let events = operator
        .text(&[&["runs", "events", "r1", "--follow"], &flags[..]].concat())
        .await;
    assert!(events.ends_with("finished\n"), "{events}");
    untrusted(&operator.scratch, &proxy).await;
}

/// Without the authority neither way sends anything to the proxy.
async fn untrusted(scratch: &Scratch, proxy: &Proxy) {
    for command in [&["runs", "list"][..], &["runs", "events", "r1"]] {
        let ended = run(
            scratch,
            &[command, &["--url", &proxy.url, "--json"]].concat(),
        )
        .await;
        let error = error_of(&ended);
        assert_eq!(error["code"], "TLS_FAILED", "{error}");
        assert!(error["hint"].as_str().unwrap().contains("--ca-file"));
    }
}
