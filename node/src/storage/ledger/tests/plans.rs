//! How lists are read: along indexes, and no further than they must.

use web::registry::{Column, ListFilter, Place, Status};

use super::lists::{library, searching, whole};
use super::make::{at, everything, jane};
use crate::storage::ledger::FILE;
use crate::storage::ledger::selection::Selection;

#[tokio::test]
async fn a_list_of_a_moment_follows_an_index_and_its_total_reads_no_rows() {
    let (folder, ledger) = library().await;
    ledger.close().await;
    let file = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    for email in [None, Some(jane())] {
        let selection = Selection::of(&ListFilter { at: Some(at(50)), email, ..everything() }, at(0));
        assert!(!plan(&file, &selection.page_statement()).contains("TEMP B-TREE"));
        assert_eq!(reads_of_rows(&file, &selection.count_statement()), 0);
    }
}

/// How SQLite answers `statement`, a step a line.
fn plan(file: &rusqlite::Connection, statement: &str) -> String {
    let mut explained = file.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
    let mut rows = explained.raw_query();
    let mut plan = String::new();
    while let Some(row) = rows.next().unwrap() {
        plan += &row.get::<_, String>(3).unwrap();
        plan.push('\n');
    }
    plan
}

/// How many instructions of `statement` read a column of a row of entries, and not of an index. The plan does not tell:
/// it calls no index covering that has a generated column, and yet the columns are read from it.
fn reads_of_rows(file: &rusqlite::Connection, statement: &str) -> usize {
    let root = "SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = 'entry'";
    let root: i64 = file.query_row(root, (), |row| row.get(0)).unwrap();
    let mut explained = file.prepare(&format!("EXPLAIN {statement}")).unwrap();
    let mut rows = explained.raw_query();
    let mut instructions = Vec::<(String, i64, i64)>::new();
    while let Some(row) = rows.next().unwrap() {
        instructions.push((row.get(1).unwrap(), row.get(2).unwrap(), row.get(3).unwrap()));
    }
    let cursors: Vec<i64> = instructions
        .iter()
        .filter(|(name, _, second)| name == "OpenRead" && *second == root)
        .map(|(_, cursor, _)| *cursor)
        .collect();
    instructions.iter().filter(|(name, cursor, _)| name == "Column" && cursors.contains(cursor)).count()
}

#[tokio::test]
async fn pages_follow_an_index_in_their_order_and_totals_read_no_rows() {
    let (folder, ledger) = library().await;
    ledger.close().await;
    let file = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    let narrowed = [
        everything(),
        ListFilter { email: Some(jane()), status: Status::Valid, ..everything() },
        ListFilter { place: Some(Place::Web), ..whole(Column::Os, "debian") },
        ListFilter { place: Some(Place::Pdisk), email: Some(jane()), ..whole(Column::Kind, "machine") },
        ListFilter { ..searching("web server") },
    ];
    for filter in narrowed {
        for sort in Column::ALL {
            let filter = ListFilter { sort, ..filter.clone() };
            let selection = Selection::of(&filter, at(0));
            let page = plan(&file, &selection.page_statement());
            assert!(!page.contains("TEMP B-TREE"), "{filter:?}\n{page}");
            assert_eq!(reads_of_rows(&file, &selection.count_statement()), 0, "{filter:?}");
            assert_ne!(reads_of_rows(&file, &selection.page_statement()), 0, "{filter:?}");
        }
    }
}
