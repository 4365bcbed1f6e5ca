//! Processes started for a row, what they said, and what they cost.
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use atropos_testbed::Leash;
use rustix::process::{Signal, kill_process};

use crate::clock::now;

/// For what should take milliseconds: starting, stopping.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Pid(u32);

impl Pid {
    pub(crate) fn number(self) -> u32 {
        self.0
    }

    #[cfg(test)]
    pub(crate) fn own() -> Self {
        Self(std::process::id())
    }

    /// User and system time since the process began, and that of its children that live, for a peer may be several: in
    /// steps of the kernel's clock tick (10 ms as a rule).
    pub(crate) fn processor_time(self) -> io::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0))?;
        let ticks = ticks_of(&stat).ok_or_else(|| io::Error::other("/proc/PID/stat is not as proc(5) describes it"))?;
        let per_second = u32::try_from(rustix::param::clock_ticks_per_second()).map_err(io::Error::other)?;
        let own = Duration::from_secs(ticks) / per_second;
        self.children()?.into_iter().try_fold(own, |sum, child| Ok(sum + or_gone(child.processor_time())?))
    }

    /// None where the kernel was built not to tell (`CONFIG_PROC_CHILDREN`).
    fn children(self) -> io::Result<Vec<Self>> {
        let listed = or_gone(std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", self.0)))?;
        listed.split_ascii_whitespace().map(|id| id.parse().map(Self).map_err(io::Error::other)).collect()
    }

    /// Resident memory (`VmRSS`) in KiB.
    pub(crate) fn resident(self) -> Result<u32> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0))?;
        let line =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS in /proc/PID/status")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }
}

/// Nothing of what ended in the meantime.
fn or_gone<T: Default>(read: io::Result<T>) -> io::Result<T> {
    read.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(T::default()) } else { Err(error) })
}

/// Fields 14 and 15 of `/proc/PID/stat`, counted from behind the command, which may hold spaces and parentheses.
fn ticks_of(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// A child whose output goes to files, as in production: a pipe would make this process read every line of its log.
/// Dropped, it is killed, and its leash sees to it that it ends when this process is itself killed.
pub(crate) struct Process {
    child: Child,
    leash: Leash,
    name: &'static str,
    out: PathBuf,
    err: PathBuf,
}

impl Process {
    /// Starts `command`, writing `name.out` and `name.err` into `folder`, which is a temporary one.
    pub(crate) fn spawn(name: &'static str, mut command: Command, folder: &Path) -> Result<Self> {
        let (out, err) = (folder.join(format!("{name}.out")), folder.join(format!("{name}.err")));
        let child = command
            .stdin(Stdio::null())
            .stdout(File::create(&out)?)
            .stderr(File::create(&err)?)
            .spawn()
            .with_context(|| format!("cannot start {}; is it installed?", command.get_program().display()))?;
        let leash = Leash::tie(&child, Some(folder)).context("cannot start sh; is it installed?")?;
        Ok(Self { child, leash, name, out, err })
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid(self.child.id())
    }

    /// Waits until a whole line of its standard output holds `mark`, and gives what follows the mark.
    pub(crate) async fn says(&mut self, mark: &str) -> Result<String> {
        let deadline = now() + PATIENCE;
        while now() < deadline {
            let said = std::fs::read_to_string(&self.out)?;
            let found =
                said.split_inclusive('\n').filter(|line| line.ends_with('\n')).find_map(|line| line.split_once(mark));
            if let Some((_, rest)) = found {
                return Ok(rest.trim().to_owned());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended ({status}) instead of saying \"{mark}\": {}", self.name, self.complaint());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        bail!("{} did not say \"{mark}\" within {PATIENCE:?}: {}", self.name, self.complaint())
    }

    /// SIGTERM, and waits for the end.
    pub(crate) async fn stop(mut self) -> Result<()> {
        kill_process(rustix::process::Pid::from_child(&self.child), Signal::TERM)?;
        self.leash.untie();
        let deadline = now() + PATIENCE;
        while now() < deadline {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bail!("{} did not end within {PATIENCE:?} of SIGTERM", self.name)
    }

    /// The last lines of its standard error. Not of its output, where a server in `dev` prints a token.
    fn complaint(&self) -> String {
        let text = std::fs::read_to_string(&self.err).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        match lines.len() {
            0 => "it wrote no error".to_owned(),
            length => lines[length.saturating_sub(3)..].join(" / "),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.leash.untie();
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_may_look_like_the_end_of_the_command() {
        let stat = "77 (a) b) S 1 77 77 0 -1 4194560 120 0 0 0 250 50 0 0 20 0 3 0 100 1000 200";
        assert_eq!(ticks_of(stat), Some(300));
    }

    #[test]
    fn this_process_has_memory_and_has_used_time() {
        let pid = Pid::own();
        assert!(pid.resident().unwrap() > 100);
        pid.processor_time().unwrap();
    }

    #[tokio::test]
    async fn the_time_of_a_child_counts_as_that_of_its_parent() {
        let folder = tempfile::tempdir().unwrap();
        let mut shell = Command::new("sh");
        let busy = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo it has worked";
        shell.args(["-c", &format!("sh -c '{busy}; exec tail --pid=$PPID -f /dev/null' & wait")]);
        let mut process = Process::spawn("shell", shell, folder.path()).unwrap();
        process.says("it has").await.unwrap();
        let pid = process.pid();
        let own = ticks_of(&std::fs::read_to_string(format!("/proc/{}/stat", pid.0)).unwrap()).unwrap();
        assert!(own < 3 && pid.processor_time().unwrap() >= Duration::from_millis(50), "{own}");
    }

    #[tokio::test]
    async fn a_line_is_taken_only_when_it_is_whole_and_an_early_end_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", "printf 'address: half'; printf ' and half\n'; echo why >&2; exit 3"]);
        let mut process = Process::spawn("shell", shell, folder.path()).unwrap();
        assert_eq!(process.says("address: ").await.unwrap(), "half and half");
        let error = process.says("never").await.unwrap_err().to_string();
        assert!(error.contains("exit status: 3") && error.contains("why"), "{error}");
    }
}
