//! Which names each authority may certify, by the grid's policy files.

use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder};

use crate::bounds;

use super::glob::Glob;
use super::namespaces::{self, BadNamespaces, Effect, Issuer};
use super::report::NamespaceReport;
use super::signing_policy::{self, BadSigningPolicy};

/// The rules of all files, by the authority's name in slash form, in one spelling.
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
            let globs = grant.subjects.iter().map(|subject| Glob::new(&one_spelling(subject)));
            rules(&mut self.signing_policies, &grant.authority, file).extend(globs);
        }
        Ok(())
    }

    /// Takes the rules of a `namespaces` file, all or none of them; `beside` are the names of the authorities whose
    /// certificates have the file's name.
    pub(super) fn add_namespaces(&mut self, file: &str, bytes: &[u8], beside: &[String]) -> Result<(), BadNamespaces> {
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
                Issuer::Named(name) => std::slice::from_ref(name),
                Issuer::Beside => beside,
            };
            for name in names {
                rules(&mut self.namespaces, name, file).push((effect, expression.clone()));
            }
        }
        Ok(())
    }

    /// Nothing of `authority` is permitted, because `file` might have restricted it.
    pub(super) fn mark_unusable(&mut self, authority: &str, file: &str) {
        self.unusable.entry(one_spelling(authority)).or_insert_with(|| file.to_owned());
    }

    /// Whether `authority` may certify `subject`, both in slash form; a name that could look like another in
    /// that form is permitted by no rule.
    ///
    /// Of both kinds of rules the namespaces are the authoritative ones. One denial outweighs all permissions, as the
    /// grid's other programs have it.
    pub(super) fn judge(&self, authority: &str, subject: Option<&str>) -> Result<(), Denial> {
        let authority = one_spelling(authority);
        if let Some(file) = self.unusable.get(&authority) {
            return Err(Denial::Unusable(file.clone()));
        }
        let subject = subject.map(one_spelling);
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

    pub(super) fn report(&self, authority: &str) -> NamespaceReport {
        let authority = one_spelling(authority);
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

fn rules<'a, T>(map: &'a mut BTreeMap<String, Rules<T>>, authority: &str, file: &str) -> &'a mut Vec<T> {
    let rules = map.entry(one_spelling(authority));
    &mut rules.or_insert_with(|| Rules { file: file.to_owned(), rules: Vec::new() }).rules
}

/// A regular expression over whole names in one spelling.
fn expression(text: &str) -> Result<Regex, BadNamespaces> {
    let build = |text: &str| RegexBuilder::new(text).case_insensitive(true).size_limit(bounds::REGEX_BYTES_MAX).build();
    let malformed = |_| BadNamespaces::Expression(text.chars().take(80).collect());
    let text = one_label_each(text);
    // By itself first: parentheses that do not match could else undo the anchors.
    build(&text).map_err(malformed)?;
    build(&format!(r"\A(?:{text})\z")).map_err(malformed)
}

/// Names that differ in the case of letters are one name in X.509, and several programs wrote some labels otherwise.
fn one_spelling(name: &str) -> String {
    one_label_each(name).to_lowercase()
}

/// Labels as this program writes them in place of others that mean the same.
fn one_label_each(name: &str) -> String {
    const LABELS: [(&str, &str); 4] =
        [("E", "emailAddress"), ("Email", "emailAddress"), ("USERID", "UID"), ("S", "ST")];
    let mut parts = Vec::new();
    for part in name.split('/') {
        let known = part.split_once('=').and_then(|(label, value)| {
            let (_, label) = LABELS.iter().find(|(other, _)| other.eq_ignore_ascii_case(label))?;
            Some(format!("{label}={value}"))
        });
        parts.push(known.unwrap_or_else(|| part.to_owned()));
    }
    parts.join("/")
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

    fn permits(rules: &NameRules, subject: &str) -> bool {
        rules.judge(AUTHORITY, Some(subject)).is_ok()
    }

    #[test]
    fn an_authority_without_rules_may_certify_any_name() {
        let rules = namespaces("TO Issuer \"/CN=B\" PERMIT Subject \"/x\"");
        assert_eq!(rules.judge(AUTHORITY, None), Ok(()));
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
        assert_eq!(rules.judge(AUTHORITY, Some("/O=y")), Err(Denial::NotPermitted("a.namespaces".to_owned())));
        assert!(permits(&rules, "/O=x/CN=alice"));
    }

    #[test]
    fn a_signing_policy_permits_what_one_of_its_patterns_matches() {
        let mut rules = NameRules::default();
        signing_policy(&mut rules, "\"/O=x/*\" \"/O=y?/*\"");
        assert!(permits(&rules, "/O=x/CN=1") && permits(&rules, "/O=yz/CN=1"));
        assert_eq!(rules.judge(AUTHORITY, Some("/O=y/CN=1")), Err(Denial::NotPermitted("a.signing_policy".to_owned())));
    }

    #[test]
    fn case_and_known_labels_make_no_difference() {
        let mut rules = NameRules::default();
        signing_policy(&mut rules, "\"/o=X/Email=*\" \"/USERID=1\"");
        let regular = namespaces("TO A PERMIT Subject \"/o=X/E=\\S+@example.org\"");
        for rules in [&rules, &regular] {
            assert!(permits(rules, "/O=x/emailAddress=jane@example.org"));
        }
        assert!(rules.judge("/c=ch/cn=a", Some("/uid=1")).is_ok());
    }

    #[test]
    fn a_name_that_is_not_plain_is_permitted_by_no_rule() {
        let rules = namespaces("TO A PERMIT Subject \".*\"");
        assert!(rules.judge(AUTHORITY, None).is_err());
    }

    #[test]
    fn an_unreadable_file_permits_nothing() {
        let mut rules = namespaces("TO A PERMIT Subject \".*\"");
        rules.mark_unusable("/C=CH/CN=A", "a.signing_policy");
        assert_eq!(rules.judge(AUTHORITY, Some("/O=x")), Err(Denial::Unusable("a.signing_policy".to_owned())));
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
