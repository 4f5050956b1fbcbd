//! Which certificates may endorse, and what a certificate says of its holder.

use proto::crypto::{Certificate, CertificateRole, ProxyKind, SigningKey};
use proto::document::Template;
use proto::email::Email;
use proto::identifier::ImageIdentifier;
use proto::signature::{Algorithms, SignRequest, SignatureError, SigningError, SigningHash, sign, verify};

#[path = "support/desk.rs"]
mod desk;

use desk::Desk;

const EMAIL: &str = "subjectAltName=email:jane@example.org";
const EC: &str = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";

fn signed_by(key: &SigningKey) -> Result<String, SigningError> {
    let draft = Template::new(ImageIdentifier::from_sha1([7; 20]), 100, "machine").to_xml();
    let created = "2026-02-03T04:05:06Z".parse().expect("a moment");
    let email: Email = "jane@example.org".parse().expect("an address");
    let request = SignRequest { created, email: Some(email), hash: SigningHash::Sha256 };
    sign(draft.as_ref(), key, &request).map(|document| String::from_utf8(document).expect("UTF-8"))
}

/// What becomes of a document that is signed by a self-signed certificate with these extensions.
fn verdict(desk: &Desk, subject: &str, extensions: &[&str]) -> Result<String, SignatureError> {
    desk.key("jane", EC);
    desk.certificate("jane", subject, extensions);
    refusal(&SigningKey::from_pem(&desk.read(&["jane.key", "jane.crt"]), None).expect("readable"))
}

fn refusal(key: &SigningKey) -> Result<String, SignatureError> {
    signed_by(key).map_err(|error| match error {
        SigningError::Refused(refused) => refused,
        other => panic!("{other}"),
    })
}

#[test]
fn an_authority_is_refused_and_told_what_to_do() {
    let desk = Desk::new("authority");
    for constraints in ["CA:TRUE", "critical,CA:TRUE,pathlen:0"] {
        let refused = verdict(&desk, "/CN=Authority", &[&format!("basicConstraints={constraints}")]);
        let refused = refused.expect_err("refused");
        assert_eq!(refused.rule(), "ca-certificate", "{constraints}");
        assert!(refused.to_string().contains("-addext basicConstraints=critical,CA:FALSE"), "{refused}");
        assert!(refused.to_string().contains("marketplace certificate create"), "{refused}");
    }
}

#[test]
fn what_the_refusal_of_an_authority_advises_is_accepted() {
    let desk = Desk::new("advice");
    // With the machine's own configuration, whose extensions make an authority.
    let line = "req -x509 -newkey rsa:2048 -nodes -keyout jane.key -out jane.crt -subj /CN=Jane";
    for (advice, rule) in [("", Some("ca-certificate")), (" -addext basicConstraints=critical,CA:FALSE", None)] {
        desk.openssl(&format!("{line}{advice}"));
        let key = SigningKey::from_pem(&desk.read(&["jane.key", "jane.crt"]), None).expect("readable");
        assert_eq!(refusal(&key).err().map(|refused| refused.rule()), rule, "{advice}");
    }
}

#[test]
fn an_end_entity_with_or_without_constraints_is_accepted() {
    let desk = Desk::new("end-entity");
    for extensions in [&[][..], &["basicConstraints=CA:FALSE"], &["basicConstraints=critical,CA:FALSE", EMAIL]] {
        verdict(&desk, "/CN=Jane", extensions).unwrap_or_else(|refused| panic!("{extensions:?}: {refused}"));
    }
}

#[test]
fn a_proxy_of_rfc_3820_or_of_its_draft_is_refused() {
    let desk = Desk::new("proxies");
    for (extension, kind) in [
        ("proxyCertInfo=critical,language:id-ppl-inheritAll", ProxyKind::Rfc3820),
        ("1.3.6.1.4.1.3536.1.222=critical,DER:300F300D06082B06010505071501", ProxyKind::Draft),
    ] {
        let refused = verdict(&desk, "/CN=Jane/CN=1234", &[extension]).expect_err("refused");
        assert_eq!(refused, SignatureError::ProxyCertificate(kind));
        assert_eq!(refused.rule(), "proxy-certificate");
        assert!(
            refused.to_string().ends_with("sign with the end-entity certificate that it was made from"),
            "{refused}"
        );
    }
}

