//! Reading for pages, commands and exports: every statement finds its rows through an index, and a
//! list takes only the rows that are shown.
//!
//! What a statement's rows mean to people is decided above, in the tracker's views.

mod branches;
mod listing;
mod packages;
mod search;
mod status;
mod vulnerabilities;

pub use branches::{RepositoryRow, RevisionPoint};
pub use listing::{OpenFindingRow, SourceLabelRow, SourceSpan, VulnerabilityHead};
pub use packages::{PackageRow, PlaceRow, SourceRow};
pub use search::ScoredName;
pub use status::{EventRow, FeedRow, Generation, ImportRow};
pub use vulnerabilities::{AdvisoryRecord, EpssScore, VulnerabilityFindingRow, VulnerabilityRow};

/// A statement with one list of numbers among its parameters, in both dialects.
macro_rules! with_numbers {
    ($before:literal, $list:literal, $after:literal) => {
        crate::session::Dialect {
            sqlite: concat!(
                $before,
                " IN (SELECT value FROM json_each(",
                $list,
                "))",
                $after
            ),
            postgres: concat!(
                $before,
                " = ANY (ARRAY(SELECT value::bigint FROM jsonb_array_elements_text(",
                $list,
                "::jsonb)))",
                $after
            ),
        }
    };
}

/// A statement with one list of texts among its parameters, in both dialects.
macro_rules! with_texts {
    ($before:literal, $list:literal, $after:literal) => {
        crate::session::Dialect {
            sqlite: concat!(
                $before,
                " IN (SELECT value FROM json_each(",
                $list,
                "))",
                $after
            ),
            postgres: concat!(
                $before,
                " = ANY (ARRAY(SELECT value FROM jsonb_array_elements_text(",
                $list,
                "::jsonb)))",
                $after
            ),
        }
    };
}

use {with_numbers, with_texts};
