//! Section 1.10, S41 to S46: whom an authority certifies, and whom the operator then does not ask, with authorities that
//! are made here.

use std::path::Path;
use std::process::Command;

use proto::crypto::SigningKey;
use proto::signature::{SignRequest, SigningHash, sign};
use tests::relay::Relay;
use tests::sites::{Sites, moment};

use super::row::{Row, hold, post};
use super::world::{A, WEB, WINDOW, by_jim, identifier, node, template};

const SUBJECT: &str = "CN=Jim Tester,OU=Testing Department,O=StratusLab Project,C=EU";

/// An authority of 2014 to 2036 with its revocation list, in the working folder; it certifies Jim, with his address.
struct Authority {
    folder: tempfile::TempDir,
}

const SETTINGS: &str = "\
[ca]
default_ca = here
[here]
database = index.txt
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
serial = serial
crlnumber = crlnumber
default_md = sha256
policy = any
unique_subject = no
[any]
countryName = optional
organizationName = optional
organizationalUnitName = optional
commonName = supplied
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[person]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature,nonRepudiation
subjectAltName = email:jim.tester@example.org
[req]
distinguished_name = none
prompt = no
[none]
";

const FROM: &str = "20140101000000Z";
const UNTIL: &str = "20360101000000Z";

impl Authority {
    fn create() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in [("ca.cnf", SETTINGS), ("index.txt", ""), ("serial", "01\n"), ("crlnumber", "01\n")] {
            std::fs::write(folder.path().join(name), text).expect("written");
        }
        let authority = Self { folder };
        let new_key = "req -new -config ca.cnf -newkey rsa:2048 -nodes";
        authority.openssl(&format!("{new_key} -keyout ca.key -out ca.csr -subj"), &["/O=StratusLab Project/CN=TestCA"]);
        let dates = format!("-startdate {FROM} -enddate {UNTIL}");
        authority.openssl(
            &format!("ca -batch -notext -config ca.cnf -selfsign -extensions authority {dates} -in ca.csr -out ca.pem"),
            &[],
        );
        let name = "/C=EU/O=StratusLab Project/OU=Testing Department/CN=Jim Tester";
        authority.openssl(&format!("{new_key} -keyout jim.key -out jim.csr -subj"), &[name]);
        authority.openssl(
            &format!("ca -batch -notext -config ca.cnf -extensions person {dates} -in jim.csr -out jim.pem"),
            &[],
        );
        authority.publish_revocations();
        authority
    }

    fn publish_revocations(&self) {
        let dates = format!("-crl_lastupdate {FROM} -crl_nextupdate {UNTIL}");
        self.openssl(&format!("ca -gencrl -config ca.cnf {dates} -out ca.crl"), &[]);
    }

    fn revoke_jim(&self) {
        self.openssl("ca -config ca.cnf -revoke jim.pem", &[]);
        self.publish_revocations();
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn openssl(&self, arguments: &str, further: &[&str]) {
        let mut command = Command::new("openssl");
        command.args(arguments.split_whitespace()).args(further).current_dir(self.path());
        let output = command.output().expect("openssl runs");
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// What Jim signs with the certificate of this authority.
    fn signed(&self) -> Vec<u8> {
        let read = |name: &str| std::fs::read(self.path().join(name)).expect("it was made");
        let key = SigningKey::from_pem(&[read("jim.key"), read("jim.pem")].concat(), None).expect("a key");
        let request = SignRequest { created: moment(WEB), email: None, hash: SigningHash::Sha256 };
        sign(template("a", "by Jim").to_xml().as_bytes(), &key, &request).expect("signed")
    }

    /// The section that makes it an authority of a node, which asks nobody that is listed.
    fn trusted(&self, listed: &[&str]) -> String {
        let anchors = ["ca.pem", "ca.crl"].map(|name| self.path().join(name).display().to_string());
        format!("[trust]\nanchors = {anchors:?}\nconfirm_waived_for = {listed:?}\n")
    }
}

fn upload(claim: &'static str, document: Vec<u8>) -> Row {
    post(claim, "/metadata", "application/rdf+xml", document).accept("application/json")
}

/// What the node makes of the document.
fn certified(claim: &'static str, authority: &Authority, document: Vec<u8>, expected: impl FnOnce(Row) -> Row) {
    let sites = node(&format!("{WINDOW}\n{}", authority.trusted(&[])), "");
    hold(&sites.http(A), [expected(upload(claim, document))]);
}

#[test]
fn whom_an_authority_certifies() {
    let authority = Authority::create();
    let stranger = by_jim(&template("a", "by Jim"), WEB);
    certified("S41: a certificate of another is not verified", &authority, stranger, |row| {
        row.is(201).json("/standing", "bare")
    });
    certified("S42: one of the authority is", &authority, authority.signed(), |row| {
        row.is(201).json("/standing", "certified")
    });
    authority.revoke_jim();
    certified("S43: a revoked one is not", &authority, authority.signed(), |row| row.is(201).json("/standing", "bare"));
}

#[test]
fn whom_the_operator_does_not_ask() {
    let authority = Authority::create();
    let relay = Relay::start(&[]);
    let asking = |listed: &[&str]| -> Sites { super::actions::asking(&relay, &authority.trusted(listed)) };
    let awaits = |row: Row| row.is(202).json("/result", "awaiting confirmation");
    let document = authority.signed();

    let nobody = asking(&[]);
    hold(&nobody.http(A), [awaits(upload("S44: an empty list", document.clone()))]);

    let jim = asking(&[SUBJECT]);
    let stranger = by_jim(&template("b", "by a stranger"), WEB);
    hold(
        &jim.http(A),
        [
            upload("S45: a listed subject is not asked", document.clone()).is(201).json("/standing", "certified"),
            awaits(upload("S45: whoever is not listed is", stranger.clone())),
        ],
    );
    let by_address = asking(&["jim.tester@example.org"]);
    hold(
        &by_address.http(A),
        [
            upload("S45: a listed address", document.clone()).is(201),
            awaits(upload("S46: an address that only its own certificate states", stranger)),
        ],
    );

    authority.revoke_jim();
    let revoked = asking(&[SUBJECT]);
    hold(&revoked.http(A), [awaits(upload("S46: listed, but revoked", document))]);
    assert_eq!(revoked.http(A).get(&format!("/metadata/{}?status=all", identifier("a")), "").status, 404);
}
