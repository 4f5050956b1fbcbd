//! Claims about canonical forms; the vectors follow the specifications' examples, less their document types.

use super::*;
use crate::xml::parse;

fn exclusive(prefixes: &[&str]) -> Canonicalization {
    Canonicalization::Exclusive { prefixes: prefixes.iter().map(|prefix| (*prefix).to_owned()).collect() }
}

fn canonical(text: &str, method: &Canonicalization, comments: Comments) -> String {
    let tree = parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    String::from_utf8(canonicalize(&tree, method, comments)).expect("UTF-8")
}

fn inclusive(text: &str) -> String {
    canonical(text, &Canonicalization::Inclusive, Comments::Without)
}

/// The canonical form of the descendant reached by taking the child element at each index.
fn element_form(text: &str, path: &[usize], method: &Canonicalization, comments: Comments) -> String {
    let tree = parse(text.as_bytes()).expect("well-formed");
    let mut ancestors = vec![&tree.root];
    for index in path {
        let last = ancestors.last().expect("never empty");
        ancestors.push(last.elements().nth(*index).expect("a child"));
    }
    let element = ancestors.pop().expect("never empty");
    String::from_utf8(canonicalize_element(&ancestors, element, method, comments)).expect("UTF-8")
}

#[test]
fn instructions_and_comments_stand_on_their_own_lines_around_the_root() {
    // Canonical XML 1.0 section 3.1.
    let text = "<?xml version=\"1.0\"?>\n\n<?xml-stylesheet   href=\"doc.xsl\"\n   type=\"text/xsl\"   ?>\n\n\
                <doc>Hello, world!<!-- Comment 1 --></doc>\n\n<?pi-without-data     ?>\n\n<!-- Comment 2 -->\n\n\
                <!-- Comment 3 -->\n";
    assert_eq!(
        inclusive(text),
        "<?xml-stylesheet href=\"doc.xsl\"\n   type=\"text/xsl\"   ?>\n<doc>Hello, world!</doc>\n<?pi-without-data?>"
    );
    assert_eq!(
        canonical(text, &Canonicalization::Inclusive, Comments::With),
        "<?xml-stylesheet href=\"doc.xsl\"\n   type=\"text/xsl\"   ?>\n<doc>Hello, world!<!-- Comment 1 --></doc>\n\
         <?pi-without-data?>\n<!-- Comment 2 -->\n<!-- Comment 3 -->"
    );
}

#[test]
fn blanks_in_content_are_kept() {
    // Canonical XML 1.0 section 3.2.
    let text = "<doc>\n   <clean>   </clean>\n   <dirty>   A   B   </dirty>\n</doc>";
    assert_eq!(inclusive(text), text);
}

#[test]
fn tags_have_one_form() {
    // Canonical XML 1.0 section 3.3.
    let text = "<doc>\n   <e1   />\n   <e2   ></e2>\n   <e3   name = \"elem3\"   id=\"elem3\"   />\n   \
                <e5 a:attr=\"out\" b:attr=\"sorted\" attr2=\"all\" attr=\"I'm\"\n      xmlns:b=\"http://www.ietf.org\"\n      \
                xmlns:a=\"http://www.w3.org\"\n      xmlns=\"http://example.org\"/>\n   \
                <e6 xmlns=\"\" xmlns:a=\"http://www.w3.org\">\n      <e7 xmlns=\"http://www.ietf.org\">\n         \
                <e8 xmlns=\"\" xmlns:a=\"http://www.w3.org\">\n            \
                <e9 xmlns=\"\" xmlns:a=\"http://www.ietf.org\"/>\n         </e8>\n      </e7>\n   </e6>\n</doc>";
    assert_eq!(
        inclusive(text),
        "<doc>\n   <e1></e1>\n   <e2></e2>\n   <e3 id=\"elem3\" name=\"elem3\"></e3>\n   \
         <e5 xmlns=\"http://example.org\" xmlns:a=\"http://www.w3.org\" xmlns:b=\"http://www.ietf.org\" attr=\"I'm\" \
         attr2=\"all\" b:attr=\"sorted\" a:attr=\"out\"></e5>\n   <e6 xmlns:a=\"http://www.w3.org\">\n      \
         <e7 xmlns=\"http://www.ietf.org\">\n         <e8 xmlns=\"\">\n            \
         <e9 xmlns:a=\"http://www.ietf.org\"></e9>\n         </e8>\n      </e7>\n   </e6>\n</doc>"
    );
}

