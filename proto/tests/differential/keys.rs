//! The keys of one run, made by the openssl tool, and the algorithms that go with each.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use proto::crypto::SigningKey;

/// A kind of key, a name for its holder, what `openssl req -newkey` calls it, and who issues its certificate, if
/// another does.
const KINDS: [(Kind, &str, &[&str], Option<&str>); 6] = [
    (Kind::Rsa, "Jane", &["rsa:2048"], None),
    (Kind::Rsa, "Mallory", &["rsa:2048"], None),
    (Kind::Rsa, "Ravi", &["rsa:3072"], Some("Jane")),
    (Kind::WeakRsa, "Weak", &["rsa:768"], None),
    (Kind::Curve, "Lena", &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], Some("Jane")),
    (Kind::Curve, "Otto", &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], Some("Mallory")),
];

/// What a key can be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Within the bounds of the profile.
    Rsa,
    /// Too small for anybody.
    WeakRsa,
    /// Of a kind that only its own algorithms can use.
    Curve,
}

/// A signature algorithm that libxmlsec1 has, and who can sign with it.
pub(crate) struct SignatureMethod {
    pub(crate) uri: &'static str,
    pub(crate) kind: Kind,
    /// Whether the profile has it only for archives.
    pub(crate) is_old: bool,
}

const fn method(uri: &'static str, kind: Kind) -> SignatureMethod {
    SignatureMethod { uri, kind, is_old: false }
}

/// The rows to add an algorithm to; a row outside of the profile shows that it is refused.
pub(crate) const SIGNATURE_METHODS: &[SignatureMethod] = &[
    method("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", Kind::Rsa),
    method("http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", Kind::Rsa),
    method("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", Kind::Rsa),
    SignatureMethod { uri: "http://www.w3.org/2000/09/xmldsig#rsa-sha1", kind: Kind::Rsa, is_old: true },
    method("http://www.w3.org/2001/04/xmldsig-more#rsa-sha224", Kind::Rsa),
    method("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", Kind::WeakRsa),
    method("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", Kind::Curve),
    method("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", Kind::Curve),
];

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
        let make = |(kind, name, newkey, issuer)| Key::make(folder, kind, name, newkey, issuer);
        Self(KINDS.into_iter().map(make).collect())
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
    fn make(folder: &Path, kind: Kind, name: &str, newkey: &[&str], issuer: Option<&str>) -> Self {
        let files = |name: &str| (folder.join(format!("{name}.key")), folder.join(format!("{name}.pem")));
        let (file, certificate) = files(name);
        let mut command = Command::new("openssl");
        command
            .args(["req", "-x509", "-nodes", "-batch", "-sha256", "-days", "36500", "-set_serial", "1", "-newkey"])
            .args(newkey);
        if let Some((key, certificate)) = issuer.map(files) {
            command.arg("-CAkey").arg(key).arg("-CA").arg(certificate);
        }
        command.args(["-subj", &format!("/O=Differential/CN={name}")]).arg("-keyout").arg(&file);
        let output = command.arg("-out").arg(&certificate).output().expect("openssl is installed");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let read = |path: &Path| fs::read_to_string(path).expect("openssl wrote it");
        let (pem, certificate) = (read(&file), read(&certificate));
        let signing = SigningKey::from_pem(format!("{pem}{certificate}").as_bytes(), None).ok();
        let digits = certificate.lines().filter(|line| !line.starts_with("-----"));
        Self { kind, signing, certificate: digits.collect(), file }
    }
}
