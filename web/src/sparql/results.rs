//! SPARQL 1.1 Query Results JSON, read for the page that shows them.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::bounds::QUERY_ROWS_SHOWN_MAX;
use crate::urls;

/// Solutions as a table; a boolean is a table of one sentence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Table {
    /// The variables.
    pub(crate) variables: Vec<String>,
    /// The solutions that are shown, in the order of the variables.
    pub(crate) rows: Vec<Vec<Option<Cell>>>,
    /// How many solutions there are.
    pub(crate) total: usize,
    /// The answer of an ASK.
    pub(crate) boolean: Option<bool>,
}

/// A value of a solution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    /// Its text.
    pub(crate) text: String,
    /// The link that it is, where it is safe to follow.
    pub(crate) link: Option<String>,
}

#[derive(Deserialize)]
struct Results {
    #[serde(default)]
    head: Head,
    #[serde(default)]
    results: Bindings,
    boolean: Option<bool>,
}

#[derive(Default, Deserialize)]
struct Head {
    #[serde(default)]
    vars: Vec<String>,
}

#[derive(Default, Deserialize)]
struct Bindings {
    #[serde(default)]
    bindings: Vec<BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
struct Value {
    value: serde_json::Value,
}

/// The table of an answer; none where it is no such answer.
pub(crate) fn read_results(json: &[u8]) -> Option<Table> {
    let read = serde_json::from_slice::<Results>(json).ok()?;
    let (variables, solutions) = (read.head.vars, read.results.bindings);
    let row = |solution: &BTreeMap<String, Value>| variables.iter().map(|name| solution.get(name).map(cell)).collect();
    let rows = solutions.iter().take(QUERY_ROWS_SHOWN_MAX).map(row).collect();
    Some(Table { rows, total: solutions.len(), boolean: read.boolean, variables })
}

/// A quoted triple has an object as its value; it is shown as it is written.
fn cell(value: &Value) -> Cell {
    let text = value.value.as_str().map_or_else(|| value.value.to_string(), str::to_owned);
    Cell { link: urls::safe_link(&text).map(str::to_owned), text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unbound_variable_is_an_empty_cell() {
        let json = br#"{"head":{"vars":["a","b"]},"results":{"bindings":[{"b":{"type":"literal","value":"x"}}]}}"#;
        let table = read_results(json).expect("the test's results are good");
        assert_eq!(table.rows, [vec![None, Some(Cell { text: "x".to_owned(), link: None })]]);
    }

    #[test]
    fn an_ask_has_its_boolean() {
        assert_eq!(read_results(br#"{"head":{},"boolean":true}"#).and_then(|table| table.boolean), Some(true));
    }
}
