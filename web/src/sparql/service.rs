//! The description of the service (SPARQL 1.1 Service Description), with how much there is to find (VoID).

use crate::registry::Counts;

/// The description in Turtle; `endpoint` is an absolute URL of harmless signs.
pub(super) fn describe(endpoint: &str, counts: &Counts) -> String {
    format!(
        "@prefix sd: <http://www.w3.org/ns/sparql-service-description#> .
@prefix void: <http://rdfs.org/ns/void#> .
@prefix formats: <http://www.w3.org/ns/formats/> .

[] a sd:Service ;
    sd:endpoint <{endpoint}> ;
    sd:supportedLanguage sd:SPARQL11Query ;
    sd:resultFormat formats:SPARQL_Results_XML, formats:SPARQL_Results_JSON, formats:SPARQL_Results_CSV,
        formats:SPARQL_Results_TSV, formats:Turtle, formats:N-Triples, formats:RDF_XML, formats:JSON-LD ;
    sd:defaultDataset [
        a sd:Dataset, void:Dataset ;
        void:entities {entries} ;
        void:uriSpace \"{entry_space}\" ;
        void:vocabulary <{dcterms}>, <{slreq}>, <{slterms}> ;
        sd:defaultGraph [ a sd:Graph, void:Dataset ; void:entities {current} ] ;
        sd:namedGraph {history}, {contested}, {provenance}
    ] .
",
        entries = counts.entries,
        current = current(counts),
        entry_space = proto::vocabulary::ENTRIES,
        dcterms = proto::vocabulary::DCTERMS,
        slreq = proto::vocabulary::SLREQ,
        slterms = proto::vocabulary::SLTERMS,
        history = named_graph(proto::vocabulary::GRAPH_HISTORY, counts.superseded),
        contested = named_graph(proto::vocabulary::GRAPH_CONTESTED, counts.contested),
        provenance = named_graph(proto::vocabulary::GRAPH_PROVENANCE, counts.entries),
    )
}

/// Deprecated and expired entries are current ones.
const fn current(counts: &Counts) -> u64 {
    counts.valid + counts.deprecated + counts.expired
}

fn named_graph(name: &str, entries: u64) -> String {
    format!("[ a sd:NamedGraph ; sd:name <{name}> ; sd:graph [ a sd:Graph, void:Dataset ; void:entities {entries} ] ]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_graph_tells_how_many_entries_it_has() {
        let counts = Counts {
            entries: 21,
            valid: 1,
            deprecated: 2,
            expired: 3,
            superseded: 7,
            contested: 8,
            ..Counts::default()
        };
        let description = describe("http://example.org/sparql", &counts);
        for part in [
            "a sd:Dataset, void:Dataset ;\n        void:entities 21",
            "sd:defaultGraph [ a sd:Graph, void:Dataset ; void:entities 6 ]",
            "sd:name <http://mp.stratuslab.eu/history> ; sd:graph [ a sd:Graph, void:Dataset ; void:entities 7 ]",
            "sd:name <http://mp.stratuslab.eu/contested> ; sd:graph [ a sd:Graph, void:Dataset ; void:entities 8 ]",
        ] {
            assert!(description.contains(part), "{part}\n{description}");
        }
    }
}
