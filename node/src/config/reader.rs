//! Reads tables of TOML key by key, and says where what is wrong.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Something wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
    /// What is wrong, with which key and value.
    pub message: String,
}

/// Everything wrong in one text.
#[derive(Debug)]
pub(super) struct Findings<'text> {
    text: &'text str,
    found: Vec<(usize, String)>,
}

/// A value that is not what its key needs.
#[derive(Debug)]
pub(super) struct Misread {
    span: Range<usize>,
    reason: String,
}

/// A table of which every key must be taken.
#[derive(Debug)]
pub(super) struct Section<'text> {
    title: String,
    at: usize,
    table: DeTable<'text>,
    known: Vec<&'static str>,
}

/// Least likeness of a key that is offered in place of an unknown one; below it the offer is a guess.
const LIKENESS_MIN: f64 = 0.75;

impl<'text> Findings<'text> {
    pub(super) const fn of(text: &'text str) -> Self {
        Self { text, found: Vec::new() }
    }

    pub(super) fn add(&mut self, at: usize, message: String) {
        self.found.push((at, message));
    }

    /// The findings in the order of the text.
    pub(super) fn into_sorted(mut self) -> Vec<Finding> {
        self.found.sort();
        let text = self.text;
        self.found.into_iter().map(|(at, message)| finding(text, at, message)).collect()
    }
}

pub(super) fn finding(text: &str, at: usize, message: String) -> Finding {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Finding { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1, message }
}

impl Misread {
    pub(super) fn new(value: &Spanned<DeValue<'_>>, reason: impl Into<String>) -> Self {
        Self::at(value.span(), reason)
    }

    pub(super) fn at(span: Range<usize>, reason: impl Into<String>) -> Self {
        Self { span, reason: reason.into() }
    }
}

impl<'text> Section<'text> {
    /// A table, called `title` in messages.
    pub(super) fn of(title: impl Into<String>, at: usize, table: DeTable<'text>) -> Self {
        Self { title: title.into(), at, table, known: Vec::new() }
    }

    /// Where the table begins.
    pub(super) const fn place(&self) -> usize {
        self.at
    }

    /// Where `key` stands in it.
    pub(super) fn place_of(&self, key: &str) -> Option<usize> {
        self.table.get_key_value(key).map(|(name, _)| name.span().start)
    }

    /// Whether the table has `key`.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Reads the value of `key` into `target`, which stays as it is where the key is absent.
    pub(super) fn read<T>(
        &mut self,
        findings: &mut Findings<'_>,
        key: &'static str,
        target: &mut T,
        read: impl FnOnce(&Spanned<DeValue<'text>>) -> Result<T, Misread>,
    ) {
        let Some((_, value)) = self.take(key) else { return };
        match read(&value) {
            Ok(value) => *target = value,
            Err(Misread { span, reason }) => {
                findings.add(span.start, format!("{key} in {}: {reason}", self.title));
            }
        }
    }

    /// Takes a key with its place.
    pub(super) fn take(&mut self, key: &'static str) -> Option<(Range<usize>, Spanned<DeValue<'text>>)> {
        self.known.push(key);
        self.table.remove_entry(key).map(|(name, value)| (name.span(), value))
    }

    /// Reports what was not taken.
    pub(super) fn finish(self, findings: &mut Findings<'_>) {
        for name in self.table.keys() {
            let unknown = format!("unknown {}", self.name(name.get_ref()));
            let offer = nearest(name.get_ref(), &self.known).map(|near| format!("; did you mean {near:?}?"));
            findings.add(name.span().start, unknown + &offer.unwrap_or_default());
        }
    }

    fn name(&self, key: &str) -> String {
        match self.title.as_str() {
            "" => format!("section {key:?}"),
            title => format!("key {key:?} in {title}"),
        }
    }
}

/// The word of `known` that is most like `given`, where one is alike.
fn nearest<'a>(given: &str, known: &[&'a str]) -> Option<&'a str> {
    let likeness = |word: &&str| strsim::jaro_winkler(given, word);
    let alike = known.iter().map(|word| (likeness(word), *word)).filter(|(likeness, _)| *likeness >= LIKENESS_MIN);
    alike.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_offered_where_one_is_alike() {
        let known = ["name", "membership", "sync_interval"];
        assert_eq!(nearest("memberhip", &known), Some("membership"));
        assert_eq!(nearest("sync-interval", &known), Some("sync_interval"));
        assert_eq!(nearest("zzz", &known), None);
    }

    #[test]
    fn a_column_is_counted_in_characters() {
        let found = finding("a\né = x", "a\né = ".len(), String::new());
        assert_eq!((found.line, found.column), (2, 5));
    }
}
