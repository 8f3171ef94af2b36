//! A channel of Guix is followed commit by commit, with a loader that also fails.
//!
//! The loader is a script, told by files what to do with which commit; the history is a real one.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use palisade_model::Timestamp;
use palisade_tracker::NoProgress;
use palisade_tracker::sync::{
    Beginning, Doubtful, GitBranch, GitRepository, GuixChannel, Outcome, Pace, Ran, Source,
    SourceKind,
};

use crate::git_server::{sending_on, serve};
use crate::sync::World;

/// What stands in for Guix: prints one package whose synopsis is the commit, unless it is told otherwise.
const LOADER: &str = r#"
told=$(cat "$1/$2" 2>/dev/null)
case $told in
  fail) echo "no code for module (gnu packages demo)" >&2; exit 1;;
  hang) echo $$ > "$1/pid"; sleep 600 & wait;;
  endless) while :; do echo "{}"; done;;
  mute) exit 0;;
esac
commit=$2
[ "$told" = other ] && commit=0123456789012345678901234567890123456789
echo "loading" >&2
printf '{"palisade":"guix-inventory","version":1,"commit":"%s"}\n' "$commit"
line="{\"name\":\"demo\",\"version\":\"1\",\"synopsis\":\"$2\"}"
echo "$line"
[ "$told" = cut ] && exit 0
sum=$(echo "$line" | sha256sum | cut -d' ' -f1)
printf '{"palisade":"end","packages":1,"sha256":"%s"}\n' "$sum"
"#;

/// A repository, and whoever follows it.
struct Followed {
    world: World,
    source: Source,
    repository: PathBuf,
    told: PathBuf,
    commits: Vec<String>,
}

fn hours_later(hours: i64) -> Timestamp {
    let noon: Timestamp = "2026-01-10T12:00:00Z".parse().unwrap();
    noon + jiff::SignedDuration::from_hours(hours)
}

impl Followed {
    async fn new() -> Self {
        let world = World::new().await;
        let repository = world.folder.path().join("guix");
        let told = world.folder.path().join("told");
        fs_err::create_dir_all(&told).unwrap();
        let script = world.folder.path().join("load.sh");
        fs_err::write(&script, LOADER).unwrap();
        git(
            world.folder.path(),
            &["init", "-q", "-b", "master", "guix"],
            0,
        );
        let text = |path: &Path| path.display().to_string();
        let source = World::source(SourceKind::Guix(GuixChannel {
            branch: GitBranch {
                repository: GitRepository::Folder(repository.clone()),
                git_branch: "master".to_owned(),
                branch: "guix/master".parse().unwrap(),
                from: None,
                pace: Pace::OneOf(1),
                attempts: 3,
            },
            command: vec![
                "sh".to_owned(),
                text(&script),
                text(&told),
                "{commit}".to_owned(),
            ],
            time_limit: Duration::from_mins(1),
            output_limit: 1 << 20,
        }));
        let commits = Vec::new();
        Self {
            world,
            source,
            repository,
            told,
            commits,
        }
    }

    /// A history of so many commits, an hour apart.
    async fn with_commits(count: usize) -> Self {
        let mut followed = Self::new().await;
        for _ in 0..count {
            followed.commit();
        }
        followed
    }

    fn commit(&mut self) {
        let number = self.commits.len();
        let hour = i64::try_from(number).unwrap();
        let message = format!("commit {number}");
        git(
            &self.repository,
            &["commit", "-q", "--allow-empty", "-m", &message],
            hour,
        );
        self.commits
            .push(git(&self.repository, &["rev-parse", "HEAD"], 0));
    }

    fn channel(&mut self) -> &mut GuixChannel {
        match &mut self.source.kind {
            SourceKind::Guix(channel) => channel,
            other => panic!("{other:?}"),
        }
    }

    /// Begins with the first commit.
    fn begin_with_the_first(&mut self) {
        let first = self.commits[0].clone();
        self.channel().branch.from = Some(Beginning::Commit(first));
    }

    /// What the loader shall do with a commit.
    fn tell(&self, number: usize, what: &str) {
        fs_err::write(self.told.join(&self.commits[number]), what).unwrap();
    }

    fn tell_nothing(&self, number: usize) {
        fs_err::remove_file(self.told.join(&self.commits[number])).unwrap();
    }

    /// Runs, and tells what was told, with numbers for commits.
    async fn sync(&self) -> Vec<String> {
        let told = self.world.sync(&self.source).await;
        told.into_iter().map(|line| self.numbered(line)).collect()
    }

    fn numbered(&self, text: String) -> String {
        let commits = self.commits.iter().enumerate();
        commits.fold(text, |text, (number, commit)| {
            text.replace(commit, &format!("#{number}"))
        })
    }

