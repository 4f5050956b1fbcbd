//! Which names each authority may certify, by the grid's policy files.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::{Captures, Regex, RegexBuilder};

use crate::bounds;
use crate::crypto::slash_name::{self, SlashName};

use super::glob::Glob;
use super::namespaces::{self, BadNamespaces, Effect, Issuer};
use super::report::NamespaceReport;
use super::signing_policy::{self, BadSigningPolicy};

/// The rules of all files, by the [`key`] of the authority.
#[derive(Default)]
pub(super) struct NameRules {
    namespaces: BTreeMap<String, Rules<(Effect, Regex)>>,
    signing_policies: BTreeMap<String, Rules<Glob>>,
    /// Authorities whose file cannot be read, with the file.
    unusable: BTreeMap<String, String>,
    count: usize,
}

struct Rules<T> {
    /// The file of the first rule.
    file: String,
    rules: Vec<T>,
}

/// Why a name is not permitted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Denial {
    /// By the rules in this file.
    NotPermitted(String),
    /// The rules in this file cannot be read.
    Unusable(String),
}

impl NameRules {
    /// Takes the rules of a `signing_policy` file, all or none of them.
    pub(super) fn add_signing_policy(&mut self, file: &str, bytes: &[u8]) -> Result<(), BadSigningPolicy> {
        let grants = signing_policy::parse(bytes)?;
        self.count += grants.iter().map(|grant| grant.subjects.len()).sum::<usize>();
        if self.count > bounds::NAME_RULES_MAX {
            return Err(BadSigningPolicy::TooMany);
        }
        for grant in grants {
            let globs = grant.subjects.iter().filter_map(|subject| glob(subject));
            rules(&mut self.signing_policies, &SlashName::of(&grant.authority), file).extend(globs);
        }
        Ok(())
    }

    /// Takes the rules of a `namespaces` file, all or none of them; `beside` are the names of the authorities whose
    /// certificates have the file's name.
    pub(super) fn add_namespaces(
        &mut self,
        file: &str,
        bytes: &[u8],
        beside: &[SlashName],
    ) -> Result<(), BadNamespaces> {
        let statements = namespaces::parse(bytes)?;
        self.count += statements.len();
        if self.count > bounds::NAME_RULES_MAX {
            return Err(BadNamespaces::TooMany);
        }
        let mut read = Vec::new();
        for statement in statements {
            read.push((statement.issuer, statement.effect, expression(&statement.subject)?));
        }
        for (issuer, effect, expression) in read {
            let names = match &issuer {
                Issuer::Named(name) => &[SlashName::of(name)],
                Issuer::Beside => beside,
            };
            for name in names {
                rules(&mut self.namespaces, name, file).push((effect, expression.clone()));
            }
        }
        Ok(())
    }

    /// Nothing of `authority` is permitted, because `file` might have restricted it.
    pub(super) fn mark_unusable(&mut self, authority: &SlashName, file: &str) {
        self.unusable.entry(key(authority)).or_insert_with(|| file.to_owned());
    }

    /// Whether `authority` may certify `subject`; a name that looks like another as rules are written is permitted by
    /// none of them.
    ///
    /// Of both kinds of rules the namespaces are the authoritative ones. One denial outweighs all permissions, as the
    /// grid's other programs have it.
    pub(super) fn judge(&self, authority: &SlashName, subject: &SlashName) -> Result<(), Denial> {
        let authority = key(authority);
        if let Some(file) = self.unusable.get(&authority) {
            return Err(Denial::Unusable(file.clone()));
        }
        let subject = subject.plain().map(|subject| one_spelling(&subject));
        let (is_permitted, file) = if let Some(Rules { file, rules }) = self.namespaces.get(&authority) {
            let has = |wanted: Effect| {
                let mut matching = rules.iter().filter(|(effect, _)| *effect == wanted);
                subject.as_deref().is_some_and(|subject| matching.any(|(_, expression)| expression.is_match(subject)))
            };
            (has(Effect::Permit) && !has(Effect::Deny), file)
        } else if let Some(Rules { file, rules }) = self.signing_policies.get(&authority) {
            (subject.is_some_and(|subject| rules.iter().any(|glob| glob.matches(&subject))), file)
        } else {
            return Ok(());
        };
        if is_permitted { Ok(()) } else { Err(Denial::NotPermitted(file.clone())) }
    }

