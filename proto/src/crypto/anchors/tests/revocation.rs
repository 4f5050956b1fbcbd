//! Claims about revocation lists: what they revoke, from when on, and which of them count.

use super::make::{
    List, Party, anchors, authority, extension_der, file, list, moment, pem, person, read, verify, verify_at,
};
use crate::bounds;
use crate::crypto::anchors::revocations::RevocationList;
use crate::crypto::anchors::{
    AnchorFile, BadAnchor, BadRevocationList, ChainError, ListAge, RevocationReason, RevocationReport, TrustAnchors,
};
use crate::crypto::der;

const JANE: u32 = 300;
const LIST: &str = "folder/root.r0";

struct Site {
    root: Party,
    jane: Party,
}

fn site() -> Site {
    let root = authority("/CN=Root").self_signed();
    let jane = person("/CN=Jane").serial_number(JANE).by(&root);
    Site { root, jane }
}

impl Site {
    fn files(&self, list: impl AsRef<[u8]>) -> Vec<AnchorFile> {
        vec![file("folder/root.pem", self.root.pem()), file(LIST, list)]
    }

    fn anchors(&self, list: &List) -> TrustAnchors {
        anchors(self.files(list.by(&self.root)))
    }

    /// The finding about the list, when its issuer's certificates are refused for it.
    fn refused(&self, list: impl AsRef<[u8]>) -> BadAnchor {
        let (anchors, findings) = read(self.files(list));
        let authority = "CN=Root".to_owned();
        let expected = ChainError::CrlUnusable { authority, file: LIST.to_owned() };
        assert_eq!(verify(&anchors, &self.jane, &[]), Err(expected));
        let RevocationReport::Unusable { file } = &anchors.report(moment("2026-01-15"))[0].revocations else {
            panic!("the report says that the list is good")
        };
        assert_eq!(file, LIST);
        findings.into_iter().next().expect("a finding").problem
    }
}

fn bad(site: &Site, list: &List) -> BadRevocationList {
    match site.refused(list.by(&site.root)) {
        BadAnchor::RevocationList(bad) => bad,
        other => panic!("{other}"),
    }
}

/// The verdict on a document of 2025-06-15, with Jane revoked at that time, before and after.
fn verdicts(reason: Option<u8>) -> [Result<(), ChainError>; 3] {
    let site = site();
    ["2025-06-14", "2025-06-15", "2025-06-16"].map(|date| {
        let anchors = site.anchors(&list(1).revoke(JANE, date, reason));
        verify(&anchors, &site.jane, &[]).map(|_| ())
    })
}

fn revoked(date: &str, reason: RevocationReason) -> Result<(), ChainError> {
    let (subject, authority) = ("CN=Jane".to_owned(), "CN=Root".to_owned());
    Err(ChainError::Revoked { subject, authority, revoked: moment(date), reason })
}

#[test]
fn a_revocation_for_a_key_in_doubt_weighs_whatever_the_document_says() {
    let reasons = [
        (None, RevocationReason::Unspecified),
        (Some(0), RevocationReason::Unspecified),
        (Some(1), RevocationReason::KeyCompromise),
        (Some(2), RevocationReason::AuthorityCompromise),
        (Some(6), RevocationReason::CertificateHold),
        (Some(7), RevocationReason::Unspecified),
        (Some(10), RevocationReason::AttributeAuthorityCompromise),
    ];
    for (code, reason) in reasons {
        let expected = ["2025-06-14", "2025-06-15", "2025-06-16"].map(|date| revoked(date, reason));
        assert_eq!(verdicts(code), expected, "{code:?}");
    }
}

#[test]
fn a_revocation_without_doubt_in_the_key_weighs_from_its_date_on() {
    let reasons = [
        (3, RevocationReason::AffiliationChanged),
        (4, RevocationReason::Superseded),
        (5, RevocationReason::CessationOfOperation),
        (9, RevocationReason::PrivilegeWithdrawn),
    ];
    for (code, reason) in reasons {
        let expected = [revoked("2025-06-14", reason), revoked("2025-06-15", reason), Ok(())];
        assert_eq!(verdicts(Some(code)), expected, "{code:?}");
    }
}

#[test]
fn a_certificate_that_was_taken_off_the_list_is_not_revoked() {
    assert_eq!(verdicts(Some(8)), [Ok(()), Ok(()), Ok(())]);
}

#[test]
fn another_serial_number_is_not_revoked() {
    let site = site();
    let anchors = site.anchors(&list(1).revoke(JANE - 1, "2025-01-01", None).revoke(JANE + 1, "2025-01-01", None));
    assert!(verify(&anchors, &site.jane, &[]).is_ok());
}

