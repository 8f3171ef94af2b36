//! What an import passes over or mends: told up to a number, and counted beyond it.

use palisade_formats::{Place, Reject};

/// So many are told. A damaged document, or a hostile one, may have one every few bytes.
const TOLD: usize = 100_000;

/// What was passed over or mended so far.
#[derive(Debug, Default)]
pub(crate) struct Rejects {
    told: Vec<Reject>,
    all: u64,
}

impl Rejects {
    /// Adds one.
    pub(crate) fn add(&mut self, reject: Reject) {
        self.all += 1;
        if self.told.len() < TOLD {
            self.told.push(reject);
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.all
    }

    /// Those that are told.
    pub(crate) fn told(&self) -> &[Reject] {
        &self.told
    }

    /// Those that are told; what becomes of the others is told at their end.
    pub(crate) fn into_told(self) -> Vec<Reject> {
        let Self { mut told, all } = self;
        let left = all - told.len() as u64;
        if let Some(last) = told.last().filter(|_| left > 0) {
            let reason = format!("{left} more were passed over or mended, and are only counted");
            told.push(Reject {
                document: last.document.clone(),
                place: Place::Whole,
                id: None,
                reason,
                mended: true,
            });
        }
        told
    }
}

impl Extend<Reject> for Rejects {
    fn extend<I: IntoIterator<Item = Reject>>(&mut self, rejects: I) {
        rejects.into_iter().for_each(|reject| self.add(reject));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_to_be_told_is_counted() {
        let reject = |place: usize| Reject {
            document: "feed.json".to_owned(),
            place: Place::Line(u64::try_from(place).unwrap()),
            id: None,
            reason: "it is none".to_owned(),
            mended: false,
        };
        let mut rejects = Rejects::default();
        rejects.extend((0..TOLD).map(reject));
        rejects.add(reject(TOLD));
        rejects.add(reject(TOLD + 1));
        assert_eq!(rejects.count(), 100_002);
        let told = rejects.into_told();
        assert_eq!(told.len(), TOLD + 1);
        let last = &told[TOLD];
        assert_eq!(
            last.reason,
            "2 more were passed over or mended, and are only counted"
        );
        assert!(last.mended, "nothing hangs on it");
        assert_eq!(Rejects::default().into_told(), []);
    }
}
