//! While a command of `token exec` runs, its bearer is in its environment and nowhere else.

#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::Stdio;

use smithers_testkit::wait::until;
use tokio::process::Child;

use crate::support::PATIENCE;
use crate::support::vault::Vault;

/// A command of `exec` that waits, and what is known of it.
struct Running {
    vault: Vault,
    bearer: String,
    child: Child,
}

impl Running {
    async fn start(store_format: &str) -> Self {
        let vault = Vault::new();
        let (_, handle, bearer) = vault.issue(&["--store-format", store_format]).await;
        let (ready, stop) = (vault.scratch.path("ready"), vault.scratch.path("stop"));
        let command = format!(
            "echo $$ >{0}.new; mv {0}.new {0}; while [ ! -e {1} ]; do sleep 0.02; done",
            ready.display(),
            stop.display()
        );
        let child = vault
            .command(&["exec", "--handle", &handle, "--command", &command])
            .stdout(Stdio::null())
            .stderr(File::create(vault.scratch.path("exec.log")).unwrap())
            .spawn()
            .unwrap();
        let begun = until("the command to run", PATIENCE, || async {
            Ok(ready.exists().then_some(()))
        });
        begun.await.unwrap();
        Running {
            vault,
            bearer,
            child,
        }
    }

    /// Process id of `exec`, which waits.
    fn waiting(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Process id of the command.
    fn command(&self) -> u32 {
        self.vault.text("ready").trim().parse().unwrap()
    }

    fn secret(&self) -> &[u8] {
        &self.bearer.as_bytes()["smithers_".len()..]
    }

    async fn stop(mut self) -> Vault {
        std::fs::write(self.vault.scratch.path("stop"), "").unwrap();
        assert!(self.child.wait().await.unwrap().success());
        self.vault
    }
}

fn holds(bytes: &[u8], secret: &[u8]) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret)
}

/// Reads a file of /proc; a process that has ended, or that keeps others out, shows nothing.
fn proc(path: &str) -> Vec<u8> {
    std::fs::read(Path::new("/proc").join(path)).unwrap_or_default()
}

#[tokio::test]
async fn the_bearer_is_in_no_argument_of_any_process() {
    let running = Running::start("3").await;
    let mut processes = 0;
    for entry in std::fs::read_dir("/proc").unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.bytes().all(|byte| byte.is_ascii_digit()) {
            processes += 1;
            let arguments = proc(&format!("{name}/cmdline"));
            assert!(!holds(&arguments, running.secret()), "process {name}");
        }
    }
    assert!(processes > 2, "the scan sees processes");
    let own = proc(&format!("{}/environ", running.command()));
    assert!(holds(&own, running.secret()), "the command itself has it");
    running.stop().await;
}

#[tokio::test]
async fn the_process_that_waits_has_the_bearer_neither_in_its_environment_nor_in_its_memory() {
    for store_format in ["3", "2"] {
        let running = Running::start(store_format).await;
        let waiting = running.waiting();
        assert!(!holds(
            &proc(&format!("{waiting}/environ")),
            running.secret()
        ));
        let found = in_memory(waiting, running.secret());
        assert_eq!(found, None, "in a store of version {store_format}");
        if File::open(format!("/proc/{waiting}/mem")).is_ok() {
            assert!(
                in_memory(running.command(), running.secret()).is_some(),
                "the search finds it"
            );
        }
        running.stop().await;
    }
}

/// Looks for a secret in the memory of a process, and returns where it is. Only root may look, since the process keeps
/// others out; then there is nothing to find either.
fn in_memory(process: u32, secret: &[u8]) -> Option<String> {
    let mut memory = File::open(format!("/proc/{process}/mem")).ok()?;
    let maps = String::from_utf8(proc(&format!("{process}/maps"))).unwrap();
    let readable = maps.lines().filter(|line| {
        line.split(' ')
            .nth(1)
            .is_some_and(|mode| mode.starts_with("rw"))
    });
    for line in readable {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let address = |digits: &str| u64::from_str_radix(digits, 16).unwrap();
        let (from, to) = (address(from), address(to));
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        memory.seek(SeekFrom::Start(from)).unwrap();
        if memory.read_exact(&mut bytes).is_ok() && holds(&bytes, secret) {
            return Some(line.to_owned());
        }
    }
    None
}

#[tokio::test]
async fn nothing_that_is_written_holds_the_bearer_but_the_file_of_secrets() {
    let running = Running::start("3").await;
    let bearer = running.bearer.clone();
    let vault = running.stop().await;
    for entry in std::fs::read_dir(vault.scratch.path("")).unwrap() {
        let path = entry.unwrap().path();
        let is_secrets = path.ends_with("tokens.json.secrets");
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            assert_eq!(
                holds(&bytes, &bearer.as_bytes()["smithers_".len()..]),
                is_secrets,
                "{}",
                path.display()
            );
        }
    }
}

#[tokio::test]
async fn no_image_of_the_processes_can_reach_a_disk() {
    let running = Running::start("3").await;
    for process in [running.waiting(), running.command()] {
        let limits = String::from_utf8(proc(&format!("{process}/limits"))).unwrap();
        let core = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"))
            .unwrap();
        let words: Vec<&str> = core.split_whitespace().collect();
        assert_eq!(words[4..6], ["0", "0"], "{core}");
    }
    running.stop().await;
}
