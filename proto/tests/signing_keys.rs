//! Keys of every kind and file format that endorsers have, made by the openssl command.

use proto::crypto::{BadSigningKey, KeyKind, SigningKey};
use proto::document::Template;
use proto::identifier::ImageIdentifier;
use proto::signature::{Algorithms, SignRequest, SigningError, SigningHash, sign, verify};

#[path = "support/desk.rs"]
mod desk;

use desk::Desk;

const EMAIL: &str = "subjectAltName=email:jane@example.org";

/// How openssl makes a key, and how it signs when SHA-256, SHA-384 and SHA-512 are asked for.
const KINDS: [(&str, KeyKind, [&str; 3]); 8] = [
    ("-algorithm RSA -pkeyopt rsa_keygen_bits:2048", KeyKind::Rsa, ["rsa-sha256", "rsa-sha384", "rsa-sha512"]),
    ("-algorithm RSA -pkeyopt rsa_keygen_bits:3072", KeyKind::Rsa, ["rsa-sha256", "rsa-sha384", "rsa-sha512"]),
    (
        "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048",
        KeyKind::RsaPss,
        ["sha256-rsa-MGF1", "sha384-rsa-MGF1", "sha512-rsa-MGF1"],
    ),
    (
        "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_pss_keygen_md:sha384 -pkeyopt \
         rsa_pss_keygen_mgf1_md:sha384 -pkeyopt rsa_pss_keygen_saltlen:48",
        KeyKind::RsaPss,
        ["sha384-rsa-MGF1"; 3],
    ),
    (
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        KeyKind::EcP256,
        ["ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512"],
    ),
    (
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-384",
        KeyKind::EcP384,
        ["ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512"],
    ),
    ("-algorithm ED25519", KeyKind::Ed25519, ["eddsa-ed25519"; 3]),
    // As some tools write points; X9.62 section 4.3.6.
    (
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt point-format:compressed",
        KeyKind::EcP256,
        ["ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512"],
    ),
];

fn request(hash: SigningHash, created: &str) -> SignRequest {
    SignRequest { created: created.parse().expect("a moment"), email: None, hash }
}

fn draft() -> Vec<u8> {
    Template::new(ImageIdentifier::from_sha1([7; 20]), 100, "machine").to_xml().into()
}

fn signed(key: &SigningKey) -> Result<Vec<u8>, SigningError> {
    sign(&draft(), key, &request(SigningHash::Sha256, "2026-02-03T04:05:06Z"))
}

/// A key of the kind in `jane.key`, its certificate in `jane.crt` and both in `jane.pem`.
fn jane(desk: &Desk, options: &str) -> SigningKey {
    desk.key("jane", options);
    desk.certificate("jane", "/CN=Jane Tester", &[EMAIL]);
    SigningKey::from_pem(&desk.read(&["jane.key", "jane.crt"]), None).expect("readable")
}

#[test]
fn every_kind_of_key_signs_with_the_algorithm_that_fits_it_and_the_hash() {
    for (number, (options, kind, algorithms)) in KINDS.into_iter().enumerate() {
        let desk = Desk::new(&format!("kinds-{number}"));
        let key = jane(&desk, options);
        assert_eq!(key.certificate().key_kind(), kind, "{options}");
        let hashes = [SigningHash::Sha256, SigningHash::Sha384, SigningHash::Sha512];
        for ((hash, algorithm), digest) in hashes.into_iter().zip(algorithms).zip(["sha256", "sha384", "sha512"]) {
            let document = sign(&draft(), &key, &request(hash, "2026-02-03T04:05:06Z"));
            let document = document.unwrap_or_else(|error| panic!("{options}: {error}"));
            let read = verify(&document, Algorithms::Modern).expect("sign has verified it");
            assert_eq!((read.signature_algorithm(), read.digest_algorithm()), (algorithm, digest), "{options}");
        }
    }
}

#[test]
fn every_kind_of_key_replaces_its_own_signature_and_endorsement() {
    for (number, (options, _, _)) in KINDS.into_iter().enumerate() {
        let desk = Desk::new(&format!("again-{number}"));
        let key = jane(&desk, options);
        let once = signed(&key).expect("signed");
        let twice = sign(&once, &key, &request(SigningHash::Sha256, "2027-01-01T00:00:00Z")).expect("signed");
        let octets = |document| {
            let read = verify(document, Algorithms::Modern).expect("verifies");
            String::from_utf8(read.octets().to_vec()).expect("UTF-8")
        };
        assert_eq!(octets(&twice), octets(&once).replace("2026-02-03T04:05:06Z", "2027-01-01T00:00:00Z"));
        assert_eq!(String::from_utf8_lossy(&twice).matches("<SignatureValue>").count(), 1, "{options}");
    }
}

#[test]
fn new_and_old_pkcs12_files_hold_every_kind_of_key() {
    for (number, (options, kind, _)) in KINDS.into_iter().enumerate() {
        let desk = Desk::new(&format!("pkcs12-{number}"));
        jane(&desk, options);
        // The old ones encrypt the certificate with RC2-40 and the key with triple DES.
        for (name, old) in [("new.p12", ""), ("old.p12", " -legacy")] {
            desk.openssl(&format!("pkcs12 -export{old} -inkey jane.key -in jane.crt -passout pass:secret -out {name}"));
            let key = SigningKey::from_pkcs12(&desk.read(&[name]), "secret");
            let key = key.unwrap_or_else(|error| panic!("{options} {name}: {error}"));
            assert_eq!(key.certificate().key_kind(), kind, "{options}");
            signed(&key).unwrap_or_else(|error| panic!("{options} {name}: {error}"));
            let wrong = SigningKey::from_pkcs12(&desk.read(&[name]), "other").expect_err("refused");
            assert_eq!(wrong, BadSigningKey::WrongPassword, "{options} {name}");
        }
    }
}

