//! How the graph follows the ledger.

use std::collections::BTreeMap;

use proto::digest::Sha256Digest;
use proto::standing::Standing;

use super::make::{Fake, entry, following, limits, program, rows, showing, sizes};
use crate::bounds::{GRAPH_BULK_MIN, GRAPH_BURST_MIN, GRAPH_CHANGES_MAX};
use crate::storage::graph::store::{GraphStore, Marks, REGISTRY};
use crate::storage::graph::{Graph, GraphEntry, GraphError, GraphPlacement, Location};

fn placed(placement: GraphPlacement, entry: GraphEntry) -> GraphEntry {
    GraphEntry { placement, ..entry }
}

#[tokio::test]
async fn an_entrys_triples_stand_in_one_graph_and_move_to_another() {
    let (graph, source) = showing([entry(1)]).await;
    assert_eq!(sizes(&graph).await, ["6", "0", "0"]);
    let moved = source.set(placed(GraphPlacement::Superseded, entry(1)));
    graph.wait_until(moved).await.unwrap();
    assert_eq!(sizes(&graph).await, ["0", "6", "0"]);
    let moved = source.set(placed(GraphPlacement::Contested, entry(1)));
    graph.wait_until(moved).await.unwrap();
    assert_eq!(sizes(&graph).await, ["0", "0", "6"]);
}

#[tokio::test]
async fn a_withdrawn_entry_leaves_nothing_behind_and_others_alone() {
    let everything = "SELECT ?s { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }";
    let (other, _) = showing([entry(2)]).await;
    for placement in [GraphPlacement::Current, GraphPlacement::Superseded, GraphPlacement::Contested] {
        let (graph, source) = showing([placed(placement, entry(1)), entry(2)]).await;
        graph.wait_until(source.withdraw(entry(1).id)).await.unwrap();
        assert_eq!(rows(&graph, everything).await.len(), rows(&other, everything).await.len());
        assert_eq!(sizes(&graph).await, ["6", "0", "0"]);
    }
}

#[tokio::test]
async fn entries_that_are_withdrawn_among_many_changes_are_removed() {
    let count = u16::try_from(GRAPH_BULK_MIN).unwrap();
    let (graph, source) = showing([entry(0), entry(1)]).await;
    let withdrawn = source.withdraw(entry(0).id);
    let last = (2..count + 2).map(|number| source.set(entry(number))).max().unwrap();
    graph.wait_until(last).await.unwrap();
    assert!(withdrawn < last);
    assert_eq!(sizes(&graph).await[0], (6 * (count + 1)).to_string());
}

#[tokio::test]
async fn each_entry_has_a_subject_of_its_own() {
    let mut other = entry(2);
    other.triples = entry(1).triples;
    other.image_iri = entry(1).image_iri;
    let (graph, _) = showing([entry(1), other.clone()]).await;
    let subjects = rows(&graph, "SELECT ?x { ?x <http://purl.org/dc/terms/identifier> 'image1' }").await;
    let mut expected = [entry(1).id, other.id].map(|id| format!("http://mp.stratuslab.eu/entries/{id}"));
    expected.sort();
    assert_eq!(subjects, expected);
}

#[tokio::test]
async fn provenance_tells_digest_standing_origin_and_moment_and_is_replaced() {
    let text = "PREFIX ledger: <http://mp.stratuslab.eu/ledger#>
        SELECT ?standing ?sha256 ?origin ?admitted { GRAPH <http://mp.stratuslab.eu/provenance> {
            ?entry ledger:standing ?standing ; ledger:sha256 ?sha256 ; ledger:admission ?admission .
            ?admission ledger:origin ?origin ; ledger:admitted ?admitted } }";
    let first = entry(1);
    let (graph, source) = showing([first.clone()]).await;
    let (sha256, origin) = (first.document, first.provenance[0].origin);
    assert_eq!(rows(&graph, text).await, [format!("bare,{sha256},{origin},2014-03-08T14:10:40.007Z")]);

    let sha256 = Sha256Digest::of(b"other bytes");
    let mut changed = GraphEntry { document: sha256, standing: Standing::Confirmed, ..first };
    changed.provenance[0].admitted = proto::timestamp::Instant::from_unix_ms(0);
    graph.wait_until(source.set(changed)).await.unwrap();
    assert_eq!(rows(&graph, text).await, [format!("confirmed,{sha256},{origin},1970-01-01T00:00:00Z")]);
}

#[tokio::test]
async fn many_changes_are_loaded_in_bulk_with_the_same_outcome() {
    let count = u16::try_from(GRAPH_BULK_MIN).unwrap() + 10;
    let moved = placed(GraphPlacement::Superseded, entry(0));
    let (graph, _) = showing((0..count).map(entry).chain([moved.clone()])).await;
    assert_eq!(graph.position(), u64::from(count) + 1);
    assert_eq!(sizes(&graph).await, [(6 * (count - 1)).to_string(), "6".to_owned(), "0".to_owned()]);

    // The first chunk sees an entry that was moved since, and the second sees it again.
    let source = Fake::default();
    let early = [moved.clone()].into_iter().chain((1..count).map(entry)).chain([moved]);
    let last = early.map(|entry| source.set(entry)).max().unwrap();
    let graph = following(&source);
    graph.wait_until(last).await.unwrap();
    assert_eq!(sizes(&graph).await[1], "6");
}

