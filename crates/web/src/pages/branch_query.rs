//! What is asked of a branch, as it stands in the address: which findings, and in which order.

use palisade_model::{BranchName, Confidence, Level};
use palisade_tracker::views::{
    Cursor, FindingFilter, FindingQuery, LevelFilter, MaintainerFilter, Sort, StatusFilter,
};

use super::Address;
use crate::error::WebError;
use crate::format::Format;
use crate::parameters::Parameters;
use crate::words::branch_address;

/// Findings of a page, and of an answer for programs, unless asked otherwise.
const LIMITS: (usize, usize) = (50, 200);

/// Findings at the most; a table for spreadsheets has them all.
const MOST: usize = 1000;

/// What stands for the packages that nobody maintains.
pub(crate) const NOBODY: &str = "none";

const STATUSES: [(&str, StatusFilter); 3] = [
    ("affected", StatusFilter::Affected),
    ("under_investigation", StatusFilter::UnderInvestigation),
    ("open", StatusFilter::Open),
];
const LEVELS: [(&str, Level); 4] = [
    ("low", Level::Low),
    ("medium", Level::Medium),
    ("high", Level::High),
    ("critical", Level::Critical),
];
const EXACT_LEVELS: [(&str, LevelFilter); 5] = [
    ("critical", LevelFilter::Critical),
    ("high", LevelFilter::High),
    ("medium", LevelFilter::Medium),
    ("low", LevelFilter::Low),
    ("unrated", LevelFilter::Unrated),
];
/// Words of SSVC's decision point `exploitation`.
const SSVC: [(&str, &str); 3] = [("active", "active"), ("poc", "poc"), ("none", "none")];
const CONFIDENCES: [(&str, Confidence); 3] = [
    ("possible", Confidence::Possible),
    ("likely", Confidence::Likely),
    ("certain", Confidence::Certain),
];
const SORTS: [(&str, Sort); 5] = [
    ("score", Sort::Score),
    ("epss", Sort::Epss),
    ("package", Sort::Package),
    ("newest", Sort::Newest),
    ("oldest", Sort::Oldest),
];

/// What was asked, as it stands in the address.
pub(crate) struct Asked {
    pub(crate) query: FindingQuery,
    pub(crate) revision: Option<String>,
    /// The list's address, of whatever part of it is shown.
    pub(crate) address: Address,
    pub(crate) status: Option<&'static str>,
    pub(crate) minimum_level: Option<&'static str>,
    pub(crate) level: Option<&'static str>,
    pub(crate) confidence: Option<&'static str>,
    pub(crate) sort: Option<&'static str>,
    pub(crate) epss: Option<String>,
    pub(crate) maintainer: Option<String>,
}

impl Asked {
    pub(crate) fn of(
        mut parameters: Parameters,
        branch: &BranchName,
        format: Format,
    ) -> Result<Self, WebError> {
        let revision = parameters.text("revision")?;
        let status = parameters.choice("status", &STATUSES)?;
        let minimum_level = parameters.choice("minimum_level", &LEVELS)?;
        let level = parameters.choice("level", &EXACT_LEVELS)?;
        let confidence = parameters.choice("confidence", &CONFIDENCES)?;
        let sort = parameters.choice("sort", &SORTS)?;
        let epss = parameters.percentage("epss")?;
        let maintainer = parameters.text("maintainer")?;
        let filter = FindingFilter {
            status: status.unwrap_or_default(),
            scorer: parameters.text("scorer")?,
            minimum_level,
            level,
            minimum_confidence: confidence,
            exploited: parameters.choice("exploited", &[("yes", ())])?.is_some(),
            minimum_epss: epss.as_ref().map(|(_, share)| *share),
            ssvc: parameters.choice("ssvc", &SSVC)?.map(str::to_owned),
            maintainer: maintainer.clone().map(|name| match name.as_str() {
                NOBODY => MaintainerFilter::Nobody,
                _ => MaintainerFilter::Named(name),
            }),
            fixable: parameters.choice("fixable", &[("yes", ())])?.is_some(),
            package: parameters.text("package")?,
            text: parameters.text("q")?,
        };
        let limit = parameters.number("limit", 1..=MOST)?;
        let offset = parameters.number("offset", 0..=1_000_000)?.unwrap_or(0);
        let after = cursor(&mut parameters, sort.unwrap_or_default())?;
        parameters.finish()?;
        let mut asked = Self {
            address: Address::of(branch_address(branch)),
            query: FindingQuery {
                filter,
                sort: sort.unwrap_or_default(),
                limit: limit.unwrap_or_else(|| usual(format)),
                offset,
                after,
            },
            revision,
            status: status.and_then(|it| word(&STATUSES, &it)),
            minimum_level: minimum_level.and_then(|it| word(&LEVELS, &it)),
            level: level.and_then(|it| word(&EXACT_LEVELS, &it)),
            confidence: confidence.and_then(|it| word(&CONFIDENCES, &it)),
            sort: sort.and_then(|it| word(&SORTS, &it)),
            epss: epss.map(|(text, _)| text),
            maintainer,
        };
        asked.address = asked.full_address(limit);
        Ok(asked)
    }

