//! What happened on branches over time: versions of a package, exposures to vulnerabilities, numbers by
//! month and by week, and the report of a month.
//!
//! Everything is judged by what is known today, and told of a time only as far as it could be known
//! then: of the versions that were there, and of the vulnerabilities that were published. What is
//! counted is an exposure, a vulnerability in a package of a branch, however many versions of the
//! package it affects at once.

mod chronicle;
mod ending;
mod exposure;
mod month;
mod numbers;
mod report;
mod report_markdown;
mod series;
mod succession;
mod versions;

pub(super) use self::chronicle::Chronicle;
pub(super) use self::exposure::exposures;

pub use self::exposure::{ExposureKind, ExposureView};
pub use self::month::{InvalidMonth, Month};
pub use self::numbers::OpenNumbers;
pub use self::report::{
    BranchReport, MitigatedView, MonthNumbers, NewView, NewsCounts, OldView, PersonView,
    RemedyCount, ReportAnswer, ReportView, StaysView,
};
pub use self::report_markdown::report_markdown;
pub use self::series::{
    BranchHistoryView, FixTimes, Period, PeriodView, RemedyDays, UnmaintainedPackage,
};
pub use self::versions::{
    BranchVersions, OpenVulnerability, PackageHistoryView, VersionChange, VersionView,
};
