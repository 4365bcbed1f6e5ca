//! What a run says: tables, and the same in docs/performance.md.
mod page;

use anyhow::Result;

use crate::compare::{Comparison, Side};
use crate::server::Store;
use crate::stage::Plan;
use crate::stats::{median, percentile, range};
use crate::table::Table;

pub(crate) use page::Drawing;

/// A part of the page that is replaced as a whole, or stays as it was.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Table,
    Timing,
    Connections,
    Logins,
    Growth,
    Instructions,
}

impl Section {
    #[cfg(test)]
    const ALL: [Self; 6] =
        [Self::Table, Self::Timing, Self::Connections, Self::Logins, Self::Growth, Self::Instructions];

    /// What its place in the page is called.
    pub(crate) const fn marker(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Timing => "timing",
            Self::Connections => "connections",
            Self::Logins => "logins",
            Self::Growth => "growth",
            Self::Instructions => "instructions",
        }
    }
}

/// A table of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sheet {
    Rates,
    Sizes,
    Timing,
    Connections,
    Logins,
    Growth,
    Costs,
    Instructions,
}

impl Sheet {
    const ALL: [Self; 8] = [
        Self::Rates,
        Self::Sizes,
        Self::Timing,
        Self::Connections,
        Self::Logins,
        Self::Growth,
        Self::Costs,
        Self::Instructions,
    ];

    const fn section(self) -> Section {
        match self {
            Self::Rates | Self::Sizes => Section::Table,
            Self::Timing => Section::Timing,
            Self::Connections => Section::Connections,
            Self::Logins => Section::Logins,
            Self::Growth | Self::Costs => Section::Growth,
            Self::Instructions => Section::Instructions,
        }
    }

    /// What stands above its columns; the bar and what came of it last, or where a reader looks for them.
    const fn header(self) -> &'static [&'static str] {
        match self {
            Self::Rates => &[
                "what", "store", "floor", "floor/s", "server/s", "ratio", "spread", "bar", "", "p50 ms", "p99 ms",
                "p99.9 ms", "CPU µs",
            ],
            Self::Instructions => {
                &["what", "all", "ours", "web", "Redis client", "cryptography", "texts", "memory", "rest"]
            }
            Self::Sizes | Self::Costs => &["what", "store", "measured", "bar", ""],
            Self::Timing => {
                &["what", "store", "trials", "p25 µs", "median µs", "p75 µs", "difference µs", "±", "noise µs", ""]
            }
            Self::Connections => &["what", "connections", "floor/s", "server/s", "ratio", "spread", "p50 ms", "p99 ms"],
            Self::Logins => &[
                "what",
                "store",
                "logins",
                "login ms",
                "p50 ms",
                "p99 ms",
                "p99.9 ms",
                "p99 by p99",
                "spread",
                "bar",
                "",
            ],
            Self::Growth => {
                &["what", "store", "live", "denylist", "p50 ms", "p99 ms", "floor/s", "server/s", "grown by", "bar", ""]
            }
        }
    }
}

pub(crate) struct Report {
    tables: [(Sheet, Table); 8],
    drawings: Vec<(Section, Drawing)>,
    failed: Vec<Section>,
}

/// What stands left of the figures in a line about rates.
pub(crate) struct Line {
    pub(crate) title: &'static str,
    pub(crate) store: Store,
    pub(crate) floor: &'static str,
    /// `None` where a ratio is told and not judged.
    pub(crate) bar: Option<f64>,
}

impl Line {
    fn cells(&self) -> Vec<String> {
        vec![self.title.to_owned(), self.store.to_string(), self.floor.to_owned()]
    }
}

impl Report {
    pub(crate) fn new() -> Self {
        let tables = Sheet::ALL.map(|sheet| (sheet, Table::new(sheet.header())));
        Self { tables, drawings: Vec::new(), failed: Vec::new() }
    }

    pub(crate) fn has_failed(&self) -> bool {
        !self.failed.is_empty()
    }

    pub(crate) fn rate(&mut self, line: &Line, outcome: Result<Comparison>) {
        match outcome {
            Ok(comparison) => {
                let cells = [line.cells(), figures(&comparison, line.bar)].concat();
                self.push(Sheet::Rates, cells);
            }
            Err(error) => self.fail(Sheet::Rates, line.cells(), &error),
        }
    }

    /// A row that could not be measured here, for a reason that is nobody's fault.
    pub(crate) fn absent(&mut self, line: &Line, reason: &str) {
        self.push(Sheet::Rates, [line.cells(), vec![reason.to_owned()]].concat());
    }

    /// `bar` is the most that may be measured; `None` where it is told and not judged.
    pub(crate) fn size(&mut self, line: (&str, Store, &str), outcome: Result<f64>, bar: Option<f64>) {
        self.measured(Sheet::Sizes, line, outcome, bar);
    }