    /// The revisions that are stored, the oldest first, as numbers of commits.
    async fn stored(&self) -> Vec<usize> {
        let mut session = self.world.syncer.store.write().await.unwrap();
        let branch = session.branch("guix", "master").await.unwrap();
        let repository = session.repository(branch, "", "").await.unwrap();
        let mut stored = Vec::new();
        for (number, commit) in self.commits.iter().enumerate() {
            let revision = session.revision(repository, commit).await.unwrap();
            stored.extend(revision.map(|revision| (revision.position, number)));
        }
        stored.sort_unstable();
        stored.into_iter().map(|(_, number)| number).collect()
    }

    /// The parts that are remembered, and why they failed.
    async fn parts(&self) -> Vec<(String, Option<String>)> {
        let mut session = self.world.syncer.store.read().await.unwrap();
        let parts = session.source_parts("source").await.unwrap();
        let mut parts: Vec<_> = parts
            .into_iter()
            .map(|part| {
                (
                    self.numbered(part.name),
                    part.error.map(|it| self.numbered(it)),
                )
            })
            .collect();
        parts.sort();
        parts
    }

    fn log(&self, number: usize) -> Option<String> {
        let log = format!("cache/source/{}.log", self.commits[number]);
        fs_err::read_to_string(self.world.folder.path().join(log)).ok()
    }
}