#[test]
fn a_traditional_ec_key_is_read_with_its_parameters_before_it_and_its_certificate_anywhere() {
    let desk = Desk::new("traditional");
    desk.openssl("ecparam -name prime256v1 -genkey -out jane.key");
    desk.certificate("jane", "/CN=Jane Tester", &[EMAIL]);
    let key = String::from_utf8(desk.read(&["jane.key"])).expect("PEM is text");
    assert!(key.contains("BEGIN EC PARAMETERS") && key.contains("BEGIN EC PRIVATE KEY"), "{key}");
    for order in [["jane.key", "jane.crt"], ["jane.crt", "jane.key"]] {
        signed(&SigningKey::from_pem(&desk.read(&order), None).expect("readable")).expect("signed");
    }
}

#[test]
fn encrypted_pem_is_opened_by_its_password_alone_whatever_the_encryption() {
    let desk = Desk::new("encrypted");
    desk.openssl("ecparam -name secp384r1 -genkey -noout -out jane.key");
    desk.certificate("jane", "/CN=Jane Tester", &[EMAIL]);
    for (name, line) in [
        ("traditional, AES", "ec -aes256 -in jane.key -passout pass:secret -out closed.pem"),
        ("traditional, triple DES", "ec -des3 -in jane.key -passout pass:secret -out closed.pem"),
        (
            "traditional, DES",
            "ec -des -provider default -provider legacy -in jane.key -passout pass:secret -out closed.pem",
        ),
        ("PKCS#8, AES", "pkcs8 -topk8 -v2 aes-256-cbc -in jane.key -passout pass:secret -out closed.pem"),
        ("PKCS#8, scrypt", "pkcs8 -topk8 -scrypt -in jane.key -passout pass:secret -out closed.pem"),
        ("PKCS#8, triple DES", "pkcs8 -topk8 -v1 PBE-SHA1-3DES -in jane.key -passout pass:secret -out closed.pem"),
        (
            "PKCS#8, RC2",
            "pkcs8 -topk8 -v1 PBE-SHA1-RC2-40 -provider default -provider legacy -in jane.key -passout pass:secret -out \
             closed.pem",
        ),
    ] {
        desk.openssl(line);
        let file = desk.read(&["closed.pem", "jane.crt"]);
        let open = |password| SigningKey::from_pem(&file, password);
        assert_eq!(open(None).expect_err("refused"), BadSigningKey::PasswordRequired, "{name}");
        assert_eq!(open(Some("other")).expect_err("refused"), BadSigningKey::WrongPassword, "{name}");
        let key = open(Some("secret")).unwrap_or_else(|error| panic!("{name}: {error}"));
        signed(&key).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

/// One of 256 passes for right until the key that it gives is read.
#[test]
fn no_wrong_password_passes_for_a_file_that_cannot_be_read() {
    let desk = Desk::new("guessed");
    desk.openssl("ecparam -name prime256v1 -genkey -noout -out jane.key");
    desk.certificate("jane", "/CN=Jane Tester", &[EMAIL]);
    desk.openssl("ec -des3 -in jane.key -passout pass:secret -out closed.pem");
    let file = desk.read(&["closed.pem", "jane.crt"]);
    for number in 0..2000 {
        let refused = SigningKey::from_pem(&file, Some(&format!("guess {number}"))).expect_err("it is wrong");
        assert_eq!(refused, BadSigningKey::WrongPassword, "guess {number}");
    }
}

#[test]
fn keys_outside_of_the_profile_are_refused_by_name() {
    for (number, (options, name)) in [
        ("-algorithm EC -pkeyopt ec_paramgen_curve:P-521", "EC secp521r1"),
        ("-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1", "EC secp256k1"),
        (
            "-algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit",
            "EC curve given by its parameters",
        ),
        ("-algorithm ED448", "Ed448"),
    ]
    .into_iter()
    .enumerate()
    {
        let desk = Desk::new(&format!("refused-{number}"));
        desk.key("jane", options);
        desk.certificate("jane", "/CN=Jane Tester", &[EMAIL]);
        let refused = SigningKey::from_pem(&desk.read(&["jane.key", "jane.crt"]), None).expect_err("refused");
        let expected = format!("the key is {name}; those that sign are RSA, RSA-PSS, EC P-256, EC P-384 and Ed25519");
        assert_eq!(refused.to_string(), expected);
    }
}

#[test]
fn an_rsa_pss_key_does_not_sign_against_its_own_parameters() {
    for (number, parameters) in [
        // SHA-1 in either place, and a salt longer than any digest.
        "-pkeyopt rsa_pss_keygen_md:sha1 -pkeyopt rsa_pss_keygen_mgf1_md:sha1 -pkeyopt rsa_pss_keygen_saltlen:20",
        "-pkeyopt rsa_pss_keygen_md:sha256 -pkeyopt rsa_pss_keygen_mgf1_md:sha1 -pkeyopt rsa_pss_keygen_saltlen:32",
        "-pkeyopt rsa_pss_keygen_md:sha256 -pkeyopt rsa_pss_keygen_mgf1_md:sha256 -pkeyopt rsa_pss_keygen_saltlen:65",
    ]
    .into_iter()
    .enumerate()
    {
        let desk = Desk::new(&format!("restricted-{number}"));
        let key = jane(&desk, &format!("-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 {parameters}"));
        assert_eq!(signed(&key), Err(SigningError::Key(KeyKind::RsaPss)), "{parameters}");
    }
}
