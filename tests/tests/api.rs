//! The examples of docs/api.md: what the page shows is what a node answers.

use std::path::Path;
use std::process::Command;

use proto::timestamp::Timestamp;
use tests::sites::{JANE, Sites, template};

const PAGE: &str = include_str!("../../docs/api.md");
const CREATED: &str = "2026-02-01T10:00:00Z";

/// An example: what is run, and what it prints.
struct Example {
    shell: &'static str,
    code: String,
    printed: String,
}

/// The examples in their order; an output block belongs to the program before it.
fn examples() -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    for block in PAGE.split("\n```").skip(1).step_by(2) {
        let (kind, text) = block.split_once('\n').expect("a block has lines");
        let text = format!("{text}\n");
        match kind {
            "console" => found.extend(commands(&text)),
            "python" => found.push(Example { shell: "python3", code: text, printed: String::new() }),
            "output" => found.last_mut().expect("output follows a program").printed = text,
            other => panic!("blocks of {other:?} are not run"),
        }
    }
    found
}

fn commands(text: &str) -> impl Iterator<Item = Example> {
    let commands = text.split("$ ").enumerate().fold(Vec::<String>::new(), |mut commands, (index, part)| {
        // A dollar and a blank within a line are part of a command.
        match commands.last_mut() {
            Some(last) if !last.ends_with('\n') => *last = format!("{last}$ {part}"),
            _ if index == 0 => {}
            _ => commands.push(part.to_owned()),
        }
        commands
    });
    commands.into_iter().map(|command| {
        let (code, printed) = command.split_once('\n').expect("a command ends");
        Example { shell: "bash", code: code.to_owned(), printed: printed.to_owned() }
    })
}

fn run(example: &Example, folder: &Path, node: &str) -> String {
    let code = match example.shell {
        "python3" => format!("NODE = {node:?}\n{}", example.code),
        _ => example.code.clone(),
    };
    let output = Command::new(example.shell).args(["-c", &code]).env("NODE", node).current_dir(folder).output();
    let output = output.unwrap_or_else(|error| panic!("{} is needed: {error}", example.shell));
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    text.replace('\r', "")
}

/// Whether `printed` is as `shown`, whose ellipses stand for anything.
fn is_as_shown(printed: &str, shown: &str) -> bool {
    let mut parts = shown.trim_end().split('…');
    let printed = printed.trim_end();
    let Some(mut rest) = parts.next().and_then(|first| printed.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, inner)) = parts.split_last() else { return rest.is_empty() };
    for part in inner {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[test]
fn an_ellipsis_stands_for_anything_and_nothing_else_does() {
    assert!(is_as_shown("a 1 b 2 c\n", "a … b … c"));
    assert!(is_as_shown("a", "a") && !is_as_shown("a b", "a") && !is_as_shown("b a", "a"));
    assert!(!is_as_shown("a 1 c", "a … b … c"));
}

#[test]
fn the_page_shows_what_a_node_answers() {
    let sites = Sites::start(1);
    let folder = tempfile::tempdir().expect("a folder");
    let created: Timestamp = CREATED.parse().expect("a moment");
    let document = JANE.sign(&template("debian"), created).expect("signed");
    std::fs::write(folder.path().join("debian.xml"), document).expect("written");
    let examples = examples();
    assert!(examples.len() >= 13, "{}", examples.len());
    for example in &examples {
        let printed = run(example, folder.path(), sites.http(0).base());
        assert!(
            is_as_shown(&printed, &example.printed),
            "{}\nprinted:\n{printed}\nthe page shows:\n{}",
            example.code,
            example.printed
        );
    }
}
