//! What commands write: results on standard output, messages on standard error.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use clap::ValueEnum;
use serde::Serialize;

/// How results are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// Where a command's results and messages go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    format: Format,
    notes: Notes,
}

#[derive(Debug, Clone, Copy)]
enum Notes {
    Shown,
    Hidden,
}

impl Output {
    pub(super) const fn new(format: Format, is_quiet: bool) -> Self {
        Self { format, notes: if is_quiet { Notes::Hidden } else { Notes::Shown } }
    }

    /// Writes the result, as the user chose.
    pub(super) fn result(self, text: impl FnOnce() -> String, json: &impl Serialize) -> anyhow::Result<()> {
        match self.format {
            Format::Text => print_line(text().trim_end_matches('\n')),
            Format::Json => print_line(&serde_json::to_string(json)?),
        }
        Ok(())
    }

    /// Says something beside the result.
    pub(super) fn note(self, message: &str) {
        if matches!(self.notes, Notes::Shown) {
            print_message(message);
        }
    }
}

/// Writes a line of a result; a reader that has left needs no more of it.
pub fn print_line(line: &str) {
    let mut stdout = io::stdout().lock();
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

/// Writes a message.
pub fn print_message(message: &str) {
    let _ = writeln!(io::stderr().lock(), "{message}");
}

/// Writes why the command was not carried out.
pub(super) fn print_error(error: &str) {
    print_message(&format!("error: {error}"));
}

/// Makes text from a document or a node safe for a terminal: what could steer it is shown as an escape.
pub(super) fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            visible.extend(c.escape_default());
        } else {
            visible.push(c);
        }
    }
    visible
}

/// Lines of a name and a value, the values beneath each other.
pub(super) fn pairs(pairs: &[(&str, String)]) -> String {
    let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    pairs.iter().fold(String::new(), |mut text, (name, value)| {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{name:width$}  {}", visible(value));
        text
    })
}

/// A table with a heading, its columns as wide as their widest cell.
pub(super) fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let heading: Vec<String> = heading.iter().map(|&cell| cell.to_owned()).collect();
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| visible(cell)).collect()).collect();
    let rows: Vec<&Vec<String>> = std::iter::once(&heading).chain(&rows).collect();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let mut text = String::new();
    for row in &rows {
        let cells =
            row.iter().enumerate().map(|(column, cell)| format!("{cell:0$}", width(column).unwrap_or_default()));
        let line = cells.collect::<Vec<_>>().join("  ");
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_a_table_are_aligned() {
        let text = table(&["name", "lag"], &[vec!["a".into(), "0".into()], vec!["longer".into(), "12".into()]]);
        assert_eq!(text, "name    lag\na       0\nlonger  12\n");
    }

    #[test]
    fn what_could_steer_a_terminal_is_shown_as_an_escape() {
        assert_eq!(visible("a\u{1b}[2Jb\nc"), "a\\u{1b}[2Jb\\nc");
    }
}
