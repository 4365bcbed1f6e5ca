//! `http -> domain <- store`: read off the `use` lines, and off every path spelled out.

use std::fs;
use std::path::{Path, PathBuf};

/// What each layer must not name. Only `app.rs`, `main.rs` and the command line know all of them.
const FORBIDDEN: [(&str, &[&str]); 3] = [
    (
        "src/domain",
        &[
            "crate::http",
            "crate::store",
            "crate::settings",
            "crate::telemetry",
            "actix",
            "redis::",
            "redb::",
            "std::env",
            "http::Status",
        ],
    ),
    ("src/store", &["crate::http", "crate::settings", "actix", "std::env"]),
    ("src/http", &["crate::store", "redis::", "redb::", "std::env"]),
];

#[test]
fn no_layer_names_one_that_it_must_not_know() {
    let mut crossed = Vec::new();
    for (layer, names) in FORBIDDEN {
        let files = files(Path::new(layer), "rs");
        assert!(!files.is_empty(), "{layer} is where its sources are");
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            for (line, name) in code.flat_map(|line| names.iter().map(move |name| (line, name))) {
                if line.contains(name) {
                    crossed.push(format!("{}: {}", file.display(), line.trim()));
                }
            }
        }
    }
    assert!(crossed.is_empty(), "{crossed:#?}");
}

/// All files below a folder whose name ends so.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|found| found == ending) {
            found.push(path);
        }
    }
    found
}
