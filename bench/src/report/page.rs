//! docs/performance.md: what stands between its markers, and above that when, where and with which versions.
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use atropos_testbed::{Flavor, RedisServer};

use super::Section;
use crate::clock::today;
use crate::server::workspace;
use crate::stage::Plan;

/// A picture beside the page.
pub(crate) struct Drawing {
    /// Of its file, without a suffix.
    pub(crate) name: &'static str,
    /// What it shows, for whoever cannot see it.
    pub(crate) title: &'static str,
    pub(crate) svg: String,
}

/// Puts `tables`, and the pictures above them, into their section of the page.
pub(super) async fn write(section: Section, plan: &Plan, drawings: &[&Drawing], tables: &str) -> Result<()> {
    let docs = workspace().join("docs");
    let path = docs.join("performance.md");
    let page = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut text = circumstances(plan).await?;
    for Drawing { name, title, svg } in drawings {
        std::fs::create_dir_all(docs.join("performance"))?;
        std::fs::write(docs.join("performance").join(name).with_extension("svg"), svg)?;
        write!(text, "\n\n![{title}](performance/{name}.svg)")?;
    }
    std::fs::write(&path, splice(&page, section.marker(), &format!("{text}\n\n{tables}"))?)?;
    Ok(())
}

/// When, where, and with which versions: what a reader needs in order to compare two tables.
async fn circumstances(plan: &Plan) -> Result<String> {
    let lock = std::fs::read_to_string(workspace().join("Cargo.lock"))?;
    let mut text = format!("Measured on {} with {} cores", today(), std::thread::available_parallelism()?);
    if let Some(model) = field(Path::new("/proc/cpuinfo"), "model name") {
        write!(text, " ({model})")?;
    }
    write!(
        text,
        ": atropos {}, actix-web {}, redis crate {}, redis-server {}, {}{}; {} rounds of {} s, {} connections, {} sessions.",
        said("git", &["describe", "--always", "--dirty"]).unwrap_or_else(|| env!("CARGO_PKG_VERSION").to_owned()),
        locked(&lock, "actix-web").context("Cargo.lock without actix-web")?,
        locked(&lock, "redis").context("Cargo.lock without redis")?,
        redis_version().await?,
        said("rustc", &["--version"]).unwrap_or_else(|| "rustc of unknown version".to_owned()),
        said("node", &["--version"]).map_or_else(String::new, |version| format!(", node {version}")),
        plan.load.rounds,
        plan.load.span.measured.as_secs(),
        plan.load.connections,
        plan.sessions,
    )?;
    Ok(text)
}

/// Of a server like those that the rows had.
async fn redis_version() -> Result<String> {
    let server = RedisServer::start(Flavor::Redis, &[]).await;
    let mut connection = redis::Client::open(server.url())?.get_multiplexed_async_connection().await?;
    let info: redis::InfoDict = redis::cmd("INFO").arg("server").query_async(&mut connection).await?;
    info.get("redis_version").context("INFO without redis_version")
}

/// The first line of what a program prints, if there is such a program and it succeeds.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).current_dir(workspace()).output().ok()?;
    let line = String::from_utf8(output.stdout).ok()?.lines().next()?.to_owned();
    output.status.success().then_some(line)
}

fn field(path: &Path, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_prefix(':')).map(|value| value.trim().to_owned())
}

/// The version of `package` in a lock file.
fn locked<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let (_, rest) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    rest.split('"').next()
}

/// `page` with `text` between the markers of this name.
fn splice(page: &str, marker: &str, text: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- {marker} -->"), format!("<!-- /{marker} -->"));
    let Some((before, rest)) = page.split_once(&begin) else { bail!("docs/performance.md has no {begin}") };
    let Some((_, after)) = rest.split_once(&end) else { bail!("docs/performance.md has no {end} after {begin}") };
    Ok(format!("{before}{begin}\n{}\n{end}{after}", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_replaces_the_one_before_and_nothing_else() {
        let page = "# Speed\n<!-- table -->\nold\n<!-- /table -->\n<!-- timing -->\n<!-- /timing -->\nthe end\n";
        let once = splice(page, "table", "| new |\n").unwrap();
        assert_eq!(once, page.replace("old", "| new |"));
        assert_eq!(splice(&once, "table", "| new |\n").unwrap(), once);
        assert!(splice(&once, "growth", "x").is_err());
    }

    #[test]
    fn the_page_has_a_place_for_every_section() {
        let page = std::fs::read_to_string(workspace().join("docs/performance.md")).unwrap();
        for section in Section::ALL {
            splice(&page, section.marker(), "text").unwrap();
        }
    }

    #[test]
    fn versions_come_from_the_lock_file() {
        let lock =
            "[[package]]\nname = \"redis\"\nversion = \"1.8.1\"\n\n[[package]]\nname = \"redb\"\nversion = \"4.5.0\"\n";
        assert_eq!(locked(lock, "redis"), Some("1.8.1"));
        assert_eq!(locked(lock, "red"), None);
    }
}
