//! `namespaces` files of the EUGridPMA (format 1.0): which names an authority may certify, by regular expressions.
//!
//! ```text
//! TO Issuer "/C=CH/O=Example/CN=Example CA" \
//!   PERMIT Subject "/C=CH/O=Example/.*"
//! ```

use crate::bounds;

/// One statement of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) issuer: Issuer,
    pub(super) effect: Effect,
    /// A regular expression over the whole of a name.
    pub(super) subject: String,
}

/// Whom a statement is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Issuer {
    /// The authority whose certificate lies beside the file.
    Beside,
    /// The authority with this name.
    Named(String),
}

/// What a statement does with the names that match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Permit,
    Deny,
}

/// Why a file is no `namespaces` file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadNamespaces {
    /// It is not text.
    #[error("is not text in UTF-8")]
    Encoding,
    /// It follows another format.
    #[error("is of version {0:?}; only 1.0 is known")]
    Version(String),
    /// A word is not what it should be.
    #[error("line {line}: {found:?} where {wanted} is expected")]
    Syntax {
        /// The line, counted from 1.
        line: usize,
        /// What stands there.
        found: String,
        /// What should.
        wanted: &'static str,
    },
    /// The regular expression of a statement cannot be used.
    #[error("has the regular expression {0:?}, which is malformed or too large")]
    Expression(String),
    /// Nothing is stated.
    #[error("states nothing of any authority")]
    Empty,
    /// More statements than one file needs.
    #[error("has more than {} statements", bounds::NAME_RULES_MAX)]
    TooMany,
}

/// All statements of a file.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Statement>, BadNamespaces> {
    let text = std::str::from_utf8(bytes).map_err(|_| BadNamespaces::Encoding)?;
    let mut tokens = Tokens { rest: text, line: 1 };
    let mut statements = Vec::new();
    while let Some(first) = tokens.next()? {
        if statements.len() == bounds::NAME_RULES_MAX {
            return Err(BadNamespaces::TooMany);
        }
        tokens.check(first, "TO", "TO")?;
        tokens.expect_word("Issuer", "Issuer")?;
        let issuer = match tokens.next()? {
            Some(Token::Quoted(name)) => Issuer::Named(name.replace("\\\"", "\"")),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("SELF") => Issuer::Beside,
            other => return Err(tokens.syntax(other, "SELF or a name in double quotes")),
        };
        let effect = match tokens.next()? {
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("PERMIT") => Effect::Permit,
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("DENY") => Effect::Deny,
            other => return Err(tokens.syntax(other, "PERMIT or DENY")),
        };
        tokens.expect_word("Subject", "Subject")?;
        let subject = match tokens.next()? {
            Some(Token::Quoted(expression)) => expression.replace("\\\"", "\""),
            other => return Err(tokens.syntax(other, "a regular expression in double quotes")),
        };
        statements.push(Statement { issuer, effect, subject });
    }
    if statements.is_empty() { Err(BadNamespaces::Empty) } else { Ok(statements) }
}

enum Token<'a> {
    Word(&'a str),
    /// The text between double quotes, with the backslashes before quotes still in it.
    Quoted(&'a str),
}

/// The words and quoted texts of a file; line ends separate as blanks do, with a backslash before them or without.
struct Tokens<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Tokens<'a> {
    fn next(&mut self) -> Result<Option<Token<'a>>, BadNamespaces> {
        self.skip_blanks()?;
        if self.rest.is_empty() {
            return Ok(None);
        }
        if let Some(quoted) = self.rest.strip_prefix('"') {
            let end = closing_quote(quoted)
                .ok_or_else(|| self.syntax(Some(Token::Word(self.rest)), "a closing double quote in the same line"))?;
            self.rest = &quoted[end + 1..];
            return Ok(Some(Token::Quoted(&quoted[..end])));
        }
        let end = self.rest.find(|character: char| character.is_whitespace() || character == '"');
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        Ok(Some(Token::Word(word)))
    }

    fn skip_blanks(&mut self) -> Result<(), BadNamespaces> {
        const VERSION: &str = "#NAMESPACES-VERSION:";
        loop {
            if let Some(rest) = self.rest.strip_prefix('\n') {
                (self.rest, self.line) = (rest, self.line + 1);
            } else if self.rest.starts_with('#') {
                let comment = self.rest.lines().next().unwrap_or_default();
                if let Some(version) = comment.strip_prefix(VERSION).map(str::trim).filter(|version| *version != "1.0")
                {
                    return Err(BadNamespaces::Version(shorten(version)));
                }
                self.rest = &self.rest[comment.len()..];
            } else if let Some(rest) =
                self.rest.strip_prefix('\\').filter(|rest| rest.trim_start_matches('\r').starts_with('\n'))
            {
                self.rest = rest;
            } else if let Some(rest) = self.rest.strip_prefix(char::is_whitespace) {
                self.rest = rest;
            } else {
                return Ok(());
            }
        }
    }

    fn expect_word(&mut self, word: &str, wanted: &'static str) -> Result<(), BadNamespaces> {
        match self.next()? {
            Some(token) => self.check(token, word, wanted),
            None => Err(self.syntax(None, wanted)),
        }
    }

    fn check(&self, token: Token<'_>, word: &str, wanted: &'static str) -> Result<(), BadNamespaces> {
        match token {
            Token::Word(found) if found.eq_ignore_ascii_case(word) => Ok(()),
            other => Err(self.syntax(Some(other), wanted)),
        }
    }

    fn syntax(&self, found: Option<Token<'_>>, wanted: &'static str) -> BadNamespaces {
        let found = match found {
            Some(Token::Word(text) | Token::Quoted(text)) => shorten(text.lines().next().unwrap_or_default()),
            None => "the end".to_owned(),
        };
        BadNamespaces::Syntax { line: self.line, found, wanted }
    }
}

