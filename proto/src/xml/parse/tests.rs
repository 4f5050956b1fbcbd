//! Claims about what is read and what is refused.

use super::*;

fn read(text: &str) -> Tree<'_> {
    parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn text_of(tree: &Tree) -> String {
    match tree.root.children.as_slice() {
        [] => String::new(),
        [Node::Text(text)] => text.to_string(),
        other => panic!("not text alone: {other:?}"),
    }
}

fn malformed(text: &str) {
    match parse(text.as_bytes()) {
        Err(XmlError::Malformed { .. }) => {}
        other => panic!("{text:?}: {other:?}"),
    }
}

fn bad_namespace(text: &str) {
    match parse(text.as_bytes()) {
        Err(XmlError::Namespace { .. }) => {}
        other => panic!("{text:?}: {other:?}"),
    }
}

#[test]
fn text_cdata_and_references_become_one_text() {
    assert_eq!(
        text_of(&read("<a>x<![CDATA[<&]]>&amp;&lt;&gt;&apos;&quot;&#65;&#x42;<![CDATA[]]>y</a>")),
        "x<&&<>'\"ABy"
    );
}

#[test]
fn line_ends_become_line_feeds_but_references_stay() {
    assert_eq!(text_of(&read("<a>1\r\n2\r3\n4&#13;5</a>")), "1\n2\n3\n4\r5");
}

#[test]
fn blanks_in_attribute_values_become_spaces_but_references_stay() {
    let tree = read("<a b=' 1\t2\r\n3\n4&#9;5&#xA;6&#13;7 '/>");
    assert_eq!(tree.root.attribute("", "b"), Some(" 1 2 3 4\t5\n6\r7 "));
}

#[test]
fn names_are_resolved_in_their_scope() {
    let tree = read("<a xmlns='urn:d' xmlns:p='urn:p'><p:b c='' p:c=''/><d xmlns=''/><p:e xmlns:p='urn:q'/><f/></a>");
    let names: Vec<(&str, &str)> = tree.root.elements().map(|one| (&*one.name.namespace, &*one.name.local)).collect();
    assert_eq!(names, [("urn:p", "b"), ("", "d"), ("urn:q", "e"), ("urn:d", "f")]);
    let b = tree.root.elements().next().expect("an element");
    assert_eq!(b.attribute("", "c"), Some(""));
    assert_eq!(b.attribute("urn:p", "c"), Some(""));
}

#[test]
fn what_stands_around_the_root_is_kept() {
    let tree = read("\u{FEFF}<?xml version='1.0'?>\n<!--a--><?p  q r?>\n<b/>\n<!--c-->\n");
    assert_eq!(tree.before.len(), 2);
    assert_eq!(tree.before[1], Node::Instruction { target: "p".into(), data: "q r".into() });
    assert_eq!(tree.after, [Node::Comment("c".into())]);
}

#[test]
fn a_document_type_is_refused_in_any_shape() {
    for text in [
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        "<!DOCTYPE a [",
        "<!doctype a><a/>",
        "<a><!DOCTYPE a></a>",
        "<a/><!DOCTYPE a SYSTEM 'file:///etc/passwd'>",
    ] {
        assert!(matches!(parse(text.as_bytes()), Err(XmlError::Doctype { .. })), "{text}");
    }
}

#[test]
fn malformed_declarations_are_refused() {
    for declaration in [
        "<?xml?>",
        "<?xml ?>",
        "<?xml version='1.1'?>",
        "<?xml version=1.0?>",
        "<?xml version='1.0' encoding='ISO-8859-1'?>",
        "<?xml version='1.0'encoding='UTF-8'?>",
        "<?xml encoding='UTF-8' version='1.0'?>",
        "<?xml encoding='UTF-8'?>",
        "<?xml version='1.0' standalone='maybe'?>",
        "<?xml version='1.0' standalone='yes' encoding='UTF-8'?>",
        "<?xml version='1.0' other='yes'?>",
        "<?xml version='&#49;.0'?>",
    ] {
        let text = format!("{declaration}<a/>");
        assert!(matches!(parse(text.as_bytes()), Err(XmlError::Declaration(_))), "{text}");
    }
    for text in [" <?xml version='1.0'?><a/>", "<a/><?xml version='1.0'?>", "<a><?xml version='1.0'?></a>"] {
        malformed(text);
    }
}

#[test]
fn a_declaration_of_ascii_is_refused_where_the_text_is_not() {
    let text = "<?xml version='1.0' encoding='US-ASCII'?><a>é</a>";
    assert!(matches!(parse(text.as_bytes()), Err(XmlError::Declaration(_))));
}