#[test]
fn characters_have_one_form() {
    // Canonical XML 1.0 section 3.4.
    let text = "<doc>\n   <text>First line&#x0d;&#10;Second line</text>\n   <value>&#x32;</value>\n   \
                <compute><![CDATA[value>\"0\" && value<\"10\" ?\"valid\":\"error\"]]></compute>\n   \
                <compute expr='value>\"0\" &amp;&amp; value&lt;\"10\" ?\"valid\":\"error\"'>valid</compute>\n   \
                <norm attr=' &apos;   &#x20;&#13;&#xa;&#9;   &apos; '/>\n</doc>";
    assert_eq!(
        inclusive(text),
        "<doc>\n   <text>First line&#xD;\nSecond line</text>\n   <value>2</value>\n   \
         <compute>value&gt;\"0\" &amp;&amp; value&lt;\"10\" ?\"valid\":\"error\"</compute>\n   \
         <compute expr=\"value>&quot;0&quot; &amp;&amp; value&lt;&quot;10&quot; ?&quot;valid&quot;:&quot;error&quot;\">\
         valid</compute>\n   <norm attr=\" '    &#xD;&#xA;&#9;   ' \"></norm>\n</doc>"
            .replace("&#9;", "&#x9;")
    );
}

#[test]
fn characters_are_utf_8() {
    // Canonical XML 1.0 section 3.6.
    assert_eq!(inclusive("<?xml version=\"1.0\" encoding=\"UTF-8\"?><doc>&#169;</doc>"), "<doc>©</doc>");
}

#[test]
fn an_inclusive_subtree_takes_over_namespaces_and_xml_attributes() {
    let text = "<a xmlns='urn:d' xmlns:p='urn:p' xml:base='http://b/' xml:lang='en'><b xml:lang='fr' xmlns:q='urn:q'>\
                <c xml:space='preserve' q:x='1'><!--n--><p:d/></c></b></a>";
    assert_eq!(
        element_form(text, &[0, 0], &Canonicalization::Inclusive, Comments::Without),
        "<c xmlns=\"urn:d\" xmlns:p=\"urn:p\" xmlns:q=\"urn:q\" xml:base=\"http://b/\" xml:lang=\"fr\" \
         xml:space=\"preserve\" q:x=\"1\"><p:d></p:d></c>"
    );
}

#[test]
fn version_1_1_joins_the_base_and_inherits_no_identifier() {
    let text = "<a xml:base='http://b/c/' xml:id='i' xml:lang='en' xml:other='o'><b xml:base='../d/'><c xml:base='e'/>\
                <c xml:base=''/></b><d/></a>";
    let form = |path: &[usize]| element_form(text, path, &Canonicalization::Inclusive11, Comments::Without);
    assert_eq!(form(&[0, 0]), "<c xml:base=\"http://b/d/e\" xml:lang=\"en\"></c>");
    assert_eq!(form(&[0, 1]), "<c xml:base=\"http://b/d/\" xml:lang=\"en\"></c>");
    assert_eq!(form(&[1]), "<d xml:base=\"http://b/c/\" xml:lang=\"en\"></d>");
    assert_eq!(
        element_form(text, &[1], &Canonicalization::Inclusive, Comments::Without),
        "<d xml:base=\"http://b/c/\" xml:id=\"i\" xml:lang=\"en\" xml:other=\"o\"></d>"
    );
}

#[test]
fn version_1_1_reduces_bases_as_the_specification_does() {
    // Canonical XML 1.1 section 2.4: the elements b and c are left out.
    let text = "<a xml:base='foo/bar'><b xml:base='..'><c xml:base='..'><d xml:base='x'/></c></b></a>";
    let tree = parse(text.as_bytes()).expect("well-formed");
    let b = tree.root.elements().next().expect("a child");
    let c = b.elements().next().expect("a child");
    let d = c.elements().next().expect("a child");
    let form = canonicalize_element(&[b, c], d, &Canonicalization::Inclusive11, Comments::Without);
    assert_eq!(String::from_utf8_lossy(&form), "<d xml:base=\"../../x\"></d>");
}

#[test]
fn version_1_1_leaves_a_base_alone_where_no_ancestor_states_one_and_writes_no_empty_join() {
    let form = |text| element_form(text, &[0], &Canonicalization::Inclusive11, Comments::Without);
    assert_eq!(form("<a><b xml:base='x/../y'/></a>"), "<b xml:base=\"x/../y\"></b>");
    assert_eq!(form("<a><b xml:base=''/></a>"), "<b xml:base=\"\"></b>");
    assert_eq!(form("<a xml:base='abc/'><b xml:base='../'/></a>"), "<b></b>");
    assert_eq!(form("<a xml:base=''><b/></a>"), "<b></b>");
    assert_eq!(form("<a xml:base='x/./y'><b/></a>"), "<b xml:base=\"x/./y\"></b>");
}

#[test]
fn version_1_1_of_a_whole_document_is_version_1_0() {
    let text = "<!--b--><a xml:base='http://b/'><b xml:base='..' xml:id='i'/></a><?p?>";
    for comments in [Comments::With, Comments::Without] {
        let form = canonical(text, &Canonicalization::Inclusive11, comments);
        assert_eq!(form, canonical(text, &Canonicalization::Inclusive, comments));
    }
}

#[test]
fn an_exclusive_subtree_declares_what_it_uses_where_it_uses_it() {
    let text = "<a xmlns='urn:d' xmlns:p='urn:p' xml:lang='en'><b xmlns:q='urn:q'><c q:x='1'><!--n--><p:d/><p:d/></c>\
                </b></a>";
    assert_eq!(
        element_form(text, &[0, 0], &exclusive(&[]), Comments::With),
        "<c xmlns=\"urn:d\" xmlns:q=\"urn:q\" q:x=\"1\"><!--n--><p:d xmlns:p=\"urn:p\"></p:d>\
         <p:d xmlns:p=\"urn:p\"></p:d></c>"
    );
}

