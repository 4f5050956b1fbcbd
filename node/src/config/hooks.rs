//! `[[hook]]`.

use proto::bounds::ROSTER_TEXT_BYTES_MAX;
use toml::Spanned;
use toml::de::DeValue;

use super::reader::{Findings, Misread, Section};
use super::values::{duration_ms, list, mistyped, parsed, text};
use crate::bounds;
use crate::events::Happening;
use crate::hooks::{Action, Hook};

type Value<'text> = Spanned<DeValue<'text>>;

/// How long a hook may take where nothing is said.
const TIMEOUT_MS: u64 = 30_000;

/// Every `[[hook]]` of a file.
pub(super) fn read<'text>(root: &mut Section<'text>, findings: &mut Findings<'text>) -> Vec<Hook> {
    let Some((at, value)) = root.take("hook") else { return Vec::new() };
    let DeValue::Array(array) = value.into_inner() else {
        findings.add(at.start, "hook must be a list of sections, write [[hook]]".to_owned());
        return Vec::new();
    };
    if array.len() > bounds::HOOKS_MAX {
        findings.add(at.start, format!("{} hooks are listed, at most {} can be", array.len(), bounds::HOOKS_MAX));
    }
    array.into_iter().filter_map(|value| hook(value, findings)).collect()
}

fn hook<'text>(value: Value<'text>, findings: &mut Findings<'text>) -> Option<Hook> {
    let at = value.span().start;
    let DeValue::Table(table) = value.into_inner() else {
        findings.add(at, "a hook must be a section, write [[hook]]".to_owned());
        return None;
    };
    let mut section = Section::of("[[hook]]", at, table);
    let (mut events, mut timeout_ms) = (std::collections::BTreeSet::new(), TIMEOUT_MS);
    let (mut command, mut url) = (Vec::new(), None);
    section.read(findings, "events", &mut events, |value| list(value, event));
    section.read(findings, "command", &mut command, words);
    section.read(findings, "url", &mut url, |value| parsed(value).map(Some));
    section.read(findings, "timeout", &mut timeout_ms, duration_ms(100..=600_000));
    section.finish(findings);
    let action = match (command.is_empty(), url) {
        (false, None) => Action::Command(command),
        (true, Some(url)) => Action::Post(url),
        _ => {
            findings.add(at, "a [[hook]] needs either a command or a url".to_owned());
            return None;
        }
    };
    Some(Hook { events, action, timeout_ms })
}

/// The name of an event.
fn event(value: &Value<'_>) -> Result<String, Misread> {
    let given = text(value)?;
    let names = || Happening::NAMES.join(", ");
    if Happening::NAMES.contains(&given.as_str()) {
        return Ok(given);
    }
    Err(Misread::new(value, format!("{given:?} is no event; there are {}", names())))
}

/// A program with its arguments.
fn words(value: &Value<'_>) -> Result<Vec<String>, Misread> {
    let words: Vec<String> = list(value, text)?;
    let is_fit = |word: &String| word.len() <= ROSTER_TEXT_BYTES_MAX * 4 && !word.contains('\0');
    match words.first() {
        Some(program) if !program.is_empty() && words.iter().all(is_fit) => Ok(words),
        _ => Err(mistyped(value, "a list of a program and its arguments")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    #[test]
    fn hooks_are_read() {
        let text = "[[hook]]\nevents = [\"entry_superseded\"]\ncommand = [\"/bin/true\", \"-x\"]\n\
                    [[hook]]\nurl = \"https://cloud.example.org/hook\"\ntimeout = \"5s\"\n";
        let hooks = parse(text).expect("it is good").hooks;
        assert_eq!((hooks.len(), hooks[0].timeout_ms, hooks[1].timeout_ms), (2, 30_000, 5_000));
    }

    #[test]
    fn a_hook_that_does_nothing_or_two_things_is_found_wrong() {
        for text in ["[[hook]]\n", "[[hook]]\ncommand = [\"a\"]\nurl = \"https://a.example.org\"\n", "hook = 1\n"] {
            assert!(parse(text).is_err(), "{text}");
        }
        let found =
            parse("[[hook]]\nevents = [\"peer_left\"]\ncommand = [\"a\"]\n").expect_err("there is no such event");
        assert!(found[0].message.contains("peer_down"), "{found:?}");
    }
}
