//! Where everything comes from: feeds, imports, and what was passed over.

use palisade_model::Timestamp;
use palisade_store::{ImportRow, StoredReject};
use serde::Serialize;
use utoipa::ToSchema;

use super::Views;
use super::types::time;
use crate::TrackerError;

/// Imports that are told.
const IMPORTS: i64 = 50;

/// Feeds and imports.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FeedsView {
    /// The feeds.
    pub feeds: Vec<FeedSummary>,
    /// The latest imports, newest first.
    pub imports: Vec<ImportSummaryView>,
}

/// A feed.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FeedSummary {
    /// The format.
    pub kind: String,
    /// The part of the world its documents speak of, empty if it is all of it.
    pub scope: String,
    /// How many records are stored.
    pub records: i64,
    /// As of when it speaks, if it says so.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub as_of: Option<Timestamp>,
    /// When it was last imported with a change.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub imported_at: Option<Timestamp>,
}

/// An import in numbers.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ImportSummaryView {
    /// Its number.
    pub number: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// The format.
    pub kind: String,
    /// What was read.
    pub document: String,
    /// Of what it spoke, empty where that is not known.
    pub about: String,
    /// Records read.
    pub records: i64,
    /// Records that were not stored before.
    pub added: i64,
    /// Records that replaced an earlier version of themselves.
    pub changed: i64,
    /// Records that are no longer there.
    pub withdrawn: i64,
    /// Records passed over or mended.
    pub rejected: i64,
    /// What has to be told of it beside numbers.
    pub remark: Option<String>,
}

/// An import with what it passed over or mended.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ImportView {
    /// The import.
    pub import: ImportSummaryView,
    /// How many are left out before the first.
    pub offset: usize,
    /// What was passed over or mended.
    pub rejects: Vec<RejectView>,
}

/// A record that was passed over or mended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RejectView {
    /// The document.
    pub document: String,
    /// Where in the document.
    pub place: String,
    /// The record's identifier.
    pub record: Option<String>,
    /// Why.
    pub reason: String,
    /// Whether it was used in spite of it.
    pub mended: bool,
}

impl Views {
    /// Feeds and imports.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn feeds(&self) -> Result<FeedsView, TrackerError> {
        let mut reading = self.reading().await?;
        let feeds = self.cache.feeds(&mut reading).await?;
        let imports = reading.session.imports(IMPORTS).await?;
        let feeds = feeds.iter().map(|row| FeedSummary {
            kind: row.kind.clone(),
            scope: row.scope.clone(),
            records: row.records,
            as_of: row.as_of.map(time),
            imported_at: row.imported_at.map(time),
        });
        Ok(FeedsView {
            feeds: feeds.collect(),
            imports: imports.into_iter().map(import_summary).collect(),
        })
    }

    /// An import with a part of what it passed over. `None` when there is no such import.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn import(
        &self,
        number: i64,
        limit: usize,
        offset: usize,
    ) -> Result<Option<ImportView>, TrackerError> {
        let mut reading = self.reading().await?;
        let Some(row) = reading.session.import(number).await? else {
            return Ok(None);
        };
        let part = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let rejects = reading
            .session
            .rejects(number, part(offset), part(limit))
            .await?;
        Ok(Some(ImportView {
            import: import_summary(row),
            offset,
            rejects: rejects.into_iter().map(reject).collect(),
        }))
    }
}

pub(super) fn import_summary(row: ImportRow) -> ImportSummaryView {
    ImportSummaryView {
        number: row.id,
        time: time(row.time),
        kind: row.kind,
        document: document_name(&row.document),
        about: row.about,
        remark: row.remark,
        records: row.records,
        added: row.added,
        changed: row.changed,
        withdrawn: row.withdrawn,
        rejected: row.rejected,
    }
}

fn reject(reject: StoredReject) -> RejectView {
    RejectView {
        document: document_name(&reject.document),
        place: reject.place,
        record: reject.record,
        reason: reject.reason,
        mended: reject.mended,
    }
}

/// A document's name without the folders in which a machine keeps it; those within an archive, which
/// stand behind `!`, say something.
fn document_name(document: &str) -> String {
    let (path, member) = match document.split_once('!') {
        Some((path, member)) => (path, Some(member)),
        None => (document, None),
    };
    let file = path.rsplit('/').next().unwrap_or(path);
    member.map_or_else(|| file.to_owned(), |member| format!("{file}!{member}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_a_machine_are_not_told() {
        assert_eq!(
            document_name("/srv/feeds/a.tar!3.10/main.json"),
            "a.tar!3.10/main.json"
        );
        assert_eq!(document_name("kev.json"), "kev.json");
    }
}
