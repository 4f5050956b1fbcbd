//! That ledgers of older programs become ledgers of this one.

use proto::document::Template;
use proto::entry::EntryId;
use web::registry::ChangeKind::{Admitted, Superseded, Withdrawn};
use web::registry::{ChangeKind, Column, Relation};

use super::lists::{described, images, library, searching, whole};
use super::make::{about, at, candidate, holding, image, jane, open, rejudge, trust};
use super::trust::denying;
use crate::demo::endorser::Endorser;
use crate::storage::ledger::{FILE, Ledger};

/// Takes away what the fourth version added, and puts back what it replaced.
const AS_VERSION_3: &str = "
CREATE TABLE former_change (seq INTEGER PRIMARY KEY AUTOINCREMENT, entry BLOB NOT NULL) STRICT;
INSERT INTO former_change SELECT seq, entry FROM placement_change;
DROP TABLE placement_change;
ALTER TABLE former_change RENAME TO placement_change;
CREATE INDEX placement_change_by_entry ON placement_change (entry, seq);
DROP TRIGGER tally_of_admitted;
DROP TRIGGER tally_of_changed;
DROP TRIGGER tally_of_withdrawn;
DROP TRIGGER image_of_admitted;
DROP TRIGGER image_of_withdrawn;
DROP TABLE endorser;
DROP TABLE tally;
DROP INDEX by_created;
DROP INDEX by_email;
ALTER TABLE entry DROP COLUMN superseded_at;
ALTER TABLE entry ADD COLUMN is_superseded INTEGER NOT NULL GENERATED ALWAYS AS (superseded_by IS NOT NULL) VIRTUAL;
CREATE INDEX by_created ON entry (created, id, standing, is_deprecated, valid, is_superseded);
CREATE INDEX by_email ON entry (email, created, id, standing, is_deprecated, valid, is_superseded);
PRAGMA user_version = 3;";

#[tokio::test]
async fn a_ledger_of_the_second_version_becomes_one_of_this_version() {
    let (folder, ledger) = library().await;
    ledger.close().await;
    let file = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    file.execute_batch(&as_version_2(&file)).unwrap();
    // What a document says of other images is read again from the document.
    let mut template = Template::new(image(1), 1, "machine");
    template.replaces = vec![image(9).to_string()];
    let endorser = Endorser::create("Jane", jane().as_str(), at(0)).unwrap();
    let of_first = "UPDATE document SET raw = ?1 WHERE sha256 = (SELECT document FROM entry WHERE image = ?2)";
    file.execute(of_first, (endorser.sign(&template, at(100)).unwrap(), image(1).sha1())).unwrap();
    drop(file);
    let ledger = open(folder.path());
    assert_eq!(images(&ledger, searching("web"), at(0)).await, [3, 1]);
    assert_eq!(images(&ledger, whole(Column::Os, "debian"), at(0)).await, [3, 1]);
    let related = ledger.related(image(9), None, 10).await.unwrap();
    let related: Vec<_> = related.iter().map(|one| (one.relation, one.image)).collect();
    assert_eq!(related, [(Relation::Replacing, image(1))]);
    let late = described(5, "late web", "x", "y");
    ledger.admit(late).await.unwrap();
    assert_eq!(images(&ledger, searching("web"), at(0)).await, [5, 3, 1]);
}

