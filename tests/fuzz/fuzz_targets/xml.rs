//! Foreign XML; the canonical form of a canonical form is itself.
#![no_main]

use proto::xml::{Canonicalization, Comments, XmlError, canonicalize, parse};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(tree) = parse(bytes) else { return };
    for method in [Canonicalization::Inclusive, Canonicalization::Exclusive { prefixes: Vec::new() }] {
        for comments in [Comments::With, Comments::Without] {
            let once = canonicalize(&tree, &method, comments);
            match parse(&once) {
                Ok(again) => assert_eq!(canonicalize(&again, &method, comments), once, "it is a fixed point"),
                // Escaping lengthens a text, and the exclusive form repeats declarations.
                Err(XmlError::TooLarge { .. } | XmlError::TooManyAttributes { .. }) => {}
                Err(error) => panic!("a canonical form is XML: {error}"),
            }
        }
    }
});
