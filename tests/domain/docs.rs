//! What the documents name exists.

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
