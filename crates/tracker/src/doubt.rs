//! What is not believed without being told to: a feed that went back in time, or lost half of what
//! it held. Either is more often an accident at its source than the truth.

use palisade_model::Timestamp;

use crate::TrackerError;

/// Fewer records than these come and go by themselves.
const MANY: usize = 20;

/// A document that was made before the one that is stored.
pub(crate) fn older(
    document: &str,
    stored: Option<i64>,
    now: Option<Timestamp>,
) -> Result<(), TrackerError> {
    let stored = stored.and_then(|time| Timestamp::from_microsecond(time).ok());
    match (stored, now) {
        (Some(stored), Some(now)) if now < stored => Err(TrackerError::HeldBack {
            document: document.to_owned(),
            reason: format!("it is of {now}, and what is stored is of {stored}"),
            is_older: true,
        }),
        _ => Ok(()),
    }
}

/// A complete document that lacks more than half of what is stored.
pub(crate) fn shrunken(document: &str, stored: usize, missing: usize) -> Result<(), TrackerError> {
    if stored < MANY || missing * 2 <= stored {
        return Ok(());
    }
    Err(TrackerError::HeldBack {
        document: document.to_owned(),
        reason: format!("it lacks {missing} of the {stored} records that are stored"),
        is_older: false,
    })
}