#[test]
fn a_serial_number_that_needs_a_leading_zero_is_found() {
    let site = site();
    let jane = person("/CN=Jane").serial_number(0x80).by(&site.root);
    let anchors = site.anchors(&list(1).revoke(0x80, "2025-01-01", None));
    assert!(matches!(verify(&anchors, &jane, &[]), Err(ChainError::Revoked { .. })));
}

#[test]
fn of_two_entries_for_one_certificate_the_stricter_weighs() {
    let site = site();
    let first = list(1).revoke(JANE, "2025-06-16", Some(4)).revoke(JANE, "2025-06-17", Some(1));
    let other = list(1).revoke(JANE, "2025-06-17", Some(1)).revoke(JANE, "2025-06-16", Some(4));
    for list in [first, other] {
        let verdict = verify(&site.anchors(&list), &site.jane, &[]).map(|_| ());
        assert_eq!(verdict, revoked("2025-06-17", RevocationReason::KeyCompromise));
    }
}

#[test]
fn an_authority_of_the_chain_may_be_revoked() {
    let Site { root, .. } = site();
    let middle = authority("/CN=Middle").serial_number(44).by(&root);
    let jane = person("/CN=Jane").by(&middle);
    let files = |middle_too: bool| {
        let mut files =
            vec![file("root.pem", root.pem()), file("root.r0", list(1).revoke(44, "2025-01-01", Some(2)).by(&root))];
        files.extend(middle_too.then(|| file("middle.pem", middle.pem())));
        files
    };
    for middle_too in [false, true] {
        let error = verify(&anchors(files(middle_too)), &jane, &[&middle]).expect_err("revoked");
        let expected = ChainError::Revoked {
            subject: "CN=Middle".to_owned(),
            authority: "CN=Root".to_owned(),
            revoked: moment("2025-01-01"),
            reason: RevocationReason::AuthorityCompromise,
        };
        assert_eq!(error, expected);
    }
}

#[test]
fn an_issuer_without_a_list_is_accepted_and_reported() {
    let site = site();
    let anchors = anchors(vec![file("root.pem", site.root.pem())]);
    assert!(verify(&anchors, &site.jane, &[]).is_ok());
    assert_eq!(anchors.report(moment("2026-01-15"))[0].revocations, RevocationReport::None);
}

#[test]
fn a_list_counts_for_seven_days_after_its_time() {
    let site = site();
    let anchors = site.anchors(&list(1));
    let at = |now| verify_at(&anchors, &site.jane, &[], "2025-06-15", now).map(|_| ());
    for now in ["2026-02-01", "2026-02-08"] {
        assert_eq!(at(now), Ok(()));
    }
    let next_update = moment("2026-02-01");
    let overdue = ChainError::CrlOverdue { authority: "CN=Root".to_owned(), next_update, file: LIST.to_owned() };
    assert_eq!(at("2026-02-08T00:00:01Z"), Err(overdue.clone()));
    let text = "the revocation list folder/root.r0 of CN=Root should have been replaced by 2026-02-01T00:00:00Z, \
                more than 7 days ago";
    assert_eq!(overdue.to_string(), text);
}

#[test]
fn an_overdue_list_still_revokes() {
    let site = site();
    let anchors = site.anchors(&list(1).revoke(JANE, "2025-01-01", Some(1)));
    let verdict = verify_at(&anchors, &site.jane, &[], "2025-06-15", "2029-01-01").map(|_| ());
    assert_eq!(verdict, revoked("2025-01-01", RevocationReason::KeyCompromise));
}

#[test]
fn the_age_of_a_list_is_reported() {
    let site = site();
    let anchors = site.anchors(&list(1).revoke(1, "2025-01-01", None).revoke(2, "2025-01-01", None));
    let report = |now, age| {
        let expected = RevocationReport::List {
            file: LIST.to_owned(),
            this_update: moment("2026-01-01"),
            next_update: moment("2026-02-01"),
            entries: 2,
            age,
        };
        assert_eq!(anchors.report(moment(now))[0].revocations, expected);
    };
    report("2026-02-01", ListAge::Current);
    report("2026-02-01T00:00:01Z", ListAge::Due);
    report("2026-02-08", ListAge::Due);
    report("2026-02-08T00:00:01Z", ListAge::Overdue);
}

#[test]
fn of_several_lists_the_one_with_the_highest_number_counts() {
    let site = site();
    let (old, new) = (list(9), List { this_update: "2025-01-01", ..list(200) }.revoke(JANE, "2025-01-01", None));
    for [first, second] in [[&old, &new], [&new, &old]] {
        let mut files = site.files(first.by(&site.root));
        files.push(file("folder/root.r1", second.by(&site.root)));
        assert!(matches!(verify(&anchors(files), &site.jane, &[]), Err(ChainError::Revoked { .. })));
    }
}

