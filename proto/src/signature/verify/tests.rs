//! Claims about what is verified and, attack by attack, what is refused.

use super::*;
use crate::signature::samples::{DOCUMENT, JANE, MALLORY, OTHER_JANE, SIGNED, signed_by};

fn rule(document: &str) -> &'static str {
    match verify(document.as_bytes(), Algorithms::Legacy) {
        Ok(_) => "accepted",
        Err(error) => error.rule(),
    }
}

/// The signed document with a part replaced that must be in it.
fn changed(from: &str, to: &str) -> String {
    assert!(SIGNED.contains(from), "{from:?} is not in the document");
    SIGNED.replacen(from, to, 1)
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let from = text.find(start).expect("the start");
    let to = from + text[from..].find(end).expect("the end") + end.len();
    &text[from..to]
}

fn signature_of(document: &str) -> &str {
    between(document, "<Signature ", "</Signature>")
}

#[test]
fn a_changed_text_is_a_digest_mismatch() {
    assert_eq!(rule(&changed("<slreq:bytes>100<", "<slreq:bytes>101<")), "digest-mismatch");
    assert_eq!(rule(&changed("xml:base=\"http://mp", "xml:base=\"http://np")), "digest-mismatch");
    assert_eq!(rule(&changed("</rdf:Description>", "</rdf:Description> ")), "digest-mismatch");
}

#[test]
fn a_changed_signed_info_is_a_signature_mismatch() {
    assert_eq!(rule(&changed("</SignedInfo>", " </SignedInfo>")), "signature-mismatch");
    assert_eq!(rule(&changed("#rsa-sha256", "#rsa-sha512")), "signature-mismatch");
    let other = "http://www.w3.org/2001/10/xml-exc-c14n#";
    assert_eq!(rule(&changed("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", other)), "signature-mismatch");
}

#[test]
fn a_digest_that_is_fitted_to_other_text_is_a_signature_mismatch() {
    let document = changed("<slreq:bytes>100<", "<slreq:bytes>101<");
    let mallory = signed_by(&MALLORY).replace("<slreq:bytes>100<", "<slreq:bytes>101<");
    let tree = xml::parse(mallory.as_bytes()).expect("well-formed");
    let other = xml::parse(document.as_bytes()).expect("well-formed");
    assert_ne!(tree, other);
    let profile = profile::read(&other, Algorithms::Modern).expect("the profile");
    let octets = xml::canonicalize_without(
        &other,
        profile.position,
        &crate::xml::Canonicalization::Inclusive,
        Comments::Without,
    );
    use base64::Engine as _;
    let digest = base64::engine::general_purpose::STANDARD.encode(crate::crypto::Hash::Sha256.digest(&octets));
    let old = between(&document, "<DigestValue>", "</DigestValue>").to_owned();
    let document = document.replace(&old, &format!("<DigestValue>{digest}</DigestValue>"));
    assert_eq!(rule(&document), "signature-mismatch");
}

#[test]
fn another_key_is_a_signature_mismatch() {
    let mallory = signed_by(&MALLORY);
    let key_info = |document| between(document, "<KeyInfo>", "</KeyInfo>").to_owned();
    assert_eq!(rule(&SIGNED.replace(&key_info(&SIGNED), &key_info(&mallory))), "signature-mismatch");
}

#[test]
fn key_and_identity_come_from_the_first_certificate() {
    let mallory = signed_by(&MALLORY);
    let certificate = |document| between(document, "<X509Certificate>", "</X509Certificate>").to_owned();
    let (own, other) = (certificate(&SIGNED), certificate(&mallory));
    let document = SIGNED.replace(&own, &format!("{own}{other}"));
    let read = verify(document.as_bytes(), Algorithms::Modern).expect("a chain may follow");
    assert_eq!(read.certificate(), JANE.certificate());
    assert_eq!(read.chain(), [MALLORY.certificate().clone()]);
    assert_eq!(rule(&SIGNED.replace(&own, &format!("{other}{own}"))), "signature-mismatch");
}

