//! The background job: takes what waits, one at a time, fetches the patch, has it examined, stores the
//! report and tells the forge. What fails is tried again a few times, each time later.

use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use palisade_fetch::Client;
use palisade_review::patch::PatchReport;
use palisade_store::{NewReport, ReviewRow, ReviewWork};
use tokio::sync::watch;

use super::{Desk, Forge, ForgeError, new_report};
use crate::TrackerError;
use crate::error::error_line;
use crate::mark::mark;

/// Bytes of a log that are kept.
const LOG: usize = 8 << 10;

/// Who reads patches and sources, in a process of its own.
pub trait Examine: Send + Sync {
    /// Examines the patch in a file, which is of a forge's repository.
    fn examine(
        &self,
        patch: &Path,
        forge: &Forge,
    ) -> impl Future<Output = Result<Examination, NotExamined>> + Send;
}

/// What an examination gave.
#[derive(Debug)]
pub struct Examination {
    /// The report.
    pub report: PatchReport,
    /// What is to be told of it.
    pub log: String,
}

/// Why there is no report.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NotExamined {
    /// It may go better a while later.
    #[error("{0}")]
    ForNow(String),
    /// It never will.
    #[error("{0}")]
    Ever(String),
}

/// How long everything may take.
#[derive(Debug, Clone)]
pub struct Patience {
    /// How often it is looked whether something waits.
    pub look: Duration,
    /// For how long one has a review for oneself.
    pub lease: Duration,
    /// How often that is renewed.
    pub renewal: Duration,
    /// How long one review may take.
    pub limit: Duration,
    /// For how long a comment that is being written may keep the program from ending.
    pub grace: Duration,
    /// The pauses before it is tried again; as many as there are.
    pub pauses: Vec<Duration>,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            look: Duration::from_secs(20),
            lease: Duration::from_mins(2),
            renewal: Duration::from_secs(30),
            limit: Duration::from_mins(30),
            grace: Duration::from_secs(5),
            pauses: [1, 5, 30, 120].map(Duration::from_mins).to_vec(),
        }
    }
}

/// Attends to the desk of the moment until `end`. What goes wrong with a review is remembered with it;
/// what keeps it from being remembered is logged.
pub async fn attend(
    mut desks: watch::Receiver<Option<Arc<Desk>>>,
    client: &Client,
    examine: &impl Examine,
    patience: &Patience,
    end: impl Future<Output = ()>,
) {
    let mut end = pin!(end);
    loop {
        let desk = desks.borrow_and_update().clone();
        let mut asked = None;
        if let Some(desk) = desk {
            let clerk = Clerk {
                desk: &desk,
                client,
                examine,
                patience,
            };
            match clerk.work(end.as_mut()).await {
                Ok(Next::End) => return,
                Ok(Next::Another) => continue,
                Ok(Next::Nothing) => {}
                Err(error) => tracing::error!(error = error_line(&error), "reviews"),
            }
            asked = Some(Arc::clone(&desk.asked));
        }
        let asked = async {
            match asked {
                Some(asked) => asked.notified().await,
                None => std::future::pending().await,
            }
        };
        let another = async {
            // Nobody has another desk any longer.
            if desks.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = tokio::time::sleep(patience.look) => {}
            () = asked => {}
            () = another => {}
            () = end.as_mut() => return,
        }
    }
}

/// What comes next.
enum Next {
    /// The end.
    End,
    /// To look for another review.
    Another,
    /// To wait.
    Nothing,
}

/// How a review or a comment went.
enum Went {
    /// It is done.
    Reported(Box<NewReport>),
    /// The comment has this name.
    Commented(String),
    /// It failed, and may be tried again or not.
    Failed { problem: String, again: bool },
    /// Somebody else has it, or something else was pushed.
    Lost,
    /// We are told to end.
    End,
}

struct Clerk<'a, E> {
    desk: &'a Desk,
    client: &'a Client,
    examine: &'a E,
    patience: &'a Patience,
}

