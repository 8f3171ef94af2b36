//! Reviews of merge requests: which there are, and one with its report and what was said of its hunks.

use std::collections::{HashMap, HashSet};

use palisade_model::Timestamp;
use palisade_store::{HunkMark, MarkRow, ReviewRow, ReviewState, Session};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::Views;
use super::types::time;
use crate::TrackerError;
use crate::reviews::{Hunk, Outline};

/// Reviews of merge requests.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ReviewsView {
    /// The reviews, what was asked for last first.
    pub reviews: Vec<ReviewSummary>,
    /// How many are left out before the first.
    pub offset: usize,
    /// The offset with which the list goes on, if it does.
    pub next: Option<usize>,
}

impl ReviewsView {
    /// How many a part of the list has at the most.
    pub const PART: usize = 50;
}

/// A review of a merge request.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ReviewSummary {
    /// Its number here.
    pub id: i64,
    /// The address of the repository.
    pub repository: String,
    /// The request's number there.
    pub number: i64,
    /// The address of its page.
    pub address: String,
    /// Its title.
    pub title: String,
    /// The commit that was pushed last.
    pub head: String,
    /// Who asked for the review, as the forge tells it.
    pub asked_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub asked_at: Timestamp,
    /// How far it is: `queued`, `running`, `done` or `failed`.
    pub state: String,
    /// How often it was begun for this commit.
    pub attempts: i64,
    /// Why it failed the last time.
    pub problem: Option<String>,
    /// The commit of the report that there is: one before, while another was pushed.
    pub report_head: Option<String>,
    /// When that was made.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub reported_at: Option<Timestamp>,
    /// How many hunks it has.
    pub hunks: i64,
    /// How many of them somebody looked at and has no question of.
    pub looked_at: i64,
    /// How many of them somebody has a question of.
    pub questions: i64,
    /// How many critical signals it has.
    pub critical: i64,
    /// How many warnings.
    pub warnings: i64,
    /// How many notes.
    pub notes: i64,
}

/// Something that somebody said of a hunk.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MarkView {
    /// The hunk.
    pub hunk: String,
    /// `seen`, `fine`, `question`, or `unseen` to take back what was said before.
    pub mark: String,
    /// In their words.
    pub note: String,
    /// Who.
    pub author: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// The commit that they looked at.
    pub head: String,
    /// Whether nothing was said of the hunk later.
    pub counts: bool,
    /// Whether the hunk is in the report that there is.
    pub present: bool,
}

/// A review with everything, for programs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReviewView {
    /// The review.
    pub review: ReviewSummary,
    /// By what the hunks of the report are known, in their order.
    pub hunks: Vec<String>,
    /// Everything that was said of hunks, in the order in which it was.
    pub marks: Vec<MarkView>,
    /// The report, as `palisade review patch --format json` prints it.
    #[schema(value_type = Option<Object>)]
    pub report: Option<Box<RawValue>>,
}

/// A review with one page of its hunks, for people.
#[derive(Debug, Clone)]
pub struct ReviewPage {
    /// The review.
    pub review: ReviewSummary,
    /// What is to be told of making the report.
    pub log: String,
    /// Why the forge could not be told.
    pub comment_problem: Option<String>,
    /// What stands above the hunks.
    pub outline: Option<Outline>,
    /// Which page this is, from 0.
    pub page: usize,
    /// Its hunks, each with what was said of it.
    pub hunks: Vec<(Hunk, Vec<MarkView>)>,
    /// What counts of each hunk of the report about which something was said.
    pub counting: HashMap<String, String>,
    /// By what all hunks of the report are known, in their order.
    pub keys: Vec<String>,
}

