//! The history of a branch: fetched into a bare clone, and walked along first parents, which are the
//! commits that were once at the branch's tip.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gix::bstr::ByteSlice;
use gix::progress::Discard;
use gix::remote::Direction;
use gix::remote::fetch::Tags;
use palisade_fetch::Url;
use tokio::sync::oneshot;

use super::following::{Beginning, Followed, GitBranch, Pace};
use crate::git::{self, Commit, open};

/// The longest time for a fetch: all of Guix is some 800 MB.
const FETCH_LIMIT: Duration = Duration::from_hours(2);

/// Commits that are looked at; Guix has 230,000.
const MOST_COMMITS: usize = 2_000_000;

/// Commits that are looked at behind one that looks too old.
const LOOKED_BEHIND: usize = 10_000;

/// Tells the work that nobody waits for it any longer.
struct Interrupt(Arc<AtomicBool>);

impl Drop for Interrupt {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Fetches a branch into a bare clone, which is made if it is not there.
pub(super) async fn fetch(clone: &Path, url: &Url, branch: &str) -> Result<(), String> {
    let interrupt = Interrupt(Arc::default());
    let seen = Arc::clone(&interrupt.0);
    let (clone, url, branch) = (clone.to_owned(), url.to_string(), branch.to_owned());
    let work = apart(move || {
        let fetched = fetch_now(&clone, &url, &branch, &seen);
        fetched.map_err(|error| format!("its repository cannot be fetched: {error:#}"))
    });
    let fetched = tokio::time::timeout(FETCH_LIMIT, work).await;
    fetched.unwrap_or_else(|_| {
        let hours = FETCH_LIMIT.as_secs() / 3600;
        Err(format!(
            "its repository was not fetched within {hours} hours"
        ))
    })
}

/// The commits to be loaded next, the oldest first.
pub(super) async fn since(
    repository: &Path,
    branch: &GitBranch,
    followed: &Followed,
) -> Result<Vec<Commit>, String> {
    let walk = Walk {
        branch: branch.git_branch.clone(),
        from: branch.from.clone(),
        last: followed.commit.clone(),
        last_time: followed.time,
    };
    let (repository, pace, last) = (repository.to_owned(), branch.pace, walk.last_time);
    let is_first = walk.last.is_none();
    apart(move || {
        let commits = walk.commits(&repository);
        let commits = commits.map_err(|error| {
            let folder = repository.display().to_string();
            format!("its history cannot be read: {error:#}").replace(&folder, "REPOSITORY")
        })?;
        if let Some(beginning) = walk.missing_beginning(&commits) {
            return Err(format!(
                "its branch was never at the commit {beginning}, with which it is to begin"
            ));
        }
        Ok(pace.choose(commits, (!is_first).then_some(last)))
    })
    .await
}

/// A commit by its full name, if it is there.
pub(super) async fn commit(repository: &Path, name: &str) -> Option<Commit> {
    let (repository, name) = (repository.to_owned(), name.to_owned());
    let found = apart(move || {
        let repository = open(&repository).map_err(|error| error.to_string())?;
        let id = gix::ObjectId::from_hex(name.as_bytes()).map_err(|error| error.to_string())?;
        git::commit(&repository, id).ok_or_else(|| "it is not there".to_owned())
    });
    found.await.ok()
}

/// Does what blocks on a thread of its own, for which the end of the program does not wait.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        // Whoever asked may have gone.
        let _ = sender.send(work());
    });
    let stopped = |_| "reading its history stopped unexpectedly".to_owned();
    receiver.await.map_err(stopped)?
}

fn fetch_now(
    clone: &Path,
    url: &str,
    branch: &str,
    interrupt: &AtomicBool,
) -> Result<(), gix::Error> {
    if !clone.join("HEAD").exists() {
        gix::init_bare(clone)?;
    }
    let repository = open(clone)?;
    let reference = format!("+refs/heads/{branch}:refs/heads/{branch}");
    let remote = repository
        .remote_at(url)?
        .with_fetch_tags(Tags::None)
        .with_refspecs([reference.as_bytes().as_bstr()], Direction::Fetch)?;
    let connection = remote.connect(Direction::Fetch)?;
    let prepared = connection.prepare_fetch(Discard, gix::remote::ref_map::Options::default())?;
    prepared.receive(Discard, interrupt)?;
    Ok(())
}

/// Which part of a history is wanted.
struct Walk {
    branch: String,
    from: Option<Beginning>,
    last: Option<String>,
    last_time: i64,
}

impl Walk {
    /// The commits of the part, the oldest first.
    fn commits(&self, path: &Path) -> Result<Vec<Commit>, gix::Error> {
        let repository = open(path)?;
        let name = format!("refs/heads/{}", self.branch);
        let mut next = Some(repository.find_reference(&name)?.peel_to_id()?.detach());
        let mut commits: Vec<Commit> = Vec::new();
        // How many there are before one that looks too old, unless the last one that was had is found.
        let mut old: Option<usize> = None;
        while let Some(id) = next.take() {
            let Ok(commit) = repository.find_commit(id) else {
                // The clone of somebody who wanted the last years alone ends here.
                break;
            };
            let found = Commit {
                name: id.to_string(),
                time: commit.time()?.seconds,
            };
            if self.last.as_ref() == Some(&found.name) {
                old = None;
                break;
            }
            if self.is_old(&found) {
                old.get_or_insert(commits.len());
            }
            let most = old.map_or(MOST_COMMITS, |old| old + self.looked_behind());
            if commits.len() >= most {
                break;
            }
            let is_last = self.is_beginning(&found);
            commits.push(found);
            if is_last {
                break;
            }
            next = commit.parent_ids().next().map(gix::Id::detach);
        }
        commits.truncate(old.unwrap_or(commits.len()));
        commits.reverse();
        Ok(commits)
    }