    /// The same among what grows.
    pub(crate) fn cost(&mut self, line: (&str, Store, &str), outcome: Result<f64>, bar: Option<f64>) {
        self.measured(Sheet::Costs, line, outcome, bar);
    }

    fn measured(
        &mut self,
        sheet: Sheet,
        (title, store, unit): (&str, Store, &str),
        outcome: Result<f64>,
        bar: Option<f64>,
    ) {
        let mut cells = vec![title.to_owned(), store.to_string()];
        match outcome {
            Ok(value) => {
                cells.push(format!("{value:.1} {unit}"));
                cells.push(bar.map_or_else(String::new, |bar| format!("≤ {bar} {unit}")));
                cells.push(verdict(bar.map(|bar| value <= bar)));
                self.push(sheet, cells);
            }
            Err(error) => self.fail(sheet, cells, &error),
        }
    }

    pub(crate) fn push(&mut self, sheet: Sheet, cells: Vec<String>) {
        let (_, table) = self.tables.iter_mut().find(|(at, _)| *at == sheet).expect("every sheet has its table");
        table.push(cells);
    }

    /// A line that ends in the reason instead of figures.
    pub(crate) fn fail(&mut self, sheet: Sheet, mut cells: Vec<String>, error: &anyhow::Error) {
        self.failed.push(sheet.section());
        eprintln!("FAILED: {}: {error:#}", cells.join(", "));
        // One line: a reason from elsewhere may hold several.
        cells.push(format!("FAILED: {error:#}").replace(['\r', '\n'], " "));
        self.push(sheet, cells);
    }

    pub(crate) fn draw(&mut self, section: Section, drawing: Drawing) {
        self.drawings.push((section, drawing));
    }

    pub(crate) fn text(&self) -> String {
        let tables = self.tables.iter().map(|(_, table)| table);
        tables.filter(|table| !table.is_empty()).map(Table::text).collect::<Vec<_>>().join("\n")
    }

    /// Puts these sections into docs/performance.md, but for those that failed: what has a hole does not take the place of
    /// what is whole.
    pub(crate) async fn write(&self, plan: &Plan, sections: &[Section]) -> Result<()> {
        for &section in sections.iter().filter(|section| !self.failed.contains(section)) {
            let tables = self.tables.iter().filter(|(sheet, table)| sheet.section() == section && !table.is_empty());
            let tables = tables.map(|(_, table)| table.markdown()).collect::<Vec<_>>().join("\n");
            let drawings: Vec<&Drawing> =
                self.drawings.iter().filter(|(at, _)| *at == section).map(|(_, drawing)| drawing).collect();
            page::write(section, plan, &drawings, &tables).await?;
        }
        Ok(())
    }
}

fn figures(comparison: &Comparison, bar: Option<f64>) -> Vec<String> {
    let ratios = comparison.ratios();
    let (ratio, (low, high)) = (median(&ratios), range(&ratios));
    vec![
        format!("{:.0}", median(&comparison.floor.rates)),
        format!("{:.0}", median(&comparison.subject.rates)),
        format!("{ratio:.2}"),
        format!("{low:.2}–{high:.2}"),
        bar.map_or_else(String::new, |bar| format!("≥ {bar:.2}")),
        verdict(bar.map(|bar| ratio >= bar)),
        latency(comparison, 500),
        latency(comparison, 990),
        latency(comparison, 999),
        both(comparison, |side| format!("{:.1}", side.cpu_per_request())),
    ]
}

/// In milliseconds, of the floor and of the subject.
pub(crate) fn latency(comparison: &Comparison, per_mille: usize) -> String {
    both(comparison, |side| format!("{:.2}", f64::from(percentile(&side.latencies, per_mille)) / 1e3))
}

fn both(comparison: &Comparison, figure: impl Fn(&Side) -> String) -> String {
    format!("{} → {}", figure(&comparison.floor), figure(&comparison.subject))
}

pub(crate) fn verdict(holds: Option<bool>) -> String {
    match holds {
        Some(true) => "holds",
        Some(false) => "MISSED",
        None => "informative",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_failed_says_so_and_has_no_figures() {
        let mut report = Report::new();
        let line = Line { title: "refresh", store: Store::Redis, floor: "one SET", bar: Some(0.45) };
        report.rate(&line, Err(anyhow::anyhow!("answered 503:\n{{}}")));
        assert!(report.has_failed());
        let text = report.text();
        assert!(text.lines().nth(1).is_some_and(|line| line.ends_with("FAILED: answered 503: {}")), "{text}");
    }

    #[test]
    fn a_row_that_cannot_be_measured_here_has_not_failed() {
        let mut report = Report::new();
        let line = Line { title: "peer", store: Store::Redis, floor: "one SET", bar: None };
        report.absent(&line, "not measured: npm is not here");
        assert!(!report.has_failed());
        assert!(report.text().contains("one SET  not measured: npm is not here"), "{}", report.text());
    }
}
