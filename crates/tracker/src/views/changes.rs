//! What would change a verdict, with the command that does it where there is one.

use palisade_matching::{Change, Proposed, Subject};
use palisade_model::{Ecosystem, Sense};
use serde::Serialize;
use utoipa::ToSchema;

/// Something that would change a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangeView {
    /// What, and what it would come to.
    pub says: String,
    /// The command that does it, in a shell's words.
    pub command: Option<String>,
}

impl ChangeView {
    pub(crate) fn all(changes: &[Change], subject: &Subject) -> Vec<Self> {
        let view = |change: &Change| Self {
            says: change.says.clone(),
            command: change
                .statement
                .as_ref()
                .map(|proposed| command(proposed, subject)),
        };
        changes.iter().map(view).collect()
    }
}

/// The command that states an identity.
pub(crate) fn command(proposed: &Proposed, subject: &Subject) -> String {
    let sense = match proposed.sense {
        Sense::Is => "is",
        Sense::IsNot => "is-not",
    };
    // What is in nobody's distribution can only be spoken of in all of them.
    let distribution = match subject.ecosystem() {
        Ecosystem::Inventory | Ecosystem::Distribution { .. } => {
            format!(" --distribution {}", subject.distribution)
        }
        Ecosystem::Registry(_) | Ecosystem::Upstream => String::new(),
    };
    format!(
        "palisade identity state {} {sense} {}{distribution} --by NAME --reason TEXT",
        quoted(&subject.name),
        quoted(&proposed.product.to_string()),
    )
}

/// A word as a shell takes it: names come from feeds, and may hold anything.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._:/@+=-".contains(c);
    if word.chars().all(plain) && !word.starts_with('-') {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_a_feed_is_one_word_of_a_command() {
        assert_eq!(quoted("PyPI:Zope.Interface"), "PyPI:Zope.Interface");
        assert_eq!(quoted("luna:$(reboot)"), "'luna:$(reboot)'");
        assert_eq!(quoted("luna:*"), "'luna:*'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