    /// Whether a commit is older than what is wanted.
    fn is_old(&self, commit: &Commit) -> bool {
        match (&self.last, &self.from) {
            // Once the branch was rewritten, the last one is not found; then times tell.
            (Some(_), _) => commit.time < self.last_time.saturating_sub(SKEW),
            (None, Some(Beginning::Time(time))) => commit.time < time.as_second(),
            (None, _) => false,
        }
    }

    /// How many commits behind an old one are looked at for the last one that was had: somebody's
    /// clock may have been wrong.
    fn looked_behind(&self) -> usize {
        if self.last.is_some() {
            LOOKED_BEHIND
        } else {
            0
        }
    }

    /// The commit with which it is to begin, where the branch was never at it.
    fn missing_beginning(&self, commits: &[Commit]) -> Option<&str> {
        match (&self.last, &self.from) {
            (None, Some(Beginning::Commit(name))) => {
                let is_there = commits.first().is_some_and(|first| first.name == *name);
                (!is_there).then_some(name)
            }
            _ => None,
        }
    }

    /// Whether a commit is wanted, and none before it.
    fn is_beginning(&self, commit: &Commit) -> bool {
        match (&self.last, &self.from) {
            (Some(_), _) | (None, Some(Beginning::Time(_))) => false,
            (None, Some(Beginning::Commit(name))) => commit.name == *name,
            (None, None) => true,
        }
    }
}

/// By how much the clocks of those who commit may differ, in seconds: a commit may look older than the
/// one that it follows.
const SKEW: i64 = 7 * 24 * 3600;

impl Pace {
    /// The commits that are loaded, of all that are new behind one of the time `last`.
    fn choose(self, commits: Vec<Commit>, last: Option<i64>) -> Vec<Commit> {
        match self {
            Self::OneOf(number) => {
                let number = number.max(1) as usize;
                // The first of all is loaded; later ones are counted from the last that was.
                let skipped = if last.is_some() { number - 1 } else { 0 };
                commits.into_iter().skip(skipped).step_by(number).collect()
            }
            Self::OneIn(pause) => {
                let pause = i64::try_from(pause.as_secs()).unwrap_or(i64::MAX);
                let mut last = last;
                let mut is_due = |commit: &Commit| {
                    let due = last.is_none_or(|last| commit.time >= last.saturating_add(pause));
                    if due {
                        last = Some(commit.time);
                    }
                    due
                };
                commits.into_iter().filter(|it| is_due(it)).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commits(times: &[i64]) -> Vec<Commit> {
        let commit = |time: &i64| Commit {
            name: format!("c{time}"),
            time: *time,
        };
        times.iter().map(commit).collect()
    }

    fn chosen(pace: Pace, times: &[i64], last: Option<i64>) -> Vec<i64> {
        let chosen = pace.choose(commits(times), last);
        chosen.into_iter().map(|commit| commit.time).collect()
    }

    #[test]
    fn every_third_is_counted_from_the_last_that_was_loaded() {
        let pace = Pace::OneOf(3);
        assert_eq!(chosen(pace, &[1, 2, 3, 4, 5], None), [1, 4]);
        assert_eq!(chosen(pace, &[5, 6], Some(4)), [0; 0]);
        assert_eq!(chosen(pace, &[5, 6, 7, 8], Some(4)), [7]);
        assert_eq!(chosen(Pace::OneOf(1), &[1, 2], Some(0)), [1, 2]);
    }

    #[test]
    fn one_in_a_day_is_at_most_one() {
        let pace = Pace::OneIn(Duration::from_secs(10));
        assert_eq!(chosen(pace, &[1, 5, 12, 13, 40], None), [1, 12, 40]);
        assert_eq!(chosen(pace, &[41, 49, 50], Some(40)), [50]);
        // A clock that went back loads nothing twice.
        assert_eq!(chosen(pace, &[30, 41], Some(40)), [0; 0]);
    }

    /// Sends everybody on, and counts them.
    fn redirecting(to: String) -> (Url, Arc<std::sync::atomic::AtomicUsize>) {
        use std::io::{Read, Write};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/x", listener.local_addr().unwrap());
        let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 4096]);
                let answer = format!(
                    "HTTP/1.1 301 Moved\r\nLocation: {to}/info/refs?service=git-upload-pack\r\n\
                     Content-Length: 0\r\nConnection: close\r\n\r\n"
                );
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        (address.parse().unwrap(), count)
    }

    #[tokio::test]
    async fn a_fetch_is_not_led_on() {
        let (target, reached) = redirecting("http://127.0.0.1:9/y".to_owned());
        let (url, asked) = redirecting(target.to_string());
        let folder = tempfile::tempdir().unwrap();
        let clone = folder.path().join("repository.git");
        // Whoever fetches has asked where the repository is, and has set up TLS for that.
        let settings = palisade_fetch::Settings::new("Palisade/test".to_owned(), || {
            jiff::Timestamp::UNIX_EPOCH
        });
        palisade_fetch::Client::new(settings).unwrap();
        let refused = fetch(&clone, &url, "master").await.unwrap_err();
        assert!(refused.contains("cannot be fetched"), "{refused}");
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        assert_eq!(reached.load(Ordering::SeqCst), 0, "it was led on");
    }
}
