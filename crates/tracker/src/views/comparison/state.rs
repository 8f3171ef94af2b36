//! Which state of a branch is meant: by a branch alone, a revision, or a day.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use palisade_model::{BranchName, Timestamp};
use palisade_store::{BranchId, BranchState, RevisionPoint};

use super::super::{Reading, RevisionRef, Unknown};
use crate::TrackerError;

/// Letters of a revision's name that are enough to mean it.
const BEGINNING: usize = 4;

/// A state of a branch as people write it: `guix/master` is its present one,
/// `guix/master@d659fe8666c4` that of a revision, `alpine/v3.22@2026-11-01` that of a day's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateRef {
    /// The branch, whose distribution may be left out, or a revision alone.
    pub branch: String,
    /// A revision or a time.
    pub at: Option<String>,
}

impl StateRef {
    /// The state of a branch, or that of one of its revisions.
    pub fn of(branch: &BranchName, at: Option<&str>) -> Self {
        Self {
            branch: branch.to_string(),
            at: at.map(str::to_owned),
        }
    }
}

/// A text that names no state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no state: write BRANCH, BRANCH@REVISION or BRANCH@DAY")]
pub struct InvalidState(String);

/// A state that is there.
#[derive(Debug, Clone)]
pub(in crate::views) struct State {
    pub(in crate::views) branch: BranchName,
    pub(in crate::views) at: BranchState,
    /// The last revision in it.
    pub(in crate::views) revision: RevisionRef,
    /// Whether it is the present one.
    pub(in crate::views) is_present: bool,
}

impl FromStr for StateRef {
    type Err = InvalidState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (branch, at) = match text.split_once('@') {
            Some((branch, at)) => (branch, Some(at)),
            None => (text, None),
        };
        if branch.is_empty() || at.is_some_and(str::is_empty) || text.chars().any(char::is_control)
        {
            return Err(InvalidState(text.to_owned()));
        }
        Ok(Self {
            branch: branch.to_owned(),
            at: at.map(str::to_owned),
        })
    }
}

impl fmt::Display for StateRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            Some(at) => write!(f, "{}@{at}", self.branch),
            None => write!(f, "{}", self.branch),
        }
    }
}

/// A state, or why there is none.
pub(in crate::views) type Found = Result<State, Unknown>;

impl State {
    /// By which position what is kept of it is known: the present one has none.
    pub(in crate::views) fn position(&self) -> Option<i64> {
        (!self.is_present).then_some(self.at.position)
    }

    /// The present state of a branch, if anything is stored of it.
    pub(in crate::views) async fn present(
        reading: &mut Reading,
        id: BranchId,
        branch: &BranchName,
    ) -> Result<Option<Self>, TrackerError> {
        Ok(present(reading, &(id, branch.clone())).await?.ok())
    }
}

impl StateRef {
    /// Looks the state up.
    pub(in crate::views) async fn find(
        &self,
        reading: &mut Reading,
    ) -> Result<Found, TrackerError> {
        match (self.branches(reading).as_slice(), &self.at) {
            ([branch], Some(at)) => state_at(reading, branch, at).await,
            ([branch], None) => present(reading, branch).await,
            ([], None) => self.alone(reading).await,
            ([], Some(_)) => {
                let reason = format!("there is no branch {}", self.branch);
                Ok(Err(Unknown::branch(reason, &reading.places)))
            }
            (several, _) => {
                let several = listed(several.iter().map(|(_, name)| name));
                Ok(Err(format!("{} may be {several}", self.branch).into()))
            }
        }
    }

    /// The branches that may be meant.
    fn branches(&self, reading: &Reading) -> Vec<(BranchId, BranchName)> {
        let is_meant = |name: &BranchName| {
            name.to_string() == self.branch || name.name() == self.branch.as_str()
        };
        let all = reading.places.branches.iter();
        all.filter(|(_, name)| is_meant(name)).cloned().collect()
    }

