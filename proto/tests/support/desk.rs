//! Keys and certificates that the openssl command makes, as endorsers make theirs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder of one test, in which openssl works; it is removed in the end.
pub(crate) struct Desk(PathBuf);

/// Nothing of the machine's own configuration, lest its extensions get into certificates.
const CONFIGURATION: &str = "[req]\ndistinguished_name=name\n[name]\n";

impl Desk {
    pub(crate) fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).expect("the test's folder is writable");
        fs::write(folder.join("openssl.cnf"), CONFIGURATION).expect("the folder is writable");
        Self(folder)
    }

    /// Runs one command line whose words hold no blanks, and returns what it prints.
    pub(crate) fn openssl(&self, line: &str) -> Vec<u8> {
        self.run(&line.split(' ').collect::<Vec<_>>())
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Vec<u8> {
        let output = Command::new("openssl").args(arguments).current_dir(&self.0).output();
        let output = output.expect("openssl is installed (apt-get install openssl; scripts/test does it)");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Writes `name.key`, made with these options of genpkey.
    pub(crate) fn key(&self, name: &str, options: &str) {
        self.openssl(&format!("genpkey {options} -out {name}.key"));
    }

    /// Writes `name.crt` for `name.key`, signed by itself with these extensions.
    pub(crate) fn certificate(&self, name: &str, subject: &str, extensions: &[&str]) {
        let (key, file) = (format!("{name}.key"), format!("{name}.crt"));
        let mut arguments =
            vec!["req", "-x509", "-config", "openssl.cnf", "-utf8", "-multivalue-rdn", "-days", "36500"];
        arguments.extend(["-key", &key, "-out", &file, "-subj", subject]);
        arguments.extend(extensions.iter().flat_map(|extension| ["-addext", *extension]));
        self.run(&arguments);
    }

    /// The files one after the other.
    pub(crate) fn read(&self, names: &[&str]) -> Vec<u8> {
        names.iter().flat_map(|name| fs::read(self.0.join(name)).expect("openssl wrote it")).collect()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap_or_default();
    }
}