/// The certificate of `subject`, issued by the end entity `/C=UK/O=eScience/CN=jane`.
fn issued(desk: &Desk, subject: &str) -> SigningKey {
    desk.key("jane", EC);
    desk.certificate("jane", "/C=UK/O=eScience/CN=jane", &[EMAIL]);
    desk.key("other", EC);
    desk.run(&["req", "-new", "-config", "openssl.cnf", "-key", "other.key", "-out", "other.csr", "-subj", subject]);
    desk.openssl("x509 -req -in other.csr -CA jane.crt -CAkey jane.key -set_serial 7 -days 36500 -out other.crt");
    SigningKey::from_pem(&desk.read(&["other.key", "other.crt"]), None).expect("readable")
}

#[test]
fn a_proxy_of_globus_toolkit_2_is_refused() {
    let desk = Desk::new("globus");
    for name in ["proxy", "limited proxy"] {
        let refused = refusal(&issued(&desk, &format!("/C=UK/O=eScience/CN=jane/CN={name}"))).expect_err("refused");
        assert_eq!(refused, SignatureError::ProxyCertificate(ProxyKind::Legacy), "{name}");
    }
}

#[test]
fn a_name_that_only_looks_like_a_proxys_is_accepted() {
    let desk = Desk::new("no-proxies");
    for subject in [
        "/C=UK/O=eScience/CN=jane/CN=proxy server",
        "/C=UK/O=eScience/CN=john/CN=proxy",
        "/C=UK/O=eScience/CN=jane/OU=proxy",
        "/C=UK/O=eScience/CN=jane/CN=proxy/CN=john",
        "/CN=proxy",
    ] {
        refusal(&issued(&desk, subject)).unwrap_or_else(|refused| panic!("{subject}: {refused}"));
    }
    verdict(&desk, "/CN=jane/CN=proxy", &[]).expect("it is its own issuer");
}

#[test]
fn a_key_usage_without_signatures_is_refused() {
    let desk = Desk::new("key-usage");
    for usage in ["keyAgreement", "critical,keyEncipherment,dataEncipherment", "keyCertSign,cRLSign", "decipherOnly"] {
        let refused = verdict(&desk, "/CN=Jane", &[&format!("keyUsage={usage}")]).expect_err("refused");
        assert_eq!(refused.rule(), "key-usage", "{usage}");
    }
    for usage in ["digitalSignature", "critical,nonRepudiation", "keyEncipherment,digitalSignature,decipherOnly"] {
        verdict(&desk, "/CN=Jane", &[&format!("keyUsage={usage}")]).expect("accepted");
    }
}

#[test]
fn only_the_first_certificate_is_judged() {
    let desk = Desk::new("hints");
    let document = verdict(&desk, "/CN=Jane", &[EMAIL]).expect("signed");
    desk.key("authority", EC);
    desk.certificate("authority", "/CN=Authority", &["basicConstraints=CA:TRUE"]);
    let pem = String::from_utf8(desk.read(&["authority.crt"])).expect("PEM is text");
    let digits: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let authority = format!("<X509Certificate>{digits}</X509Certificate>");
    let hinted = document.replace("</X509Data>", &format!("{authority}</X509Data>"));
    assert_eq!(verify(hinted.as_bytes(), Algorithms::Modern).expect("verifies").chain().len(), 1);
    let first = document.replace("<X509Data>", &format!("<X509Data>{authority}"));
    assert_eq!(verify(first.as_bytes(), Algorithms::Modern).expect_err("refused").rule(), "ca-certificate");
}

fn certificate(desk: &Desk, subject: &str, extensions: &[&str]) -> Certificate {
    desk.key("jane", EC);
    desk.certificate("jane", subject, extensions);
    desk.openssl("x509 -in jane.crt -outform DER -out jane.der");
    Certificate::from_der(&desk.read(&["jane.der"])).expect("readable")
}

#[test]
fn every_address_of_a_certificate_is_told_and_the_first_is_its_own() {
    let desk = Desk::new("emails");
    let names = "subjectAltName=DNS:example.org,email:jane@example.org,URI:urn:x,email:j.tester@example.net";
    let jane = certificate(&desk, "/CN=Jane/emailAddress=other@example.org", &[names]);
    assert_eq!(jane.email(), Some("jane@example.org"));
    assert_eq!(jane.emails(), ["jane@example.org", "j.tester@example.net"]);
    let none = certificate(&desk, "/CN=Jane/emailAddress=other@example.org", &[]);
    assert_eq!((none.email(), none.emails()), (None, &[][..]));
}

