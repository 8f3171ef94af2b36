//! Having a source for oneself while it is asked.
//!
//! A lease in the database keeps others away, whichever machine they are on. It is short, and
//! renewed as long as the run lasts, so a source is soon free again when its holder died. On the
//! holder's own machine it is free at once: there a file in the cache is locked, which ends with the
//! program. The lease's mark stands in it, so who can lock the file knows the lease of the dead.

use std::io::{Read, Seek, Write};
use std::time::Duration;

use palisade_model::Timestamp;
use palisade_store::{Lease, StoreError};

use super::part::folder_of;
use super::{Ran, Syncer};
use crate::mark::mark;

/// For how long one has a source for oneself.
const LENGTH: Duration = Duration::from_mins(2);

/// How often that is renewed.
const RENEWAL: Duration = Duration::from_secs(30);

/// Characters of a mark at the most.
const MARK_LENGTH: u64 = 64;

/// A source that we have for ourselves.
pub(super) struct Held<'a> {
    syncer: &'a Syncer,
    source: &'a str,
    mark: String,
    /// Locked as long as it is open; none where the cache cannot be written, which the run will tell.
    _lock: Option<fs_err::File>,
}

impl<'a> Held<'a> {
    /// Takes a source for oneself; else tells that somebody else is at it.
    pub(super) async fn take(
        syncer: &'a Syncer,
        source: &'a str,
    ) -> Result<Result<Self, Ran>, StoreError> {
        let mark = mark();
        let (lock, dead) = match lock(syncer, source, &mark) {
            Lock::Ours { file, before } => (Some(file), before),
            Lock::Unknown => (None, None),
            Lock::Others => return Ok(Err(busy(syncer, source).await?)),
        };
        let since = (syncer.clock)().as_microsecond();
        let lease = Lease {
            mark: mark.clone(),
            since,
            until: end(since),
        };
        let mut session = syncer.store.write().await?;
        let taken = session.lease_source(source, &lease, dead.as_deref());
        let taken = taken.await?;
        session.commit().await?;
        if !taken {
            return Ok(Err(busy(syncer, source).await?));
        }
        Ok(Ok(Self {
            syncer,
            source,
            mark,
            _lock: lock,
        }))
    }

    /// Renews the lease for as long as somebody waits; done when somebody else has the source.
    pub(super) async fn keep(&self) -> Result<Ran, StoreError> {
        loop {
            tokio::time::sleep(RENEWAL).await;
            match self.renew().await {
                Ok(true) => {}
                Ok(false) => return busy(self.syncer, self.source).await,
                // The lease may last until the database is there again.
                Err(error) => {
                    tracing::warn!(source = self.source, %error, "the lease was not renewed");
                }
            }
        }
    }

    async fn renew(&self) -> Result<bool, StoreError> {
        let mut session = self.syncer.store.write().await?;
        let until = end((self.syncer.clock)().as_microsecond());
        let ours = session.renew_lease(self.source, &self.mark, until).await?;
        session.commit().await?;
        Ok(ours)
    }

    /// Gives the source back.
    pub(super) async fn release(self) -> Result<(), StoreError> {
        let mut session = self.syncer.store.write().await?;
        session.release_source(self.source, &self.mark).await?;
        session.commit().await
    }
}

/// What could be had of a source's file.
enum Lock {
    /// It is ours now; whoever had it before left their mark.
    Ours {
        file: fs_err::File,
        before: Option<String>,
    },
    /// Somebody else has it.
    Others,
    /// It cannot be told.
    Unknown,
}

/// Locks a source's file, and leaves our mark in it.
fn lock(syncer: &Syncer, source: &str, mark: &str) -> Lock {
    let folder = folder_of(&syncer.cache, source);
    let open = || {
        fs_err::create_dir_all(&folder)?;
        let mut options = fs_err::OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        options.open(folder.join(".lock"))
    };
    let Ok(mut file) = open() else {
        return Lock::Unknown;
    };
    match file.file().try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => return Lock::Others,
        Err(std::fs::TryLockError::Error(_)) => return Lock::Unknown,
    }
    match exchange(&mut file, mark) {
        Ok(before) => Lock::Ours { file, before },
        Err(_) => Lock::Unknown,
    }
}

/// Replaces the mark in a file, and gives the one that was there.
fn exchange(file: &mut fs_err::File, mark: &str) -> std::io::Result<Option<String>> {
    let mut before = Vec::new();
    Read::by_ref(file)
        .take(MARK_LENGTH)
        .read_to_end(&mut before)?;
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(mark.as_bytes())?;
    let before = String::from_utf8(before).ok();
    Ok(before.filter(|before| !before.is_empty()))
}

/// Who has the source, as far as the database knows.
async fn busy(syncer: &Syncer, source: &str) -> Result<Ran, StoreError> {
    let mut session = syncer.store.read().await?;
    let known = session.sources().await?;
    let lease = known
        .into_iter()
        .find(|known| known.name == source)
        .and_then(|known| known.lease);
    let time = |time: i64| Timestamp::from_microsecond(time).ok();
    Ok(Ran::Busy {
        since: lease.as_ref().and_then(|lease| time(lease.since)),
        until: lease.as_ref().and_then(|lease| time(lease.until)),
    })
}

fn end(now: i64) -> i64 {
    now.saturating_add(i64::try_from(LENGTH.as_micros()).unwrap_or(i64::MAX))
}
