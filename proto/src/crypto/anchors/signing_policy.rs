//! `signing_policy` files of Globus: which names an authority may certify, in EACL.
//!
//! ```text
//! access_id_CA   X509    '/C=CH/O=Example/CN=Example CA'
//! pos_rights     globus  CA:sign
//! cond_subjects  globus  '"/C=CH/O=Example/*" "/C=DE/O=Example/*"'
//! ```

use crate::bounds;

/// One authority and the patterns of names that it may certify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) authority: String,
    pub(super) subjects: Vec<String>,
}

/// Why a file is no `signing_policy`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSigningPolicy {
    /// It is not text.
    #[error("is not text in UTF-8")]
    Encoding,
    /// A line is not what it should be.
    #[error("line {line}: {found:?} where {wanted} is expected")]
    Syntax {
        /// The line, counted from 1.
        line: usize,
        /// What stands there.
        found: String,
        /// What should.
        wanted: &'static str,
    },
    /// The last entry is not complete.
    #[error("ends where {0} is expected")]
    End(&'static str),
    /// Nothing is granted to anybody.
    #[error("grants nothing to any authority")]
    Empty,
    /// More patterns than one file needs.
    #[error("has more than {} patterns", bounds::NAME_RULES_MAX)]
    TooMany,
}

const AUTHORITY: &str = "access_id_CA X509 and the authority's name";
const RIGHTS: &str = "pos_rights globus CA:sign";
const SUBJECTS: &str = "cond_subjects globus and the names in quotes";

/// All entries of a file; entries with other rights than `CA:sign` are refused, for they would take rights away.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Grant>, BadSigningPolicy> {
    let text = std::str::from_utf8(bytes).map_err(|_| BadSigningPolicy::Encoding)?;
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let (mut grants, mut patterns): (Vec<Grant>, usize) = (Vec::new(), 0);
    while let Some(line) = lines.next() {
        let authority = fields(line, ["access_id_CA", "X509"], AUTHORITY)?;
        let authority = unquote(authority).ok_or_else(|| syntax(line, AUTHORITY))?;
        let rights = lines.next().ok_or(BadSigningPolicy::End(RIGHTS))?;
        if fields(rights, ["pos_rights", "globus"], RIGHTS)?.trim_matches(['\'', '"']) != "CA:sign" {
            return Err(syntax(rights, RIGHTS));
        }
        let conditions = lines.next().ok_or(BadSigningPolicy::End(SUBJECTS))?;
        let subjects = subjects(fields(conditions, ["cond_subjects", "globus"], SUBJECTS)?);
        let subjects = subjects.ok_or_else(|| syntax(conditions, SUBJECTS))?;
        patterns += subjects.len();
        if patterns > bounds::NAME_RULES_MAX {
            return Err(BadSigningPolicy::TooMany);
        }
        grants.push(Grant { authority: authority.to_owned(), subjects });
    }
    if grants.is_empty() { Err(BadSigningPolicy::Empty) } else { Ok(grants) }
}

/// What follows the two words that a line must begin with.
fn fields<'a>(line: (usize, &'a str), words: [&str; 2], wanted: &'static str) -> Result<&'a str, BadSigningPolicy> {
    let mut rest = line.1;
    for word in words {
        rest = rest
            .strip_prefix(word)
            .filter(|rest| rest.starts_with([' ', '\t']))
            .map(str::trim_start)
            .ok_or_else(|| syntax(line, wanted))?;
    }
    Ok(rest)
}

fn syntax((line, text): (usize, &str), wanted: &'static str) -> BadSigningPolicy {
    BadSigningPolicy::Syntax { line, found: text.chars().take(80).collect(), wanted }
}

/// The content of a value in single or double quotes; one without quotes ends at a blank.
fn unquote(value: &str) -> Option<&str> {
    for quote in ['\'', '"'] {
        if let Some(rest) = value.strip_prefix(quote) {
            return rest.strip_suffix(quote).filter(|content| !content.is_empty() && !content.contains(quote));
        }
    }
    (!value.is_empty() && !value.contains([' ', '\t'])).then_some(value)
}

