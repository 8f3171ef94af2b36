//! What people said of hunks. The latest of each hunk counts; it goes on counting after another push
//! if the hunk is still there.

use crate::StoreError;
use crate::session::{Row, Session, params};

/// What somebody says of a hunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HunkMark {
    /// They read it.
    Seen,
    /// They find it good.
    Fine,
    /// They want to know something.
    Question,
    /// They take back what was said before.
    Unseen,
}

/// Something that somebody said of a hunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkRow {
    /// The hunk.
    pub hunk: String,
    /// The commit that was looked at.
    pub head: String,
    /// What they say.
    pub mark: HunkMark,
    /// In their words.
    pub note: String,
    /// Who.
    pub author: String,
    /// When, in microseconds since 1970.
    pub time: i64,
}

const ADD: &str = "INSERT INTO review_mark (id, review_id, hunk, head, mark, note, author, time) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const ALL: &str = "SELECT hunk, head, mark, note, author, time FROM review_mark \
    WHERE review_id = $1 ORDER BY id";
const MANY: &str = "SELECT count(*) FROM review_mark WHERE review_id = $1";
const COUNTED: &str = "SELECT m.mark, count(*) FROM review_mark m \
    JOIN review_hunk h ON h.review_id = m.review_id AND h.hunk = m.hunk \
    WHERE m.review_id = $1 AND m.id IN (SELECT max(x.id) FROM review_mark x \
    WHERE x.review_id = $1 GROUP BY x.hunk) GROUP BY m.mark";

impl Session {
    /// Adds what somebody says of a hunk.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn mark_hunk(&mut self, review: i64, mark: &MarkRow) -> Result<(), StoreError> {
        let id = self.next_id("SELECT max(id) FROM review_mark").await?;
        let row = params![
            id,
            review,
            mark.hunk.as_str(),
            mark.head.as_str(),
            mark.mark.word(),
            mark.note.as_str(),
            mark.author.as_str(),
            mark.time,
        ];
        self.execute(ADD, row).await?;
        Ok(())
    }

    /// Everything that was said of a review's hunks in the order in which it was, also of those that
    /// are no longer there.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn hunk_marks(&mut self, review: i64) -> Result<Vec<MarkRow>, StoreError> {
        let rows = self.query(ALL, params![review]).await?;
        rows.iter().map(mark).collect()
    }

    /// How much was ever said of a review's hunks.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn hunk_mark_count(&mut self, review: i64) -> Result<i64, StoreError> {
        let row = self.query_one(MANY, params![review]).await?;
        row.map_or(Ok(0), |row| row.int(0))
    }

    /// Of how many of the present hunks what counts.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn counted_marks(&mut self, review: i64) -> Result<Vec<(HunkMark, i64)>, StoreError> {
        let rows = self.query(COUNTED, params![review]).await?;
        rows.iter()
            .map(|row| Ok((HunkMark::of(&row.text(0)?)?, row.int(1)?)))
            .collect()
    }
}

impl HunkMark {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Fine => "fine",
            Self::Question => "question",
            Self::Unseen => "unseen",
        }
    }

    /// What a word means.
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Seen, Self::Fine, Self::Question, Self::Unseen];
        all.into_iter().find(|mark| mark.word() == word)
    }

    fn of(word: &str) -> Result<Self, StoreError> {
        let found = Self::from_word(word);
        found.ok_or_else(|| StoreError::value(format!("{word:?} is no mark of a hunk")))
    }
}

fn mark(row: &Row) -> Result<MarkRow, StoreError> {
    Ok(MarkRow {
        hunk: row.text(0)?,
        head: row.text(1)?,
        mark: HunkMark::of(&row.text(2)?)?,
        note: row.text(3)?,
        author: row.text(4)?,
        time: row.int(5)?,
    })
}
