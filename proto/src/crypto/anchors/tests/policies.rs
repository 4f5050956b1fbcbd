//! Claims about the grid's policy files beside the certificates they speak of.

use super::make::{Party, anchors, authority, file, moment, person, read, verify};
use crate::crypto::anchors::{AnchorFile, BadAnchor, ChainError, NamespaceReport, TrustAnchors};

const ROOT: &str = "/C=CH/O=Grid/CN=Root";

struct Site {
    root: Party,
    inside: Party,
    outside: Party,
}

fn site() -> Site {
    let root = authority(ROOT).self_signed();
    let [inside, outside] = ["/C=CH/O=Grid/CN=Jane", "/C=CH/O=Other/CN=Jane"].map(|name| person(name).by(&root));
    Site { root, inside, outside }
}

fn signing_policy(authority: &str, subjects: &str) -> String {
    format!("access_id_CA X509 '{authority}'\npos_rights globus CA:sign\ncond_subjects globus '{subjects}'\n")
}

impl Site {
    fn files(&self, name: &str, text: &str) -> Vec<AnchorFile> {
        vec![file("folder/root.pem", self.root.pem()), file(name, text)]
    }

    /// Holds where Jane within the grid has a chain, and Jane without has none for the rules in `name`.
    fn assert_only_inside(&self, anchors: &TrustAnchors, name: &str) {
        assert!(verify(anchors, &self.inside, &[]).is_ok());
        let error = verify(anchors, &self.outside, &[]).expect_err("not permitted");
        let (subject, authority, file) = ("/C=CH/O=Other/CN=Jane".to_owned(), ROOT.to_owned(), name.to_owned());
        assert_eq!(error, ChainError::NotPermitted { subject, authority, file });
    }

    /// The finding about the file, when it keeps its authority out.
    fn refused(&self, name: &str, text: &str) -> BadAnchor {
        let (anchors, findings) = read(self.files(name, text));
        let unusable = ChainError::RulesUnusable { authority: ROOT.to_owned(), file: name.to_owned() };
        assert_eq!(verify(&anchors, &self.inside, &[]), Err(unusable));
        findings.into_iter().next().expect("a finding").problem
    }
}

#[test]
fn a_signing_policy_limits_the_names_that_its_authority_certifies() {
    let site = site();
    let name = "folder/root.signing_policy";
    let anchors = anchors(site.files(name, &signing_policy(ROOT, "\"/C=CH/O=Grid/*\"")));
    site.assert_only_inside(&anchors, name);
    let report = anchors.report(moment("2026-01-15"));
    assert_eq!(report[0].namespace, NamespaceReport::SigningPolicy { file: name.to_owned() });
}

#[test]
fn namespaces_limit_the_names_that_their_authority_certifies() {
    let site = site();
    let name = "elsewhere/any.namespaces";
    let text = format!("TO Issuer \"{ROOT}\" \\\n PERMIT Subject \"/C=CH/O=Grid/.*\"\n");
    let anchors = anchors(site.files(name, &text));
    site.assert_only_inside(&anchors, name);
    let report = anchors.report(moment("2026-01-15"));
    assert_eq!(report[0].namespace, NamespaceReport::Namespaces { file: name.to_owned() });
}

#[test]
fn the_word_self_means_the_certificate_with_the_name_of_the_file() {
    let site = site();
    let text = "TO Issuer SELF PERMIT Subject \"/C=CH/O=Grid/.*\"\n";
    // As the grid has it: the certificate under its own name and under the hash of its subject.
    let mut files = site.files("folder/0a1b2c3d.namespaces", text);
    files.push(file("folder/0a1b2c3d.0", site.root.pem()));
    site.assert_only_inside(&anchors(files), "folder/0a1b2c3d.namespaces");
    // The same name in another folder is another certificate's.
    let mut files = site.files("folder/0a1b2c3d.namespaces", text);
    files.push(file("elsewhere/0a1b2c3d.0", site.root.pem()));
    assert!(verify(&anchors(files), &site.outside, &[]).is_ok());
}

