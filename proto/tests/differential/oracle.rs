//! libxmlsec1 and libxml2 behind a pipe: the program of `tests/oracle/xmlsec.c`, compiled by the first who asks.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use proto::xml::{Canonicalization, Comments};

use super::keys::Keys;

const PARSED: u8 = 1;
const BAD_NAMES: u8 = 2;
const DONE: u8 = 4;

/// The compiled program, in a folder of this process that ends with it.
pub(crate) struct Workshop {
    folder: PathBuf,
    pub(crate) keys: Keys,
}

impl Workshop {
    pub(crate) fn open(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("the test's folder is writable");
        compile(&folder.join("oracle"));
        let keys = Keys::make(&folder);
        Self { folder, keys }
    }

    pub(crate) fn oracle(&self) -> Oracle {
        let mut command = Command::new(self.folder.join("oracle"));
        command.args(self.keys.files()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the oracle was compiled");
        let requests = process.stdin.take().expect("it is piped");
        let answers = process.stdout.take().expect("it is piped");
        Oracle { process, requests: Some(requests), answers }
    }

    /// The verdict of the xmlsec1 tool itself.
    pub(crate) fn tool_verifies(&self, name: &str, document: &[u8]) -> bool {
        let path = self.folder.join(name);
        fs::write(&path, document).expect("the test's folder is writable");
        let mut command = Command::new("xmlsec1");
        command.args(["--verify", "--insecure", "--enabled-key-data", "x509"]).arg(&path);
        let output = command.output().expect("xmlsec1 is installed (apt-get install xmlsec1; scripts/test does it)");
        fs::remove_file(path).expect("the file is ours");
        output.status.success()
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn compile(program: &Path) {
    let flags = Command::new("pkg-config").args(["--cflags", "--libs", "xmlsec1-openssl"]).output();
    let flags = flags.expect("pkg-config is installed").stdout;
    let flags = String::from_utf8(flags).expect("flags are ASCII");
    assert!(flags.contains("-lxmlsec1"), "libxmlsec1-dev is missing (scripts/test installs it)");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/xmlsec.c");
    let mut command = Command::new("cc");
    command.args(["-O1", "-Wall", "-Wextra", "-Werror", "-o"]).arg(program).arg(source).args(flags.split_whitespace());
    let output = command.output().expect("a C compiler is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A running oracle.
pub(crate) struct Oracle {
    process: Child,
    requests: Option<ChildStdin>,
    answers: ChildStdout,
}

/// What libxml2 and libxmlsec1 say of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) is_parsed: bool,
    /// libxml2 reports, and reads past, what breaks Namespaces in XML.
    pub(crate) has_bad_names: bool,
    pub(crate) is_valid: bool,
    /// What the first Reference digests.
    pub(crate) octets: Vec<u8>,
    /// The canonical form of SignedInfo.
    pub(crate) signed_info: Vec<u8>,
}

/// DigestValue and SignatureValue, as text.
pub(crate) struct Values {
    pub(crate) digest: String,
    pub(crate) signature: String,
}

impl Oracle {
    pub(crate) fn verify(&mut self, document: &[u8]) -> Verdict {
        let (flags, octets, signed_info) = self.ask(b'V', &[document]);
        Verdict {
            is_parsed: flags & PARSED != 0,
            has_bad_names: flags & BAD_NAMES != 0,
            is_valid: flags & DONE != 0,
            octets,
            signed_info,
        }
    }

    /// The canonical form of the whole document; `None` where libxml2 reads none or makes none.
    pub(crate) fn canonicalize(
        &mut self,
        document: &[u8],
        method: &Canonicalization,
        comments: Comments,
    ) -> Option<Vec<u8>> {
        let (number, prefixes) = match method {
            Canonicalization::Inclusive => (0, String::new()),
            Canonicalization::Inclusive11 => (2, String::new()),
            Canonicalization::Exclusive { prefixes } => {
                let named = prefixes.iter().map(|prefix| if prefix.is_empty() { "#default" } else { prefix });
                (1, named.collect::<Vec<_>>().join(" "))
            }
        };
        let length = u32::try_from(prefixes.len()).expect("a short list").to_be_bytes();
        let head = [number, u8::from(comments == Comments::With)];
        let (flags, form, _) = self.ask(b'C', &[&head, &length, prefixes.as_bytes(), document]);
        (flags & DONE != 0).then_some(form)
    }

    /// What makes a document's empty signature one by the key; `None` where libxmlsec1 cannot sign it.
    pub(crate) fn sign(&mut self, key: usize, document: &[u8]) -> Option<Values> {
        let number = u8::try_from(key).expect("few keys");
        let (flags, digest, signature) = self.ask(b'S', &[&[number], document]);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("base64 is ASCII");
        (flags & DONE != 0).then(|| Values { digest: text(digest), signature: text(signature) })
    }

    fn ask(&mut self, operation: u8, parts: &[&[u8]]) -> (u8, Vec<u8>, Vec<u8>) {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let mut request = vec![operation];
        request.extend(u32::try_from(length).expect("a document is far shorter").to_be_bytes());
        parts.iter().for_each(|part| request.extend_from_slice(part));
        let requests = self.requests.as_mut().expect("it is there until the oracle is dropped");
        requests.write_all(&request).and_then(|()| requests.flush()).expect("the oracle runs");
        let mut flags = [0];
        self.answers.read_exact(&mut flags).expect("the oracle answers");
        (flags[0], self.blob(), self.blob())
    }

    fn blob(&mut self) -> Vec<u8> {
        let mut length = [0; 4];
        self.answers.read_exact(&mut length).expect("the oracle answers");
        let mut bytes = vec![0; u32::from_be_bytes(length) as usize];
        self.answers.read_exact(&mut bytes).expect("the oracle answers");
        bytes
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // It ends with its input.
        self.requests = None;
        let _ = self.process.wait();
    }
}
