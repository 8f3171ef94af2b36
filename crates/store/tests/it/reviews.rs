//! Reviews of merge requests: the queue, reports, and what people said of hunks.

use palisade_store::{
    HunkMark, MarkRow, NewReport, NewReview, ReviewState, ReviewWork, ReviewerSession,
};

use crate::database::{Database, on_each};

const NOW: i64 = 1_800_000_000_000_000;
const LEASE: i64 = 1000;

fn request(number: i64, head: &str) -> NewReview {
    NewReview {
        repository: "https://forge.example/alpine/aports".to_owned(),
        number,
        address: format!("https://forge.example/alpine/aports/-/merge_requests/{number}"),
        title: "main/hello: upgrade to 2".to_owned(),
        head: head.to_owned(),
        asked_by: "somebody".to_owned(),
    }
}

fn report(head: &str, hunks: &[&str]) -> NewReport {
    NewReport {
        head: head.to_owned(),
        report: "{\"form\":1}".to_owned(),
        outline: "{\"packages\":[]}".to_owned(),
        markdown: "Nothing above a note.".to_owned(),
        pages: vec!["[1]".to_owned(), "[2]".to_owned()],
        hunks: hunks.iter().map(|&hunk| hunk.to_owned()).collect(),
        warnings: 2,
        ..NewReport::default()
    }
}

fn ask(database: &Database, number: i64, head: &str) -> (i64, bool) {
    database.write(async |session| session.ask_for_review(&request(number, head), NOW).await)
}

fn take(database: &Database, now: i64, mark: &str) -> Option<ReviewWork> {
    database.write(async |session| session.take_review(now, mark, now + LEASE).await)
}

fn done(database: &Database, head: &str, hunks: &[&str], comment: Option<i64>) -> bool {
    let Some(ReviewWork::Review(row)) = take(database, NOW, "worker") else {
        panic!("nothing waits")
    };
    let made = report(head, hunks);
    database.write(async |session| {
        let ours = (&row, "worker");
        session.finish_review(ours, &made, NOW, comment).await
    })
}

fn mark(hunk: &str, mark: HunkMark, time: i64) -> MarkRow {
    MarkRow {
        hunk: hunk.to_owned(),
        head: "one".to_owned(),
        mark,
        note: "looks odd".to_owned(),
        author: "alice".to_owned(),
        time,
    }
}

#[test]
fn a_commit_is_reviewed_once() {
    on_each(|database| {
        assert_eq!(ask(database, 7, "one"), (1, true));
        assert_eq!(ask(database, 7, "one"), (1, false), "a replay");
        assert_eq!(ask(database, 8, "one"), (2, true), "another request");
        assert_eq!(ask(database, 7, "two"), (1, true), "another push");
        let rows = database.read(async |session| session.reviews(10, 0).await);
        assert_eq!(rows.len(), 2);
        let first = rows.iter().find(|row| row.id == 1).unwrap();
        assert_eq!(
            (first.request.head.as_str(), first.state),
            ("two", ReviewState::Queued)
        );
    });
}

#[test]
fn one_is_worked_at_until_its_lease_ends() {
    on_each(|database| {
        ask(database, 7, "one");
        ask(database, 8, "one");
        let Some(ReviewWork::Review(row)) = take(database, NOW, "first") else {
            panic!("nothing waits")
        };
        assert_eq!(
            (row.id, row.attempts, row.state),
            (1, 1, ReviewState::Running)
        );
        assert_eq!(
            take(database, NOW + 1, "second"),
            None,
            "somebody is at one"
        );
        let kept =
            database.write(async |session| session.keep_review(1, "first", NOW + 5 * LEASE).await);
        assert!(kept);
        assert_eq!(take(database, NOW + 2 * LEASE, "second"), None);
        // The first one died.
        let Some(ReviewWork::Review(row)) = take(database, NOW + 6 * LEASE, "second") else {
            panic!("it is not taken up again")
        };
        assert_eq!((row.id, row.attempts), (1, 2));
        let kept =
            database.write(async |session| session.keep_review(1, "first", NOW + 9 * LEASE).await);
        assert!(!kept, "it is somebody else's now");
    });
}

