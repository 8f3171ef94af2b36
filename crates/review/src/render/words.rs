//! Which words of a changed line changed, and how lists of files are put.

use similar::{ChangeTag, TextDiff};

/// Longer lines are marked as a whole.
const AT_MOST: usize = 1_000;

/// A piece of a line, and whether the other side has it too.
pub(super) struct Piece<'t> {
    pub(super) text: &'t str,
    pub(super) changed: bool,
}

/// The pieces of a line that went and of the one that came for it; none if they have too little in
/// common for marks to help.
pub(super) fn pieces<'t>(old: &'t str, new: &'t str) -> Option<(Vec<Piece<'t>>, Vec<Piece<'t>>)> {
    if old.len() > AT_MOST || new.len() > AT_MOST {
        return None;
    }
    let diff = TextDiff::from_words(old, new);
    if diff.ratio() < 0.4 {
        return None;
    }
    let mut sides = (Vec::new(), Vec::new());
    for change in diff.iter_all_changes() {
        let text = change.value();
        match change.tag() {
            ChangeTag::Equal => {
                sides.0.push(Piece {
                    text,
                    changed: false,
                });
                sides.1.push(Piece {
                    text,
                    changed: false,
                });
            }
            ChangeTag::Delete => sides.0.push(Piece {
                text,
                changed: true,
            }),
            ChangeTag::Insert => sides.1.push(Piece {
                text,
                changed: true,
            }),
        }
    }
    Some(sides)
}

/// The first files of a list, and how many more there are.
pub(super) fn some(paths: &[&str]) -> String {
    const SHOWN: usize = 4;
    let shown = paths[..paths.len().min(SHOWN)].join(", ");
    match paths.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