#[test]
fn of_lists_without_a_number_the_latest_counts() {
    let site = site();
    let old = List { number: None, this_update: "2025-01-01", ..list(1) }.revoke(JANE, "2025-01-01", None);
    let new = List { number: None, ..list(1) };
    for [first, second] in [[&old, &new], [&new, &old]] {
        let mut files = site.files(first.by(&site.root));
        files.push(file("folder/root.r1", second.by(&site.root)));
        assert!(verify(&anchors(files), &site.jane, &[]).is_ok());
    }
}

#[test]
fn a_list_is_read_from_der_and_from_pem_under_any_name() {
    let site = site();
    let der = list(1).revoke(JANE, "2025-01-01", None).by(&site.root);
    let with_certificate = [site.root.pem(), pem("X509 CRL", &der)].concat();
    let beside = |name, bytes: &[u8]| anchors(vec![file("folder/root.pem", site.root.pem()), file(name, bytes)]);
    let sets = [
        beside("folder/root.r0", &der),
        beside("elsewhere/other.crl", &pem("X509 CRL", &der)),
        beside("elsewhere/list.pem", &pem("X509 CRL", &der)),
        beside("elsewhere/list", &der),
        anchors(vec![file("folder/all.pem", with_certificate)]),
    ];
    for anchors in sets {
        assert!(matches!(verify(&anchors, &site.jane, &[]), Err(ChainError::Revoked { .. })));
    }
}

#[test]
fn a_forged_list_is_no_list_and_nothing_is_accepted_without_one() {
    let site = site();
    let forger = authority("/CN=Root").self_signed();
    let finding = site.refused(list(1).by(&forger));
    let text = "the signature of the revocation list does not verify with the key of CN=Root";
    assert_eq!(finding.to_string(), text);
}

#[test]
fn a_bad_list_beside_a_good_one_changes_nothing() {
    let site = site();
    let forger = authority("/CN=Root").self_signed();
    let mut files = site.files(list(1).by(&site.root));
    files.push(file("folder/root.r1", list(2).revoke(JANE, "2025-01-01", None).by(&forger)));
    files.push(file("folder/root.r2", "garbage"));
    let (anchors, findings) = read(files);
    assert!(verify(&anchors, &site.jane, &[]).is_ok());
    assert_eq!(findings.len(), 2);
}

#[test]
fn two_keys_of_one_name_have_a_list_each() {
    let (old, new) = (site(), site());
    let files = vec![
        file("old.pem", old.root.pem()),
        file("new.pem", new.root.pem()),
        file("old.r0", list(5).by(&old.root)),
        file("new.r0", list(1).revoke(JANE, "2025-01-01", None).by(&new.root)),
    ];
    let anchors = anchors(files);
    assert!(verify(&anchors, &old.jane, &[]).is_ok());
    assert!(matches!(verify(&anchors, &new.jane, &[]), Err(ChainError::Revoked { .. })));
}

#[test]
fn a_list_by_nobody_among_the_anchors_keeps_its_issuer_out() {
    let site = site();
    let middle = authority("/CN=Middle").by(&site.root);
    let (jane, direct) = (person("/CN=Jane").by(&middle), &site.jane);
    let files = vec![file("folder/root.pem", site.root.pem()), file("folder/list.crl", list(1).by(&middle))];
    let (anchors, findings) = read(files);
    assert_eq!(findings[0].problem, BadAnchor::RevocationList(BadRevocationList::UnknownIssuer));
    assert!(verify(&anchors, direct, &[]).is_ok());
    let error = verify(&anchors, &jane, &[&middle]).expect_err("it may be revoked");
    let file = "folder/list.crl".to_owned();
    assert_eq!(error, ChainError::CrlUnusable { authority: "CN=Middle".to_owned(), file });
}

#[test]
fn a_delta_list_is_refused() {
    let delta = extension_der(&[0x55, 0x1D, 27], true, &der::encode(0x02, &[1]));
    assert_eq!(bad(&site(), &List { extensions: delta, ..list(2) }), BadRevocationList::Delta);
}

#[test]
fn an_indirect_list_is_refused() {
    let site = site();
    let point = |content: &[u8]| extension_der(&[0x55, 0x1D, 28], true, &der::encode(0x30, content));
    let indirect = List { extensions: point(&der::encode(0x84, &[0xFF])), ..list(1) };
    assert_eq!(bad(&site, &indirect), BadRevocationList::Indirect);
    let issuer = extension_der(&[0x55, 0x1D, 29], true, &der::encode(0x30, &[]));
    let mut by_entry = list(1);
    by_entry.entries.push((1, "2025-01-01", issuer));
    assert_eq!(bad(&site, &by_entry), BadRevocationList::Indirect);
}