    fn full_address(&self, limit: Option<usize>) -> Address {
        let filter = &self.query.filter;
        let yes = |flag: bool| flag.then_some("yes");
        let limit = limit.map(|limit| limit.to_string());
        let address = self.address.clone();
        address
            .with("revision", self.revision.as_deref())
            .with("status", self.status)
            .with("scorer", filter.scorer.as_deref())
            .with("minimum_level", self.minimum_level)
            .with("level", self.level)
            .with("confidence", self.confidence)
            .with("epss", self.epss.as_deref())
            .with("ssvc", filter.ssvc.as_deref())
            .with("exploited", yes(filter.exploited))
            .with("fixable", yes(filter.fixable))
            .with("maintainer", self.maintainer.as_deref())
            .with("package", filter.package.as_deref())
            .with("q", filter.text.as_deref())
            .with("sort", self.sort)
            .with("limit", limit.as_deref())
    }

    /// Whether anything but the order and the revision is asked for.
    pub(crate) fn is_filtered(&self) -> bool {
        let filter = &self.query.filter;
        let words = [
            self.status,
            self.minimum_level,
            self.level,
            self.confidence,
            self.epss.as_deref(),
            self.maintainer.as_deref(),
            filter.scorer.as_deref(),
            filter.ssvc.as_deref(),
            filter.package.as_deref(),
            filter.text.as_deref(),
        ];
        filter.exploited || filter.fixable || words.iter().any(Option::is_some)
    }
}

/// How many findings an answer has, unless asked otherwise: a spreadsheet has them all.
fn usual(format: Format) -> usize {
    match format {
        Format::Html | Format::Markdown => LIMITS.0,
        Format::Json | Format::Atom => LIMITS.1,
        Format::Csv | Format::Lines => usize::MAX,
    }
}

fn cursor(parameters: &mut Parameters, sort: Sort) -> Result<Option<Cursor>, WebError> {
    let Some(text) = parameters.token("after")? else {
        return Ok(None);
    };
    let cursor: Cursor = text
        .parse()
        .map_err(|error| WebError::NotFound(format!("after: {error}")))?;
    if cursor.sort() == sort {
        Ok(Some(cursor))
    } else {
        let reason = "after: this place is one of a list in another order";
        Err(WebError::NotFound(reason.to_owned()))
    }
}

fn word<T: PartialEq>(words: &[(&'static str, T)], value: &T) -> Option<&'static str> {
    words
        .iter()
        .find(|(_, known)| known == value)
        .map(|(word, _)| *word)
}

pub(crate) const STATUS_LABELS: [(&str, &str); 3] = [
    ("affected", "Affected"),
    ("under_investigation", "Under investigation"),
    ("open", "Both"),
];
pub(crate) const LEVEL_LABELS: [(&str, &str); 5] = [
    ("", "Any"),
    ("low", "Low or worse"),
    ("medium", "Medium or worse"),
    ("high", "High or worse"),
    ("critical", "Critical"),
];
pub(crate) const CONFIDENCE_LABELS: [(&str, &str); 4] = [
    ("", "Any"),
    ("possible", "Possible or better"),
    ("likely", "Likely or better"),
    ("certain", "Certain"),
];
pub(crate) const SORT_LABELS: [(&str, &str); 5] = [
    ("score", "Worst score"),
    ("epss", "Most probably exploited"),
    ("package", "Package"),
    ("newest", "Newest"),
    ("oldest", "Longest known"),
];
pub(crate) const SSVC_LABELS: [(&str, &str); 4] = [
    ("", "Any"),
    ("active", "Active"),
    ("poc", "Proof of concept"),
    ("none", "None known"),
];
pub(crate) const EPSS_LABELS: [(&str, &str); 5] = [
    ("", "Any"),
    ("1", "1 % or more"),
    ("10", "10 % or more"),
    ("50", "50 % or more"),
    ("90", "90 % or more"),
];