/// `'"one" "two"'`, or one name with one kind of quotes or none.
fn subjects(value: &str) -> Option<Vec<String>> {
    let content = match value.strip_prefix('\'') {
        Some(rest) => rest.strip_suffix('\'').filter(|content| !content.contains('\''))?.trim(),
        None => value,
    };
    if !content.contains('"') {
        let is_one = !content.is_empty() && (content.len() < value.len() || !content.contains([' ', '\t']));
        return is_one.then(|| vec![content.to_owned()]);
    }
    let mut subjects = Vec::new();
    let mut rest = content;
    while !rest.is_empty() {
        let (name, after) = rest.strip_prefix('"')?.split_once('"')?;
        rest = after.trim_start();
        if name.is_empty() || (!rest.is_empty() && rest.len() == after.len()) {
            return None;
        }
        subjects.push(name.to_owned());
    }
    Some(subjects)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Result<Vec<(String, Vec<String>)>, BadSigningPolicy> {
        let grants = parse(text.as_bytes())?;
        Ok(grants.into_iter().map(|grant| (grant.authority, grant.subjects)).collect())
    }

    fn with_subjects(value: &str) -> Result<Vec<String>, BadSigningPolicy> {
        let text = format!("access_id_CA X509 '/CN=A'\npos_rights globus CA:sign\ncond_subjects globus {value}\n");
        Ok(parsed(&text)?.remove(0).1)
    }

    #[test]
    fn a_file_as_the_grid_writes_it_is_read() {
        let text = "# EACL entry #1|\r\n\r\n access_id_CA      X509         '/DC=org/OU=Authorities/CN=Grids CA 1'\r\n \r\n \
                    pos_rights        globus        CA:sign\r\n \r\n cond_subjects     globus     \t'\"/DC=org/DC=Grids/*\" \
                    \"/DC=org/DC=grids/*\"'\r\n# $Log$\r\n";
        let subjects = vec!["/DC=org/DC=Grids/*".to_owned(), "/DC=org/DC=grids/*".to_owned()];
        assert_eq!(parsed(text), Ok(vec![("/DC=org/OU=Authorities/CN=Grids CA 1".to_owned(), subjects)]));
    }

    #[test]
    fn a_file_may_speak_of_several_authorities() {
        let entry = |name: &str| {
            format!("access_id_CA X509 '{name}'\npos_rights globus CA:sign\ncond_subjects globus '\"*\"'\n")
        };
        assert_eq!(parsed(&(entry("/CN=A") + &entry("/CN=B"))).map(|grants| grants.len()), Ok(2));
    }

    #[test]
    fn names_stand_in_any_usual_quotes() {
        for value in ["'\"/O=x/*\"'", "\"/O=x/*\"", "'/O=x/*'", "/O=x/*", "' \"/O=x/*\" '"] {
            assert_eq!(with_subjects(value), Ok(vec!["/O=x/*".to_owned()]), "{value}");
        }
        assert_eq!(with_subjects("'/O=x y/*'"), Ok(vec!["/O=x y/*".to_owned()]));
    }

    #[test]
    fn names_that_do_not_end_are_refused() {
        for value in ["'\"/O=x\"", "'\"/O=x'", "\"/O=x", "''", "\"\"", "'\"a\"\"b\"'", "a b", "'\"a\" b'", "'a' 'b'"] {
            assert!(with_subjects(value).is_err(), "{value}");
        }
    }

    #[test]
    fn an_incomplete_entry_is_refused() {
        assert_eq!(parsed(""), Err(BadSigningPolicy::Empty));
        assert_eq!(parsed("# nothing\n"), Err(BadSigningPolicy::Empty));
        assert_eq!(parsed("access_id_CA X509 '/CN=A'\n"), Err(BadSigningPolicy::End(RIGHTS)));
        let text = "access_id_CA X509 '/CN=A'\npos_rights globus CA:sign\n";
        assert_eq!(parsed(text), Err(BadSigningPolicy::End(SUBJECTS)));
    }

    #[test]
    fn a_line_out_of_place_is_named() {
        let text = "access_id_CA X509 '/CN=A'\n\ncond_subjects globus '\"*\"'\n";
        let error = parsed(text).expect_err("the rights are missing");
        assert_eq!(
            error.to_string(),
            "line 3: \"cond_subjects globus '\\\"*\\\"'\" where pos_rights globus CA:sign is expected"
        );
    }

    #[test]
    fn rights_that_are_taken_away_are_refused() {
        let text = "access_id_CA X509 '/CN=A'\nneg_rights globus CA:sign\ncond_subjects globus '\"*\"'\n";
        assert!(matches!(parsed(text), Err(BadSigningPolicy::Syntax { line: 2, .. })));
    }

    #[test]
    fn too_many_patterns_are_refused() {
        let value = format!("'{}'", "\"*\" ".repeat(bounds::NAME_RULES_MAX + 1));
        assert_eq!(with_subjects(&value), Err(BadSigningPolicy::TooMany));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(access_id_CA|pos_rights|cond_subjects| |X509|globus|CA:sign|'|\"|\n|a|\\PC){0,30}") {
            let _ = parse(text.as_bytes());
        }

        #[test]
        fn any_names_survive_their_own_file(names in proptest::collection::vec("/[A-Za-z=/ *?.-]{1,20}", 1..5)) {
            let value = format!("'{}'", names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(" "));
            prop_assert_eq!(with_subjects(&value), Ok(names));
        }
    }
}
