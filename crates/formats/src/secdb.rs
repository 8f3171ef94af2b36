//! Alpine's security database: which version of a package fixes which vulnerabilities.
//!
//! One file speaks of one repository of one branch; Wolfi and others use the same form without
//! naming the branch. It is JSON today and was YAML until 2020, with the same keys. A record here
//! is what a file says of one vulnerability in one package, all versions together. What the
//! entries mean is kept; no versions are compared.
//!
//! A record's ranges read as: *affected below any of them*. The same vulnerability under `1.0-r1`
//! and `2.0-r3` was fixed twice, and the highest counts. Version `0` is Alpine's way to say "never
//! affected" and becomes an unaffected range of all versions; beside another version both ranges
//! stay, and matching decides.

mod document;
mod item;
mod record;

use std::collections::HashMap;
use std::io::Read;

use palisade_model::{BranchName, Distribution};

use crate::container::read_whole;
use crate::feed::{FeedContext, FeedHead, FeedSink, Record};
use crate::handing::Handing;
use crate::{BadRecord, Place, ReadError, Reject, limits, yaml};

pub use document::{Fix, PackageFixes, Secdb, write};
pub(crate) use item::{Item, shown, shown_up_to, split_comment};
pub(crate) use record::{Fixes, Scope, is_kept, is_package_name};
pub use record::{RecordedFix, recorded_fix};

use document::{Listed, Outline};
use record::Report;

/// Cuts a document into raw records, one for each vulnerability in each package.
///
/// The document is the whole of its scope, such as `alpine/v3.17/main`, unless it has no list of
/// packages at all. What the context says counts where the document is silent.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    context: &FeedContext,
    sink: &mut dyn FeedSink,
) -> Result<(), ReadError> {
    let bytes = json(document, reader)?;
    let outline = Outline::parse(document, &bytes)?;
    let mut handing = Handing::new(document, sink);
    let scope = scope(&outline, context, &mut handing)?;
    handing.begin(&FeedHead {
        scope: Some(scope.name()),
        complete: outline.has_list(),
        as_of: None,
    });
    for package in packages(&outline, &mut |place, bad| handing.pass_over(place, bad)) {
        let place = Place::Index(package.index);
        let mut fixes = Fixes::default();
        package.read(&mut fixes, place, &mut handing.report(place));
        fixes.hand_over(&scope, &package.name, &mut handing)?;
    }
    Ok(())
}

/// Parses one raw record, of this module or of [`crate::apkbuild`].
pub fn parse(raw: &[u8]) -> Result<Record, BadRecord> {
    record::parse(raw)
}

impl Secdb {
    /// Reads a file into a structure, in the file's order; bad parts go to `rejects`.
    ///
    /// # Errors
    /// When the file is no secdb, or larger than a document in memory may be.
    pub fn read(
        document: &str,
        reader: &mut dyn Read,
        rejects: &mut dyn FnMut(Reject),
    ) -> Result<Self, ReadError> {
        let bytes = json(document, reader)?;
        let outline = Outline::parse(document, &bytes)?;
        let mut secdb = Self::headed(&outline);
        let mut reject = |place, bad, mended| rejects(Reject::of(document, place, bad, mended));
        for package in packages(&outline, &mut |place, bad| reject(place, bad, false)) {
            let place = Place::Index(package.index);
            let report = &mut |id: String, reason: String, mended| {
                reject(place, BadRecord::new(reason).of(id), mended);
            };
            let fixes = package.secfixes.iter();
            let fixes = fixes
                .flat_map(|raw| document::fixes(&package.name, raw, report))
                .collect();
            secdb.packages.push(PackageFixes {
                name: package.name,
                fixes,
            });
        }
        Ok(secdb)
    }
}

/// A document as JSON, whether it is that or YAML.
fn json(document: &str, reader: &mut dyn Read) -> Result<Vec<u8>, ReadError> {
    let bytes = read_whole(document, reader, limits::WHOLE_DOCUMENT_BYTES)?;
    match yaml_of(&bytes) {
        Some(text) => yaml::to_json(document, text),
        None => Ok(bytes),
    }
}

/// The text of a document that is no JSON but may be YAML, whose first key or mark stands at the
/// beginning of a line.
fn yaml_of(bytes: &[u8]) -> Option<&str> {
    let first = bytes.trim_ascii_start().first()?;
    let may_be = first.is_ascii_lowercase() || matches!(first, b'-' | b'#' | b'%');
    let small = bytes.len() as u64 <= yaml::BYTES;
    std::str::from_utf8(bytes).ok().filter(|_| may_be && small)
}

impl Listed<'_> {
    /// Reads what is said of this package.
    fn read(&self, fixes: &mut Fixes, place: Place, report: &mut Report<'_>) {
        for raw in &self.secfixes {
            for fix in document::fixes(&self.name, raw, report) {
                if is_kept(&self.name, &fix.version, report) {
                    for item in &fix.ids {
                        fixes.add(place, &self.name, &fix.version, item, report);
                    }
                }
            }
        }
    }
}

/// The packages of a document; two entries of one name become one.
fn packages<'a>(
    outline: &Outline<'a>,
    pass_over: &mut dyn FnMut(Place, BadRecord),
) -> Vec<Listed<'a>> {
    let mut packages: Vec<Listed<'a>> = Vec::new();
    let mut by_name: HashMap<String, usize> = HashMap::new();
    for (index, raw) in (0..).zip(outline.elements()) {
        match Listed::parse(index, raw) {
            Ok(package) => {
                if let Some(&earlier) = by_name.get(&package.name) {
                    packages[earlier].secfixes.extend(package.secfixes);
                } else {
                    by_name.insert(package.name.clone(), packages.len());
                    packages.push(package);
                }
            }
            Err(bad) => pass_over(Place::Index(index), bad),
        }
    }
    packages
}

fn scope(
    outline: &Outline<'_>,
    context: &FeedContext,
    handing: &mut Handing<'_>,
) -> Result<Scope, ReadError> {
    let given = context.branch.as_ref();
    let branch = match (&outline.distroversion, given) {
        (Some(name), given) => {
            let distribution =
                given.map_or_else(Distribution::alpine, |b| b.distribution().clone());
            BranchName::new(distribution, name)
                .map_err(|error| handing.malformed(error.to_string()))?
        }
        (None, Some(given)) => given.clone(),
        (None, None) => {
            return Err(handing.malformed("it names no distroversion, so its branch must be given"));
        }
    };
    let repository = outline
        .reponame
        .clone()
        .map(String::from)
        .or(context.repository.clone());
    if let Some(bad) = repository.as_deref().filter(|name| !is_package_name(name)) {
        let reason = format!("{:?} is no name of a repository", shown(bad));
        return Err(handing.malformed(reason));
    }
    let mut differs = |what, says: &str, given: &str| {
        let reason = format!("it says that its {what} is {says}, not {given}");
        handing.mend(Place::Whole, BadRecord::new(reason));
    };
    if let Some(given) = given.filter(|given| **given != branch) {
        differs("branch", branch.name(), given.name());
    }
    if let (Some(says), Some(given)) = (&repository, &context.repository)
        && says != given
    {
        differs("repository", says, given);
    }
    Ok(Scope { branch, repository })
}