#[test]
fn exclusive_forms_do_not_depend_on_the_context() {
    // Exclusive XML Canonicalization 1.0 section 2.2.
    let first = "<n0:local xmlns:n0=\"foo:bar\" xmlns:n3=\"ftp://example.org\"><n1:elem2 \
                 xmlns:n1=\"http://example.net\" xml:lang=\"en\"><n3:stuff xmlns:n3=\"ftp://example.org\"/></n1:elem2>\
                 </n0:local>";
    let second = "<n2:pdu xmlns:n1=\"http://example.com\" xmlns:n2=\"http://foo.example\" xml:lang=\"fr\" \
                  xml:space=\"retain\"><n1:elem2 xmlns:n1=\"http://example.net\" xml:lang=\"en\"><n3:stuff \
                  xmlns:n3=\"ftp://example.org\"/></n1:elem2></n2:pdu>";
    let form = "<n1:elem2 xmlns:n1=\"http://example.net\" xml:lang=\"en\"><n3:stuff xmlns:n3=\"ftp://example.org\">\
                </n3:stuff></n1:elem2>";
    assert_eq!(element_form(first, &[0], &exclusive(&[]), Comments::Without), form);
    assert_eq!(element_form(second, &[0], &exclusive(&[]), Comments::Without), form);
    assert_ne!(element_form(first, &[0], &Canonicalization::Inclusive, Comments::Without), form);
}

#[test]
fn listed_prefixes_are_treated_inclusively() {
    let text = "<a xmlns='urn:d' xmlns:p='urn:p' xmlns:q='urn:q'><q:b><c xmlns:p='urn:other'/></q:b></a>";
    assert_eq!(
        element_form(text, &[0], &exclusive(&["p"]), Comments::Without),
        "<q:b xmlns:p=\"urn:p\" xmlns:q=\"urn:q\"><c xmlns=\"urn:d\" xmlns:p=\"urn:other\"></c></q:b>"
    );
    assert_eq!(
        element_form(text, &[0], &exclusive(&["", "unbound"]), Comments::Without),
        "<q:b xmlns=\"urn:d\" xmlns:q=\"urn:q\"><c></c></q:b>"
    );
}

#[test]
fn an_undone_default_namespace_is_declared_empty_only_where_needed() {
    let text = "<a xmlns='urn:d'><p:b xmlns:p='urn:p' xmlns=''><c/></p:b></a>";
    assert_eq!(
        canonical(text, &exclusive(&[]), Comments::Without),
        "<a xmlns=\"urn:d\"><p:b xmlns:p=\"urn:p\"><c xmlns=\"\"></c></p:b></a>"
    );
    assert_eq!(inclusive("<a xmlns=''><b xmlns=''/></a>"), "<a><b></b></a>");
    assert_eq!(element_form(text, &[0, 0], &exclusive(&[]), Comments::Without), "<c></c>");
}

#[test]
fn an_omitted_child_leaves_the_text_around_it() {
    let tree = parse(b"<a>1<b/>2<b/>3</a>").expect("well-formed");
    let form = canonicalize_without(&tree, 1, &Canonicalization::Inclusive, Comments::Without);
    assert_eq!(form, b"<a>12<b></b>3</a>");
}

/// Pieces that always make a well-formed element's content.
const PIECES: &[&str] = &[
    "text",
    " \n\t",
    "&amp;&lt;&gt;&#13;&#9;",
    "<![CDATA[<&>]]>",
    "<!--c-->",
    "<?p d ?>",
    "<b/>",
    "<p:b p:x='1' x='2&#10;\n&quot;' xml:lang='e'/>",
    "<c xmlns='urn:c'><b xmlns=''/><p:d/></c>",
    "<c xmlns:p='urn:q' p:y=''><p:d xmlns:p='urn:p'/></c>",
    "<q:e xmlns:q='urn:p' xmlns:p='urn:p'/>",
    "é\u{10000}",
];

proptest::proptest! {
    #[test]
    fn a_canonical_form_is_its_own_canonical_form(
        pieces in proptest::collection::vec(0..PIECES.len(), 0..16),
        method in 0..4_usize,
    ) {
        let content: String = pieces.into_iter().map(|piece| PIECES[piece]).collect();
        let text = format!("<!--b--><a xmlns:p='urn:p' xmlns='urn:d' xml:base='x'>{content}</a><?after?>");
        let inclusive = [Canonicalization::Inclusive, Canonicalization::Inclusive11];
        let exclusive = [exclusive(&[]), exclusive(&["p", ""])];
        let method = [inclusive, exclusive].concat()[method].clone();
        for comments in [Comments::With, Comments::Without] {
            let once = canonical(&text, &method, comments);
            proptest::prop_assert_eq!(&canonical(&once, &method, comments), &once);
        }
    }
}