#[test]
fn a_list_of_some_certificates_only_is_refused() {
    let point = extension_der(&[0x55, 0x1D, 28], true, &der::encode(0x30, &der::encode(0x81, &[0xFF])));
    assert_eq!(bad(&site(), &List { extensions: point, ..list(1) }), BadRevocationList::Partial);
}

#[test]
fn an_unknown_critical_extension_of_a_list_or_an_entry_is_refused() {
    let site = site();
    let unknown = |is_critical| extension_der(&[0x2A, 3, 4], is_critical, &[5, 0]);
    let critical = BadRevocationList::Critical("1.2.3.4".to_owned());
    assert_eq!(bad(&site, &List { extensions: unknown(true), ..list(1) }), critical);
    let with_entry = |is_critical| List { entries: vec![(1, "2025-01-01", unknown(is_critical))], ..list(1) };
    assert_eq!(bad(&site, &with_entry(true)), critical);
    let harmless = List { extensions: unknown(false), ..with_entry(false) };
    assert!(verify(&site.anchors(&harmless), &site.jane, &[]).is_ok());
}

#[test]
fn a_list_that_never_becomes_overdue_is_refused() {
    assert_eq!(bad(&site(), &List { next_update: None, ..list(1) }), BadRevocationList::NoNextUpdate);
}

#[test]
fn a_file_that_should_be_a_list_and_is_none_keeps_its_issuer_out() {
    let site = site();
    let nothing = [BadAnchor::Nothing, BadAnchor::Nothing];
    assert_eq!([site.refused(""), site.refused("garbage")], nothing);
    assert_eq!(site.refused("0garbage").to_string(), "the revocation list is not DER-encoded X.509");
    let der = list(1).by(&site.root);
    assert_eq!(site.refused(&der[..der.len() - 1]), BadAnchor::RevocationList(BadRevocationList::Encoding));
    let cut = pem("X509 CRL", &der);
    assert_eq!(site.refused(&cut[..cut.len() - 10]), BadAnchor::Damaged("X509 CRL".to_owned()));
}

#[test]
fn a_list_that_the_machine_did_not_read_keeps_its_issuer_out() {
    let site = site();
    let unread = AnchorFile::unread("elsewhere/root.r0".to_owned(), "permission denied".to_owned());
    let (anchors, findings) = read(vec![file("folder/root.pem", site.root.pem()), unread]);
    assert_eq!(findings[0].to_string(), "elsewhere/root.r0: the file cannot be read: permission denied");
    assert!(matches!(verify(&anchors, &site.jane, &[]), Err(ChainError::CrlUnusable { .. })));
}

#[test]
fn a_damaged_list_in_a_file_with_certificates_keeps_them_out() {
    let site = site();
    let bytes = [site.root.pem(), b"-----BEGIN X509 CRL-----\nAAAA\n".to_vec()].concat();
    let (anchors, findings) = read(vec![file("folder/all.pem", bytes)]);
    assert_eq!(findings[0].problem, BadAnchor::Damaged("X509 CRL".to_owned()));
    assert!(matches!(verify(&anchors, &site.jane, &[]), Err(ChainError::CrlUnusable { .. })));
}

#[test]
fn a_list_with_more_entries_than_the_bound_is_refused() {
    let site = site();
    let der = list(1).revoke(1, "2025-01-01", None).revoke(2, "2025-01-01", None).by(&site.root);
    assert!(RevocationList::read(&der, LIST, 2).is_ok());
    assert_eq!(RevocationList::read(&der, LIST, 1).map(|_| ()), Err(BadRevocationList::TooMany));
}

#[test]
fn lists_of_more_entries_than_the_bound_keep_their_issuers_out() {
    let site = site();
    let entries = (0..=bounds::REVOCATIONS_MAX).map(|_| (1, "2025-01-01", Vec::new())).collect();
    assert_eq!(bad(&site, &List { entries, ..list(1) }), BadRevocationList::TooMany);
}

#[test]
fn a_list_survives_any_damage_without_being_believed() {
    let site = site();
    let der = list(1).revoke(JANE, "2025-01-01", Some(4)).by(&site.root);
    for index in 0..der.len() {
        let mut damaged = der.clone();
        damaged[index] ^= 0x15;
        let (anchors, findings) = read(site.files(&damaged));
        assert!(!findings.is_empty(), "octet {index}");
        assert!(verify(&anchors, &site.jane, &[]).is_err(), "octet {index}");
    }
}
