//! Commands of tasks: a shell in a process group of its own, with bounded output, ended as a group.
//!
//! The script thread never waits for one: it starts it here and looks later whether it has ended.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::io::{self, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;
use rquickjs::{Ctx, Function, Object, Result};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use serde_json::{Map, Value, json};

/// How much of each output of a command is kept, bytes: its end.
const MOST_OUTPUT_BYTES: usize = 16 << 20;

/// Where commands are looked for when the operator shows modules no `PATH`.
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How long to wait for the rest of the output once a command has ended.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Puts the functions where the built-in modules find them. `most` commands run at a time; `env` is the visible
/// environment as a JSON object, and all that a command gets.
pub(super) fn install<'js>(
    ctx: &Ctx<'js>,
    native: &Object<'js>,
    most: usize,
    env: &str,
) -> Result<()> {
    native.set("commandsAllowed", most > 0)?;
    let env: HashMap<String, String> = serde_json::from_str(env).unwrap_or_default();
    let commands = Rc::new(RefCell::new(Commands::default()));
    let starting = Rc::clone(&commands);
    let start = move |text: String, folder: String| {
        let mut commands = starting.borrow_mut();
        (commands.running.len() < most).then(|| commands.start(&text, &folder, &env))
    };
    let looking = Rc::clone(&commands);
    let end = move |id: u32| looking.borrow_mut().take_end(id);
    let kill = move |id: u32, at_once: bool| commands.borrow().kill(id, at_once);
    native.set("startCommand", Function::new(ctx.clone(), start)?)?;
    native.set("commandEnd", Function::new(ctx.clone(), end)?)?;
    native.set("killCommand", Function::new(ctx.clone(), kill)?)
}

/// Commands of one runtime. Dropping them kills what still runs.
#[derive(Default)]
struct Commands {
    next: u32,
    running: HashMap<u32, Arc<Running>>,
}

impl Commands {
    /// Starts `text` and returns what to ask for its end by.
    fn start(&mut self, text: &str, folder: &str, env: &HashMap<String, String>) -> u32 {
        self.next += 1;
        let running = Arc::new(Running::default());
        match spawn(text, folder, env) {
            Ok(child) => follow(child, Arc::clone(&running)),
            Err(error) => running.state.lock().end = Some(failure(&error)),
        }
        self.running.insert(self.next, running);
        self.next
    }

    /// How a command ended, as JSON; none while it runs.
    fn take_end(&mut self, id: u32) -> Option<String> {
        let end = self.running.get(&id)?.state.lock().end.take()?;
        self.running.remove(&id);
        Some(end.to_string())
    }

    fn kill(&self, id: u32, at_once: bool) {
        if let Some(running) = self.running.get(&id) {
            running.signal(if at_once { Signal::KILL } else { Signal::TERM });
        }
    }
}

impl Drop for Commands {
    fn drop(&mut self) {
        for running in self.running.values() {
            running.signal(Signal::KILL);
        }
    }
}

/// A command that was started.
#[derive(Default)]
struct Running {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Its process group, for as long as the number is its own.
    group: Option<Pid>,
    end: Option<Value>,
}

impl Running {
    /// Signals the whole group. One that is gone needs none.
    fn signal(&self, signal: Signal) {
        if let Some(group) = self.state.lock().group {
            let _ = kill_process_group(group, signal);
        }
    }

