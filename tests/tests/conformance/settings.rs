//! Section 1.10, S47: the configuration, as `config check` and variables read it.

use std::path::Path;
use std::process::Command;

use tests::sites::program;

/// Whether the program finds `text` good, and what it says.
fn check(text: &str, variables: &[(&str, &str)]) -> (bool, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("marketplace.toml");
    std::fs::write(&file, text).expect("written");
    let output = Command::new(program())
        .args(["config", "check", "--config"])
        .arg(&file)
        .envs(variables.iter().copied())
        .output()
        .expect("the program runs");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.success(), said)
}

fn mail(port: &str, admin: &str) -> String {
    format!("[mail]\nhost = \"localhost\"\nport = {port}\ntls = \"none\"\nfrom = \"a@b.org\"\nadmin = \"{admin}\"\n")
}

#[test]
fn s47_defaults_are_good_and_values_are_checked() {
    let cases = [
        ("S47: the defaults are good", String::new(), true),
        ("S47: a relative data folder is beside the file", "[node]\ndata_dir = \"data\"\n".to_owned(), true),
        ("S47: an absolute data folder", "[node]\ndata_dir = \"/var/lib/marketplace\"\n".to_owned(), true),
        ("S47: port 1", mail("1", "x@y"), true),
        ("S47: port 10", mail("10", "x@y"), true),
        ("S47: port 65535", mail("65535", "x@y"), true),
        ("S47: port 0", mail("0", "x@y"), false),
        ("S47: port -1", mail("-1", "x@y"), false),
        ("S47: port 0xG", mail("0xG", "x@y"), false),
        ("S47: port 65536", mail("65536", "x@y"), false),
        ("S47: an address without @", mail("25", "admin"), false),
        ("S47: an address with two", mail("25", "admin@list@example.com"), false),
        ("S47: the kind of store; ours has one", "[store]\ntype = \"invalid\"\n".to_owned(), false),
        ("W38: an unknown key is named", "[node]\nnam = \"a\"\n".to_owned(), false),
    ];
    for (claim, text, expected) in cases {
        let (is_good, said) = check(&text, &[]);
        assert_eq!(is_good, expected, "{claim}: {said}");
        assert!(is_good || said.contains("marketplace.toml:"), "{claim}: no line is named: {said}");
    }
}

#[test]
fn s47_options_have_variables_of_their_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("marketplace.toml");
    let output = |named: &Path| {
        let mut command = Command::new(program());
        command.args(["config", "check"]).env("MARKETPLACE_CONFIG", named).output().expect("the program runs")
    };
    std::fs::write(&file, "[node]\nname = \"a\"\n").expect("written");
    assert!(output(&file).status.success());
    std::fs::write(&file, "[node]\nnam = \"a\"\n").expect("written");
    assert_eq!(output(&file).status.code(), Some(1));
}
