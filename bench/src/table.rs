//! A table, for the terminal and for a page.

pub(crate) struct Table {
    header: Vec<&'static str>,
    lines: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(header: &[&'static str]) -> Self {
        Self { header: header.to_vec(), lines: Vec::new() }
    }

    /// Missing cells at the end are empty.
    pub(crate) fn push(&mut self, mut line: Vec<String>) {
        line.resize(self.header.len(), String::new());
        self.lines.push(line);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// In columns. A line that failed is not cut: its reason runs on.
    pub(crate) fn text(&self) -> String {
        let header: Vec<String> = self.header.iter().map(ToString::to_string).collect();
        let rows = || std::iter::once(&header).chain(&self.lines);
        let width = |column: usize| {
            let last = |line: &&Vec<String>| line[column + 1..].iter().any(|cell| !cell.is_empty());
            rows().filter(last).map(|line| line[column].chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..header.len()).map(width).collect();
        rows().map(|line| aligned(line, &widths)).collect()
    }

    pub(crate) fn markdown(&self) -> String {
        let rule = vec!["---".to_owned(); self.header.len()];
        let header = self.header.iter().map(ToString::to_string).collect();
        [header, rule].iter().chain(&self.lines).map(|line| piped(line)).collect()
    }
}

fn aligned(line: &[String], widths: &[usize]) -> String {
    let cells: Vec<String> = line.iter().zip(widths).map(|(cell, &width)| format!("{cell:<width$}")).collect();
    cells.join("  ").trim_end().to_owned() + "\n"
}

fn piped(line: &[String]) -> String {
    let cells: Vec<String> = line.iter().map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["what", "ratio", "bar"]);
        table.push(vec!["refresh".into(), "0.51".into(), "≥ 0.45".into()]);
        table.push(vec!["revoke".into(), "FAILED: answered 503: a | b, at some length".into()]);
        table
    }

    #[test]
    fn columns_align_and_a_long_reason_does_not_widen_them() {
        assert_eq!(
            table().text(),
            "what     ratio  bar\nrefresh  0.51   ≥ 0.45\nrevoke   FAILED: answered 503: a | b, at some length\n"
        );
    }

    #[test]
    fn markdown_escapes_what_would_end_a_cell() {
        let markdown = table().markdown();
        assert!(markdown.starts_with("| what | ratio | bar |\n| --- | --- | --- |\n| refresh |"), "{markdown}");
        assert!(markdown.contains(r"503: a \| b"), "{markdown}");
    }
}
