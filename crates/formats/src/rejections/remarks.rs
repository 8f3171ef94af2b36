//! The comments of a YAML text, by the line of which they speak.

use crate::secdb::{shown_up_to, split_comment};

/// Characters of a comment that are kept.
const CHARACTERS: usize = 500;

/// Lines above an entry that are looked at.
const LINES: usize = 16;

/// The lines of a text.
pub(super) struct Remarks<'a>(Vec<&'a str>);

impl<'a> Remarks<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self(text.lines().collect())
    }

    /// What a comment says of a line, counted from 1: the one behind it, else those above it.
    pub(super) fn at(&self, line: u64) -> Option<String> {
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        let behind = split_comment(self.0.get(index)?).1;
        let words = match behind {
            Some(comment) => said(comment).to_owned(),
            None => self.above(index),
        };
        let words = shown_up_to(CHARACTERS, &words);
        (!words.is_empty()).then_some(words)
    }

    fn above(&self, index: usize) -> String {
        let lines = self.0[..index].iter().rev().take(LINES);
        let comments = lines.map_while(|line| line.trim_start().strip_prefix('#'));
        let mut words: Vec<&str> = comments.map(said).collect();
        words.reverse();
        words.join(" ")
    }
}

fn said(comment: &str) -> &str {
    comment.trim_start_matches('#').trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_speaks_of_its_line_or_of_the_next() {
        let text = "# of the file\n\n# about x,\n# more\nx: # of x\n  - A # of A\n  # of B\n  - B\n  - C\n";
        let remarks = Remarks::of(text);
        let at = |line| remarks.at(line).unwrap_or_default();
        assert_eq!(
            (at(5), at(6), at(8)),
            ("of x".into(), "of A".into(), "of B".into())
        );
        assert_eq!(
            (at(9), at(0), at(99)),
            (String::new(), String::new(), String::new())
        );
        assert_eq!(
            Remarks::of("# about x,\n# more\nx:\n").at(3).as_deref(),
            Some("about x, more")
        );
    }
}
