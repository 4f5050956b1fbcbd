//! The tables of docs/vectors.md.

use std::fs;
use std::path::Path;

/// The rows of the table below a heading, each as its cells.
pub(crate) fn rows(heading: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/vectors.md");
    let text = fs::read_to_string(path).expect("the list is part of the repository");
    let (_, section) =
        text.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no heading {heading:?}"));
    let section = section.split("\n## ").next().unwrap_or_default();
    let lines = section.lines().filter(|line| line.starts_with('|'));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    // The head, and the line below it.
    lines.skip(2).map(cells).collect()
}

/// Whether a file is one of a pattern, in which `*` stands for anything.
pub(crate) fn matches(pattern: &str, file: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == file,
        Some((start, end)) => file.len() >= start.len() + end.len() && file.starts_with(start) && file.ends_with(end),
    }
}
