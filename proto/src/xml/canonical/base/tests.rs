//! Claims about joined bases; the tables are those of Canonical XML 1.1.

use super::*;

#[test]
fn dot_segments_are_removed_as_appendix_a_says() {
    let rows = [
        ("no/.././/pseudo-netpath/seg/file.ext", "pseudo-netpath/seg/file.ext"),
        ("no/..//.///pseudo-netpath/seg/file.ext", "pseudo-netpath/seg/file.ext"),
        ("yes/no//..//.///pseudo-netpath/seg/file.ext", "yes/pseudo-netpath/seg/file.ext"),
        ("no/../yes", "yes"),
        ("no/../yes/", "yes/"),
        ("no/../yes/no/..", "yes/"),
        ("../../no/../..", "../../../"),
        ("no/../..", "../"),
        ("no/..", ""),
        ("no/../", ""),
        ("/a/b/c/./../../g", "/a/g"),
        ("mid/content=5/../6", "mid/6"),
        ("../../..", "../../../"),
        ("no/../../", "../"),
        ("..yes/..no/..no/..no/../../../..yes", "..yes/..yes"),
        ("..yes/..no/..no/..no/../../../..yes/", "..yes/..yes/"),
        ("../..", "../../"),
        ("../../../", "../../../"),
        (".", ""),
        ("./", ""),
        ("./.", ""),
        ("//no/..", "/"),
        ("../../no/..", "../../"),
        ("../../no/../", "../../"),
        ("yes/no/../", "yes/"),
        ("yes/no/no/../..", "yes/"),
        ("yes/no/../yes/no/no/../..", "yes/yes/"),
        ("yes/no/no/no/../../../yes", "yes/yes"),
        ("/no/../", "/"),
        ("/yes/no/../", "/yes/"),
        ("../../..no/..", "../../"),
        ("../../..no/../", "../../"),
        ("..yes/...no/..no/..no/../../..", "..yes/"),
        ("/..no/../", "/"),
        ("/..yes/..no/../", "/..yes/"),
        ("/", "/"),
        ("/.", "/"),
        ("/././", "/"),
        ("/..", "/"),
        ("/../../..", "/"),
        ("//..", "/"),
        ("//..//..//..", "/"),
        ("/./.././.././..", "/"),
        ("..", "../"),
        ("../", "../"),
    ];
    for (path, expected) in rows {
        assert_eq!(remove_dot_segments(path), expected, "{path}");
    }
}

#[test]
fn bases_are_joined_as_section_2_4_says() {
    let rows = [
        ("abc/", "../", ""),
        ("../", "../", "../../"),
        ("..", "..", "../../"),
        ("..", "x", "../x"),
        ("something/else", "bar/", "something/bar/"),
        ("a/", "b#fragment", "a/b"),
        ("a/", "#fragment", "a/"),
        ("a/b?q", "", "a/b?q"),
        ("a/b?q", "?r", "a/b?r"),
        ("a/b", "/c/./d", "/c/d"),
        ("http://example.org", "x", "http://example.org/x"),
        ("http://example.org/a/b", "../x?q", "http://example.org/x?q"),
        ("http://example.org/a/b", "//example.net/c", "http://example.net/c"),
        ("something/else", "urn:x", "urn:x"),
    ];
    for (base, reference, expected) in rows {
        assert_eq!(join(base, reference), expected, "{base} {reference}");
    }
}
