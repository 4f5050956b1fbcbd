//! The rules of ARCHITECTURE.md that a compiler does not hold.

use std::fs;
use std::path::{Path, PathBuf};

const MEMBERS: [&str; 4] = ["proto", "web", "node", "tests"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a member lies in the workspace").to_owned()
}

fn manifest(member: &str) -> toml::Table {
    let text = fs::read_to_string(root().join(member).join("Cargo.toml")).expect("every member has a manifest");
    text.parse().expect("the manifest is TOML, as cargo has read it")
}

fn dependencies(member: &str, section: &str) -> Vec<String> {
    let manifest = manifest(member);
    manifest
        .get(section)
        .and_then(|table| table.as_table())
        .into_iter()
        .flat_map(|table| table.keys().cloned())
        .collect()
}

/// The Rust sources of a member, with their path below the workspace.
fn sources(member: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(member)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of the workspace") {
            let path = entry.expect("an entry of the workspace").path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target" && name != "node_modules") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source is text");
                let name = path.strip_prefix(root()).expect("it lies in the workspace").to_string_lossy().into_owned();
                found.push((name, text));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{member} has no sources");
    found
}

/// Lines of code, without comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

fn mentions(text: &str, crate_name: &str) -> bool {
    let path = format!("{crate_name}::");
    let import = format!("use {crate_name};");
    code(text).any(|line| {
        let is_path = line.match_indices(&path).any(|(at, _)| {
            !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == ':')
        });
        is_path || line.trim() == import
    })
}

#[test]
fn dependencies_point_from_tests_to_node_to_web_to_proto() {
    for (rank, member) in MEMBERS.iter().enumerate() {
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for dependency in dependencies(member, section) {
                if let Some(other) = MEMBERS.iter().position(|other| *other == dependency) {
                    assert!(other < rank, "{member} depends on {dependency} in [{section}]");
                }
            }
        }
    }
}

#[test]
fn a_large_dependency_is_named_in_its_home_only() {
    let homes = [
        ("openssl", "proto/src/crypto"),
        ("bincode", "proto/src/wire"),
        ("negentropy", "proto/src/reconcile"),
        ("quick_xml", "web/src/text"),
        ("axum", "web/src"),
        ("askama", "web/src"),
        ("libp2p", "node/src/network"),
        ("oxigraph", "node/src/storage/graph"),
        ("spargebra", "node/src/storage/graph"),
        ("spareval", "node/src/storage/graph"),
        ("sparopt", "node/src/storage/graph"),
        ("rusqlite", "node/src/storage/ledger"),
        ("lettre", "node/src/mail"),
    ];
    for (crate_name, home) in homes {
        let mut is_used = false;
        for (name, text) in MEMBERS.into_iter().flat_map(sources) {
            let is_home = name.starts_with(home);
            let is_mentioned = mentions(&text, crate_name);
            is_used |= is_mentioned && is_home;
            // Our parser and our reconciliation are compared with others.
            let is_reference = crate_name == "quick_xml" && name == "proto/tests/tokens.rs"
                || crate_name == "negentropy" && name == "tests/src/bench/reconcile.rs";
            // The node hands the finished router to axum's server; no type of axum appears elsewhere in it.
            let is_server = crate_name == "axum" && name == "node/src/serve/http.rs";
            // The face is compared with a bare handler.
            let is_peer = crate_name == "axum" && name == "tests/src/bench/http/constant.rs";
            assert!(
                is_home || is_server || is_peer || is_reference || !is_mentioned,
                "{name} names {crate_name}, whose home is {home}"
            );
        }
        assert!(is_used, "{home} does not use {crate_name}");
    }
}

#[test]
fn the_domain_does_no_input_or_output() {
    for (name, text) in sources("proto").into_iter().filter(|(name, _)| name.starts_with("proto/src")) {
        for forbidden in ["std::fs", "std::net", "std::thread", "std::process", "std::env", "tokio", "SystemTime"] {
            assert!(!code(&text).any(|line| line.contains(forbidden)), "{name} uses {forbidden}");
        }
    }
}

#[test]
fn only_the_clock_reads_the_time() {
    for (name, text) in MEMBERS.into_iter().flat_map(sources) {
        let reads = |line: &str| line.contains("SystemTime::now") || line.contains("Instant::now");
        let is_free = name == "node/src/clock.rs" || name == "tests/tests/architecture.rs";
        assert!(is_free || !code(&text).any(reads), "{name} reads the system's clock");
    }
}

#[test]
fn a_file_starts_with_a_sentence_that_says_what_it_is_for() {
    for (name, text) in MEMBERS.into_iter().flat_map(sources) {
        assert!(text.starts_with("//! "), "{name} does not start with a sentence");
        assert!(!name.ends_with("/mod.rs"), "{name}: modules are files, with a folder beside them");
    }
}

#[test]
fn every_member_inherits_the_lints() {
    for member in MEMBERS {
        let lints =
            manifest(member).get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
        assert_eq!(lints, Some(true), "{member}");
    }
}

#[test]
fn the_readme_names_the_two_commands_and_the_pipeline_calls_the_tests() {
    let read = |name: &str| fs::read_to_string(root().join(name)).expect("the file is there");
    let readme = read("README.md");
    assert!(readme.contains("scripts/run") && readme.contains("scripts/test"));
    assert!(read(".ci/run").contains("scripts/test"));
}
