//! A mail relay on loopback: a real SMTP server, whose mails are caught.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

/// A running relay; it ends when this is dropped.
#[derive(Debug)]
pub struct Relay {
    child: Child,
    port: u16,
    events: Arc<Mutex<Vec<Value>>>,
}

/// A mail that the relay took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caught {
    /// To whom.
    pub to: String,
    /// Whether it came over TLS.
    pub is_protected: bool,
    /// Whether its sender gave the password.
    pub is_authenticated: bool,
    /// The message.
    pub text: String,
}

/// An authority and a certificate of `localhost` and 127.0.0.1, made on the spot.
#[derive(Debug)]
pub struct Certificates {
    folder: tempfile::TempDir,
}

impl Relay {
    /// Starts a relay with these arguments of `smtp/server.py`.
    ///
    /// # Panics
    /// Where Python or aiosmtpd is missing.
    #[must_use]
    pub fn start(arguments: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("smtp/server.py");
        // Debian's own Python, for which the package python3-aiosmtpd is.
        let mut child = Command::new("/usr/bin/python3")
            .arg(script)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("/usr/bin/python3 runs");
        let mut lines = BufReader::new(child.stdout.take().expect("standard output is piped")).lines();
        let first = lines.next().and_then(Result::ok).expect("python3-aiosmtpd is installed");
        let first: Value = serde_json::from_str(&first).expect("JSON");
        let port = first["port"].as_u64().and_then(|port| port.try_into().ok()).expect("a port");
        let events = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&events);
        // It ends with the relay's output.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let event = serde_json::from_str(&line).expect("JSON");
                told.lock().unwrap_or_else(PoisonError::into_inner).push(event);
            }
        });
        Self { child, port, events }
    }

    /// Where it listens.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The mails that it took so far.
    #[must_use]
    pub fn caught(&self) -> Vec<Caught> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let caught = |event: &Value| Caught {
            to: text(&event["recipients"][0]),
            is_protected: event["tls"] == true,
            is_authenticated: event["authenticated"] == true,
            text: text(&event["text"]),
        };
        events.iter().filter(|event| event["event"] == "message").map(caught).collect()
    }

    /// How often something happened: `connection`, `login`, `refused`, `dropped` or `message`.
    #[must_use]
    pub fn count(&self, event: &str) -> usize {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.iter().filter(|told| told["event"] == event).count()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // An error says that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Caught {
    /// The address in the mail that ends in `command`.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn link(&self, command: &str) -> String {
        let end = format!("/{command}");
        let mut words = self.text.split_whitespace();
        words.find(|word| word.starts_with("http") && word.ends_with(&end)).expect("a link").to_owned()
    }
}

impl Certificates {
    /// Makes them with the openssl program.
    ///
    /// # Panics
    /// Where openssl is missing.
    #[must_use]
    pub fn make() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let made = Self { folder };
        let path = |name: &str| made.path(name).display().to_string();
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"];
        let (ca, ca_key, leaf, leaf_key) = (path("ca.pem"), path("ca.key"), path("leaf.pem"), path("leaf.key"));
        openssl(&[&["req", "-x509", "-subj", "/CN=Test CA", "-keyout", &ca_key, "-out", &ca], &key[..]].concat());
        let names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
        let signed = ["-CA", &ca, "-CAkey", &ca_key, "-addext", names, "-addext", "basicConstraints=critical,CA:FALSE"];
        let leaf = ["req", "-x509", "-subj", "/CN=localhost", "-keyout", &leaf_key, "-out", &leaf];
        openssl(&[&leaf[..], &signed, &key].concat());
        made
    }

    /// The authority.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.path("ca.pem")
    }

    /// The relay's certificate and key.
    #[must_use]
    pub fn relay(&self) -> [String; 2] {
        ["leaf.pem", "leaf.key"].map(|name| self.path(name).display().to_string())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn openssl(arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).output().expect("openssl runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