#[test]
fn what_was_pushed_meanwhile_makes_a_report_worthless() {
    on_each(|database| {
        ask(database, 7, "one");
        let Some(ReviewWork::Review(row)) = take(database, NOW, "worker") else {
            panic!("nothing waits")
        };
        ask(database, 7, "two");
        let stored = database.write(async |session| {
            let made = report("one", &["a"]);
            session
                .finish_review((&row, "worker"), &made, NOW, None)
                .await
        });
        assert!(!stored);
        assert!(done(database, "two", &["a"], None));
        let row = database
            .read(async |session| session.review(1).await)
            .unwrap();
        assert_eq!(row.report_head.as_deref(), Some("two"));
        assert_eq!(
            (row.hunks, row.warnings, row.state),
            (1, 2, ReviewState::Done)
        );
    });
}

#[test]
fn what_failed_waits_for_its_time_or_is_given_up() {
    on_each(|database| {
        ask(database, 7, "one");
        take(database, NOW, "worker").unwrap();
        let fail = |again| {
            database.write(async |session| {
                let why = ("the forge is away", "log");
                session.fail_review((1, "worker"), why, NOW, again).await
            });
        };
        fail(Some(NOW + 50));
        assert_eq!(take(database, NOW + 49, "worker"), None);
        assert!(take(database, NOW + 50, "worker").is_some());
        fail(None);
        assert_eq!(take(database, NOW + 99 * LEASE, "worker"), None);
        let row = database
            .read(async |session| session.review(1).await)
            .unwrap();
        assert_eq!(row.state, ReviewState::Failed);
        assert_eq!(row.problem.as_deref(), Some("the forge is away"));
        assert_eq!(ask(database, 7, "two"), (1, true));
        assert!(take(database, NOW + 99 * LEASE, "worker").is_some());
    });
}

#[test]
fn what_is_given_back_counts_as_not_begun() {
    on_each(|database| {
        ask(database, 7, "one");
        take(database, NOW, "worker").unwrap();
        database.write(async |session| session.give_review_back(1, "worker").await);
        let Some(ReviewWork::Review(row)) = take(database, NOW, "another") else {
            panic!("nothing waits")
        };
        assert_eq!(row.attempts, 1);
    });
}

#[test]
fn a_comment_is_written_after_the_report_and_its_name_kept() {
    on_each(|database| {
        ask(database, 7, "one");
        assert!(done(database, "one", &["a"], Some(NOW)));
        let Some(ReviewWork::Comment(row)) = take(database, NOW, "worker") else {
            panic!("no comment is due")
        };
        assert_eq!((row.comment, row.comment_attempts), (None, 1));
        database.write(async |session| {
            let ours = (1, "worker");
            session
                .review_not_commented(ours, "refused", Some(NOW + 5))
                .await
        });
        assert_eq!(take(database, NOW + 4, "worker"), None);
        assert!(matches!(
            take(database, NOW + 5, "worker"),
            Some(ReviewWork::Comment(_))
        ));
        database.write(async |session| session.review_commented(1, "worker", "4711").await);
        assert_eq!(take(database, NOW + 99, "worker"), None);
        ask(database, 7, "two");
        assert!(done(database, "two", &["a"], Some(NOW)));
        let Some(ReviewWork::Comment(row)) = take(database, NOW, "worker") else {
            panic!("no comment is due")
        };
        assert_eq!(row.comment.as_deref(), Some("4711"));
    });
}

