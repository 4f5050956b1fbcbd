//! The description of the service (SPARQL 1.1 Service Description).

/// The description in Turtle; `endpoint` is an absolute URL of harmless signs.
pub(super) fn describe(endpoint: &str) -> String {
    format!(
        "@prefix sd: <http://www.w3.org/ns/sparql-service-description#> .
@prefix formats: <http://www.w3.org/ns/formats/> .

[] a sd:Service ;
    sd:endpoint <{endpoint}> ;
    sd:supportedLanguage sd:SPARQL11Query ;
    sd:resultFormat formats:SPARQL_Results_XML, formats:SPARQL_Results_JSON, formats:SPARQL_Results_CSV,
        formats:SPARQL_Results_TSV, formats:Turtle, formats:N-Triples, formats:RDF_XML, formats:JSON-LD ;
    sd:defaultDataset [
        a sd:Dataset ;
        sd:defaultGraph [ a sd:Graph ] ;
        sd:namedGraph [ sd:name <{history}> ], [ sd:name <{contested}> ], [ sd:name <{provenance}> ]
    ] .
",
        history = proto::vocabulary::GRAPH_HISTORY,
        contested = proto::vocabulary::GRAPH_CONTESTED,
        provenance = proto::vocabulary::GRAPH_PROVENANCE,
    )
}
