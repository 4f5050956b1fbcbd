//! The tokens of a document: where each ends, and little about what is in it.

use memchr::{memchr, memchr_iter, memchr2, memchr3, memchr3_iter};

/// A token without its marks; its parts are for others to check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// What stands between `<` and `>`.
    Start(&'a str),
    /// What stands between `<` and `/>`.
    Empty(&'a str),
    /// What stands between `</` and `>`.
    End(&'a str),
    /// What stands before the next `<` or `&`; never empty.
    Text(&'a str),
    /// What stands between `<![CDATA[` and `]]>`.
    CharacterData(&'a str),
    /// What stands between `&` and `;`.
    Reference(&'a str),
    /// What stands between `<!--` and `-->`.
    Comment(&'a str),
    /// What stands between `<?` and `?>`: a processing instruction or the XML declaration.
    Instruction(&'a str),
    /// The start of a document type declaration, which nobody reads.
    Doctype,
}

/// What is left of a document.
pub(super) struct Tokens<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Tokens<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, position: 0 }
    }

    /// Where the next token starts.
    pub(super) const fn position(&self) -> usize {
        self.position
    }

    /// The next token; `None` at the end of the document.
    pub(super) fn read(&mut self) -> Result<Option<Token<'a>>, String> {
        let rest = &self.text[self.position..];
        let (token, length) = match rest.as_bytes() {
            [] => return Ok(None),
            [b'<', b'/', ..] => end_tag(rest)?,
            [b'<', b'!', ..] => section(rest)?,
            [b'<', b'?', ..] => {
                enclosed(rest, "<?", "?>").map(|(content, length)| (Token::Instruction(content), length))?
            }
            [b'<', ..] => start_tag(rest)?,
            [b'&', ..] => reference(rest)?,
            bytes => {
                let length = memchr2(b'<', b'&', bytes).unwrap_or(bytes.len());
                (Token::Text(&rest[..length]), length)
            }
        };
        self.position += length;
        Ok(Some(token))
    }
}

/// A token and how many bytes it has with its marks.
type Measured<'a> = Result<(Token<'a>, usize), String>;

/// A start tag ends at the first `>` that stands in no quoted value.
fn start_tag(rest: &str) -> Measured<'_> {
    let bytes = rest.as_bytes();
    let mut quote = None;
    let is_end = |at: &usize| match (quote, bytes[*at]) {
        (None, b'>') => true,
        (None, mark) => {
            quote = Some(mark);
            false
        }
        (Some(open), mark) => {
            quote = quote.filter(|_| open != mark);
            false
        }
    };
    let end = memchr3_iter(b'>', b'"', b'\'', bytes).find(is_end).ok_or("a start tag is not closed")?;
    let content = &rest[1..end];
    Ok((content.strip_suffix('/').map_or(Token::Start(content), Token::Empty), end + 1))
}

fn end_tag(rest: &str) -> Measured<'_> {
    let end = memchr(b'>', rest.as_bytes()).ok_or("an end tag is not closed")?;
    Ok((Token::End(&rest[2..end]), end + 1))
}

fn section(rest: &str) -> Measured<'_> {
    if rest.starts_with("<!--") {
        enclosed(rest, "<!--", "-->").map(|(content, length)| (Token::Comment(content), length))
    } else if rest.starts_with("<![CDATA[") {
        enclosed(rest, "<![CDATA[", "]]>").map(|(content, length)| (Token::CharacterData(content), length))
    } else if rest.starts_with("<!D") || rest.starts_with("<!d") {
        Ok((Token::Doctype, rest.len()))
    } else {
        Err("'<!' starts neither a comment nor a CDATA section".to_owned())
    }
}

fn reference(rest: &str) -> Measured<'_> {
    match memchr3(b';', b'&', b'<', &rest.as_bytes()[1..]) {
        Some(length) if rest[1 + length..].starts_with(';') => Ok((Token::Reference(&rest[1..=length]), length + 2)),
        _ => Err("'&' starts no reference".to_owned()),
    }
}

/// What stands between two marks, of which the second ends in `>`, and how many bytes all have together.
fn enclosed<'a>(rest: &'a str, start: &str, end: &str) -> Result<(&'a str, usize), String> {
    let content = &rest[start.len()..];
    let closes = |at: &usize| content.as_bytes()[..=*at].ends_with(end.as_bytes());
    let last = memchr_iter(b'>', content.as_bytes()).find(closes);
    let last = last.ok_or_else(|| format!("'{start}' is not closed by '{end}'"))?;
    Ok((&content[..last + 1 - end.len()], start.len() + last + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token<'_>> {
        let mut tokens = Tokens::new(text);
        std::iter::from_fn(|| tokens.read().expect("the text is well-formed")).collect()
    }

    #[test]
    fn each_token_ends_at_its_own_mark() {
        assert_eq!(
            tokens("<?p ?><??> ?><a b='>\"'>x>y&amp;<b/></a ><!-->-->]<![CDATA[]>]]>"),
            [
                Token::Instruction("p "),
                Token::Instruction(""),
                Token::Text(" ?>"),
                Token::Start("a b='>\"'"),
                Token::Text("x>y"),
                Token::Reference("amp"),
                Token::Empty("b"),
                Token::End("a "),
                Token::Comment(">"),
                Token::Text("]"),
                Token::CharacterData("]>"),
            ]
        );
    }

    #[test]
    fn a_token_without_its_end_is_refused() {
        for text in
            ["<", "<a b='>", "</a", "<?>", "<!--->", "<!-- ->", "<![CDATA[]>", "<![cdata[]]>", "<!", "&a", "&a<b/>;"]
        {
            assert!(Tokens::new(text).read().is_err(), "{text}");
        }
    }
}