    /// A revision that is named without its branch.
    async fn alone(&self, reading: &mut Reading) -> Result<Found, TrackerError> {
        let places = Arc::clone(&reading.places);
        let unknown = || {
            let reason = format!("there is no branch and no revision {}", self.branch);
            Unknown::branch(reason, &places)
        };
        if self.branch.chars().count() < BEGINNING || self.branch.contains('/') {
            return Ok(Err(unknown()));
        }
        let mut found: Vec<State> = Vec::new();
        for place in &places.branches {
            found.extend(named(reading, place, &self.branch).await?.ok());
        }
        let several = listed(found.iter().map(|state| &state.branch));
        Ok(match found.pop() {
            Some(state) if found.is_empty() => Ok(state),
            Some(_) => Err(format!(
                "the revision {} may be of {several}: write BRANCH@REVISION",
                self.branch
            )
            .into()),
            None => Err(unknown()),
        })
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a BranchName>) -> String {
    let names: Vec<String> = names.map(ToString::to_string).collect();
    names.join(" or ")
}

type Place = (BranchId, BranchName);

async fn present(reading: &mut Reading, place: &Place) -> Result<Found, TrackerError> {
    let position = i64::MAX;
    let last = reading.session.revision_before(place.0, position).await?;
    let none = || format!("nothing is stored of {}", place.1).into();
    Ok(last
        .map(|last| state(place, position, &last))
        .ok_or_else(none))
}

async fn state_at(reading: &mut Reading, place: &Place, at: &str) -> Result<Found, TrackerError> {
    let found = named(reading, place, at).await?;
    let (Err(reason), Some(end)) = (&found, end_of(at)) else {
        return Ok(found);
    };
    if reading
        .session
        .revisions_beginning(place.0, at)
        .await?
        .len()
        > 1
    {
        return Ok(Err(reason.clone()));
    }
    let last = reading.session.revision_before(place.0, end).await?;
    let none = || format!("nothing is stored of {} up to {at}", place.1).into();
    Ok(last
        .map(|last| state(place, end - 1, &last))
        .ok_or_else(none))
}

/// The state of a revision, by its name or an unmistakable beginning of it.
async fn named(reading: &mut Reading, place: &Place, name: &str) -> Result<Found, TrackerError> {
    if let Some(point) = reading.session.revision_named(place.0, name).await? {
        return Ok(Ok(state(place, point.position, &point)));
    }
    let unknown = || format!("there is no revision {name} of {}", place.1).into();
    if name.chars().count() < BEGINNING {
        return Ok(Err(unknown()));
    }
    let found = reading.session.revisions_beginning(place.0, name).await?;
    Ok(match found.as_slice() {
        [point] => Ok(state(place, point.position, point)),
        [one, other, ..] if one.name == other.name => Ok(state(place, one.position, one)),
        [one, other, ..] => Err(format!(
            "{name} may be the revision {} or {} of {}",
            one.name, other.name, place.1
        )
        .into()),
        [] => Err(unknown()),
    })
}

fn state((id, branch): &Place, position: i64, point: &RevisionPoint) -> State {
    State {
        branch: branch.clone(),
        at: BranchState {
            branch: *id,
            position,
        },
        revision: RevisionRef::from(point),
        is_present: position == i64::MAX,
    }
}

/// The position before which everything is of a day or of a time. A revision of a whole second lies
/// anywhere within it.
fn end_of(text: &str) -> Option<i64> {
    const SECOND: i64 = 1_000_000;
    const DAY: i64 = 24 * 60 * 60 * SECOND;
    let day = format!("{text}T00:00:00Z").parse::<Timestamp>();
    if let Ok(day) = day {
        return day.as_microsecond().checked_add(DAY);
    }
    let time = text.parse::<Timestamp>().ok()?.as_microsecond();
    let length = if time % SECOND == 0 { SECOND } else { 1 };
    time.checked_add(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_a_branch_with_a_revision_or_without() {
        let read = |text: &str| text.parse::<StateRef>().map(|it| (it.branch, it.at));
        assert_eq!(
            read("guix/master@d659fe"),
            Ok(("guix/master".into(), Some("d659fe".into())))
        );
        assert_eq!(read("master"), Ok(("master".into(), None)));
        for bad in ["", "@x", "guix/master@", "a\nb"] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_day_ends_with_its_last_moment_and_a_second_with_its_own() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
        assert_eq!(end_of("2026-02-20"), Some(at("2026-02-21T00:00:00Z")));
        assert_eq!(
            end_of("2026-02-20T10:00:00Z"),
            Some(at("2026-02-20T10:00:01Z"))
        );
        assert_eq!(end_of("d659fe8666c4"), None);
    }
}
