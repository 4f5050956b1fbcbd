//! The productions and refusals of RDF/XML, each with a passing and a failing text; the W3C suite is in `rdf_xml_suite`.

#[path = "support/n_triples.rs"]
mod n_triples;

use proto::rdf::{self, RdfError, Term, Triple};
use proto::xml;

const BASE: &str = "http://example.org/dir/file";

fn read(content: &str) -> Result<Vec<Triple>, RdfError> {
    let text = format!(
        "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns:e=\"http://e/\">{content}</rdf:RDF>"
    );
    rdf::read(&xml::parse(text.as_bytes()).expect("the test's text is well-formed"), BASE)
}

/// A property of one node about `http://s/`.
fn property(content: &str) -> String {
    format!("<rdf:Description rdf:about=\"http://s/\">{content}</rdf:Description>")
}

fn gives(content: &str, expected: &str) {
    let expected = expected.replace("rdf:", "http://www.w3.org/1999/02/22-rdf-syntax-ns#");
    let ours = n_triples::of_triples(&read(content).expect("the text is RDF/XML"));
    let theirs = n_triples::parse(&expected);
    assert!(n_triples::are_isomorphic(&ours, &theirs), "{content}\n{ours:#?}\n{theirs:#?}");
}

#[test]
fn a_typed_node_with_attributes_says_its_type_and_them() {
    gives(
        "<e:T rdf:about='x' e:p='v'/>",
        "<http://example.org/dir/x> <rdf:type> <http://e/T> .\n<http://example.org/dir/x> <http://e/p> \"v\" .",
    );
    gives(
        "<rdf:Description rdf:ID='i' rdf:type='http://t/'/>",
        "<http://example.org/dir/file#i> <rdf:type> <http://t/> .",
    );
}

#[test]
fn a_text_has_the_language_in_force_or_its_datatype() {
    gives(&property("<e:p xml:lang='fr'>x</e:p>"), "<http://s/> <http://e/p> \"x\"@fr .");
    gives(
        &property("<e:p xml:lang='fr' rdf:datatype='http://d/'>x</e:p>"),
        "<http://s/> <http://e/p> \"x\"^^<http://d/> .",
    );
    gives(
        "<rdf:Description rdf:about='http://s/' xml:lang='fr'><e:p xml:lang=''>x</e:p></rdf:Description>",
        "<http://s/> <http://e/p> \"x\" .",
    );
}

#[test]
fn a_text_split_by_a_comment_or_an_instruction_is_one_text() {
    gives(&property("<e:p>a<!-- c -->b<?i?>c</e:p>"), "<http://s/> <http://e/p> \"abc\" .");
}

#[test]
fn references_and_names_of_blank_nodes_are_shared() {
    gives(
        &property("<e:p rdf:resource='o'/><e:q rdf:nodeID='n'/><e:r rdf:nodeID='n' e:v='1'/>"),
        "<http://s/> <http://e/p> <http://example.org/dir/o> .\n<http://s/> <http://e/q> _:n .\n<http://s/> <http://e/r> _:n .\n_:n <http://e/v> \"1\" .",
    );
}

#[test]
fn parse_types_make_nodes_lists_and_literals() {
    gives(
        &property("<e:p rdf:parseType='Resource'><e:q>1</e:q></e:p>"),
        "<http://s/> <http://e/p> _:a .\n_:a <http://e/q> \"1\" .",
    );
    gives(
        &property("<e:p rdf:parseType='Collection'><rdf:Description rdf:about='http://a/'/></e:p>"),
        "<http://s/> <http://e/p> _:a .\n_:a <rdf:first> <http://a/> .\n_:a <rdf:rest> <rdf:nil> .",
    );
    gives(&property("<e:p rdf:parseType='Collection'/>"), "<http://s/> <http://e/p> <rdf:nil> .");
    gives(
        &property("<e:p rdf:parseType='Literal'>a&amp;<e:b/><!--c--></e:p>"),
        "<http://s/> <http://e/p> \"a&amp;<e:b xmlns:e=\\\"http://e/\\\"></e:b><!--c-->\"^^<rdf:XMLLiteral> .",
    );
}

#[test]
fn members_are_counted_and_statements_described() {
    gives(
        &property("<rdf:li>a</rdf:li><rdf:_7>b</rdf:_7><rdf:li>c</rdf:li>"),
        "<http://s/> <rdf:_1> \"a\" .\n<http://s/> <rdf:_7> \"b\" .\n<http://s/> <rdf:_2> \"c\" .",
    );
    let statement = "<http://example.org/dir/file#i>";
    gives(
        &property("<e:p rdf:ID='i'>x</e:p>"),
        &format!(
            "<http://s/> <http://e/p> \"x\" .\n{statement} <rdf:type> <rdf:Statement> .\n{statement} <rdf:subject> <http://s/> .\n\
             {statement} <rdf:predicate> <http://e/p> .\n{statement} <rdf:object> \"x\" ."
        ),
    );
}