#[tokio::test]
async fn entries_that_were_loaded_before_the_position_was_set_are_put_again_as_they_are_now() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Disk(folder.path().join("graph"));
    let count = u16::try_from(GRAPH_BULK_MIN).unwrap();
    let loaded: BTreeMap<_, _> = (0..count).map(entry).map(|entry| (entry.id, Some(entry))).collect();
    let store = GraphStore::open(&location).unwrap();
    store.put_all(loaded, &mut Marks::default(), u64::from(count)).unwrap();
    assert_eq!(store.marks().unwrap().position(), u64::from(count));
    for position in store.inner().quads_for_pattern(Some(REGISTRY.into()), None, None, None) {
        store.inner().remove(&position.unwrap()).unwrap();
    }
    drop(store);

    let source = Fake::default();
    for number in 0..count {
        source.set(entry(number));
    }
    source.set(placed(GraphPlacement::Superseded, entry(0)));
    let last = source.withdraw(entry(1).id);
    let graph = Graph::open(&location, source, limits(), program()).unwrap();
    assert_eq!(graph.position(), 0);
    graph.wait_until(last).await.unwrap();
    assert_eq!(sizes(&graph).await, [(6 * (count - 2)).to_string(), "6".to_owned(), "0".to_owned()]);
}

#[tokio::test]
async fn positions_that_bulk_loads_leave_are_removed_by_the_next_change() {
    let positions = "SELECT ?n { GRAPH ?g { ?registry <http://mp.stratuslab.eu/ledger#position> ?n } }";
    let count = u16::try_from(GRAPH_CHANGES_MAX).unwrap();
    let (graph, source) = showing((0..count).map(entry)).await;
    let last = source.set(entry(count));
    graph.wait_until(last).await.unwrap();
    assert_eq!(rows(&graph, positions).await, [last.to_string()]);
}

#[tokio::test]
async fn a_graph_goes_on_after_the_last_of_several_bulk_loads() {
    let folder = tempfile::tempdir().unwrap();
    let store = GraphStore::open(&Location::Disk(folder.path().join("graph"))).unwrap();
    let mut marks = store.marks().unwrap();
    for number in 1..=3 {
        let loaded = BTreeMap::from([(entry(number).id, Some(entry(number)))]);
        store.put_all(loaded, &mut marks, number.into()).unwrap();
        assert_eq!(store.marks().unwrap().position(), u64::from(number));
    }
}

#[tokio::test]
async fn a_burst_that_nobody_waits_for_is_shown_all_the_same() {
    let (graph, source) = showing([entry(0)]).await;
    let last = (1..100).map(|number| source.set(entry(number))).max().unwrap();
    assert!(last > GRAPH_BURST_MIN);
    graph.notify(last);
    graph.watch_until(last).await.unwrap();
    assert_eq!(sizes(&graph).await[0], "600");
}

#[tokio::test]
async fn a_graph_on_disk_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Disk(folder.path().join("graph"));
    let source = Fake::default();
    let first = source.set(entry(1));
    let graph = Graph::open(&location, source.clone(), limits(), program()).unwrap();
    graph.wait_until(first).await.unwrap();
    graph.close().await;
    drop(graph);

    let second = source.set(placed(GraphPlacement::Superseded, entry(1)));
    let third = source.set(entry(2));
    let graph = Graph::open(&location, source.clone(), limits(), program()).unwrap();
    assert!(graph.position() >= first);
    graph.wait_until(third).await.unwrap();
    assert!(third > second);
    assert_eq!(sizes(&graph).await, ["6", "6", "0"]);
    graph.rebuild(Box::new(|_| {})).await.unwrap();
    assert_eq!(sizes(&graph).await, ["6", "6", "0"]);
    graph.close().await;
    drop(graph);

    // A ledger that is behind the graph is another one.
    let other = Fake::default();
    let last = other.set(entry(7));
    let graph = Graph::open(&location, other, limits(), program()).unwrap();
    graph.wait_until(last).await.unwrap();
    assert_eq!(rows(&graph, "SELECT ?i { ?x <http://purl.org/dc/terms/identifier> ?i }").await, ["image7"]);
}

#[tokio::test]
async fn a_rebuild_replays_every_change_and_tells_how_far_it_is() {
    let (graph, source) = showing((0..20).map(entry)).await;
    let before = sizes(&graph).await;
    let (sender, receiver) = std::sync::mpsc::channel();
    graph.rebuild(Box::new(move |position| sender.send(position).unwrap())).await.unwrap();
    assert_eq!(receiver.iter().last(), Some(20));
    assert_eq!(sizes(&graph).await, before);
    drop(source);
}

#[tokio::test]
async fn who_waits_is_told_of_a_failure_and_the_graph_goes_on_after_it() {
    let (graph, source) = showing([entry(1)]).await;
    let second = source.set(entry(2));
    source.fail(true);
    assert!(matches!(graph.wait_until(second).await, Err(GraphError::Source(_))));
    source.fail(false);
    graph.notify(second);
    while graph.wait_until(second).await.is_err() {}
    assert_eq!(graph.position(), second);
}

#[tokio::test]
async fn an_entry_that_cannot_be_written_does_not_stop_the_next() {
    let mut unwritable = entry(1);
    unwritable.triples[0].predicate = "no IRI".to_owned();
    let (graph, _) = showing([unwritable, entry(2)]).await;
    assert_eq!(sizes(&graph).await[0], "6");
}

#[tokio::test]
async fn a_closed_graph_says_so() {
    let (graph, _) = showing([entry(1)]).await;
    graph.close().await;
    assert_eq!(graph.wait_until(99).await, Err(GraphError::Closed));
    assert_eq!(graph.rebuild(Box::new(|_| {})).await, Err(GraphError::Closed));
}
