//! What a run says: two tables, the circumstances above them, and the same in docs/performance.md.
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use atropos_testbed::{Flavor, RedisServer};

use crate::clock::today;
use crate::compare::{Comparison, Side};
use crate::server::{Store, workspace};
use crate::stage::Plan;
use crate::stats::{median, percentile, range};
use crate::table::Table;

const BEGIN: &str = "<!-- table -->";
const END: &str = "<!-- /table -->";

pub(crate) struct Report {
    rates: Table,
    sizes: Table,
    failed: bool,
}

/// What stands left of the figures in a line about rates.
pub(crate) struct Line {
    pub(crate) title: &'static str,
    pub(crate) store: Store,
    pub(crate) floor: &'static str,
    /// `None` where a ratio is told and not judged.
    pub(crate) bar: Option<f64>,
}

impl Report {
    pub(crate) fn new() -> Self {
        let latencies = ["p50 ms", "p99 ms", "p99.9 ms", "CPU µs"];
        let rates = ["what", "store", "floor", "floor/s", "server/s", "ratio", "spread", "bar", ""];
        Self {
            rates: Table::new(&[&rates[..], &latencies[..]].concat()),
            sizes: Table::new(&["what", "store", "measured", "bar", ""]),
            failed: false,
        }
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failed
    }

    pub(crate) fn rate(&mut self, line: &Line, outcome: Result<Comparison>) {
        let mut cells = vec![line.title.to_owned(), line.store.to_string(), line.floor.to_owned()];
        match outcome {
            Ok(comparison) => cells.extend(figures(&comparison, line.bar)),
            Err(error) => cells.push(self.fail(line.title, &error)),
        }
        self.rates.push(cells);
    }

    /// `bar` is the most that may be measured; `None` where it is told and not judged.
    pub(crate) fn size(&mut self, line: (&'static str, Store, &str), outcome: Result<f64>, bar: Option<f64>) {
        let (title, store, unit) = line;
        let mut cells = vec![title.to_owned(), store.to_string()];
        match outcome {
            Ok(value) => {
                cells.push(format!("{value:.1} {unit}"));
                cells.push(bar.map_or_else(String::new, |bar| format!("≤ {bar} {unit}")));
                cells.push(verdict(bar.map(|bar| value <= bar)));
            }
            Err(error) => cells.push(self.fail(title, &error)),
        }
        self.sizes.push(cells);
    }

    pub(crate) fn text(&self) -> String {
        self.join(Table::text)
    }

    /// Puts the tables between the markers of docs/performance.md.
    pub(crate) async fn write(&self, plan: &Plan) -> Result<()> {
        let path = workspace().join("docs/performance.md");
        let page = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let tables = format!("{}\n\n{}", circumstances(plan).await?, self.join(Table::markdown));
        std::fs::write(&path, splice(&page, &tables)?)?;
        Ok(())
    }

    fn join(&self, render: impl Fn(&Table) -> String) -> String {
        let tables = [&self.rates, &self.sizes];
        tables.into_iter().filter(|table| !table.is_empty()).map(render).collect::<Vec<_>>().join("\n")
    }

    fn fail(&mut self, title: &str, error: &anyhow::Error) -> String {
        self.failed = true;
        eprintln!("FAILED: {title}: {error:#}");
        // One line: a reason from elsewhere may hold several.
        format!("FAILED: {error:#}").replace(['\r', '\n'], " ")
    }
}

fn figures(comparison: &Comparison, bar: Option<f64>) -> Vec<String> {
    let ratios = comparison.ratios();
    let (ratio, (low, high)) = (median(&ratios), range(&ratios));
    let both =
        |figure: &dyn Fn(&Side) -> String| format!("{} → {}", figure(&comparison.floor), figure(&comparison.subject));
    let latency = |per_mille| both(&|side| format!("{:.2}", f64::from(percentile(&side.latencies, per_mille)) / 1e3));
    vec![
        format!("{:.0}", median(&comparison.floor.rates)),
        format!("{:.0}", median(&comparison.subject.rates)),
        format!("{ratio:.2}"),
        format!("{low:.2}–{high:.2}"),
        bar.map_or_else(String::new, |bar| format!("≥ {bar:.2}")),
        verdict(bar.map(|bar| ratio >= bar)),
        latency(500),
        latency(990),
        latency(999),
        both(&|side| format!("{:.1}", side.cpu_per_request())),
    ]
}

fn verdict(holds: Option<bool>) -> String {
    match holds {
        Some(true) => "holds",
        Some(false) => "BELOW",
        None => "informative",
    }
    .to_owned()
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
        ": atropos {}, actix-web {}, redis crate {}, redis-server {}, {}; {} rounds of {} s, {} connections, {} sessions.",
        said("git", &["describe", "--always", "--dirty"]).unwrap_or_else(|| env!("CARGO_PKG_VERSION").to_owned()),
        locked(&lock, "actix-web").context("Cargo.lock without actix-web")?,
        locked(&lock, "redis").context("Cargo.lock without redis")?,
        redis_version().await?,
        said("rustc", &["--version"]).unwrap_or_else(|| "rustc of unknown version".to_owned()),
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

/// `page` with `tables` between its markers.
fn splice(page: &str, tables: &str) -> Result<String> {
    let Some((before, rest)) = page.split_once(BEGIN) else { bail!("docs/performance.md has no {BEGIN}") };
    let Some((_, after)) = rest.split_once(END) else { bail!("docs/performance.md has no {END} after {BEGIN}") };
    Ok(format!("{before}{BEGIN}\n{}\n{END}{after}", tables.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_replaces_the_one_before_and_nothing_else() {
        let page = "# Speed\n<!-- table -->\nold\n<!-- /table -->\nthe end\n";
        let once = splice(page, "| new |\n").unwrap();
        assert_eq!(once, "# Speed\n<!-- table -->\n| new |\n<!-- /table -->\nthe end\n");
        assert_eq!(splice(&once, "| new |\n").unwrap(), once);
        assert!(splice("no markers", "x").is_err());
    }

    #[test]
    fn versions_come_from_the_lock_file() {
        let lock =
            "[[package]]\nname = \"redis\"\nversion = \"1.8.1\"\n\n[[package]]\nname = \"redb\"\nversion = \"4.5.0\"\n";
        assert_eq!(locked(lock, "redis"), Some("1.8.1"));
        assert_eq!(locked(lock, "red"), None);
    }

    #[test]
    fn a_row_that_failed_says_so_and_has_no_figures() {
        let mut report = Report::new();
        let line = Line { title: "refresh", store: Store::Redis, floor: "one SET", bar: Some(0.45) };
        report.rate(&line, Err(anyhow::anyhow!("answered 503:\n{{}}")));
        assert!(report.has_failed());
        let text = report.text();
        assert!(text.lines().nth(1).is_some_and(|line| line.ends_with("FAILED: answered 503: {}")), "{text}");
    }
}
