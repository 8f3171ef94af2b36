//! What other readers make of a block: abuild line by line, and the generator of the security
//! database, to which it is YAML.

use super::super::block::{Secfixes, header};
use super::{Advice, Level, Linter, rewrite};
use crate::secdb::Fix;
use crate::yaml::{self, Fault, Part};

impl Linter<'_> {
    /// Lines that `abuild sanitycheck` refuses.
    pub(super) fn abuild(&mut self) {
        let mut inside = false;
        for index in 0..self.lines.len() {
            let (number, line) = (index as u64 + 1, self.lines[index]);
            inside = line.starts_with("# secfixes:") || inside && line.starts_with('#');
            if inside && !passes_abuild(line) && !self.is_error(number) {
                let message = "abuild refuses the line";
                let advice = self.rewritten(
                    number,
                    "write VERSION: or - IDENTIFIER, indented by 3 or 5 blanks",
                );
                self.find(number, Level::Error, "abuild", message, advice);
            }
        }
    }

    /// Versions and entries that no block has: an empty line ends one.
    pub(super) fn outside(&mut self) {
        let (mut inside, mut any) = (false, false);
        for index in 0..self.lines.len() {
            let line = self.lines[index];
            let begins = header(line).is_some();
            any |= begins;
            inside = begins || inside && line.starts_with('#');
            if any && !inside && is_like_block(line) {
                let message = "an empty line ends the block, so nobody reads this";
                let advice =
                    Advice::Decide("remove what stands between it and the block".to_owned());
                self.find(index as u64 + 1, Level::Error, "outside", message, advice);
            }
        }
    }

    /// Blocks that readers of YAML do not read, or read otherwise.
    pub(super) fn yaml(&mut self, block: &Secfixes) {
        let Some(first) = block.header else { return };
        let start = usize::try_from(first).unwrap_or(usize::MAX);
        let lines = self
            .lines
            .iter()
            .skip(start - 1)
            .take_while(|line| line.starts_with('#'));
        let text: Vec<&str> = lines.map(|line| stripped(line)).collect();
        match read_as_yaml(&text.join("\n")) {
            Ok(fixes) => {
                let same = fixes == block.published("").fixes;
                if !same && self.errors.is_empty() {
                    let message = "readers of YAML read other entries than stand here";
                    let advice = "indent versions by 3 blanks and entries by 5";
                    self.find(
                        first,
                        Level::Error,
                        "yaml",
                        message,
                        Advice::Decide(advice.to_owned()),
                    );
                }
            }
            Err(Fault { line, reason }) => {
                let number = first + line.saturating_sub(1).min(text.len() as u64 - 1);
                // A reader notices a line that is wrong while it is still at the one before.
                let told = [first, number, number + 1];
                if !told.into_iter().any(|line| self.is_error(line)) {
                    let message = format!(
                        "readers of YAML give up here, and lose the whole repository: {reason}"
                    );
                    let advice = self.rewritten(
                        number,
                        "write the lines above and this one as the others are",
                    );
                    self.find(number, Level::Error, "yaml", message, advice);
                }
            }
        }
    }
}

/// A line as the generator hands it to YAML.
fn stripped(line: &str) -> &str {
    line.strip_prefix("# ")
        .or_else(|| line.strip_prefix('#'))
        .unwrap_or(line)
}

/// The patterns of abuild's check: the header, an entry, a version, nothing.
pub(super) fn passes_abuild(line: &str) -> bool {
    let Some(comment) = line.strip_prefix('#') else {
        return false;
    };
    let behind = comment.trim_start_matches(' ');
    let indent = comment.len() - behind.len();
    let starts = |text: &str, is: fn(u8) -> bool| text.bytes().next().is_some_and(is);
    let entry = behind.strip_prefix("- ");
    let id = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-';
    comment.is_empty()
        || comment.starts_with(" secfixes:")
        || indent >= 2 && entry.is_some_and(|text| starts(text, id))
        || indent == 3 && starts(behind, |b| b.is_ascii_digit()) && behind.ends_with(':')
}

/// Whether a comment outside of a block looks as if it were meant to be in one.
fn is_like_block(line: &str) -> bool {
    let Some(comment) = line.strip_prefix("#  ") else {
        return false;
    };
    let comment = comment.trim();
    let entry = comment
        .strip_prefix("- ")
        .is_some_and(|text| text.starts_with("CVE-") || text.starts_with("GHSA-"));
    let version = comment
        .strip_suffix(':')
        .is_some_and(|version| rewrite::mended(version).as_deref() == Some(version));
    entry || version
}

/// What a reader of YAML finds below `secfixes:`.
fn read_as_yaml(text: &str) -> Result<Vec<Fix>, Fault> {
    let mut fixes: Vec<Fix> = Vec::new();
    let (mut depth, mut keys) = (0, 0);
    yaml::parts(text, &mut |_, part| {
        match (depth, part) {
            (0 | 1, Part::Map) | (2, Part::List) => depth += 1,
            (_, Part::End) => depth -= 1,
            (1, Part::Scalar(_)) => keys += 1,
            (2, Part::Scalar(Some(version))) => fixes.push(Fix {
                version: version.into_owned(),
                ids: Vec::new(),
            }),
            (3, Part::Scalar(Some(item))) => {
                if let Some(fix) = fixes.last_mut() {
                    fix.ids.push(item.into_owned());
                }
            }
            _ => return Err("it is no map of versions to lists of entries".to_owned()),
        }
        Ok(())
    })?;
    if keys > 2 {
        let reason = "something stands beside secfixes".to_owned();
        return Err(Fault { line: 1, reason });
    }
    Ok(fixes)
}
