//! What was measured, as a table for a person.

use std::fmt;

/// A titled table, and what must be known to read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    title: String,
    rows: Vec<[String; 4]>,
    notes: Vec<String>,
}

const HEAD: [&str; 4] = ["what", "ours", "beside", "ratio"];

impl Report {
    pub(super) fn new(title: &str) -> Self {
        Self { title: title.to_owned(), rows: Vec::new(), notes: Vec::new() }
    }

    /// Adds a figure that stands alone.
    pub(super) fn figure(&mut self, what: &str, ours: String) {
        self.rows.push([what.to_owned(), ours, String::new(), String::new()]);
    }

    /// Adds a figure beside another's.
    pub(super) fn beside(&mut self, what: &str, ours: String, other: String, ratio: f64) {
        self.rows.push([what.to_owned(), ours, other, format!("{ratio:.2}")]);
    }

    /// Adds a figure beside another's, whose ratio should be at most `goal`.
    pub(super) fn held_below(&mut self, what: &str, ours: String, other: String, (ratio, goal): (f64, f64)) {
        let verdict = if ratio <= goal { "held" } else { "NOT HELD" };
        self.rows.push([what.to_owned(), ours, other, format!("{ratio:.2}, goal at most {goal}: {verdict}")]);
    }

    /// Adds a figure that should be at least `goal`.
    pub(super) fn held_above(&mut self, what: &str, ours: String, (figure, goal): (f64, f64)) {
        let verdict = if figure >= goal { "held" } else { "NOT HELD" };
        let ratio = format!("{:.2}: {verdict}", figure / goal);
        self.rows.push([what.to_owned(), ours, format!("goal at least {goal:.0}"), ratio]);
    }

    /// Adds a figure beside another's, whose ratio should be at least `goal`.
    pub(super) fn ahead(&mut self, what: &str, ours: String, other: String, (ratio, goal): (f64, f64)) {
        let verdict = if ratio >= goal { "held" } else { "NOT HELD" };
        self.rows.push([what.to_owned(), ours, other, format!("{ratio:.2}, goal at least {goal}: {verdict}")]);
    }

    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.title)?;
        let head = HEAD.map(str::to_owned);
        let lines = || std::iter::once(&head).chain(&self.rows);
        let width = |column: usize| lines().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let [what, ours, beside] = [width(0), width(1), width(2)];
        for line in lines() {
            let text = format!("  {:what$}  {:>ours$}  {:>beside$}  {}", line[0], line[1], line[2], line[3]);
            writeln!(formatter, "{}", text.trim_end())?;
        }
        self.notes.iter().try_for_each(|note| writeln!(formatter, "  {note}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut report = Report::new("speed");
        report.figure("alone", "1 µs".to_owned());
        report.held_below("both", "100 µs".to_owned(), "50 µs of x".to_owned(), (2.0, 0.5));
        report.held_above("rate", "30 /s".to_owned(), (30.0, 20.0));
        report.ahead("fast", "9 /s".to_owned(), "3 /s of x".to_owned(), (3.0, 2.0));
        report.note("a note".to_owned());
        let expected = "speed\n  what     ours            beside  ratio\n  alone    1 µs\n  \
                        both   100 µs        50 µs of x  2.00, goal at most 0.5: NOT HELD\n  \
                        rate    30 /s  goal at least 20  1.50: held\n  \
                        fast     9 /s         3 /s of x  3.00, goal at least 2: held\n  a note\n";
        assert_eq!(report.to_string(), expected);
    }
}
