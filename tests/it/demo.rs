//! `smithers gateway --demo`: what it prints can be pasted, and works.

use std::path::Path;
use std::process::{Output, Stdio};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::support::{PATIENCE, binary};

/// The end of the guide.
const LAST_LINE: &str = "The workflow is ";

/// The demo in a folder of its own.
struct Demo {
    folder: tempfile::TempDir,
    /// Ends with this value.
    gateway: Child,
    guide: String,
}

impl Demo {
    async fn start(arguments: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), arguments).await
    }

    async fn start_in(folder: tempfile::TempDir, arguments: &[&str]) -> Self {
        let mut gateway = command(binary().to_str().unwrap(), folder.path())
            .args(["gateway", "--demo", "--port", "0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(gateway.stdout.take().unwrap()).lines();
        let mut guide = String::new();
        while !guide.contains(LAST_LINE) {
            let line = timeout(PATIENCE, lines.next_line()).await;
            let line = line.expect("the demo says what to paste").unwrap();
            guide.push_str(&line.expect("the guide is printed whole"));
            guide.push('\n');
        }
        Self {
            folder,
            gateway,
            guide,
        }
    }

    /// The line to paste that holds `word`.
    fn line(&self, word: &str) -> &str {
        let mut lines = self.guide.lines().filter(|line| line.starts_with("  "));
        let found = lines.find(|line| line.contains(word) && !line.contains('#'));
        found.unwrap_or_else(|| panic!("{word} in {}", self.guide))
    }

    /// The id of the run that the guide launches.
    fn run(&self) -> String {
        let mut words = self.line(" launch ").split_whitespace();
        let found = words.find(|word| word.starts_with("demo-"));
        found.expect("the guide names the run").to_owned()
    }

    /// Pastes the line that holds `word`.
    fn paste(&self, word: &str) -> impl Future<Output = Output> + use<> {
        self.shell(self.line(word))
    }

    /// Pastes the first line, which says where the gateway is, and `line`.
    fn shell(&self, line: &str) -> impl Future<Output = Output> + use<> {
        let pasted = format!("{}\n{line}", self.line("export "));
        let mut shell = command("sh", self.folder.path());
        let ended = shell.args(["-c", &pasted]).output();
        async move {
            let ended = timeout(PATIENCE, ended).await;
            ended.expect("what was pasted ends").unwrap()
        }
    }
}

fn command(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .current_dir(folder)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

#[tokio::test]
async fn what_the_demo_prints_can_be_pasted_and_shows_no_token() {
    let demo = Demo::start(&[]).await;
    let key = std::fs::read_to_string(demo.folder.path().join(".smithers/demo/key")).unwrap();
    assert!(
        !demo.guide.contains(key.trim()),
        "the token stays in its file"
    );

    assert!(demo.paste(" health").await.status.success());
    let launched = demo.paste(" launch ").await;
    assert!(launched.status.success(), "{launched:?}");
    let follower = tokio::spawn(demo.paste(" --follow"));
    crate::support::until_true("the approval to be asked for", || async {
        let page = demo.paste(" show ").await;
        String::from_utf8_lossy(&page.stdout).contains("Ship app-1.0.0.tar.gz?")
    })
    .await;
    let approved = demo.paste(" approve ").await;
    assert!(approved.status.success(), "{approved:?}");
    let events = String::from_utf8(follower.await.unwrap().stdout).unwrap();
    assert!(events.ends_with("finished\n"), "{events}");
}

#[tokio::test]
async fn a_run_of_the_demo_goes_on_with_the_changed_workflow() {
    let demo = Demo::start(&[]).await;
    assert!(demo.paste(" launch ").await.status.success());
    crate::support::until_true("the approval to be asked for", || async {
        let page = demo.paste(" show ").await;
        String::from_utf8_lossy(&page.stdout).contains("waiting-approval")
    })
    .await;
    let (
        run,
        Demo {
            folder,
            mut gateway,
            ..
        },
    ) = (demo.run(), demo);
    gateway.kill().await.unwrap();
    let module = folder.path().join(".smithers/demo/gateway.tsx");
    let text = std::fs::read_to_string(&module).unwrap();
    std::fs::write(&module, text + "// edited\n").unwrap();

    let again = Demo::start_in(folder, &[]).await;
    let decide = again.line(" approve ").replace(&again.run(), &run);
    let follow = again.line(" --follow").replace(&again.run(), &run);
    assert!(again.shell(&decide).await.status.success());
    let events = String::from_utf8(again.shell(&follow).await.stdout).unwrap();
    assert!(events.ends_with("finished\n"), "{events}");
}

#[tokio::test]
async fn the_demo_of_a_module_launches_it_with_an_input_that_fits() {
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/compute/gateway.tsx");
    let demo = Demo::start(&["--module", module]).await;
    assert!(demo.guide.contains("its workflows: compute."));
    let launched = demo.paste(" launch ").await;
    assert!(launched.status.success(), "{launched:?}");
    let followed = demo.paste(" --follow").await;
    let events = String::from_utf8(followed.stdout).unwrap();
    assert!(events.ends_with("finished\n"), "{events}");
}