#[test]
fn declarations_of_utf_8_are_accepted() {
    for declaration in [
        "<?xml version='1.0'?>",
        "<?xml version = \"1.0\" encoding='utf-8' ?>",
        "<?xml\nversion='1.0'\tencoding='UTF-8' standalone='no'?>",
        "<?xml version='1.0' encoding='US-ASCII'?>",
    ] {
        read(&format!("{declaration}<a/>"));
    }
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for text in [
        "",
        " ",
        "text",
        "<a>",
        "<a></b>",
        "</a>",
        "<a/><b/>",
        "<a/>text",
        "text<a/>",
        "<a/>&#32;",
        "&#32;<a/>",
        "<![CDATA[]]><a/>",
        "<a/><![CDATA[ ]]>",
        "\u{FEFF}\u{FEFF}<a/>",
        "<a b='1' b='2'/>",
        "<a b='1'c='2'/>",
        "<a b=1/>",
        "<a b/>",
        "<a b='<'/>",
        "<a b='&'/>",
        "<a b='&nbsp;'/>",
        "<a b='&#0;'/>",
        "<a>&nbsp;</a>",
        "<a>&</a>",
        "<a>&amp</a>",
        "<a>&#xD800;</a>",
        "<a>]]></a>",
        "<a>\u{1}</a>",
        "<a>\u{FFFE}</a>",
        "<a><!-- -- --></a>",
        "<a><!-- ---></a>",
        "<a><!--></a>",
        "<a><!></a>",
        "<a><?xml?></a>",
        "<a><?XML x?></a>",
        "<a><? x?></a>",
        "<a><??></a>",
        "<a><?p:q?></a>",
        "<1/>",
        "< a/>",
        "<a:b:c/>",
        "<:a/>",
        "<a:/>",
        "<a / >",
        "<a b='1' / >",
        "</ a>",
        "<a><",
        "<a b='",
        "<a></a b>",
        "<a><![cdata[x]]></a>",
        "<a><![CDATA[x]]</a>",
        "<a 'b>'/>",
    ] {
        if !matches!(parse(text.as_bytes()), Err(XmlError::Declaration(_))) {
            malformed(text);
        }
    }
}

#[test]
fn what_namespaces_forbid_is_refused() {
    for text in [
        "<p:a/>",
        "<a p:b=''/>",
        "<a xmlns:p=''/>",
        "<a xmlns:xml='urn:x'/>",
        "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>",
        "<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
        "<a xmlns:xmlns='urn:x'/>",
        "<a xmlns:p='http://www.w3.org/2000/xmlns/'/>",
        "<xmlns:a/>",
        "<a xmlns:p='urn:p' xmlns:p='urn:p'/>",
        "<a xmlns:p='relative/name'/>",
        "<a xmlns:p='urn:with blank'/>",
        "<a xmlns:p='urn:é'/>",
        "<a xmlns:p='urn:a?b&amp;c'/>",
        "<a xmlns:p='http://a:/'/>",
        "<a xmlns:p='http://u@[::1]:123456/'/>",
        "<a xmlns='urn:a?b&#x26;c'/>",
    ] {
        bad_namespace(text);
    }
    malformed("<a xmlns:p='urn:x' xmlns:q='urn:x' p:b='' q:b=''/>");
    read("<a xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:lang='en'/>");
    read("<a xmlns='http://a:80/' xmlns:b='http://[::1]/' xmlns:c='http://u:@h' xmlns:d='http://u:p@[::1]:65535'/>");
}

#[test]
fn an_error_names_its_line() {
    let error = parse(b"<a>\n<b>\n&nbsp;</b></a>").expect_err("an unknown entity");
    assert_eq!(error.to_string(), "line 3: '&nbsp;' is not a known reference");
}

#[test]
fn other_encodings_are_refused() {
    for bytes in [b"\xFF\xFE<\0a\0/\0>\0".as_slice(), b"<a>\xE9</a>", b"<a>\xC0\x80</a>", b"<a>\xED\xA0\x80</a>"] {
        assert!(matches!(parse(bytes), Err(XmlError::NotUtf8 { .. })), "{bytes:?}");
    }
}

#[test]
fn bounds_are_kept() {
    let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    read(&nested(bounds::XML_DEPTH_MAX));
    assert!(matches!(parse(nested(bounds::XML_DEPTH_MAX + 1).as_bytes()), Err(XmlError::TooDeep { .. })));
    let wide = |count: usize| format!("<a{}/>", (0..count).map(|index| format!(" b{index}=''")).collect::<String>());
    read(&wide(bounds::XML_ATTRIBUTES_MAX));
    assert!(matches!(parse(wide(bounds::XML_ATTRIBUTES_MAX + 1).as_bytes()), Err(XmlError::TooManyAttributes { .. })));
    let large = vec![b' '; bounds::DOCUMENT_BYTES_MAX + 1];
    assert!(matches!(parse(&large), Err(XmlError::TooLarge { .. })));
    let many = format!("<a>{}</a>", "<b/>".repeat(bounds::XML_NODES_MAX));
    assert!(matches!(parse(many.as_bytes()), Err(XmlError::TooManyNodes { .. })));
    bad_namespace(&format!("<a xmlns='urn:{}'/>", "x".repeat(bounds::XML_NAMESPACE_BYTES_MAX)));
}

