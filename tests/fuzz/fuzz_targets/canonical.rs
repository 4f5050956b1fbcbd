//! Canonical forms of foreign XML: each is XML, and its own canonical form, by every method.
#![no_main]

use proto::xml::{Canonicalization, Comments, XmlError, canonicalize, parse};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(tree) = parse(bytes) else { return };
    let listed = ["", "a", "b", "x", "xml"].map(str::to_owned).to_vec();
    for method in [
        Canonicalization::Inclusive,
        Canonicalization::Inclusive11,
        Canonicalization::Exclusive { prefixes: Vec::new() },
        Canonicalization::Exclusive { prefixes: listed },
    ] {
        for comments in [Comments::With, Comments::Without] {
            let once = canonicalize(&tree, &method, comments);
            match parse(&once) {
                Ok(again) => assert_eq!(canonicalize(&again, &method, comments), once, "it is a fixed point"),
                // Escaping lengthens a text, and the exclusive form repeats declarations.
                Err(
                    XmlError::TooLarge { .. }
                    | XmlError::TooManyAttributes { .. }
                    | XmlError::TooManyNodes { .. }
                    | XmlError::TooManyNamespaces { .. },
                ) => {}
                Err(error) => panic!("a canonical form is XML: {error}"),
            }
        }
    }
});
