//! The lines of a hunk with what changed within them, for whoever draws them in its own way.

use super::words::pieces;
use crate::report::{Line, LineKind};

/// A line in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked<'t> {
    /// Which side has it.
    pub kind: LineKind,
    /// What it says.
    pub pieces: Vec<MarkedPiece<'t>>,
}

/// A piece of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkedPiece<'t> {
    /// What it says.
    pub text: &'t str,
    /// Whether the line that it came for, or that came for it, says something else.
    pub changed: bool,
}

/// Marks the words that changed: where as many lines came as went, each against its fellow.
pub fn marked(lines: &[Line]) -> Vec<Marked<'_>> {
    let mut found = Vec::with_capacity(lines.len());
    let mut rest = lines;
    while let Some(first) = rest.first() {
        let removed = run(rest, LineKind::Removed);
        let added = run(&rest[removed..], LineKind::Added);
        if removed > 0 && removed == added {
            pairs(
                &rest[..removed],
                &rest[removed..removed + added],
                &mut found,
            );
            rest = &rest[removed + added..];
        } else {
            found.push(whole(first));
            rest = &rest[1..];
        }
    }
    found
}

fn pairs<'t>(old: &'t [Line], new: &'t [Line], found: &mut Vec<Marked<'t>>) {
    let mut came = Vec::with_capacity(new.len());
    for (old, new) in old.iter().zip(new) {
        let Some((left, right)) = pieces(&old.text, &new.text) else {
            found.push(whole(old));
            came.push(whole(new));
            continue;
        };
        let of = |kind, pieces: Vec<super::words::Piece<'t>>| Marked {
            kind,
            pieces: pieces
                .into_iter()
                .map(|piece| MarkedPiece {
                    text: piece.text,
                    changed: piece.changed,
                })
                .collect(),
        };
        found.push(of(LineKind::Removed, left));
        came.push(of(LineKind::Added, right));
    }
    found.append(&mut came);
}

fn whole(line: &Line) -> Marked<'_> {
    let (text, changed) = (line.text.as_str(), false);
    Marked {
        kind: line.kind,
        pieces: vec![MarkedPiece { text, changed }],
    }
}

/// How many lines of a kind come first.
fn run(lines: &[Line], kind: LineKind) -> usize {
    lines.iter().take_while(|line| line.kind == kind).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_in_a_line_is_told_apart() {
        let line = |kind, text: &str| Line {
            kind,
            text: text.to_owned(),
        };
        let lines = [
            line(LineKind::Removed, "the version is 1.0 here"),
            line(LineKind::Added, "the version is 2.0 here"),
            line(LineKind::Same, "end"),
        ];
        let marked = marked(&lines);
        let changed = |at: usize| -> Vec<&str> {
            let pieces = marked[at].pieces.iter();
            pieces.filter(|it| it.changed).map(|it| it.text).collect()
        };
        assert_eq!((changed(0), changed(1)), (vec!["1.0"], vec!["2.0"]));
        assert_eq!(marked[2].kind, LineKind::Same);
    }
}
