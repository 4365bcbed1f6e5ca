//! The server's program: how it is built and started. What is known of its command line stands only here.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use atropos_testbed::Binary;

use crate::node::Node;

/// A server that was built.
#[derive(Clone, Debug)]
pub struct Program(PathBuf);

/// What a node is started with. All nodes of one store have one data folder, which holds the master secret.
#[derive(Clone, Debug)]
pub struct Start<'a> {
    pub data: &'a Path,
    /// The URL of a Redis; `None` for the embedded store.
    pub store: Option<&'a str>,
    pub durability: &'a str,
    /// Further settings, as environment variables: `("ATROPOS__STORE__TIMEOUT", "1s")`.
    pub more: &'a [(&'a str, &'a str)],
}

/// A proof asks more in a minute than one client should be given.
const SETTINGS: [(&str, &str); 3] = [
    ("ATROPOS__LIMITS__ISSUES", "0"),
    ("ATROPOS__LIMITS__UNKNOWN_TOKENS", "0"),
    ("ATROPOS__METRICS__LISTEN", "127.0.0.1:0"),
];

impl Program {
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Builds it in the profile that this program was built in.
    pub fn build() -> Result<Self> {
        Self::build_in(workspace(), &Self::target()?)
    }

    /// Builds that of another tree.
    pub(crate) fn build_in(tree: &Path, target: &Path) -> Result<Self> {
        let folder = folder()?;
        let name = folder.file_name().context("the folder of a profile has a name")?;
        let profile = if name == "debug" { OsStr::new("dev") } else { name };
        let status = Command::new("cargo")
            .args(["build", "--locked", "--bin", "atropos", "--target-dir"])
            .arg(target)
            .arg("--profile")
            .arg(profile)
            .current_dir(tree)
            .status()
            .context("cannot start cargo")?;
        ensure!(status.success(), "the server does not build");
        Ok(Self(target.join(name).join("atropos")))
    }

    /// The folder that everything is built in.
    pub(crate) fn target() -> Result<PathBuf> {
        Ok(folder()?.parent().context("the folder of a profile lies in the target folder")?.to_owned())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Starts a node and waits until it listens.
    pub async fn start(&self, start: &Start<'_>) -> Node {
        Node::of(Binary::start_command(&mut self.command(start)).await)
    }

    /// The command that would start a node, for whoever changes it further.
    pub fn command(&self, start: &Start<'_>) -> Command {
        let mut command = Command::new(&self.0);
        command.args(["dev", "--listen", "127.0.0.1:0", "--issuer", "http://127.0.0.1:1", "--data"]).arg(start.data);
        command.args(start.store.iter().flat_map(|store| ["--store", store]));
        command.envs(SETTINGS).env("ATROPOS__STORE__DURABILITY", start.durability);
        command.envs(start.more.iter().copied());
        command
    }

    /// A command of operators, for the node that was started so or, while that is gone, for its store.
    pub fn operator(&self, start: &Start<'_>, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.0);
        command.args(arguments).arg("--data").arg(start.data);
        command.args(start.store.iter().flat_map(|store| ["--store", store]));
        command.envs(SETTINGS).env("ATROPOS__STORE__DURABILITY", start.durability);
        command.envs(start.more.iter().copied());
        command
    }
}

/// The folder of this program, which is that of its profile.
fn folder() -> Result<PathBuf> {
    Ok(std::env::current_exe()?.parent().context("a program lies in a folder")?.to_owned())
}

pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate lies in a folder of the workspace")
}