#[test]
fn another_base_holds_within_its_element() {
    gives(
        "<rdf:Description rdf:about='a' xml:base='http://b/c/d'><e:p rdf:resource='../x'/></rdf:Description>",
        "<http://b/c/a> <http://e/p> <http://b/x> .",
    );
}

#[test]
fn blank_nodes_are_numbered_as_they_appear_and_duplicates_kept() {
    let triples =
        read(&property("<e:p><rdf:Description/></e:p><e:p rdf:nodeID='n'/><e:q>1</e:q><e:q>1</e:q>")).expect("RDF/XML");
    let index = |triple: &Triple| if let Term::Blank(node) = &triple.object { Some(node.index()) } else { None };
    assert_eq!(triples.iter().map(index).collect::<Vec<_>>(), [Some(0), Some(1), None, None]);
}

#[test]
fn names_of_the_syntax_may_not_stand_for_classes_and_properties() {
    for content in [
        "<rdf:li/>".to_owned(),
        "<rdf:resource/>".to_owned(),
        "<rdf:Description rdf:li='x'/>".to_owned(),
        "<rdf:Description rdf:aboutEach='x'/>".to_owned(),
        "<rdf:Description rdf:bagID='x'/>".to_owned(),
        property("<rdf:Description>x</rdf:Description>"),
        property("<rdf:about>x</rdf:about>"),
    ] {
        assert!(matches!(read(&content), Err(RdfError::ForbiddenName(_))), "{content}");
    }
}

#[test]
fn names_without_a_namespace_are_refused() {
    for content in ["<T/>".to_owned(), "<rdf:Description p='x'/>".to_owned(), property("<p>x</p>")] {
        assert!(matches!(read(&content), Err(RdfError::NoNamespace(_))), "{content}");
    }
}

#[test]
fn attributes_that_exclude_each_other_are_refused() {
    for content in [
        "<rdf:Description rdf:about='a' rdf:ID='b'/>".to_owned(),
        "<rdf:Description rdf:about='a' about='a'/>".to_owned(),
        "<rdf:Description rdf:about='a' rdf:nodeID='b'/>".to_owned(),
        "<rdf:Description rdf:resource='a'/>".to_owned(),
        "<rdf:Description rdf:datatype='a'/>".to_owned(),
        property("<e:p rdf:resource='a' rdf:nodeID='b'/>"),
        property("<e:p rdf:resource='a'>x</e:p>"),
        property("<e:p rdf:parseType='Literal' rdf:resource='a'/>"),
        property("<e:p rdf:parseType='Resource' e:q='a'/>"),
        property("<e:p rdf:datatype='http://d/' e:q='a'/>"),
        property("<e:p rdf:about='a'/>"),
        property("<e:p e:q='foreign'>x</e:p>"),
        property("<e:p rdf:datatype='http://d/'><e:T/></e:p>"),
    ] {
        assert!(matches!(read(&content), Err(RdfError::ForbiddenAttribute { .. })), "{content}");
    }
}

#[test]
fn mixed_content_and_second_nodes_are_refused() {
    assert!(matches!(read("x"), Err(RdfError::MixedContent { .. })));
    assert!(matches!(read(&property("<e:p>x<e:T/></e:p>")), Err(RdfError::MixedContent { .. })));
    assert!(matches!(read(&property("<e:p rdf:parseType='Resource'>x</e:p>")), Err(RdfError::MixedContent { .. })));
    assert!(matches!(read(&property("<e:p><e:T/><e:T/></e:p>")), Err(RdfError::TwoNodes(_))));
}

#[test]
fn identifiers_are_names_and_unique_under_their_base() {
    for content in ["<e:T rdf:ID='1'/>", "<e:T rdf:ID='a:b'/>", "<e:T rdf:nodeID='_:b'/>"] {
        assert!(matches!(read(content), Err(RdfError::NotAName(_))), "{content}");
    }
    assert!(matches!(read("<e:T rdf:ID='a'/><e:T rdf:ID='a'/>"), Err(RdfError::DuplicateId(_))));
    assert!(read("<e:T rdf:ID='a'/><e:T rdf:ID='a' xml:base='http://b/'/>").is_ok());
}

#[test]
fn what_is_no_iri_or_language_tag_is_refused() {
    assert!(matches!(read("<e:T rdf:about='a b'/>"), Err(RdfError::NotAnIri(_))));
    assert!(matches!(read("<e:T rdf:about='http://[/'/>"), Err(RdfError::NotAnIri(_))));
    assert!(matches!(read("<e:T xml:lang='a b'/>"), Err(RdfError::NotALanguage(_))));
}