#[test]
fn a_chain_that_names_the_first_certificate_as_an_issuer_is_refused() {
    let certificate = |document: &str| between(document, "<X509Certificate>", "</X509Certificate>").to_owned();
    let own = certificate(&SIGNED);
    let other = certificate(&signed_by(&OTHER_JANE));
    assert_eq!(rule(&SIGNED.replace(&own, &own.repeat(2))), "accepted");
    for certificates in [format!("{own}{other}"), format!("{other}{own}")] {
        let error = verify(SIGNED.replace(&own, &certificates).as_bytes(), Algorithms::Modern).expect_err("refused");
        assert!(error.to_string().starts_with("certificate 2 names the first one, \"CN="), "{error}");
        assert_eq!(error.rule(), "key-info");
    }
}

#[test]
fn keys_from_elsewhere_are_refused() {
    let key_value = "<KeyValue><RSAKeyValue><Modulus>AQAB</Modulus><Exponent>AQAB</Exponent></RSAKeyValue></KeyValue>";
    let data = between(&SIGNED, "<X509Data>", "</X509Data>").to_owned();
    let key_infos = [
        String::new(),
        key_value.to_owned(),
        format!("{key_value}{data}"),
        format!("{data}{key_value}"),
        format!("{data}{data}"),
        format!("<KeyName>jane</KeyName>{data}"),
        format!("{data}<RetrievalMethod URI=\"\"/>"),
        "<X509Data/>".to_owned(),
        data.replace("<X509Data>", "<X509Data><X509SubjectName>CN=Jane</X509SubjectName>"),
        data.replace("</X509Data>", "<X509CRL>AAAA</X509CRL></X509Data>"),
    ];
    for key_info in key_infos {
        assert_eq!(rule(&SIGNED.replace(&data, &key_info)), "key-info", "{key_info}");
    }
    let whole = format!("<KeyInfo>{data}</KeyInfo>");
    assert_eq!(rule(&SIGNED.replace(&whole, "")), "signature-structure");
    assert_eq!(rule(&SIGNED.replace(&whole, &whole.repeat(2))), "signature-structure");
    let certificate = between(&data, "<X509Certificate>", "</X509Certificate>");
    let many = data.replace(certificate, &certificate.repeat(crate::bounds::CERTIFICATE_CHAIN_MAX + 1));
    assert_eq!(rule(&SIGNED.replace(&data, &many)), "key-info");
    assert_eq!(rule(&changed("<X509Certificate>", "<X509Certificate>AAAA")), "certificate");
}

#[test]
fn a_reference_to_anything_else_is_refused() {
    for uri in ["#object", "#xpointer(/)", "http://example.org/", "other.xml"] {
        assert_eq!(rule(&changed("URI=\"\"", &format!("URI=\"{uri}\""))), "reference", "{uri}");
    }
    assert_eq!(rule(&changed(" URI=\"\"", "")), "signature-structure");
    assert_eq!(rule(&changed(" URI=\"\"", " URI=\"\" Type=\"x\"")), "signature-structure");
    assert_eq!(rule(&changed("</KeyInfo>", "</KeyInfo><Object Id=\"object\"/>")), "signature-structure");
    let reference = between(&SIGNED, "<Reference ", "</Reference>").to_owned();
    assert_eq!(rule(&changed("</SignedInfo>", &format!("{reference}</SignedInfo>"))), "signature-structure");
    assert_eq!(rule(&changed(&reference, "")), "signature-structure");
}