    pub(super) fn report(&self, authority: &SlashName) -> NamespaceReport {
        let authority = key(authority);
        if let Some(file) = self.unusable.get(&authority) {
            NamespaceReport::Unusable { file: file.clone() }
        } else if let Some(rules) = self.namespaces.get(&authority) {
            NamespaceReport::Namespaces { file: rules.file.clone() }
        } else if let Some(rules) = self.signing_policies.get(&authority) {
            NamespaceReport::SigningPolicy { file: rules.file.clone() }
        } else {
            NamespaceReport::Unrestricted
        }
    }
}

fn rules<'a, T>(map: &'a mut BTreeMap<String, Rules<T>>, authority: &SlashName, file: &str) -> &'a mut Vec<T> {
    let rules = map.entry(key(authority));
    &mut rules.or_insert_with(|| Rules { file: file.to_owned(), rules: Vec::new() }).rules
}

/// A pattern of a `signing_policy`; `None` where none of the names that rules can permit matches.
fn glob(pattern: &str) -> Option<Glob> {
    Some(Glob::new(&one_spelling(&SlashName::of(pattern).plain()?)))
}

/// A regular expression over whole names in one spelling.
fn expression(text: &str) -> Result<Regex, BadNamespaces> {
    let build = |text: &str| RegexBuilder::new(text).case_insensitive(true).size_limit(bounds::REGEX_BYTES_MAX).build();
    let malformed = |_| BadNamespaces::Expression(text.chars().take(80).collect());
    // Its backslashes and plus signs are those of expressions, so it is not read as a name.
    let parts = text.split('/').map(|part| match part.split_once('=') {
        Some((keyword, value)) => format!("{}={value}", slash_name::one_spelling(keyword)),
        None => part.to_owned(),
    });
    let text = decoded(&parts.collect::<Vec<_>>().join("/")).into_owned();
    // By itself first: parentheses that do not match could else undo the anchors.
    build(&text).map_err(malformed)?;
    build(&format!(r"\A(?:{text})\z")).map_err(malformed)
}

/// What rules are found by. Authorities whose names look alike without backslashes share theirs, as they do in the
/// grid's other programs: without any rule they could certify all names.
fn key(authority: &SlashName) -> String {
    one_spelling(&authority.without_backslashes())
}

/// Names that differ in the case of letters are one name in X.509.
fn one_spelling(name: &str) -> String {
    decoded(name).to_lowercase()
}

