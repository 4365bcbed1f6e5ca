//! What the documents name exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::arrow::files;

/// Every path in backquotes that begins with a folder of ours, and every relative link.
#[test]
fn every_path_that_a_document_names_exists() {
    const FOLDERS: [&str; 8] = ["src/", "guard/", "model/", "tests/", "testbed/", "bench/", "config/", "docs/"];
    let mut missing = Vec::new();
    for document in files(Path::new("docs"), "md").into_iter().chain(["README.md".into()]) {
        let text = fs::read_to_string(&document).unwrap();
        let quoted =
            text.split('`').skip(1).step_by(2).filter(|path| FOLDERS.iter().any(|folder| path.starts_with(folder)));
        let linked = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        let linked = linked.filter(|link| !link.is_empty() && !link.contains(':'));
        let root = document.parent().unwrap().to_owned();
        for path in quoted.map(|path| Path::new(path).to_owned()).chain(linked.map(|link| root.join(link))) {
            if !path.exists() {
                missing.push(format!("{}: {}", document.display(), path.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// The tests that a page about a dialect names, without their modules, are there.
#[test]
fn every_test_that_a_dialect_names_exists() {
    let text = |file: &Path| fs::read_to_string(file).unwrap();
    let tests: String = files(Path::new("tests/api/dialects"), "rs").iter().map(|file| text(file)).collect();
    let mut missing = Vec::new();
    for page in files(Path::new("docs/dialects"), "md") {
        let text = text(&page);
        let cells = text.lines().filter(|line| line.starts_with("| ")).filter_map(|line| line.rsplit(" | ").next());
        let named: Vec<&str> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
        assert!(!named.is_empty(), "{}", page.display());
        let is_missing = |name: &&&str| !name.contains('/') && !tests.contains(&format!("fn {name}("));
        missing.extend(named.iter().filter(is_missing).map(|name| format!("{}: {name}", page.display())));
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Each statement of docs/conformance that a comment names stands there: a slip of the pen would prove nothing.
#[test]
fn every_statement_that_a_test_names_exists() {
    let statements = statements();
    assert!(["RFC7009-2.2-a", "INV-1", "S32", "KAJ-1"].iter().all(|known| statements.contains(*known)));
    let families: BTreeSet<&str> =
        statements.iter().filter_map(|statement| statement.split_once('-')).map(|it| it.0).collect();
    let mut unknown = Vec::new();
    for folder in ["src", "guard", "model", "tests", "testbed", "bench"] {
        for file in files(Path::new(folder), "rs") {
            let text = fs::read_to_string(&file).unwrap();
            let comments = text.lines().filter_map(|line| line.trim_start().strip_prefix("//"));
            let words = comments
                .flat_map(|comment| comment.split(|it: char| !it.is_ascii_alphanumeric() && !"-.".contains(it)));
            let named = words.map(|word| word.trim_matches(['-', '.'])).filter(|word| is_statement(word, &families));
            unknown.extend(
                named.filter(|word| !statements.contains(*word)).map(|word| format!("{}: {word}", file.display())),
            );
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}

/// What stands at the beginning of an entry: `- RFC7009-2-a [M] …`, `| S1 | …`.
fn statements() -> BTreeSet<String> {
    let documents = files(Path::new("docs/conformance"), "md");
    let text: String = documents.iter().map(|document| fs::read_to_string(document).unwrap()).collect();
    let entries = text.lines().filter_map(|line| line.strip_prefix("- ").or_else(|| line.strip_prefix("| ")));
    let first = entries.filter_map(|entry| entry.split([' ', '/', ':']).next());
    first.filter(|word| word.contains('-') || is_lesson(word)).map(str::to_owned).collect()
}

fn is_lesson(word: &str) -> bool {
    let digits = |number: &str| matches!(number.len(), 1 | 2) && number.bytes().all(|it| it.is_ascii_digit());
    word.strip_prefix('S').is_some_and(digits)
}

/// `X-a` is one, `X-Forwarded-For` is a header.
fn is_statement(word: &str, families: &BTreeSet<&str>) -> bool {
    let is_one = |(family, rest): (&str, &str)| families.contains(family) && (family != "X" || rest.len() == 1);
    is_lesson(word) || word.split_once('-').is_some_and(is_one)
}