#[test]
fn other_transforms_are_refused() {
    let enveloped = between(&SIGNED, "<Transform ", "</Transform>").to_owned();
    let transform = |uri: &str| format!("<Transform Algorithm=\"{uri}\"></Transform>");
    let canonical = transform("http://www.w3.org/2001/10/xml-exc-c14n#");
    let xpath = transform("http://www.w3.org/TR/1999/REC-xpath-19991116");
    for (transforms, expected) in [
        (String::new(), "transforms"),
        (canonical.clone(), "transforms"),
        (format!("{canonical}{enveloped}"), "transforms"),
        (format!("{enveloped}{canonical}{canonical}"), "transforms"),
        (format!("{enveloped}{xpath}"), "algorithm"),
        (format!("{enveloped}{enveloped}"), "algorithm"),
        (format!("{enveloped}{}", transform("http://www.w3.org/2010/xml-c14n2")), "algorithm"),
        (enveloped.replace("></Transform>", "><XPath>1</XPath></Transform>"), "transforms"),
    ] {
        assert_eq!(rule(&SIGNED.replace(&enveloped, &transforms)), expected, "{transforms}");
    }
}

#[test]
fn a_prefix_list_that_readers_split_differently_is_refused() {
    let name = "<CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">";
    let old = "<CanonicalizationMethod Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\">";
    for (list, expected) in [
        ("", "signature-mismatch"),
        ("rdf", "signature-mismatch"),
        ("rdf #default slreq", "signature-mismatch"),
        (" ", "signature-structure"),
        ("rdf  slreq", "signature-structure"),
        (" rdf", "signature-structure"),
        ("rdf ", "signature-structure"),
        ("rdf&#9;slreq", "signature-structure"),
        ("rdf&#10;slreq", "signature-structure"),
    ] {
        let namespace = "http://www.w3.org/2001/10/xml-exc-c14n#";
        let list = format!("{name}<InclusiveNamespaces xmlns=\"{namespace}\" PrefixList=\"{list}\"/>");
        assert_eq!(rule(&changed(old, &list)), expected, "{list}");
    }
}

