//! A child process whose lines and end can be waited for, and which does not outlive its owner.

use std::{
    io::{self, BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
};

use rustix::process::{Pid, Resource, Rlimit, Signal, WaitId, WaitIdOptions, getrlimit, kill_process, prlimit, waitid};
use tokio::{sync::watch, time::timeout};

use crate::until::DEADLINE;

/// What a process has printed so far.
#[derive(Debug, Default, Clone)]
pub(crate) struct Printed {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The process has ended and nothing is left to be read.
    ended: bool,
}

/// A running or ended child process. Its lines are read by threads of its own, not by tasks, so that it may be shared by
/// tests that each have a runtime.
pub(crate) struct Process {
    child: Child,
    /// Known once it has been waited for. From then on the number of the process may be another's.
    status: Option<ExitStatus>,
    leash: Leash,
    printed: watch::Receiver<Printed>,
}

impl Process {
    /// Starts `command`. The folder `scratch` is removed should this process die without dropping what it owns.
    pub(crate) fn spawn(command: &mut Command, scratch: Option<&Path>) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let leash = Leash::tie(&child, scratch)?;
        let printed = follow(&mut child);
        Ok(Self { child, status: None, leash, printed })
    }

    /// The first line on stdout that is `wanted`, as soon as there is one; none if the process ends first or the
    /// deadline passes.
    pub(crate) async fn line(&self, wanted: impl Fn(&str) -> bool) -> Option<String> {
        let mut printed = self.printed.clone();
        let found = |printed: &Printed| printed.stdout.lines().find(|line| wanted(line)).map(ToOwned::to_owned);
        let seen = printed.wait_for(|printed| printed.ended || found(printed).is_some());
        let printed = timeout(DEADLINE, seen).await.ok()?.ok()?;
        found(&printed)
    }

    pub(crate) fn printed(&self) -> Printed {
        self.printed.borrow().clone()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Does nothing to a process that has ended.
    pub(crate) fn signal(&mut self, signal: Signal) {
        if self.status.is_none() {
            kill_process(Pid::from_child(&self.child), signal).expect("it is our child and has not been waited for");
        }
    }

    /// From now on no file that it writes may be longer than that; `None`: than the system allows.
    pub(crate) fn limit_files(&mut self, bytes: Option<u64>) {
        let Rlimit { maximum, .. } = getrlimit(Resource::Fsize);
        let limit = Rlimit { current: bytes.or(maximum), maximum };
        prlimit(Some(Pid::from_child(&self.child)), Resource::Fsize, limit).expect("it is our child and runs as we do");
    }

    /// Stops the process as it stands, and returns when it has stopped.
    pub(crate) fn pause(&mut self) {
        self.signal(Signal::STOP);
        let stopped = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(Pid::from_child(&self.child)), stopped).expect("a process that has ended cannot be paused");
    }

    /// Kills the process and waits until it is gone.
    pub(crate) async fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.ended().await;
    }

    /// Waits until the process has ended and all it printed has been read.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let mut printed = self.printed.clone();
        let ended = timeout(DEADLINE, printed.wait_for(|printed| printed.ended)).await;
        assert!(ended.is_ok(), "the process {} has not ended within {DEADLINE:?}", self.id());
        self.reap()
    }

    fn reap(&mut self) -> ExitStatus {
        // First the leash, which knows the process by its number.
        self.leash.untie();
        *self.status.insert(self.child.wait().expect("nobody else waits for a child of ours"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        self.reap();
    }
}

/// A shell that kills the process when its standard input ends, which the kernel sees to when we end, be it by SIGKILL.
/// It is a group of its own, out of reach of the interrupt key.
pub struct Leash(Child);

impl Leash {
    /// The folder `scratch` is removed as well.
    pub fn tie(child: &Child, scratch: Option<&Path>) -> io::Result<Self> {
        Command::new("sh")
            .args(["-c", r#"read -r _; kill -KILL "$1"; test -z "$2" || rm -rf -- "$2""#, "leash"])
            .arg(child.id().to_string())
            .arg(scratch.unwrap_or_else(|| Path::new("")))
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map(Self)
    }

    /// Before the process is waited for: then its number may be another's.
    pub fn untie(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn follow(child: &mut Child) -> watch::Receiver<Printed> {
    let pid = Pid::from_child(child);
    let stdout = child.stdout.take().expect("it was piped");
    let stderr = child.stderr.take().expect("it was piped");
    let (printing, printed) = watch::channel(Printed::default());
    thread::spawn(move || {
        thread::scope(|scope| {
            scope.spawn(|| read_lines(stderr, |line| printing.send_modify(|printed| printed.stderr += line)));
            read_lines(stdout, |line| printing.send_modify(|printed| printed.stdout += line));
        });
        // NOWAIT leaves the ended process to `Process`, and an error means that it has been taken already.
        let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
        printing.send_modify(|printed| printed.ended = true);
    });
    printed
}

fn read_lines(from: impl Read, mut take: impl FnMut(&str)) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        take(&String::from_utf8_lossy(&line));
        line.clear();
    }
}
