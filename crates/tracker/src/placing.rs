//! Where a revision goes among those of its repository.
//!
//! A state that says when it was made goes where that time is, in whatever order states are imported.
//! One that does not say so may have been fetched or sent just now. Then it is the present one, and
//! if it differs from the last that is known it follows upon that: the packages in it cannot tell,
//! since an index from which one was taken out has none that is newer.

use palisade_model::Timestamp;
use palisade_store::{RepositoryId, RevisionRow, Session, StoreError};

use crate::TrackerError;
use crate::encoding::hexadecimal;

/// A state of a repository that its source has now, or that was just sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Present {
    /// When it changed, if the source says so.
    pub modified: Option<Timestamp>,
}

/// What decides where a state goes.
pub(crate) struct State<'a> {
    /// The document in which it stands.
    pub(crate) document: &'a str,
    /// What it is called, by itself or by somebody.
    pub(crate) name: Option<&'a str>,
    /// The digest of its packages.
    pub(crate) digest: [u8; 16],
    /// When it was made, in microseconds since 1970.
    pub(crate) time: i64,
    /// Whether somebody says so.
    pub(crate) is_said: bool,
    /// Whether its source has it now.
    pub(crate) is_present: bool,
    /// The time of the import.
    pub(crate) now: i64,
}

/// Where a state goes.
pub(crate) enum Place {
    /// It is stored, as this revision.
    Known(RevisionRow),
    /// It is new.
    New {
        /// Under which name it is stored.
        name: String,
        /// Of when it counts as.
        time: i64,
    },
}

/// When a state was made that does not say so, by its newest package and who had it.
pub(crate) fn guess(
    built: Option<Timestamp>,
    present: Option<Present>,
    now: Timestamp,
) -> Timestamp {
    match present {
        None => built.unwrap_or(now),
        // A server's word on when it changed is no later than that it was fetched.
        Some(Present { modified }) => modified
            .map(|modified| built.map_or(modified, |built| built.max(modified)))
            .map_or(now, |time| time.min(now)),
    }
}

/// Finds the place of a state.
pub(crate) async fn place(
    session: &mut Session,
    repository: RepositoryId,
    state: &State<'_>,
) -> Result<Place, TrackerError> {
    let last = session.revision_at(repository, i64::MAX).await?;
    match last.filter(|last| state.is_present_beside(last)) {
        None => by_time(session, repository, state).await,
        Some(last) if last.digest == state.digest => Ok(Place::Known(last)),
        Some(last) => {
            let time = if state.time > last.position {
                state.time
            } else {
                state.now.max(last.position + 1)
            };
            let name = match state.name {
                None => unused(session, repository, &state.content()).await?,
                Some(name) => match session.revision(repository, name).await? {
                    None => name.to_owned(),
                    Some(known) if known.digest == state.digest => {
                        unused(session, repository, name).await?
                    }
                    Some(_) => return Err(state.changed(name)),
                },
            };
            Ok(Place::New { name, time })
        }
    }
}

async fn by_time(
    session: &mut Session,
    repository: RepositoryId,
    state: &State<'_>,
) -> Result<Place, TrackerError> {
    let time = state.time;
    let Some(name) = state.name else {
        let known = session.revision_of_state(repository, time, state.digest);
        return Ok(match known.await? {
            Some(known) => Place::Known(known),
            // A branch may come back to an earlier state.
            None => Place::New {
                name: unused(session, repository, &state.content()).await?,
                time,
            },
        });
    };
    match session.revision(repository, name).await? {
        None => Ok(Place::New {
            name: name.to_owned(),
            time,
        }),
        Some(known) if known.digest == state.digest => Ok(Place::Known(known)),
        Some(_) => Err(state.changed(name)),
    }
}

/// What has to be told of a revision that a later one of its repository hides.
pub(crate) async fn hidden(
    session: &mut Session,
    repository: RepositoryId,
    place: &str,
    (time, position): (i64, i64),
) -> Result<Option<String>, StoreError> {
    let last = session.revision_at(repository, i64::MAX).await?;
    let last = last.filter(|last| last.position > position);
    Ok(last.map(|last| {
        let of = |time| Timestamp::from_microsecond(time).unwrap_or_default();
        let same = if last.time == time {
            ", the same time"
        } else {
            ""
        };
        format!(
            "kept as an older revision of {place}, of {}; the branch stays at {} of {}{same}",
            of(time),
            last.name,
            of(last.time),
        )
    }))
}

impl State<'_> {
    /// Whether it is the present state, as far as can be known beside the last one that is stored. Its
    /// own time counts, unless the last one, which differs, has the same.
    fn is_present_beside(&self, last: &RevisionRow) -> bool {
        let is_tie = self.time == last.time && self.digest != last.digest;
        self.is_present && (!self.is_said || is_tie)
    }

    /// That another state has its name.
    fn changed(&self, name: &str) -> TrackerError {
        TrackerError::RevisionChanged {
            document: self.document.to_owned(),
            revision: name.to_owned(),
        }
    }

    /// What it is called when it has no name: by its content.
    fn content(&self) -> String {
        hexadecimal(&self.digest[..6])
    }
}

/// A name that no revision of a repository has: the one that is wanted, else with a number.
async fn unused(
    session: &mut Session,
    repository: RepositoryId,
    wanted: &str,
) -> Result<String, StoreError> {
    let (mut name, mut number) = (wanted.to_owned(), 1);
    while session.revision(repository, &name).await?.is_some() {
        number += 1;
        name = format!("{wanted}-{number}");
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_without_a_time_is_of_when_it_was_changed_or_had() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let of = |built: Option<i64>, present: Option<Option<i64>>| {
            let present = present.map(|modified| Present {
                modified: modified.map(at),
            });
            guess(built.map(at), present, at(100)).as_second()
        };
        assert_eq!(of(Some(50), None), 50, "of a file the newest package tells");
        assert_eq!(of(None, None), 100);
        assert_eq!(of(Some(50), Some(None)), 100);
        assert_eq!(of(Some(50), Some(Some(70))), 70);
        assert_eq!(of(Some(50), Some(Some(30))), 50);
        assert_eq!(
            of(Some(500), Some(Some(70))),
            100,
            "nothing is of the future"
        );
    }
}
