//! Passwords: from a file, a variable or a prompt; never from an argument.

use std::io::IsTerminal as _;
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::bounds;
use crate::files;

const VARIABLE: &str = "MARKETPLACE_PASSWORD";

/// The password that opens something.
pub(super) fn ask(file: Option<&Path>, what: &str) -> anyhow::Result<String> {
    match given(file)? {
        Some(password) => Ok(password),
        None => prompt(&format!("Password of {what}: ")),
    }
}

/// A password for something new; typed twice where it is typed.
pub(super) fn choose(file: Option<&Path>, what: &str) -> anyhow::Result<String> {
    let password = match given(file)? {
        Some(password) => password,
        None => {
            let first = prompt(&format!("Password for {what}: "))?;
            if prompt("The same again: ")? != first {
                bail!("the two passwords differ");
            }
            first
        }
    };
    if password.is_empty() {
        bail!("the password is empty; a key without one is anyone's who reads the file");
    }
    Ok(password)
}

fn given(file: Option<&Path>) -> anyhow::Result<Option<String>> {
    match file {
        Some(file) => read(file).map(Some),
        None => Ok(std::env::var(VARIABLE).ok()),
    }
}

/// The first line of a file.
fn read(file: &Path) -> anyhow::Result<String> {
    let failed = || format!("cannot read the password file {}", file.display());
    let bytes = files::read(file, bounds::SECRET_FILE_BYTES_MAX).with_context(failed)?;
    let text = String::from_utf8(bytes).ok().with_context(|| format!("{} is not UTF-8 text", file.display()))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn prompt(question: &str) -> anyhow::Result<String> {
    if !std::io::stdin().is_terminal() {
        bail!("a password is needed: give --password-file FILE or the variable {VARIABLE}");
    }
    rpassword::prompt_password(question).context("cannot read the password")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_first_line_of_its_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("password");
        for text in [" a b \n", " a b ", " a b \r\nmore\n"] {
            std::fs::write(&path, text).expect("it is written");
            assert_eq!(ask(Some(&path), "a key").expect("it is read"), " a b ");
        }
    }

    #[test]
    fn a_new_key_does_not_get_an_empty_password() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("password");
        std::fs::write(&path, "\n").expect("it is written");
        assert!(choose(Some(&path), "a key").is_err());
    }
}
