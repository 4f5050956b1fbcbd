//! The keys of one run, made by the openssl tool, and the algorithms that go with each.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use proto::crypto::SigningKey;

/// A key to be made.
struct Order {
    kind: Kind,
    name: &'static str,
    /// What `openssl req -newkey` is told.
    newkey: &'static [&'static str],
    /// Whose key signs the certificate, if another's does.
    issuer: Option<&'static str>,
    /// The section of [`CONFIGURATION`] with its extensions.
    extensions: &'static str,
}

const fn order(kind: Kind, name: &'static str, newkey: &'static [&'static str]) -> Order {
    Order { kind, name, newkey, issuer: None, extensions: "end" }
}

const P_256: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
const RESTRICTED: &[&str] = &["rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt", "rsa_pss_keygen_md:sha384"];

const ORDERS: [Order; 11] = [
    order(Kind::Rsa, "Jane", &["rsa:2048"]),
    order(Kind::Rsa, "Mallory", &["rsa:2048"]),
    Order { issuer: Some("Jane"), ..order(Kind::Rsa, "Ravi", &["rsa:3072"]) },
    order(Kind::WeakRsa, "Weak", &["rsa:768"]),
    Order { issuer: Some("Jane"), ..order(Kind::Curve, "Lena", P_256) },
    Order { issuer: Some("Mallory"), ..order(Kind::Curve, "Otto", &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"]) },
    order(Kind::OtherCurve, "Odd", &["ec", "-pkeyopt", "ec_paramgen_curve:P-521"]),
    Order { extensions: "authority", ..order(Kind::Barred, "Authority", &["rsa:2048"]) },
    Order { extensions: "encryption", ..order(Kind::Barred, "Cipher", &["rsa:2048"]) },
    Order { issuer: Some("Jane"), extensions: "proxy", ..order(Kind::Barred, "Proxy", &["rsa:2048"]) },
    order(Kind::RestrictedRsa, "Salty", RESTRICTED),
];

/// A file that adds to certificates no more than it says.
const CONFIGURATION: &str = "[req]\ndistinguished_name=name\n[name]\n[end]\nbasicConstraints=critical,CA:FALSE\n\
    [authority]\nbasicConstraints=critical,CA:TRUE\n[encryption]\nkeyUsage=critical,keyEncipherment\n\
    [proxy]\nproxyCertInfo=critical,language:id-ppl-anyLanguage,pathlen:1\n";

/// What a key can be used with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// RSA within the bounds of the profile.
    Rsa,
    /// Too small for anybody.
    WeakRsa,
    /// A curve of the profile.
    Curve,
    /// Another one.
    OtherCurve,
    /// Good, but its certificate is not one to sign documents with.
    Barred,
    /// RSA-PSS with one hash function that no row of [`SIGNATURE_METHODS`] has.
    RestrictedRsa,
}

/// A signature algorithm, and who can sign with it.
pub(crate) struct SignatureMethod {
    pub(crate) uri: &'static str,
    pub(crate) kind: Kind,
    /// Whether the profile has it only for archives.
    pub(crate) is_old: bool,
    /// One that Debian's libxmlsec1 (1.2) has, where it has not this one: it makes a digest, and a value that is wrong.
    pub(crate) stand_in: Option<&'static str>,
}

const fn method(uri: &'static str, kind: Kind) -> SignatureMethod {
    SignatureMethod { uri, kind, is_old: false, stand_in: None }
}

const RSA_SHA_256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const PSS_SHA_256: &str = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1";
const ECDSA_SHA_256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";

/// The rows to add an algorithm to; the first [`IN_PROFILE`] are of the profile, and make most documents.
pub(crate) const SIGNATURE_METHODS: &[SignatureMethod] = &[
    method(RSA_SHA_256, Kind::Rsa),
    method("http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", Kind::Rsa),
    method("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", Kind::Rsa),
    method(ECDSA_SHA_256, Kind::Curve),
    method("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", Kind::Curve),
    method("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512", Kind::Curve),
    SignatureMethod { is_old: true, ..method("http://www.w3.org/2000/09/xmldsig#rsa-sha1", Kind::Rsa) },
    method("http://www.w3.org/2001/04/xmldsig-more#rsa-sha224", Kind::Rsa),
    method(RSA_SHA_256, Kind::WeakRsa),
    method(RSA_SHA_256, Kind::Barred),
    method(ECDSA_SHA_256, Kind::OtherCurve),
    SignatureMethod { stand_in: Some(RSA_SHA_256), ..method(PSS_SHA_256, Kind::Rsa) },
    SignatureMethod { stand_in: Some(RSA_SHA_256), ..method(PSS_SHA_256, Kind::RestrictedRsa) },
];
pub(crate) const IN_PROFILE: usize = 7;

/// Digest algorithms that libxmlsec1 has.
pub(crate) const DIGEST_METHODS: [&str; 5] = [
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512",
    "http://www.w3.org/2000/09/xmldsig#sha1",
    "http://www.w3.org/2001/04/xmldsig-more#sha224",
];

/// Canonicalisations that libxmlsec1 has.
pub(crate) const CANONICALIZATIONS: [&str; 6] = [
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2006/12/xml-c14n11#WithComments",
];

/// A key pair: for libxmlsec1 a file, for us the key (where it can sign), for documents its certificate.
pub(crate) struct Key {
    pub(crate) kind: Kind,
    pub(crate) signing: Option<SigningKey>,
    pub(crate) certificate: String,
    file: PathBuf,
}

/// The keys of a run.
pub(crate) struct Keys(Vec<Key>);

impl Keys {
    pub(crate) fn make(folder: &Path) -> Self {
        fs::write(folder.join("openssl.cnf"), CONFIGURATION).expect("the test's folder is writable");
        Self(ORDERS.iter().map(|order| Key::make(folder, order)).collect())
    }

    pub(crate) fn all(&self) -> &[Key] {
        &self.0
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().map(|key| key.file.as_path())
    }

    /// The numbers of the keys of a kind.
    pub(crate) fn of(&self, kind: Kind) -> Vec<usize> {
        (0..self.0.len()).filter(|number| self.0[*number].kind == kind).collect()
    }
}

impl Key {
    fn make(folder: &Path, order: &Order) -> Self {
        let files = |name: &str| (folder.join(format!("{name}.key")), folder.join(format!("{name}.pem")));
        let (name, (file, certificate)) = (order.name, files(order.name));
        let mut command = Command::new("openssl");
        command.args(["req", "-x509", "-nodes", "-batch", "-sha256", "-days", "36500", "-set_serial", "1"]);
        command.arg("-config").arg(folder.join("openssl.cnf")).args(["-extensions", order.extensions]);
        if let Some((key, certificate)) = order.issuer.map(files) {
            command.arg("-CAkey").arg(key).arg("-CA").arg(certificate);
        }
        command.arg("-newkey").args(order.newkey).args(["-subj", &format!("/O=Differential/CN={name}")]);
        command.arg("-keyout").arg(&file).arg("-out").arg(&certificate);
        if order.kind == Kind::RestrictedRsa {
            command.args(["-sha384"]);
        }
        let output = command.output().expect("openssl is installed");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let read = |path: &Path| fs::read_to_string(path).expect("openssl wrote it");
        let (pem, certificate) = (read(&file), read(&certificate));
        let signing = SigningKey::from_pem(format!("{pem}{certificate}").as_bytes(), None).ok();
        let digits = certificate.lines().filter(|line| !line.starts_with("-----"));
        Self { kind: order.kind, signing, certificate: digits.collect(), file }
    }
}