#[test]
fn namespaces_outweigh_a_signing_policy_of_the_same_authority() {
    let site = site();
    let mut files = site.files("folder/root.signing_policy", &signing_policy(ROOT, "\"*\""));
    files.push(file("folder/root.namespaces", "TO Issuer SELF PERMIT Subject \"/C=CH/O=Grid/.*\"\n"));
    site.assert_only_inside(&anchors(files), "folder/root.namespaces");
}

#[test]
fn rules_for_one_authority_say_nothing_of_another() {
    let site = site();
    let anchors = anchors(site.files("folder/root.signing_policy", &signing_policy("/CN=Another", "\"/O=x\"")));
    assert!(verify(&anchors, &site.outside, &[]).is_ok());
}

#[test]
fn names_of_authorities_must_be_permitted_too() {
    let site = site();
    let middle = authority("/C=DE/CN=Middle").by(&site.root);
    let jane = person("/C=CH/O=Grid/CN=Jane").by(&middle);
    let text = signing_policy(ROOT, "\"/C=CH/O=Grid/*\"");
    let mut files = site.files("folder/root.signing_policy", &text);
    for _ in 0..2 {
        let error = verify(&anchors(files.clone()), &jane, &[&middle]).expect_err("not permitted");
        let (subject, authority) = ("/C=DE/CN=Middle".to_owned(), ROOT.to_owned());
        let file_name = "folder/root.signing_policy".to_owned();
        assert_eq!(error, ChainError::NotPermitted { subject, authority, file: file_name });
        files.push(file("folder/middle.pem", middle.pem()));
    }
}

#[test]
fn rules_hold_for_authorities_that_the_signature_brings() {
    let site = site();
    let middle = authority("/C=CH/O=Grid/CN=Middle").by(&site.root);
    let text = signing_policy("/C=CH/O=Grid/CN=Middle", "\"/C=CH/O=Grid/*\"");
    let anchors = anchors(site.files("folder/middle.signing_policy", &text));
    let [inside, outside] = ["/C=CH/O=Grid/CN=Jane", "/C=CH/O=Other/CN=Jane"].map(|name| person(name).by(&middle));
    assert!(verify(&anchors, &inside, &[&middle]).is_ok());
    assert!(matches!(verify(&anchors, &outside, &[&middle]), Err(ChainError::NotPermitted { .. })));
}

#[test]
fn a_name_that_looks_like_another_is_not_permitted() {
    let root = authority(ROOT).self_signed();
    let mut builder = openssl::x509::X509Name::builder().expect("a name");
    builder.append_entry_by_text("O", "Grid/CN=Jane").expect("a part");
    let mallory = person("/CN=x").named(builder.build()).by(&root);
    let files = vec![
        file("folder/root.pem", root.pem()),
        file("folder/root.signing_policy", signing_policy(ROOT, "\"/O=Grid/*\"")),
    ];
    assert!(matches!(verify(&anchors(files), &mallory, &[]), Err(ChainError::NotPermitted { .. })));
}

#[test]
fn a_policy_file_that_cannot_be_understood_keeps_its_authority_out() {
    let site = site();
    let finding = site.refused("folder/root.signing_policy", "neg_rights globus CA:sign\n");
    assert_eq!(
        finding.to_string(),
        "the signing policy line 1: \"neg_rights globus CA:sign\" where access_id_CA X509 and the authority's name is \
         expected"
    );
    let finding = site.refused("folder/root.namespaces", "");
    assert_eq!(finding.to_string(), "the namespaces file states nothing of any authority");
    let finding = site.refused("elsewhere/root.namespaces", "TO Issuer SELF PERMIT Subject \"(\"\n");
    let text = "the namespaces file has the regular expression \"(\", which is malformed or too large";
    assert_eq!(finding.to_string(), text);
}

#[test]
fn a_policy_file_that_the_machine_did_not_read_keeps_its_authority_out() {
    let site = site();
    let unread = AnchorFile::unread("folder/root.namespaces".to_owned(), "permission denied".to_owned());
    let (anchors, findings) = read(vec![file("folder/root.pem", site.root.pem()), unread]);
    assert_eq!(findings.len(), 1);
    assert!(matches!(verify(&anchors, &site.inside, &[]), Err(ChainError::RulesUnusable { .. })));
    let report = anchors.report(moment("2026-01-15"));
    assert_eq!(report[0].namespace, NamespaceReport::Unusable { file: "folder/root.namespaces".to_owned() });
}