#[test]
fn a_report_is_had_back_page_by_page() {
    on_each(|database| {
        ask(database, 7, "one");
        assert!(done(database, "one", &["b", "a"], None));
        let (outline, whole, page, none) = database.read(async |session| {
            Ok((
                session.review_outline(1).await?.unwrap(),
                session.review_report(1).await?.unwrap(),
                session.review_page(1, 1).await?,
                session.review_page(1, 2).await?,
            ))
        });
        assert_eq!(outline.outline, "{\"packages\":[]}");
        assert_eq!(whole, "{\"form\":1}");
        assert_eq!((page.as_deref(), none), (Some("[2]"), None));
        let (place, hunks) = database.read(async |session| {
            Ok((
                session.hunk_place(1, "a").await?,
                session.review_hunks(1).await?,
            ))
        });
        assert_eq!(
            (place, hunks),
            (Some(1), vec!["b".to_owned(), "a".to_owned()])
        );
    });
}

#[test]
fn marks_survive_a_push_and_the_latest_counts() {
    on_each(|database| {
        ask(database, 7, "one");
        assert!(done(database, "one", &["a", "b", "c"], None));
        database.write(async |session| {
            session
                .mark_hunk(1, &mark("a", HunkMark::Seen, NOW))
                .await?;
            session
                .mark_hunk(1, &mark("b", HunkMark::Question, NOW))
                .await?;
            session
                .mark_hunk(1, &mark("a", HunkMark::Fine, NOW + 1))
                .await
        });
        let counted = || {
            let mut counted = database.read(async |session| session.counted_marks(1).await);
            counted.sort_by_key(|(mark, _)| mark.word());
            counted
        };
        assert_eq!(counted(), [(HunkMark::Fine, 1), (HunkMark::Question, 1)]);
        ask(database, 7, "two");
        assert!(done(database, "two", &["a", "d"], None));
        assert_eq!(counted(), [(HunkMark::Fine, 1)], "b is no longer there");
        let all = database.read(async |session| session.hunk_marks(1).await);
        assert_eq!(all.len(), 3, "nothing that was said is lost");
        assert_eq!(all[2], mark("a", HunkMark::Fine, NOW + 1));
    });
}

#[test]
fn who_is_signed_in_is_until_then() {
    on_each(|database| {
        let session = ReviewerSession {
            reviewer: "alice".to_owned(),
            token: "digest".to_owned(),
            until: NOW + 10,
        };
        database.write(async |store| store.sign_in("id", &session, NOW).await);
        let who = |now| database.read(async |store| store.signed_in("id", now).await);
        assert_eq!(who(NOW + 9), Some(session.clone()));
        assert_eq!(who(NOW + 10), None);
        database.write(async |store| store.sign_out("id").await);
        assert_eq!(who(NOW), None);
    });
}

#[test]
fn nothing_changes_or_removes_what_was_said_of_hunks() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let text = fs_err::read_to_string(folder.join("reviews/marks.rs")).unwrap();
    assert!(text.contains("INSERT INTO review_mark"));
    for entry in [
        "reviews.rs",
        "reviews/marks.rs",
        "reviews/report.rs",
        "reviews/work.rs",
    ] {
        let text = fs_err::read_to_string(folder.join(entry)).unwrap();
        assert!(!text.contains("UPDATE review_mark"), "{entry}");
        assert!(!text.contains("DELETE FROM review_mark"), "{entry}");
    }
}

#[test]
fn a_comment_has_its_name_though_something_else_was_pushed_while_it_was_written() {
    on_each(|database| {
        ask(database, 7, "one");
        assert!(done(database, "one", &["a"], Some(NOW)));
        assert!(matches!(
            take(database, NOW, "worker"),
            Some(ReviewWork::Comment(_))
        ));
        ask(database, 7, "two");
        database.write(async |session| session.review_commented(1, "worker", "4711").await);
        let row = database
            .read(async |session| session.review(1).await)
            .unwrap();
        assert_eq!(row.comment.as_deref(), Some("4711"));
        assert_eq!(row.state, ReviewState::Queued);
    });
}