/// Where the text ends: at a double quote without a backslash before it, in the same line.
fn closing_quote(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (index, character) in text.char_indices() {
        match character {
            '\n' => return None,
            '"' if !is_escaped => return Some(index),
            _ => is_escaped = character == '\\' && !is_escaped,
        }
    }
    None
}

fn shorten(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn permit(issuer: &str, subject: &str) -> Statement {
        Statement { issuer: Issuer::Named(issuer.to_owned()), effect: Effect::Permit, subject: subject.to_owned() }
    }

    #[test]
    fn a_file_as_the_grid_writes_it_is_read() {
        let text = "##########\n#NAMESPACES-VERSION: 1.0\n#\n# @(#)ff783690.namespaces\n#\n\
                    TO Issuer \"/C=US/OU=http://www.example.com/CN=First\" \\\r\n  PERMIT Subject \"/C=NL/CN=Second\"\n\n\
                    to issuer self deny subject \"/C=NL/O=\\\"x\\\"#1/.*\"\n";
        let second =
            Statement { issuer: Issuer::Beside, effect: Effect::Deny, subject: "/C=NL/O=\"x\"#1/.*".to_owned() };
        assert_eq!(
            parse(text.as_bytes()),
            Ok(vec![permit("/C=US/OU=http://www.example.com/CN=First", "/C=NL/CN=Second"), second])
        );
    }

    #[test]
    fn another_version_is_refused() {
        let text = "#NAMESPACES-VERSION: 2.0\nTO Issuer \"/CN=A\" PERMIT Subject \".*\"\n";
        assert_eq!(parse(text.as_bytes()), Err(BadNamespaces::Version("2.0".to_owned())));
    }

    #[test]
    fn a_file_that_states_nothing_is_refused() {
        for text in ["", "# nothing\n", "\n\n \t"] {
            assert_eq!(parse(text.as_bytes()), Err(BadNamespaces::Empty));
        }
    }

    #[test]
    fn a_malformed_statement_is_refused_with_its_line() {
        let texts = [
            "sdfsdfs",
            "TO",
            "TO Issuer",
            "TO Issuer other PERMIT Subject \"x\"",
            "TO Issuer SELF ALLOW Subject \"x\"",
            "TO Issuer SELF PERMIT \"x\"",
            "TO Issuer SELF PERMIT Subject x",
            "TO Issuer SELF PERMIT Subject \"x",
            "TO Issuer \"a\nb\" PERMIT Subject \"x\"",
            "TO Issuer SELF PERMIT Subject \"x\\\"",
            "TO \"Issuer\" SELF PERMIT Subject \"x\"",
        ];
        for text in texts {
            let error = parse(format!("\n{text}").as_bytes()).expect_err(text);
            assert!(matches!(error, BadNamespaces::Syntax { line: 2, .. }), "{text}: {error}");
        }
    }

    #[test]
    fn too_many_statements_are_refused() {
        let text = "TO Issuer SELF PERMIT Subject \"x\"\n".repeat(bounds::NAME_RULES_MAX + 1);
        assert_eq!(parse(text.as_bytes()), Err(BadNamespaces::TooMany));
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        assert_eq!(parse(&[0xFF, 0xFE]), Err(BadNamespaces::Encoding));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(TO|Issuer|SELF|PERMIT|Subject|\"|\\\\| |\n|#|a|\\PC){0,30}") {
            let _ = parse(text.as_bytes());
        }

        #[test]
        fn any_statement_survives_its_own_file(issuer in "[ -!#-\\[\\]-~é]{0,20}", subject in "[ -!#-\\[\\]-~é]{0,20}") {
            let text = format!("TO Issuer \"{issuer}\" \\\n PERMIT Subject \"{subject}\"\n");
            prop_assert_eq!(parse(text.as_bytes()), Ok(vec![permit(&issuer, &subject)]));
        }
    }
}