impl<E: Examine> Clerk<'_, E> {
    async fn work<F: Future<Output = ()>>(
        &self,
        mut end: Pin<&mut F>,
    ) -> Result<Next, TrackerError> {
        let mark = mark();
        let now = self.desk.now();
        let mut session = self.desk.store.write().await?;
        let until = after(now, self.patience.lease);
        let taken = session.take_review(now, &mark, until).await?;
        session.commit().await?;
        let Some(taken) = taken else {
            return Ok(Next::Nothing);
        };
        let row = match &taken {
            ReviewWork::Review(row) | ReviewWork::Comment(row) => row,
        };
        let work = async {
            match &taken {
                ReviewWork::Review(row) => self.review(row).await,
                ReviewWork::Comment(row) => self.comment(row).await,
            }
        };
        let work = async {
            let went = tokio::time::timeout(self.patience.limit, work).await;
            went.unwrap_or_else(|_| Went::Failed {
                problem: format!("it took longer than {} s", self.patience.limit.as_secs()),
                again: true,
            })
        };
        let mut work = pin!(work);
        let is_comment = matches!(taken, ReviewWork::Comment(_));
        let mut went = tokio::select! {
            went = work.as_mut() => went,
            () = self.keep(row.id, &mark) => Went::Lost,
            () = end.as_mut() => Went::End,
        };
        let is_end = matches!(went, Went::End);
        // A comment that was written without our knowing its name would be written twice.
        if is_comment && matches!(went, Went::Lost | Went::End) {
            let written = tokio::time::timeout(self.patience.grace, work).await;
            went = written.unwrap_or(went);
        }
        self.remember(&taken, &mark, went).await?;
        Ok(if is_end { Next::End } else { Next::Another })
    }

    /// Renews the lease for as long as somebody waits; done when it is no longer ours.
    async fn keep(&self, id: i64, mark: &str) {
        loop {
            tokio::time::sleep(self.patience.renewal).await;
            let renewed = async {
                let mut session = self.desk.store.write().await?;
                let until = after(self.desk.now(), self.patience.lease);
                let ours = session.keep_review(id, mark, until).await?;
                session.commit().await?;
                Ok::<_, palisade_store::StoreError>(ours)
            };
            match renewed.await {
                Ok(true) => {}
                Ok(false) => return,
                // The lease may last until the database is there again.
                Err(error) => tracing::warn!(review = id, %error, "the lease was not renewed"),
            }
        }
    }

    async fn review(&self, row: &ReviewRow) -> Went {
        let failed = |problem: String, again| Went::Failed { problem, again };
        let Some(forge) = self.desk.forge(&row.request.repository) else {
            return failed("its repository is no longer configured".to_owned(), false);
        };
        // It may be what it reads that ends the program each time.
        if row.attempts > self.most() {
            return failed(
                "it was begun too often without coming to an end".to_owned(),
                false,
            );
        }
        let folder = match tempfile::tempdir() {
            Ok(folder) => folder,
            Err(error) => return failed(format!("make a folder: {error}"), true),
        };
        let patch = folder.path().join("request.patch");
        let (number, head) = (row.request.number, row.request.head.as_str());
        let fetched = forge.fetch_patch(self.client, number, head, &patch);
        if let Err(error) = fetched.await {
            return failed(error_line(&error), error.is_passing());
        }
        let Examination { report, log } = match self.examine.examine(&patch, forge).await {
            Ok(examination) => examination,
            Err(why) => {
                let again = matches!(why, NotExamined::ForNow(_));
                return failed(why.to_string(), again);
            }
        };
        let head = head.to_owned();
        let stored =
            tokio::task::spawn_blocking(move || new_report(report, &head, cut(&log))).await;
        match stored {
            Ok(Ok(stored)) => Went::Reported(Box::new(stored)),
            Ok(Err(error)) => failed(format!("write the report: {error}"), false),
            Err(_) => failed("the report could not be taken apart".to_owned(), false),
        }
    }

    async fn comment(&self, row: &ReviewRow) -> Went {
        let failed = |problem: String, again| Went::Failed { problem, again };
        let Some(forge) = self.desk.forge(&row.request.repository) else {
            return failed("its repository is no longer configured".to_owned(), false);
        };
        if forge.token.is_none() {
            return failed("there is no token with which to write".to_owned(), false);
        }
        let text = match self.text(row).await {
            Ok(text) => text,
            Err(error) => return failed(error_line(&error), true),
        };
        let known = row.comment.as_deref();
        let written = forge.comment(self.client, row.request.number, known, &text);
        match written.await {
            Ok(name) => Went::Commented(name),
            // A forge that refuses today may take the token tomorrow.
            Err(error) => failed(error_line(&error), !matches!(error, ForgeError::Address(_))),
        }
    }

    /// What the comment says.
    async fn text(&self, row: &ReviewRow) -> Result<String, TrackerError> {
        let mut session = self.desk.store.read().await?;
        let stored = session.review_outline(row.id).await?;
        let summary = stored.map(|it| it.markdown).unwrap_or_default();
        let head = row.report_head.as_deref().unwrap_or_default();
        let short = head.get(..12).unwrap_or(head);
        let hunks = row.hunks;
        let place = match &self.desk.site {
            Some(site) => format!("[{hunks} hunks to look at]({site}/review/{})", row.id),
            None => format!("{hunks} hunks to look at, in review {}", row.id),
        };
        Ok(format!(
            "Palisade looked at `{short}`: {place}\n\n{summary}"
        ))
    }

    async fn remember(
        &self,
        taken: &ReviewWork,
        mark: &str,
        went: Went,
    ) -> Result<(), TrackerError> {
        let now = self.desk.now();
        let mut session = self.desk.store.write().await?;
        match (taken, went) {
            (_, Went::Lost) => return Ok(()),
            (ReviewWork::Review(row) | ReviewWork::Comment(row), Went::End) => {
                session.give_review_back(row.id, mark).await?;
            }
            (ReviewWork::Review(row) | ReviewWork::Comment(row), Went::Reported(report)) => {
                let forge = self.desk.forge(&row.request.repository);
                let tells = forge.is_some_and(|forge| forge.token.is_some());
                let comment = tells.then_some(now);
                session
                    .finish_review((row, mark), &report, now, comment)
                    .await?;
                tracing::info!(review = row.id, head = report.head, "reviewed");
            }
            (ReviewWork::Review(row) | ReviewWork::Comment(row), Went::Commented(name)) => {
                session.review_commented(row.id, mark, &name).await?;
            }
            (ReviewWork::Review(row), Went::Failed { problem, again }) => {
                let again = self.again(row.attempts, now).filter(|_| again);
                let problem = cut(&problem);
                tracing::warn!(
                    review = row.id,
                    problem,
                    tried = row.attempts,
                    "not reviewed"
                );
                let told = (problem.as_str(), row.log.as_str());
                session
                    .fail_review((row.id, mark), told, now, again)
                    .await?;
            }
            (ReviewWork::Comment(row), Went::Failed { problem, again }) => {
                let again = self.again(row.comment_attempts, now).filter(|_| again);
                let problem = cut(&problem);
                tracing::warn!(review = row.id, problem, "the forge was not told");
                let ours = (row.id, mark);
                session.review_not_commented(ours, &problem, again).await?;
            }
        }
        Ok(session.commit().await?)
    }

    /// When to try again what was tried so often.
    fn again(&self, attempts: i64, now: i64) -> Option<i64> {
        let tried = usize::try_from(attempts).unwrap_or(usize::MAX);
        let pause = self.patience.pauses.get(tried.saturating_sub(1))?;
        Some(after(now, *pause))
    }

    /// How often something is tried.
    fn most(&self) -> i64 {
        i64::try_from(self.patience.pauses.len() + 1).unwrap_or(i64::MAX)
    }
}

fn after(now: i64, time: Duration) -> i64 {
    now.saturating_add(i64::try_from(time.as_micros()).unwrap_or(i64::MAX))
}

/// The end of a text, which tells most.
fn cut(text: &str) -> String {
    let start = text.ceil_char_boundary(text.len().saturating_sub(LOG));
    text[start..].to_owned()
}