/// Takes away what the third and fourth versions added, and puts back what they replaced.
fn as_version_2(file: &rusqlite::Connection) -> String {
    let named = |kind: &str, name: &str| -> Vec<String> {
        let list = "SELECT name FROM sqlite_schema WHERE type = ?1 AND name GLOB ?2";
        let mut statement = file.prepare(list).unwrap();
        statement.query_map((kind, name), |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    let triggers: String = named("trigger", "*").iter().map(|one| format!("DROP TRIGGER IF EXISTS {one};")).collect();
    let indexes: String = named("index", "current_by_*").iter().map(|one| format!("DROP INDEX {one};")).collect();
    let columns =
        ["title", "description", "os", "os_version", "os_arch", "kind", "location"].map(|one| one.to_owned() + "_key");
    let columns = columns.into_iter().chain(["places".to_owned(), "searched".to_owned()]);
    let columns: String = columns.map(|one| format!("ALTER TABLE entry DROP COLUMN {one};")).collect();
    let former = [("created", ""), ("image", "image, "), ("email", "email, ")].map(|(name, first)| {
        format!(
            "CREATE INDEX current_by_{name} ON entry ({first}created, id, standing, is_deprecated, valid)
             WHERE superseded_by IS NULL;"
        )
    });
    format!(
        "{AS_VERSION_3} {triggers} DROP TABLE current_text; DROP TABLE text_due; DROP TABLE tag; DROP TABLE relation;
         {indexes} {columns} {} PRAGMA user_version = 2;",
        former.concat()
    )
}

#[tokio::test]
async fn a_ledger_of_the_third_version_tells_of_its_changes_what_can_be_told() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new, gone) = (candidate(1, 1, 100), candidate(2, 1, 200), about(3, candidate(3, 1, 300)));
    let all = [old.clone(), new.clone(), gone.clone()];
    let ledger = holding(folder.path(), &all).await;
    rejudge(&ledger, denying(3), &all).await;
    let (told, counts) = (changes(&ledger).await, ledger.counts(at(400)).await.unwrap());
    let of_old = [(old.entry, Admitted), (new.entry, Admitted), (old.entry, Superseded)];
    assert_eq!(told[..3], of_old);
    assert_eq!(told[3..], [(gone.entry, Admitted), (gone.entry, Withdrawn)]);
    ledger.close().await;
    let file = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    file.execute_batch(AS_VERSION_3).unwrap();
    drop(file);

    let ledger = open(folder.path());
    assert_eq!(ledger.counts(at(400)).await.unwrap(), counts);
    assert!(ledger.check(denying(3)).await.unwrap().is_clean());
    let told = changes(&ledger).await;
    assert_eq!(told[..3], of_old);
    assert_eq!(told[3..], [(gone.entry, Withdrawn), (gone.entry, Withdrawn)]);
    let moments: Vec<_> = ledger.changes_after(0, 10).await.unwrap().into_iter().map(|one| one.at).collect();
    assert_eq!(moments[..3], [old.seen, new.seen, old.seen]);
    let next = about(4, candidate(4, 1, 400));
    assert_eq!(ledger.admit(next.clone()).await.unwrap().change, 6);
    assert_eq!(changes(&ledger).await[5..], [(next.entry, Admitted)]);
}

#[tokio::test]
async fn an_entry_of_the_third_version_is_superseded_by_the_next_and_not_by_the_newest() {
    let folder = tempfile::tempdir().unwrap();
    let [old, next, newest] = [100, 200, 300].map(|created| candidate((created / 100) as u8, 1, created));
    holding(folder.path(), &[old.clone(), next.clone(), newest.clone()]).await.close().await;
    let file = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    file.execute_batch(AS_VERSION_3).unwrap();
    let to_newest = "UPDATE entry SET superseded_by = ?1 WHERE id = ?2";
    file.execute(to_newest, (newest.entry.as_bytes(), old.entry.as_bytes())).unwrap();
    drop(file);
    let ledger = open(folder.path());
    let held = ledger.entry(old.entry).await.unwrap().unwrap();
    assert_eq!(held.summary.superseded_by, Some(next.entry));
    assert!(ledger.check(trust()).await.unwrap().is_clean());
}

async fn changes(ledger: &Ledger) -> Vec<(EntryId, ChangeKind)> {
    let changes = ledger.changes_after(0, 100).await.unwrap();
    changes.into_iter().map(|change| (change.entry, change.kind)).collect()
}