/// The text with letters in place of their octets of UTF-8, such as `é` for `\xC3\xA9`: authors of rules write either,
/// and in expressions some write `\\xC3\\xA9`.
fn decoded(text: &str) -> Cow<'_, str> {
    static OCTETS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?:\\{1,2}x[89A-Fa-f][0-9A-Fa-f])+").expect("the expression is well-formed"));
    OCTETS.replace_all(text, |found: &Captures<'_>| {
        let digits = found[0].split('x').filter_map(|after| u8::from_str_radix(after.get(..2)?, 16).ok());
        String::from_utf8(digits.collect()).unwrap_or_else(|_| found[0].to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTHORITY: &str = "/C=CH/CN=A";

    fn namespaces(statements: &str) -> NameRules {
        let mut rules = NameRules::default();
        let text = statements.replace("TO A", "TO Issuer \"/C=CH/CN=A\"");
        rules.add_namespaces("a.namespaces", text.as_bytes(), &[]).expect("a file");
        rules
    }

    fn signing_policy(rules: &mut NameRules, subjects: &str) {
        let text =
            format!("access_id_CA X509 '/C=CH/CN=A'\npos_rights globus CA:sign\ncond_subjects globus '{subjects}'\n");
        rules.add_signing_policy("a.signing_policy", text.as_bytes()).expect("a file");
    }

    fn judge(rules: &NameRules, subject: &str) -> Result<(), Denial> {
        rules.judge(&SlashName::of(AUTHORITY), &SlashName::of(subject))
    }

    fn permits(rules: &NameRules, subject: &str) -> bool {
        judge(rules, subject).is_ok()
    }

    #[test]
    fn an_authority_without_rules_may_certify_any_name() {
        let rules = namespaces("TO Issuer \"/CN=B\" PERMIT Subject \"/x\"");
        assert!(permits(&rules, "/O=Grid/CN=Jane") && permits(&rules, "/O=Grid\\/CN=Jane"));
    }

    #[test]
    fn an_expression_matches_whole_names_only() {
        let rules = namespaces("TO A PERMIT Subject \"/O=x/CN=.\"\nTO A PERMIT Subject \"/O=a|/O=b\"");
        assert!(permits(&rules, "/O=x/CN=1") && permits(&rules, "/O=b"));
        for subject in ["/O=x/CN=12", "/C=CH/O=x/CN=1", "/O=ac", "/O=a\n", ""] {
            assert!(!permits(&rules, subject), "{subject:?}");
        }
    }

    #[test]
    fn one_denial_outweighs_all_permissions() {
        let rules = namespaces("TO A DENY Subject \"/O=x/CN=mallory\"\nTO A PERMIT Subject \"/O=x/.*\"");
        assert!(permits(&rules, "/O=x/CN=alice"));
        assert!(!permits(&rules, "/O=x/CN=mallory"));
    }

    #[test]
    fn namespaces_outweigh_a_signing_policy() {
        let mut rules = namespaces("TO A PERMIT Subject \"/O=x/.*\"");
        signing_policy(&mut rules, "\"*\"");
        assert_eq!(judge(&rules, "/O=y"), Err(Denial::NotPermitted("a.namespaces".to_owned())));
        assert!(permits(&rules, "/O=x/CN=alice"));
    }

    #[test]
    fn a_signing_policy_permits_what_one_of_its_patterns_matches() {
        let mut rules = NameRules::default();
        signing_policy(&mut rules, "\"/O=x/*\" \"/O=y?/*\"");
        assert!(permits(&rules, "/O=x/CN=1") && permits(&rules, "/O=yz/CN=1"));
        assert_eq!(judge(&rules, "/O=y/CN=1"), Err(Denial::NotPermitted("a.signing_policy".to_owned())));
    }

    #[test]
    fn case_and_known_labels_make_no_difference() {
        let mut rules = NameRules::default();
        signing_policy(&mut rules, "\"/o=X/Email=*\" \"/USERID=1\" \"/S=y\"");
        let regular = namespaces("TO A PERMIT Subject \"/o=X/E=\\S+@example.org\"");
        for rules in [&rules, &regular] {
            assert!(permits(rules, "/O=x/emailAddress=jane@example.org"));
        }
        assert!(permits(&rules, "/ST=Y"));
        assert!(rules.judge(&SlashName::of("/c=ch/cn=a"), &SlashName::of("/uid=1")).is_ok());
    }

    /// Holds where, of these names, the patterns permit those in the first list alone.
    fn check(globs: &str, expressions: &str, permitted: &[&str], denied: &[&str]) {
        let mut of_globs = NameRules::default();
        signing_policy(&mut of_globs, globs);
        let statements = expressions.split(' ').map(|one| format!("TO A PERMIT Subject {one}\n"));
        for rules in [of_globs, namespaces(&statements.collect::<String>())] {
            permitted.iter().for_each(|subject| assert!(permits(&rules, subject), "{subject}"));
            denied.iter().for_each(|subject| assert!(!permits(&rules, subject), "{subject}"));
        }
    }

    #[test]
    fn a_slash_in_a_value_is_matched_as_authors_write_it() {
        let robots = "\"/O=G/CN=Robot: x/y\"";
        let robot_expression = "\"/O=G/CN=Robot:\\sx/y\"";
        check(
            &format!("\"/CN=host/*\" {robots}"),
            &format!("\"/CN=host/.*\" {robot_expression}"),
            &["/CN=host\\/www.example.org", "/O=G/CN=Robot: x\\/y"],
            &["/CN=hosts\\/x", "/O=G/CN=host\\/x", "/O=G/CN=Robot: x\\/yz", "/O=G/CN=Robot: x", "/CN=host"],
        );
        // As OpenSSL 3 writes it.
        check("\"/CN=host\\/*\"", "\"/CN=host\\/.*\"", &["/CN=host\\/x"], &["/CN=hosts\\/x"]);
        let service = ["/O=G/CN=C\\+\\+ 1"];
        check("\"/O=G/CN=C++ ?\"", "\"/O=G/CN=C[+][+].1\"", &service, &["/O=G/CN=C\\+ 1"]);
    }

    #[test]
    fn a_value_that_looks_like_further_parts_is_matched_by_no_pattern() {
        let misleading = ["/O=Grid\\/CN=Jane", "/O=Grid\\+CN=Jane", "/O=x\\/O=Grid/CN=Jane", "/O=Grid/CN=a\\/1.2.3=b"];
        for (globs, expressions) in [
            ("\"*\"", "\".*\""),
            ("\"/O=Grid/*\" \"*/CN=Jane\"", "\"/O=Grid/.*\" \".*/CN=Jane\""),
            ("\"/O=Grid\\/CN=Jane\"", "\"/O=Grid\\/CN=Jane\""),
            ("\"/O=Grid+CN=Jane\"", "\"/O=Grid[+]CN=Jane\""),
        ] {
            check(globs, expressions, &[], &misleading);
        }
        // What the author of the escaped slash meant is a value, not two parts.
        let mut rules = NameRules::default();
        signing_policy(&mut rules, "\"/O=Grid\\/CN=Jane\"");
        assert!(!permits(&rules, "/O=Grid/CN=Jane"));
    }

    #[test]
    fn parts_that_stand_together_are_told_from_parts_that_follow() {
        check("\"/O=a/CN=b\"", "\"/O=a/CN=b\"", &["/O=a/CN=b"], &["/O=a+CN=b"]);
        check("\"/O=a+CN=b\"", "\"/O=a[+]CN=b\"", &["/O=a+CN=b"], &["/O=a/CN=b"]);
    }

    #[test]
    fn letters_beyond_ascii_match_in_every_spelling() {
        let (jose, other) = ("/O=x/CN=Jos\\xC3\\xA9", "/O=x/CN=Jos\\xC3\\xA8");
        for spelling in ["é", "É", "\\xC3\\xA9", "\\xc3\\xa9", "?"] {
            let expression = spelling.replace('?', "[é]");
            let denied: &[&str] = if spelling == "?" { &["/O=x/CN=Jos"] } else { &[other] };
            let [glob, expression] = [spelling, &expression].map(|end| format!("\"/O=x/CN=Jos{end}\""));
            check(&glob, &expression, &[jose], denied);
        }
        check("\"/O=x/CN=Jos\\xC3\\xA9\"", "\"/O=x/CN=Jos\\\\xC3\\\\xA9\"", &[jose], &[other]);
        // T61String: no UTF-8, so only as OpenSSL writes it.
        check("\"/CN=Jos\\xE9\"", "\"/CN=Jos\\\\xE9\"", &["/CN=Jos\\xE9"], &["/CN=José", "/CN=Jos"]);
    }

    #[test]
    fn authorities_that_look_alike_share_their_rules() {
        let mut rules = NameRules::default();
        let text = "access_id_CA X509 '/O=é/CN=a/b'\npos_rights globus CA:sign\ncond_subjects globus '\"/O=x\"'\n";
        rules.add_signing_policy("a.signing_policy", text.as_bytes()).expect("a file");
        for authority in ["/O=é/CN=a/b", "/O=\\xC3\\xA9/CN=a\\/b", "/O=é\\/CN=a\\/b"] {
            assert!(rules.judge(&SlashName::of(authority), &SlashName::of("/O=y")).is_err(), "{authority}");
        }
    }

    #[test]
    fn an_unreadable_file_permits_nothing() {
        let mut rules = namespaces("TO A PERMIT Subject \".*\"");
        rules.mark_unusable(&SlashName::of("/C=CH/CN=A"), "a.signing_policy");
        assert_eq!(judge(&rules, "/O=x"), Err(Denial::Unusable("a.signing_policy".to_owned())));
    }

    #[test]
    fn an_expression_that_is_malformed_or_too_large_is_refused() {
        for expression in ["(", "a)|(b", "(a{1000}){1000}", "[", "*"] {
            let text = format!("TO Issuer \"/CN=A\" PERMIT Subject \"{expression}\"");
            let added = NameRules::default().add_namespaces("a", text.as_bytes(), &[]);
            assert!(matches!(added, Err(BadNamespaces::Expression(_))), "{expression}");
        }
    }

    #[test]
    fn rules_of_all_files_together_are_bounded() {
        let mut rules = NameRules::default();
        let text = "TO Issuer \"/CN=A\" PERMIT Subject \"x\"\n".repeat(bounds::NAME_RULES_MAX);
        assert_eq!(rules.add_namespaces("a", text.as_bytes(), &[]), Ok(()));
        let one_more = "TO Issuer \"/CN=A\" PERMIT Subject \"x\"\n";
        assert_eq!(rules.add_namespaces("b", one_more.as_bytes(), &[]), Err(BadNamespaces::TooMany));
    }
}
