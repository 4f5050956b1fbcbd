//! Names with `*` and `?`, as `signing_policy` files write them.

/// A pattern over characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glob(Vec<char>);

impl Glob {
    pub(super) fn new(pattern: &str) -> Self {
        Self(pattern.chars().collect())
    }

    /// Whether the whole of `text` matches: `*` stands for any characters, `?` for one.
    ///
    /// After a mismatch only the last `*` is tried anew, which suffices; so the time is at most the product of the
    /// lengths, never exponential.
    pub(super) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut at_pattern, mut at_text) = (0, 0);
        let mut last_star = None;
        while at_text < text.len() {
            match self.0.get(at_pattern) {
                Some('*') => {
                    last_star = Some((at_pattern, at_text));
                    at_pattern += 1;
                }
                Some(wanted) if *wanted == '?' || text.get(at_text) == Some(wanted) => {
                    at_pattern += 1;
                    at_text += 1;
                }
                _ => {
                    let Some((star, matched)) = last_star else { return false };
                    last_star = Some((star, matched + 1));
                    (at_pattern, at_text) = (star + 1, matched + 1);
                }
            }
        }
        self.0.iter().skip(at_pattern).all(|rest| *rest == '*')
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, in exponential time.
    fn matches(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), _) => (0..=text.len()).any(|skipped| matches(rest, &text[skipped..])),
            (Some(('?', rest)), Some((_, text))) => matches(rest, text),
            (Some((wanted, rest)), Some((found, text))) => wanted == found && matches(rest, text),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn a_pattern_matches_what_its_definition_says(pattern in "[ab*?]{0,7}", text in "[ab]{0,9}") {
            let characters = |text: &str| text.chars().collect::<Vec<char>>();
            prop_assert_eq!(Glob::new(&pattern).matches(&text), matches(&characters(&pattern), &characters(&text)));
        }
    }

    #[test]
    fn a_hostile_pattern_ends() {
        let pattern = "*a".repeat(2_000) + "b";
        assert!(!Glob::new(&pattern).matches(&"a".repeat(8_000)));
    }
}