impl Views {
    /// Reviews, what was asked for last first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn reviews(&self, offset: usize) -> Result<ReviewsView, TrackerError> {
        let mut session = self.store.read().await?;
        let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let mut rows = session
            .reviews(number(ReviewsView::PART + 1), number(offset))
            .await?;
        let next = offset.saturating_add(ReviewsView::PART);
        let next = (rows.len() > ReviewsView::PART).then_some(next);
        rows.truncate(ReviewsView::PART);
        let mut reviews = Vec::with_capacity(rows.len());
        for row in rows {
            reviews.push(summary(&mut session, &row).await?);
        }
        Ok(ReviewsView {
            reviews,
            offset,
            next,
        })
    }

    /// A review with everything.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn review(&self, id: i64) -> Result<Option<ReviewView>, TrackerError> {
        let mut session = self.store.read().await?;
        let Some(row) = session.review(id).await? else {
            return Ok(None);
        };
        let report = session.review_report(id).await?;
        let report = report.map(RawValue::from_string).transpose();
        let hunks = session.review_hunks(id).await?;
        let marks = session.hunk_marks(id).await?;
        Ok(Some(ReviewView {
            review: summary(&mut session, &row).await?,
            marks: said(&marks, &hunks),
            hunks,
            report: report.map_err(unreadable(id))?,
        }))
    }

    /// What stands above the hunks of a review's report, if there is one.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn review_outline(&self, id: i64) -> Result<Option<Outline>, TrackerError> {
        let mut session = self.store.read().await?;
        let outline = session.review_outline(id).await?;
        let outline = outline.map(|it| serde_json::from_str(&it.outline));
        outline.transpose().map_err(unreadable(id))
    }

    /// A review with one page of its hunks; the last one where there are not so many.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn review_page(
        &self,
        id: i64,
        page: usize,
    ) -> Result<Option<ReviewPage>, TrackerError> {
        let mut session = self.store.read().await?;
        let Some(row) = session.review(id).await? else {
            return Ok(None);
        };
        let outline = session.review_outline(id).await?;
        let outline = outline.map(|it| serde_json::from_str::<Outline>(&it.outline));
        let outline = outline.transpose().map_err(unreadable(id))?;
        let pages = outline.as_ref().map_or(0, |outline| outline.pages.len());
        let page = page.min(pages.saturating_sub(1));
        let stored = session
            .review_page(id, i64::try_from(page).unwrap_or(i64::MAX))
            .await?;
        let hunks = stored.map(|text| serde_json::from_str::<Vec<Hunk>>(&text));
        let hunks = hunks.transpose().map_err(unreadable(id))?;
        let keys = session.review_hunks(id).await?;
        let marks = said(&session.hunk_marks(id).await?, &keys);
        let counting = marks.iter().filter(|mark| mark.counts && mark.present);
        let counting = counting.map(|mark| (mark.hunk.clone(), mark.mark.clone()));
        let counting = counting.collect();
        let of = |hunk: Hunk| {
            let own = marks.iter().filter(|mark| mark.hunk == hunk.key);
            let own = own.cloned().collect();
            (hunk, own)
        };
        Ok(Some(ReviewPage {
            review: summary(&mut session, &row).await?,
            log: row.log,
            comment_problem: row.comment_problem,
            outline,
            page,
            hunks: hunks.unwrap_or_default().into_iter().map(of).collect(),
            counting,
            keys,
        }))
    }
}

async fn summary(session: &mut Session, row: &ReviewRow) -> Result<ReviewSummary, TrackerError> {
    let (mut looked_at, mut questions) = (0, 0);
    for (mark, count) in session.counted_marks(row.id).await? {
        match mark {
            HunkMark::Seen | HunkMark::Fine => looked_at += count,
            HunkMark::Question => questions += count,
            HunkMark::Unseen => {}
        }
    }
    let request = row.request.clone();
    let reported_at = row.reported_at.map(time);
    Ok(ReviewSummary {
        id: row.id,
        repository: request.repository,
        number: request.number,
        address: request.address,
        title: request.title,
        head: request.head,
        asked_by: request.asked_by,
        asked_at: time(row.asked_at),
        state: row.state.word().to_owned(),
        attempts: row.attempts,
        problem: row.problem.clone(),
        report_head: row.report_head.clone(),
        reported_at,
        hunks: row.hunks,
        looked_at,
        questions,
        critical: row.critical,
        warnings: row.warnings,
        notes: row.notes,
    })
}

/// What was said, with whether it counts.
fn said(marks: &[MarkRow], present: &[String]) -> Vec<MarkView> {
    let present: HashSet<&str> = present.iter().map(String::as_str).collect();
    let places = marks.iter().enumerate();
    let last: HashMap<&str, usize> = places
        .clone()
        .map(|(place, mark)| (mark.hunk.as_str(), place))
        .collect();
    let views = places.map(|(place, mark)| MarkView {
        hunk: mark.hunk.clone(),
        mark: mark.mark.word().to_owned(),
        note: mark.note.clone(),
        author: mark.author.clone(),
        time: time(mark.time),
        head: mark.head.clone(),
        counts: last.get(mark.hunk.as_str()) == Some(&place),
        present: present.contains(mark.hunk.as_str()),
    });
    views.collect()
}

fn unreadable(review: i64) -> impl Fn(serde_json::Error) -> TrackerError {
    move |source| TrackerError::Review { review, source }
}

impl ReviewSummary {
    /// Whether there is a report, but of another commit than the last one.
    pub fn is_behind(&self) -> bool {
        self.report_head.as_ref().is_some_and(|it| *it != self.head)
    }

    /// Whether it is still to come to its end.
    pub fn is_under_way(&self) -> bool {
        [ReviewState::Queued, ReviewState::Running]
            .iter()
            .any(|state| state.word() == self.state)
    }
}
