//! The program as endorsers and operators use it, with xmlsec1 and openssl as peers.

use std::path::Path;
use std::process::{Command, Output};

use tests::sites::{Sites, program, template, wait_until};

const A: usize = 0;
const PASSWORD: &str = "a password";

fn run(folder: &Path, program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Output {
    let name = program.as_ref().to_owned();
    let mut command = Command::new(program);
    let output = command.args(arguments).current_dir(folder).env("MARKETPLACE_PASSWORD", PASSWORD).output();
    output.unwrap_or_else(|error| panic!("{}: {error}", name.display()))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs the program; its standard output where it ends with `status`.
fn marketplace(folder: &Path, status: i32, arguments: &[&str]) -> String {
    let output = run(folder, program(), arguments);
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {stdout}{stderr}");
    stdout + &stderr
}

fn peer_succeeds(folder: &Path, name: &str, arguments: &[&str]) {
    let output = run(folder, name, arguments);
    assert!(output.status.success(), "{name} {arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
}

/// A folder with an unsigned document and a certificate that the program made.
fn endorsers_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("image.xml"), template("debian").to_xml()).expect("written");
    let create =
        ["certificate", "create", "--email", "jane@example.org", "--common-name", "Jane", "--output", "jane.p12"];
    marketplace(folder.path(), 0, &create);
    folder
}

#[test]
fn xmlsec1_accepts_what_the_program_signs() {
    let folder = endorsers_folder();
    marketplace(folder.path(), 0, &["metadata", "validate", "--unsigned", "image.xml"]);
    let sign = ["metadata", "sign", "image.xml", "--certificate", "jane.p12", "--output", "signed.xml"];
    marketplace(folder.path(), 0, &sign);
    marketplace(folder.path(), 0, &["metadata", "validate", "--rules", "strict", "signed.xml"]);
    peer_succeeds(folder.path(), "xmlsec1", &["--verify", "--insecure", "--enabled-key-data", "x509", "signed.xml"]);
}

#[test]
fn a_signed_document_is_signed_again_by_another() {
    let folder = endorsers_folder();
    let create =
        ["certificate", "create", "--email", "john@example.org", "--common-name", "John", "--output", "john.p12"];
    marketplace(folder.path(), 0, &create);
    let sign = ["metadata", "sign", "image.xml", "--certificate", "jane.p12", "--output", "once.xml"];
    marketplace(folder.path(), 0, &sign);
    let again = ["metadata", "sign", "once.xml", "--certificate", "john.p12", "--output", "twice.xml"];
    marketplace(folder.path(), 0, &again);
    marketplace(folder.path(), 0, &["metadata", "validate", "--rules", "strict", "twice.xml"]);
    let twice = std::fs::read_to_string(folder.path().join("twice.xml")).expect("written");
    assert_eq!((twice.matches("<Signature ").count(), twice.contains("jane@")), (1, false));
    peer_succeeds(folder.path(), "xmlsec1", &["--verify", "--insecure", "--enabled-key-data", "x509", "twice.xml"]);
}

#[test]
fn the_program_accepts_what_xmlsec1_signs_in_the_profile() {
    let folder = endorsers_folder();
    let sign = ["metadata", "sign", "image.xml", "--certificate", "jane.p12", "--output", "ours.xml"];
    marketplace(folder.path(), 0, &sign);
    // xmlsec1 fills the empty values of a signature; the endorsement stays the one that names Jane.
    let ours = std::fs::read_to_string(folder.path().join("ours.xml")).expect("written");
    let (document, _) = ours.split_once("<Signature").expect("signed");
    for canonicalization in
        ["http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/2001/10/xml-exc-c14n#"]
    {
        let unfilled = format!(
            "{document}<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><SignedInfo>\
             <CanonicalizationMethod Algorithm=\"{canonicalization}\"/>\
             <SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512\"/>\
             <Reference URI=\"\"><Transforms>\
             <Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>\
             <Transform Algorithm=\"{canonicalization}\"/></Transforms>\
             <DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha512\"/><DigestValue/></Reference>\
             </SignedInfo><SignatureValue/><KeyInfo><X509Data><X509Certificate/></X509Data></KeyInfo></Signature></rdf:RDF>"
        );
        std::fs::write(folder.path().join("unfilled.xml"), unfilled).expect("written");
        let sign = ["--sign", "--pkcs12", "jane.p12", "--pwd", PASSWORD, "--output", "theirs.xml", "unfilled.xml"];
        peer_succeeds(folder.path(), "xmlsec1", &sign);
        let said = marketplace(folder.path(), 0, &["metadata", "validate", "theirs.xml"]);
        assert_eq!(said.trim(), "valid");
    }
}

#[test]
fn an_altered_document_is_invalid_with_its_rule_and_status_1() {
    let folder = endorsers_folder();
    let sign = ["metadata", "sign", "image.xml", "--certificate", "jane.p12", "--output", "signed.xml"];
    marketplace(folder.path(), 0, &sign);
    let signed = std::fs::read_to_string(folder.path().join("signed.xml")).expect("written");
    std::fs::write(folder.path().join("altered.xml"), signed.replacen("Debian", "Debiam", 1)).expect("written");
    let said = marketplace(folder.path(), 1, &["metadata", "validate", "altered.xml"]);
    assert!(said.starts_with("invalid: digest-mismatch: "), "{said}");
    let said = marketplace(folder.path(), 1, &["metadata", "validate", "image.xml"]);
    assert!(said.starts_with("invalid: no-signature: "), "{said}");
    marketplace(folder.path(), 2, &["metadata", "validate", "missing.xml"]);
}

#[test]
fn what_is_uploaded_is_shown_verified_and_the_offline_tools_find_it_in_order() {
    let folder = endorsers_folder();
    let sign = ["metadata", "sign", "image.xml", "--certificate", "jane.p12", "--output", "signed.xml"];
    marketplace(folder.path(), 0, &sign);
    let mut sites = Sites::start(1);
    let node = sites.http(A).base().to_owned();
    let said = marketplace(folder.path(), 0, &["metadata", "upload", "signed.xml", "--node", &node]);
    assert!(said.contains("created") && said.contains("jane@example.org"), "{said}");
    let identifier = template("debian").identifier.to_string();
    let said = marketplace(folder.path(), 0, &["metadata", "show", &identifier, "--node", &node]);
    assert!(said.contains("verified here"), "{said}");
    assert!(sites.stop(A));

    let (status, said, _) = sites.command(A, &["ledger", "verify"]);
    assert_eq!((status, said.contains("1 entries")), (0, true), "{said}");
    std::fs::remove_dir_all(sites.sites[A].folder().join("graph")).expect("the graph was on disk");
    let (status, said, messages) = sites.command(A, &["ledger", "rebuild"]);
    assert_eq!(status, 0, "{said}{messages}");
    let copy = folder.path().join("old");
    std::fs::create_dir(&copy).expect("a folder");
    std::fs::copy(folder.path().join("signed.xml"), copy.join("signed.xml")).expect("copied");
    let (status, said, messages) = sites.command(A, &["ledger", "import", &copy.display().to_string()]);
    assert_eq!((status, said.contains("1 already held")), (0, true), "{said}{messages}");
    sites.restart(A);
    wait_until("the node holds it", || sites.held(A).len() == 1);
}

#[test]
fn a_node_that_does_not_run_has_no_status_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("node").display().to_string();
    let config = folder.path().join("marketplace.toml").display().to_string();
    let init = marketplace(folder.path(), 0, &["init", "--config", &config, "--data-dir", &data, "--format", "json"]);
    let init: serde_json::Value = serde_json::from_str(init.lines().next().expect("a line")).expect("JSON");
    assert!(init["peer_id"].as_str().is_some_and(|id| id.starts_with("12D3KooW")), "{init}");
    assert_eq!(init["data_dir"].as_str(), Some(data.as_str()));
    let said = marketplace(folder.path(), 2, &["status", "--config", &config]);
    assert!(said.contains("no node is running"), "{said}");
    let again = marketplace(folder.path(), 2, &["init", "--config", &config, "--data-dir", &data]);
    assert!(again.contains("exists already"), "{again}");
}

#[test]
fn an_unknown_key_is_named_with_its_place_and_the_nearest_right_one() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("marketplace.toml"), "[federation]\nmemberhip = \"closed\"\n").expect("written");
    let said = marketplace(folder.path(), 1, &["config", "check"]);
    assert!(said.contains("marketplace.toml:2:1") && said.contains("did you mean \"membership\"?"), "{said}");
}