#[test]
fn an_empty_base_is_refused_where_readers_of_its_canonical_form_differ() {
    let enveloped = between(&SIGNED, "<Transform ", "</Transform>").to_owned();
    let with = |uri: &str| SIGNED.replace(&enveloped, &format!("{enveloped}<Transform Algorithm=\"{uri}\"/>"));
    for (uri, expected) in [
        ("http://www.w3.org/2006/12/xml-c14n11", "transforms"),
        ("http://www.w3.org/2006/12/xml-c14n11#WithComments", "transforms"),
        ("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "digest-mismatch"),
    ] {
        assert_eq!(rule(&with(uri).replace("<dcterms:type", "<dcterms:type xml:base=''")), expected, "{uri}");
        assert_eq!(rule(&with(uri)), "signature-mismatch", "{uri}");
    }
}

#[test]
fn other_algorithms_are_refused_by_name() {
    for uri in [
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224",
        "rsa-sha256",
        "",
    ] {
        let document = changed("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", uri);
        let error = verify(document.as_bytes(), Algorithms::Legacy).expect_err("refused");
        assert_eq!(error.to_string(), format!("signature algorithm {uri:?} is outside of the profile"));
    }
    for (name, reason) in [
        ("2001/04/xmldsig-more#rsa-md5", "MD5 is broken, use rsa-sha256"),
        ("2001/04/xmldsig-more#ecdsa-sha1", "SHA-1 is broken, use ecdsa-sha256"),
        ("2009/xmldsig11#dsa-sha256", "DSA is withdrawn (FIPS 186-5), use ecdsa-sha256"),
        ("2007/05/xmldsig-more#rsa-pss", "its parameters could name any hash function, use sha256-rsa-MGF1"),
        ("2021/04/xmldsig-more#eddsa-ed448", "few tools have Ed448, use eddsa-ed25519"),
    ] {
        let document =
            changed("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", &format!("http://www.w3.org/{name}"));
        let error = verify(document.as_bytes(), Algorithms::Legacy).expect_err("refused").to_string();
        assert!(error.ends_with(&format!("is outside of the profile: {reason}")), "{error}");
    }
    let md5 = "http://www.w3.org/2001/04/xmldsig-more#md5";
    assert_eq!(rule(&changed("http://www.w3.org/2001/04/xmlenc#sha256", md5)), "algorithm");
    let c14n2 = "http://www.w3.org/2010/xml-c14n2";
    let error =
        verify(changed("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", c14n2).as_bytes(), Algorithms::Legacy);
    assert!(error.expect_err("refused").to_string().contains(c14n2));
    let truncated = "#rsa-sha256\"><HMACOutputLength>8</HMACOutputLength></SignatureMethod>";
    assert_eq!(rule(&changed("#rsa-sha256\"></SignatureMethod>", truncated)), "signature-structure");
}

#[test]
fn none_or_several_signatures_are_refused() {
    let signature = signature_of(&SIGNED).to_owned();
    assert_eq!(rule(DOCUMENT), "no-signature");
    assert_eq!(rule(&SIGNED.replace(&signature, &signature.repeat(2))), "many-signatures");
    assert_eq!(rule(&changed("<rdf:Description ", &format!("{signature}<rdf:Description "))), "many-signatures");
    let inner = format!("<dcterms:type>{signature}");
    assert_eq!(rule(&changed("<dcterms:type>", &inner)), "many-signatures");
    let object = format!("<Object>{signature}</Object></Signature>");
    assert_eq!(rule(&changed("</Signature>", &object)), "many-signatures");
    let empty = "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"/>";
    assert_eq!(rule(&SIGNED.replace(&signature, empty)), "signature-structure");
    let signed_info = between(&SIGNED, "<SignedInfo>", "</SignedInfo>").to_owned();
    assert_eq!(rule(&changed(&signed_info, &signed_info.repeat(2))), "signature-structure");
}

#[test]
fn a_signature_elsewhere_is_refused() {
    let signature = signature_of(&SIGNED).to_owned();
    let without = SIGNED.replace(&signature, "");
    let first = without.replacen("<rdf:Description ", &format!("{signature}<rdf:Description "), 1);
    assert_eq!(rule(&first), "signature-last");
    let within = without.replacen("</rdf:Description>", &format!("{signature}</rdf:Description>"), 1);
    assert_eq!(rule(&within), "signature-wrapped");
    for following in ["<x/>", "text", "<!--c-->"] {
        assert_eq!(rule(&changed("</Signature>", &format!("</Signature>{following}"))), "signature-last");
    }
    let stray = "<SignedInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"/></rdf:Description>";
    assert_eq!(rule(&changed("</rdf:Description>", stray)), "signature-wrapped");
}

#[test]
fn a_wrapped_or_replaced_root_is_refused() {
    let body = SIGNED.split_once("?>").expect("a declaration").1;
    assert_eq!(rule(&format!("<wrap>{body}</wrap>")), "root");
    assert_eq!(
        rule(&format!("<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>{body}</rdf:RDF>")),
        "signature-wrapped"
    );
    assert_eq!(rule(&SIGNED.replace("rdf:RDF", "rdf:Bag")), "root");
    assert_eq!(rule(signature_of(&SIGNED)), "root");
}

#[test]
fn comments_and_instructions_in_values_are_refused() {
    for (start, end) in [("<DigestValue>", "</"), ("<SignatureValue>", "</"), ("<X509Certificate>", "</")] {
        assert_eq!(rule(&changed(start, &format!("{start}<!--c-->"))), "signature-structure");
        assert_eq!(rule(&changed(start, &format!("{start}<x/>"))), "signature-structure");
        assert_eq!(rule(&changed(start, &format!("{start}%"))), "signature-structure");
        let value = between(&SIGNED, start, end);
        assert_eq!(rule(&changed(value, &format!("{start}{end}"))), "signature-structure");
    }
    for place in ["<Signature ", "<SignedInfo>", "<rdf:Description ", "<rdf:RDF "] {
        assert_eq!(rule(&changed(place, &format!("<?p?>{place}"))), "processing-instruction");
    }
    assert_eq!(rule(&format!("{}<?p?>", *SIGNED)), "processing-instruction");
    assert_eq!(rule(&changed("<DigestValue>", "<DigestValue><?p?>")), "processing-instruction");
}

#[test]
fn attributes_and_text_that_the_profile_does_not_know_are_refused() {
    for place in
        ["<SignedInfo", "<SignatureValue", "<KeyInfo", "<X509Data", "<X509Certificate", "<DigestValue", "<Transforms"]
    {
        assert_eq!(
            rule(&changed(&format!("{place}>"), &format!("{place} Id=\"x\">"))),
            "signature-structure",
            "{place}"
        );
    }
    assert_eq!(rule(&changed("<Signature ", "<Signature Id=\"x\" ")), "signature-structure");
    assert_eq!(rule(&changed("<SignatureValue>", "text<SignatureValue>")), "signature-structure");
    assert_eq!(rule(&changed("<X509Data>", "<X509Data>text")), "signature-structure");
    assert_eq!(rule(&changed("<KeyInfo>", "<KeyInfo xml:lang=\"en\">")), "signature-structure");
}

#[test]
fn a_document_type_is_refused_before_anything_else() {
    let document = changed("?>", "?><!DOCTYPE rdf:RDF SYSTEM \"file:///etc/passwd\">");
    assert_eq!(rule(&document), "doctype");
}

#[test]
fn what_no_signature_covers_may_vary_and_changes_no_octet() {
    let original = verify(SIGNED.as_bytes(), Algorithms::Modern).expect("verifies");
    let copies = [
        changed("<!-- a remark -->", "<!-- another -->"),
        changed("<dcterms:type>machine<", "<dcterms:type>ma<!-- -->chine<"),
        changed("<dcterms:type>machine<", "<dcterms:type><![CDATA[mach]]>&#105;ne<"),
        changed("xml:base=\"http://mp.stratuslab.eu/\"", "xml:base = 'http://mp.stratuslab.eu/'"),
        changed("</Signature>", "\n</Signature>"),
        changed("<SignatureValue>", "<SignatureValue>\n "),
        SIGNED.replace('\n', "\r\n"),
        format!("{}\n<!--c-->", *SIGNED),
    ];
    for copy in copies {
        let read = verify(copy.as_bytes(), Algorithms::Modern).unwrap_or_else(|error| panic!("{error}: {copy}"));
        assert_eq!(read.octets(), original.octets(), "{copy}");
    }
}

#[test]
fn truncated_bytes_are_refused() {
    for length in (0..SIGNED.len() - 1).step_by(7) {
        if SIGNED.is_char_boundary(length) {
            assert_ne!(rule(&SIGNED[..length]), "accepted", "{length}");
        }
    }
}

#[test]
fn every_changed_byte_is_refused_or_changes_nothing_that_is_read() {
    let original = verify(SIGNED.as_bytes(), Algorithms::Modern).expect("verifies");
    for index in (0..SIGNED.len()).step_by(3) {
        let mut bytes = SIGNED.as_bytes().to_vec();
        bytes[index] ^= 1;
        if let Ok(read) = verify(&bytes, Algorithms::Modern) {
            assert_eq!(
                (read.octets(), read.certificate().key_der()),
                (original.octets(), JANE.certificate().key_der())
            );
        }
    }
}

/// As [`crate::xml`] has it for reading: the largest canonical form that a document can have comes to an end.
#[test]
fn a_document_made_to_grow_is_read_to_its_end() {
    let namespace = format!("urn:{}", "x".repeat(250));
    let enveloped = between(&SIGNED, "<Transform ", "</Transform>").to_owned();
    let exclusive = "<Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
    let document = changed(&enveloped, &format!("{enveloped}{exclusive}"));
    let document = document.replacen("<rdf:RDF ", &format!("<rdf:RDF xmlns:x=\"{namespace}\" "), 1);
    let document = document.replacen("<rdf:Description ", &format!("{}<rdf:Description ", "<x:b/>".repeat(8_000)), 1);
    assert_eq!(rule(&document), "digest-mismatch");
}
