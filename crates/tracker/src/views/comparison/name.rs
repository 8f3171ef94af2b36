//! A name that is quickly compared with others: which is the case for tens of thousands at a time.

use std::cmp::Ordering;
use std::sync::Arc;

use super::pairing::beginning;

/// A name. To look at a text is dear, as it is rarely at hand: that two are the same is told by where
/// they are kept, and that they differ by their beginnings, nearly always.
#[derive(Debug, Clone)]
pub(in crate::views) struct Name {
    beginning: u128,
    text: Arc<str>,
}

impl Name {
    pub(super) fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// A number that is ordered like the text, as far as it goes.
    pub(super) fn beginning(&self) -> u128 {
        self.beginning
    }
}

impl From<Arc<str>> for Name {
    fn from(text: Arc<str>) -> Self {
        Self {
            beginning: beginning(&text),
            text,
        }
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.text, &other.text) {
            return Ordering::Equal;
        }
        let beginnings = self.beginning.cmp(&other.beginning);
        beginnings.then_with(|| self.text.cmp(&other.text))
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Name {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_like_their_texts() {
        let texts = [
            "",
            "a",
            "a\0",
            "b",
            "sixteen-letters-",
            "sixteen-letters-a",
            "ä",
        ];
        let name = |text: &str| Name::from(Arc::<str>::from(text));
        for one in texts {
            for other in texts {
                assert_eq!(
                    name(one).cmp(&name(other)),
                    one.cmp(other),
                    "{one:?} {other:?}"
                );
            }
        }
        let kept = name("kept");
        assert_eq!(kept, kept.clone());
    }
}