    /// Kills what is left of the group while its number is still taken, and forgets it.
    fn release(&self) {
        if let Some(group) = self.state.lock().group.take() {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

fn spawn(text: &str, folder: &str, env: &HashMap<String, String>) -> io::Result<Child> {
    Command::new("/bin/sh")
        .args(["-c", text])
        .current_dir(folder)
        .env_clear()
        .env("PATH", USUAL_PATH)
        .envs(env)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

/// Follows `child` to its end on a thread of its own.
fn follow(mut child: Child, running: Arc<Running>) {
    running.state.lock().group = Pid::from_raw(child.id() as i32);
    let (done, all_read) = mpsc::channel();
    let stdout = child.stdout.take().map(|pipe| Tail::read(pipe, &done));
    let stderr = child.stderr.take().map(|pipe| Tail::read(pipe, &done));
    drop(done);
    thread::spawn(move || {
        // The number stays taken until the child is reaped, so nobody else can be killed by it.
        let _ = waitid(
            WaitId::Pid(Pid::from_child(&child)),
            WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
        );
        running.release();
        let status = child.wait();
        // Nothing is sent: this ends when both readers are done.
        let _ = all_read.recv_timeout(LAST_WORDS);
        let end = match status {
            Ok(status) => ended(status, stdout, stderr),
            Err(error) => failure(&error),
        };
        running.state.lock().end = Some(end);
    });
}

fn ended(
    status: ExitStatus,
    stdout: Option<Arc<Mutex<Tail>>>,
    stderr: Option<Arc<Mutex<Tail>>>,
) -> Value {
    let (stdout, out_cut) = Tail::text(stdout);
    let (stderr, err_cut) = Tail::text(stderr);
    let mut end = Map::new();
    end.insert("exitCode".into(), json!(status.code()));
    end.insert("signal".into(), json!(status.signal().map(signal_name)));
    end.insert("stdout".into(), stdout.into());
    end.insert("stderr".into(), stderr.into());
    if out_cut || err_cut {
        end.insert("truncated".into(), true.into());
    }
    end.into()
}

fn failure(error: &io::Error) -> Value {
    json!({ "exitCode": null, "signal": null, "stdout": "", "stderr": "", "error": format!("it cannot be started: {error}") })
}

/// Names the signals that end commands in practice.
fn signal_name(number: i32) -> String {
    match number {
        1 => "SIGHUP".into(),
        2 => "SIGINT".into(),
        6 => "SIGABRT".into(),
        9 => "SIGKILL".into(),
        11 => "SIGSEGV".into(),
        13 => "SIGPIPE".into(),
        15 => "SIGTERM".into(),
        other => format!("signal {other}"),
    }
}

/// The end of what a command writes.
#[derive(Default)]
struct Tail {
    bytes: VecDeque<u8>,
    is_cut: bool,
}

impl Tail {
    /// Reads `pipe` to its end on a thread of its own, which then drops its copy of `done`.
    fn read(mut pipe: impl Read + Send + 'static, done: &mpsc::Sender<()>) -> Arc<Mutex<Self>> {
        let tail = Arc::new(Mutex::new(Self::default()));
        let (filled, done) = (Arc::clone(&tail), done.clone());
        thread::spawn(move || {
            let mut buffer = vec![0; 64 << 10];
            while let Ok(read @ 1..) = pipe.read(&mut buffer) {
                filled.lock().push(&buffer[..read]);
            }
            drop(done);
        });
        tail
    }

    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        let over = self.bytes.len().saturating_sub(MOST_OUTPUT_BYTES);
        self.bytes.drain(..over);
        self.is_cut |= over > 0;
    }

    /// What was read so far, and whether its beginning is missing.
    fn text(tail: Option<Arc<Mutex<Self>>>) -> (String, bool) {
        let Some(tail) = tail else {
            return (String::new(), false);
        };
        let mut tail = tail.lock();
        let bytes = tail.bytes.make_contiguous();
        (String::from_utf8_lossy(bytes).into_owned(), tail.is_cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_keeps_the_end() {
        let mut tail = Tail::default();
        tail.push(b"begin");
        tail.push(&vec![b'x'; MOST_OUTPUT_BYTES - 1]);
        assert!(tail.is_cut);
        assert_eq!(tail.bytes.len(), MOST_OUTPUT_BYTES);
        assert_eq!(tail.bytes.front(), Some(&b'n'));
    }
}