#[test]
fn namespace_declarations_in_scope_are_bounded_and_closed_elements_give_theirs_back() {
    let declaring = |count: usize| (0..count).map(|number| format!(" xmlns:p{number}='urn:x'")).collect::<String>();
    let half = declaring(bounds::XML_BINDINGS_MAX / 2);
    read(&format!("<a{half}><b{half}/><c{half}/></a>"));
    let over = format!("<a{half}>\n<b{half}><c xmlns='urn:y'/></b></a>");
    assert_eq!(parse(over.as_bytes()), Err(XmlError::TooManyNamespaces { line: 2 }));
}

#[test]
fn an_error_names_its_line_whatever_ends_the_lines() {
    for text in ["<a>\n\n&x;</a>", "<a>\r\n\r\n&x;</a>", "<a>\r\r&x;</a>", "<a>\r\n\r&x;</a>"] {
        let error = parse(text.as_bytes()).expect_err("the reference is unknown");
        assert!(error.to_string().starts_with("line 3:"), "{text:?}: {error}");
    }
}

#[test]
fn carriage_returns_are_line_ends_in_every_place() {
    let tree = read("<?p a\r\nb\rc?><a b='1\r\n2\r3'>\r\n<!--x\ry\r\nz--><![CDATA[\r\n\r]]>&#13;\r</a\r>");
    assert_eq!(tree.before, [Node::Instruction { target: "p".into(), data: "a\nb\nc".into() }]);
    assert_eq!(tree.root.attribute("", "b"), Some("1 2 3"));
    let expected = [Node::Text("\n".into()), Node::Comment("x\ny\nz".into()), Node::Text("\n\n\r\n".into())];
    assert_eq!(tree.root.children, expected);
}

/// Documents of the largest size made to be slow. The limit is generous, for the machine may be busy; quadratic work
/// would take minutes.
#[test]
fn hostile_documents_of_the_greatest_size_come_to_an_end() {
    let size = bounds::DOCUMENT_BYTES_MAX;
    let fill = |start: &str, unit: &str, end: &str| {
        format!("{start}{}{end}", unit.repeat((size - start.len() - end.len()) / unit.len()))
    };
    let scopes: String = (0..60)
        .map(|depth| format!("<a{}>", (0..60).map(|n| format!(" xmlns:p{depth}x{n}='urn:x'")).collect::<String>()))
        .collect();
    let documents = [
        fill("<a>", "&#65;", "</a>"),
        fill("<a b='", "&#65;", "'/>"),
        fill("<a>", "<![CDATA[]]>", "</a>"),
        fill("<a>", "<b>", ""),
        fill("<a>", "<!", ""),
        fill("<a ", "b='' ", "/>"),
        fill("<!DOCTYPE a [", "<!ENTITY b 'c'>", "]><a/>"),
        fill("<a>", "\r", "</a>"),
        fill("<a>", "]]", "</a>"),
        fill("<!--", "- ", "--><a/>"),
        fill(&scopes, "<p0x0:b/>", &"</a>".repeat(60)),
        fill(&format!("<a xmlns='urn:{}'>", "x".repeat(250)), "<b/>", "</a>"),
    ];
    for document in documents {
        let _ = parse(document.as_bytes());
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(pieces in proptest::collection::vec(0..PIECES.len(), 0..24)) {
        let text: String = pieces.into_iter().map(|piece| PIECES[piece]).collect();
        let _ = parse(text.as_bytes());
        let _ = parse(format!("<a>{text}</a>").as_bytes());
    }
}

/// Scraps of markup that make trouble next to one another.
const PIECES: &[&str] = &[
    "<",
    ">",
    "</",
    "/>",
    "<a",
    "<a>",
    "</a>",
    "<a/>",
    " b='",
    "'",
    "\"",
    " ",
    "&",
    ";",
    "&amp;",
    "&#",
    "x41",
    "<!--",
    "-->",
    "--",
    "-",
    "<![CDATA[",
    "]]>",
    "]",
    "<?",
    "?>",
    "xml",
    " version='1.0'",
    "<!",
    "!",
    "<!DOCTYPE",
    "[",
    "é",
    "\r",
    "\n",
    "xmlns",
    ":",
    "=",
    "p",
    "urn:x",
    "\u{FEFF}",
    "\0",
];