#[test]
fn an_extension_that_stands_twice_or_is_malformed_is_refused_by_name() {
    let desk = Desk::new("malformed");
    for (extensions, name) in [
        (&["2.5.29.17=DER:0C0161"][..], "subject alternative name"),
        // An address with a blank, and one beyond ASCII.
        (&["2.5.29.17=DER:3005810361206A"], "subject alternative name"),
        (&["2.5.29.17=DER:30048102C3A9"], "subject alternative name"),
        (&["2.5.29.19=DER:0101FF"], "basicConstraints"),
        (&["2.5.29.15=DER:0300"], "keyUsage"),
    ] {
        desk.key("jane", EC);
        desk.certificate("jane", "/CN=Jane", extensions);
        desk.openssl("x509 -in jane.crt -outform DER -out jane.der");
        let refused = Certificate::from_der(&desk.read(&["jane.der"])).expect_err("refused");
        assert_eq!(refused.to_string(), format!("the certificate's {name} is malformed or stands twice"));
    }
}

#[test]
fn a_certificate_says_whose_it_is() {
    let desk = Desk::new("roles");
    assert_eq!(certificate(&desk, "/CN=x", &[]).role(), CertificateRole::EndEntity);
    assert_eq!(certificate(&desk, "/CN=x", &["basicConstraints=CA:TRUE"]).role(), CertificateRole::Authority);
    let proxy = "proxyCertInfo=critical,language:id-ppl-inheritAll";
    let both = certificate(&desk, "/CN=x", &["basicConstraints=CA:TRUE", proxy]);
    assert_eq!(both.role(), CertificateRole::Proxy(ProxyKind::Rfc3820));
}

#[test]
fn names_have_the_slash_form_that_openssl_gives_them() {
    let desk = Desk::new("slash");
    for subject in [
        "/C=UK/O=eScience/OU=Manchester/L=HEP/CN=jane doe",
        "/DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=jdoe/CN=123456/CN=Jane Doe",
        "/C=FR/O=GRID-FR/CN=Jané Døe/emailAddress=jane@example.org",
        "/O=Grid/CN=host\\/example.org",
        "/O=A+OU=B/CN=C, D; \"E\"",
        "/C=EU/ST=S/street=s/title=t/SN=s/GN=g/initials=i/serialNumber=7/UID=u/description=d/pseudonym=p",
        "/2.5.4.97=VATEU-1/1.2.3.4.5=unknown/CN=x",
        "/CN=tab\there",
    ] {
        let jane = certificate(&desk, subject, &[]);
        let theirs = desk.openssl("x509 -in jane.crt -noout -subject -issuer -nameopt compat");
        let ours = format!("subject={}\nissuer={}\n", jane.subject_slash(), jane.issuer_slash());
        assert_eq!(ours, String::from_utf8(theirs).expect("it is printable"), "{subject}");
    }
}

#[test]
fn a_slash_in_a_value_is_told_from_a_further_part() {
    let desk = Desk::new("slashes");
    let host = certificate(&desk, "/O=Grid/CN=host\\/example.org", &[]).subject_slash().clone();
    assert_eq!(host.as_str(), "/O=Grid/CN=host\\/example.org");
    assert_eq!("/O=Grid/CN=host/example.org".parse(), Ok(host));
    let jane = certificate(&desk, "/O=Grid\\/CN=jane", &[]).subject_slash().clone();
    assert_ne!("/O=Grid/CN=jane".parse(), Ok(jane));
}

#[test]
fn a_written_name_equals_the_certificates_however_it_spells_the_address() {
    let desk = Desk::new("spellings");
    let jane = certificate(&desk, "/C=UK/UID=jd/CN=Jane/emailAddress=jane@example.org", &[]);
    for written in [
        "/C=UK/UID=jd/CN=Jane/emailAddress=jane@example.org",
        "/C=UK/USERID=jd/CN=Jane/Email=jane@example.org",
        "/C=UK/UID=jd/CN=Jane/E=jane@example.org",
        "/C=UK/UID=jd/CN=Jane/EMAILADDRESS=jane@example.org",
    ] {
        assert_eq!(written.parse(), Ok(jane.subject_slash().clone()), "{written}");
    }
    assert_ne!("/C=UK/UID=jd/CN=jane/E=jane@example.org".parse(), Ok(jane.subject_slash().clone()));
    assert_ne!("C=UK/UID=jd/CN=Jane/E=jane@example.org".parse(), Ok(jane.subject_slash().clone()));
}