pub(crate) fn git(folder: &Path, arguments: &[&str], hour: i64) -> String {
    let date = format!("{} +0000", 1_767_225_600 + hour * 3600);
    let output = Command::new("git")
        .current_dir(folder)
        .args([
            "-c",
            "user.name=A",
            "-c",
            "user.email=a@example.org",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(arguments)
        .env("GIT_COMMITTER_DATE", &date)
        .env("GIT_AUTHOR_DATE", &date)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn a_branch_is_followed_from_where_it_is() {
    let mut followed = Followed::with_commits(3).await;
    assert_eq!(followed.sync().await, ["master: +1 ~0 -0"]);
    assert_eq!(followed.stored().await, [2]);
    assert_eq!(followed.sync().await, ["master: unchanged"]);
    followed.commit();
    followed.commit();
    // After a time of silence each commit is had, in order.
    assert_eq!(
        followed.sync().await,
        ["master: +0 ~1 -0", "master: +0 ~1 -0"]
    );
    assert_eq!(followed.stored().await, [2, 3, 4]);
    let kept = followed.world.cached();
    let names: Vec<_> = kept.iter().map(|path| path.file_name().unwrap()).collect();
    assert_eq!(names, ["load-packages.scm"]);
}

#[tokio::test]
async fn a_history_is_loaded_from_a_commit_or_a_day_on_and_thinned() {
    let mut followed = Followed::with_commits(6).await;
    followed.begin_with_the_first();
    followed.channel().branch.pace = Pace::OneOf(2);
    followed.sync().await;
    assert_eq!(followed.stored().await, [0, 2, 4]);

    let mut followed = Followed::with_commits(8).await;
    let two = "2026-01-01T02:00:00Z".parse().unwrap();
    followed.channel().branch.from = Some(Beginning::Time(two));
    followed.channel().branch.pace = Pace::OneIn(Duration::from_hours(3));
    followed.sync().await;
    assert_eq!(followed.stored().await, [2, 5]);
}

#[tokio::test]
async fn a_commit_of_a_merged_branch_was_never_at_the_tip() {
    let mut followed = Followed::with_commits(1).await;
    let repository = followed.repository.clone();
    git(&repository, &["checkout", "-q", "-b", "side"], 1);
    git(
        &repository,
        &["commit", "-q", "--allow-empty", "-m", "aside"],
        1,
    );
    git(&repository, &["checkout", "-q", "master"], 1);
    followed.commit();
    git(
        &repository,
        &["merge", "-q", "--no-ff", "-m", "merge", "side"],
        3,
    );
    followed
        .commits
        .push(git(&repository, &["rev-parse", "HEAD"], 0));
    followed.begin_with_the_first();
    followed.sync().await;
    assert_eq!(followed.stored().await, [0, 1, 2]);
}

#[tokio::test]
async fn a_revision_that_fails_is_told_passed_by_and_tried_again() {
    let mut followed = Followed::with_commits(3).await;
    followed.begin_with_the_first();
    followed.tell(1, "fail");
    let told = followed.sync().await;
    assert_eq!(told.len(), 3);
    assert_eq!(
        told[1],
        "master/#1: failed: source: the loader failed (exit status: 1); what it said is in #1.log in \
         the cache (try 1 of 3; it is tried again later)"
    );
    assert_eq!(followed.stored().await, [0, 2]);
    assert_eq!(
        followed.log(1).unwrap(),
        "no code for module (gnu packages demo)\n"
    );
    assert!(
        followed
            .world
            .state()
            .await
            .error
            .unwrap()
            .contains("try 1 of 3")
    );

    // Its time has not come; the source says that something is open.
    followed.tell_nothing(1);
    let told = followed.sync().await;
    assert_eq!(
        told,
        [
            "master: unchanged",
            ": failed: source: 1 revision waits to be loaded again"
        ]
    );

    followed.world.syncer.clock = || hours_later(1);
    assert_eq!(
        followed.sync().await,
        ["master/#1: +0 ~1 -0", "master: unchanged"]
    );
    assert_eq!(followed.stored().await, [0, 1, 2]);
    assert_eq!(followed.parts().await, [("master".to_owned(), None)]);
    assert_eq!(followed.log(1), None);
    assert_eq!(followed.world.state().await.error, None);
}

#[tokio::test]
async fn a_revision_that_always_fails_is_given_up_and_stays_told() {
    let mut followed = Followed::with_commits(1).await;
    followed.tell(0, "cut");
    followed.sync().await;
    followed.world.syncer.clock = || hours_later(1);
    followed.sync().await;
    followed.world.syncer.clock = || hours_later(3);
    let told = followed.sync().await;
    assert!(told[0].contains("(try 3 of 3; it is given up)"), "{told:?}");
    assert!(told[0].contains("it is cut off"), "{told:?}");
    followed.world.syncer.clock = || hours_later(100);
    assert_eq!(followed.sync().await, ["master: unchanged"]);
    assert_eq!(followed.world.state().await.error, None);
    let parts = followed.parts().await;
    assert_eq!(parts[1].0, "master/#0");
    assert!(parts[1].1.as_ref().unwrap().contains("given up"));
    assert_eq!(followed.stored().await, [0; 0]);

    // Whoever mended it may ask once more.
    followed.tell_nothing(0);
    followed.world.syncer.doubtful = Doubtful::Believed;
    followed.sync().await;
    assert_eq!(followed.stored().await, [0]);
}

#[tokio::test]
async fn what_is_no_inventory_of_the_commit_is_not_imported() {
    for (what, why) in [
        ("mute", "the loader printed no inventory: it has no header"),
        ("other", "the loader printed the packages of another commit"),
        ("cut", "it is cut off"),
        ("endless", "the loader printed more than 1 MiB"),
    ] {
        let followed = Followed::with_commits(1).await;
        followed.tell(0, what);
        let told = followed.sync().await;
        assert!(told[0].contains(why), "{what}: {told:?}");
        assert_eq!(followed.stored().await, [0; 0], "{what}");
    }
}

/// Whether a process is there and has not ended.
fn is_running(pid: &str) -> bool {
    let status = fs_err::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !status.is_empty() && !status.contains(") Z ")
}

#[tokio::test]
async fn a_loader_that_hangs_is_ended_with_all_that_it_started() {
    let mut followed = Followed::with_commits(2).await;
    followed.begin_with_the_first();
    followed.channel().time_limit = Duration::from_secs(2);
    followed.tell(0, "hang");
    let told = followed.sync().await;
    assert!(
        told[0].contains("the loader was not done within 2s"),
        "{told:?}"
    );
    assert_eq!(followed.stored().await, [1]);
    let pid = fs_err::read_to_string(followed.told.join("pid")).unwrap();
    assert!(!is_running(pid.trim()));
}

#[tokio::test]
async fn a_run_that_is_stopped_goes_on_where_it_was() {
    let mut followed = Followed::with_commits(3).await;
    followed.begin_with_the_first();
    followed.tell(1, "hang");
    let pid = followed.told.join("pid");
    let begun = async {
        while !pid.exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let tell = |_: &str, _: &Outcome| {};
    let ran = followed
        .world
        .syncer
        .sync(&followed.source, Arc::new(NoProgress), &tell, begun)
        .await
        .unwrap();
    assert_eq!(ran, Ran::Stopped);
    assert_eq!(followed.stored().await, [0]);
    followed.tell_nothing(1);
    followed.sync().await;
    assert_eq!(followed.stored().await, [0, 1, 2]);
    assert_eq!(followed.parts().await, [("master".to_owned(), None)]);
}

#[tokio::test]
async fn a_loader_that_is_not_there_is_nobodys_fault_but_ours() {
    let mut followed = Followed::with_commits(2).await;
    let command = std::mem::replace(
        &mut followed.channel().command,
        vec!["palisade-no-such-program".to_owned()],
    );
    let told = followed.sync().await;
    assert!(
        told[0].starts_with(
            ": failed: source: the loader \"palisade-no-such-program\" cannot be started"
        ),
        "{told:?}"
    );
    assert_eq!(followed.parts().await, []);
    followed.channel().command = command;
    followed.sync().await;
    assert_eq!(followed.stored().await, [1]);
}

#[tokio::test]
async fn failures_one_after_the_other_end_a_run() {
    let mut followed = Followed::with_commits(6).await;
    followed.begin_with_the_first();
    for number in 0..4 {
        followed.tell(number, "fail");
    }
    let told = followed.sync().await;
    assert_eq!(
        told.last().unwrap(),
        ": failed: source: 3 revisions failed one after the other; 3 wait"
    );
    followed.sync().await;
    assert_eq!(followed.stored().await, [4, 5]);
}

#[tokio::test]
async fn a_branch_that_was_rewritten_is_followed_all_the_same() {
    let mut followed = Followed::with_commits(4).await;
    followed.begin_with_the_first();
    followed.sync().await;
    let second = followed.commits[1].clone();
    git(&followed.repository, &["reset", "-q", "--hard", &second], 0);
    git(
        &followed.repository,
        &["commit", "-q", "--allow-empty", "-m", "other"],
        9,
    );
    followed
        .commits
        .push(git(&followed.repository, &["rev-parse", "HEAD"], 0));
    followed.sync().await;
    assert_eq!(followed.stored().await, [0, 1, 2, 3, 4]);
}

#[tokio::test]
async fn a_commit_of_a_wrong_clock_hides_none_before_it() {
    let mut followed = Followed::with_commits(1).await;
    followed.sync().await;
    followed.commit();
    let month_ago = -30 * 24;
    git(
        &followed.repository,
        &["commit", "-q", "--allow-empty", "-m", "old"],
        month_ago,
    );
    let old = git(&followed.repository, &["rev-parse", "HEAD"], 0);
    followed.commits.push(old);
    followed.commit();
    followed.sync().await;
    assert_eq!(followed.stored().await, [2, 0, 1, 3], "by their times");
}

#[tokio::test]
async fn a_branch_that_was_never_at_its_beginning_is_told() {
    let mut followed = Followed::with_commits(2).await;
    let nowhere = "0123456789012345678901234567890123456789".to_owned();
    followed.channel().branch.from = Some(Beginning::Commit(nowhere));
    let told = followed.sync().await;
    assert!(told[0].contains("never at the commit 0123"), "{told:?}");
    assert_eq!(followed.stored().await, [0; 0]);
}

#[tokio::test]
async fn a_branch_that_is_not_there_is_told() {
    let mut followed = Followed::with_commits(1).await;
    followed.channel().branch.git_branch = "main".to_owned();
    let told = followed.sync().await;
    assert!(told[0].contains("its history cannot be read"), "{told:?}");
    assert!(
        !told[0].contains(&*followed.repository.to_string_lossy()),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_repository_at_an_address_is_cloned_and_then_fetched() {
    let mut followed = Followed::with_commits(2).await;
    let address = serve(followed.repository.clone()).await;
    followed.channel().branch.repository = GitRepository::Address(address.parse().unwrap());
    followed.begin_with_the_first();
    assert_eq!(followed.sync().await.len(), 2);
    followed.commit();
    assert_eq!(followed.sync().await, ["master: +0 ~1 -0"]);
    assert_eq!(followed.sync().await, ["master: unchanged"]);
    assert_eq!(followed.stored().await, [0, 1, 2]);

    // A server that is gone changes nothing.
    followed.channel().branch.repository =
        GitRepository::Address("http://127.0.0.1:9/x".parse().unwrap());
    let told = followed.sync().await;
    assert!(
        told[0].contains("its repository cannot be fetched"),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_repository_that_moved_is_fetched_from_where_it_is() {
    let mut followed = Followed::with_commits(2).await;
    let moved = serve(followed.repository.clone()).await;
    let (address, _) = sending_on(&moved).await;
    followed.channel().branch.repository = GitRepository::Address(address.parse().unwrap());
    followed.begin_with_the_first();
    assert_eq!(followed.sync().await.len(), 2);
    assert_eq!(followed.stored().await, [0, 1]);
}

#[tokio::test]
async fn a_repository_in_the_own_network_is_not_even_asked() {
    let mut followed = Followed::with_commits(1).await;
    let moved = serve(followed.repository.clone()).await;
    let (address, asked) = sending_on(&moved).await;
    followed.source.private = false;
    // By its number, and by a name that leads there.
    for address in [address.clone(), address.replace("127.0.0.1", "localhost")] {
        followed.channel().branch.repository = GitRepository::Address(address.parse().unwrap());
        let told = followed.sync().await;
        assert!(
            told[0].contains("private = true in the source allows it"),
            "{told:?}"
        );
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}
