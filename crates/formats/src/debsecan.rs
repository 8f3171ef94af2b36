//! What debsecan fetches: a suite's vulnerabilities as the tool reads them
//! (`/tracker/debsecan/release/1/SUITE`).
//!
//! A text, compressed as zlib or not at all (and seen through gzip and the like as all documents
//! are), of three parts with an empty line behind each:
//!
//! ```text
//! VERSION 1
//! CVE-2024-1234,,what it is about                     name, flags, description
//!
//! openssl,0,SHRF,3.2.1-1,3.0.11-1 3.0.13-1~deb12u1    package, line of the name, flags,
//!                                                     version fixed in unstable, other fixed ones
//!
//! openssl,libssl3 openssl                             source package, its binary packages
//! ```
//!
//! The flags of a package: `S` source, `B` binary, blank unknown; urgency `L`, `M`, `H` or blank;
//! `R` remote, blank local, `?` unknown; `F` where the suite has a fix. A version is affected when it
//! is before the one of unstable (or there is none) and not among the others, which are single
//! versions and no bounds: a stable update newer than the file is still called affected, by the tool
//! as here. What Debian holds for unimportant, out of support or never affected is not in the file,
//! so a record that is missing says nothing but that it is no longer told.
//!
//! The file does not name its suite: the context's branch does, or else the document's name. The
//! `GENERIC` list is for all. Names of binary packages are none of source packages; their lines are
//! kept as records that name no product.

use std::borrow::Cow;
use std::io::Read;

use flate2::bufread::ZlibDecoder;
use palisade_model::{
    Advisory, Affected, BranchName, Distribution, Product, RangeScheme, Reference, Span,
    VersionRange, VersionStatus,
};
use palisade_version::Scheme;
use serde::{Deserialize, Serialize};

use crate::container::read_whole;
use crate::debian_tracker::urgency;
use crate::feed::{FeedContext, FeedHead, FeedSink, Record};
use crate::handing::Handing;
use crate::secdb::{is_package_name, shown};
use crate::words::{is_version, note, said};
use crate::{BadRecord, Place, ReadError, limits, releases};

/// Other fixed versions of one package; the kernel has the most, some hundred.
const OTHERS: usize = 20_000;

/// Palisade's own text of a record.
#[derive(Debug, Serialize, Deserialize)]
struct Raw<'a> {
    /// `debian/12`; nothing in the list that is for all suites.
    branch: Option<BranchName>,
    #[serde(borrow)]
    package: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    flags: Cow<'a, str>,
    #[serde(borrow)]
    unstable: Cow<'a, str>,
    #[serde(borrow)]
    others: Cow<'a, str>,
    #[serde(borrow)]
    description: Cow<'a, str>,
}

type Line<'a> = (u64, &'a str);

/// Cuts a document into raw records.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    context: &FeedContext,
    sink: &mut dyn FeedSink,
) -> Result<(), ReadError> {
    let bytes = inflated(document, reader)?;
    let mut handing = Handing::new(document, sink).of_size(bytes.len());
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = (1..).zip(text.split_terminator('\n'));
    if lines.next().is_none_or(|(_, line)| line != "VERSION 1") {
        return Err(handing.malformed("it does not begin with VERSION 1"));
    }
    let branch = branch(document, context).map_err(|reason| handing.malformed(reason))?;
    // A list that was cut off lacks the empty line behind it.
    let (Some(names), Some(packages)) = (part(&mut lines), part(&mut lines)) else {
        return Err(handing.malformed("it ends within its lists"));
    };
    let names: Vec<(&str, &str)> = names.into_iter().map(|(_, line)| named(line)).collect();
    handing.begin(&FeedHead {
        scope: Some(scope(branch.as_ref())),
        complete: true,
        as_of: None,
    });
    for (number, line) in packages {
        match raw(line, &names, branch.as_ref()) {
            Ok(raw) => handing.json(Place::Line(number), &raw)?,
            Err(bad) => handing.pass_over(Place::Line(number), bad),
        }
    }
    Ok(())
}

/// The lines up to the next empty one; `None` when the text ends before it.
fn part<'a>(lines: &mut impl Iterator<Item = Line<'a>>) -> Option<Vec<Line<'a>>> {
    let mut part = Vec::new();
    for (number, line) in lines {
        if line.is_empty() {
            return Some(part);
        }
        part.push((number, line));
    }
    None
}

/// Bytes of a description, which is repeated for each package; the tracker cuts them shorter.
const DESCRIPTION_BYTES: usize = 300;

/// A vulnerability's name and description, from its line.
fn named(line: &str) -> (&str, &str) {
    let mut fields = line.splitn(3, ',');
    let name = fields.next().unwrap_or_default();
    let description = fields.nth(1).unwrap_or_default();
    let end = description.floor_char_boundary(DESCRIPTION_BYTES);
    (name, &description[..end])
}

/// The document without zlib's compression, if it has that.
fn inflated(document: &str, reader: &mut dyn Read) -> Result<Vec<u8>, ReadError> {
    let bytes = read_whole(document, reader, limits::WHOLE_DOCUMENT_BYTES)?;
    match bytes[..] {
        // RFC 1950, 2.2: deflate, and a multiple of 31.
        [method, flags, ..]
            if method & 0x0f == 8 && u16::from_be_bytes([method, flags]).is_multiple_of(31) =>
        {
            let mut decoder = ZlibDecoder::new(&bytes[..]);
            read_whole(document, &mut decoder, limits::WHOLE_DOCUMENT_BYTES)
        }
        _ => Ok(bytes),
    }
}

/// The branch of the suite; `None` for the list that is for all suites.
fn branch(document: &str, context: &FeedContext) -> Result<Option<BranchName>, String> {
    if let Some(branch) = &context.branch {
        return Ok(Some(branch.clone()));
    }
    let file = document.rsplit(['/', '!']).next().unwrap_or_default();
    let mut words = file.split(|c: char| !c.is_ascii_alphanumeric());
    let suite = words.find(|word| *word == "GENERIC" || releases::is_debian(word));
    match suite {
        Some("GENERIC") => Ok(None),
        Some(suite) => BranchName::new(Distribution::debian(), releases::debian(suite))
            .map(Some)
            .map_err(|error| error.to_string()),
        None => Err("it does not say of which suite it is, so its branch must be given".into()),
    }
}

fn scope(branch: Option<&BranchName>) -> String {
    branch.map_or_else(|| Distribution::debian().to_string(), BranchName::to_string)
}

/// The record that a line of the list of packages is.
fn raw<'a>(
    line: &'a str,
    names: &[(&'a str, &'a str)],
    branch: Option<&BranchName>,
) -> Result<Raw<'a>, BadRecord> {
    let mut fields = line.splitn(5, ',');
    let mut next = || fields.next();
    let (Some(package), Some(place), Some(flags), Some(unstable), Some(others)) =
        (next(), next(), next(), next(), next())
    else {
        return Err(BadRecord::new("it has fewer than five fields").of(shown(line)));
    };
    let name = place.parse().ok().and_then(|place: usize| names.get(place));
    let Some((id, description)) = name else {
        let reason = format!("there is no vulnerability {:?}", shown(place));
        return Err(BadRecord::new(reason).of(shown(package)));
    };
    Ok(Raw {
        branch: branch.cloned(),
        package: package.into(),
        id: (*id).into(),
        flags: flags.into(),
        unstable: unstable.into(),
        others: others.into(),
        description: (*description).into(),
    })
}

/// Parses one raw record.
pub fn parse(raw: &[u8]) -> Result<Record, BadRecord> {
    let raw: Raw<'_> = serde_json::from_slice(raw)?;
    let name = format!("{}/{}", shown(&raw.package), shown(&raw.id));
    let bad = |reason: String| BadRecord::new(reason).of(&name);
    if !is_package_name(&raw.package) {
        return Err(bad("its package has no name that packages have".to_owned()));
    }
    let id = raw.id.parse();
    let mut advisory = Advisory::new(id.map_err(|error| bad(format!("{error}")))?);
    advisory.details = said(&raw.description).map(str::to_owned);
    advisory.references = vec![Reference {
        url: format!(
            "https://security-tracker.debian.org/tracker/{}",
            advisory.id
        ),
        tags: Vec::new(),
    }];
    let flag = |place| raw.flags.as_bytes().get(place).copied().unwrap_or(b' ');
    let word = match flag(1) {
        b'L' => "low",
        b'M' => "medium",
        b'H' => "high",
        _ => "",
    };
    advisory.severities = urgency(word).into_iter().collect();
    let ranges = ranges(&raw).map_err(bad)?;
    if flag(0) != b'B' {
        let fix = if flag(3) == b'F' {
            "the suite has a fix"
        } else {
            ""
        };
        // One suite's list says nothing of others.
        let entry = Affected::of_these(product(&raw), ranges).with_note(note([fix]));
        advisory.affected.push(entry);
    }
    let name = format!("{}/{}", raw.package, advisory.id);
    Ok(Record { name, advisory })
}

fn product(raw: &Raw<'_>) -> Product {
    let branch = raw.branch.as_ref();
    Product::Distribution {
        distribution: branch.map_or_else(Distribution::debian, |it| it.distribution().clone()),
        branch: branch.map(|branch| branch.name().to_owned()),
        repository: None,
        name: raw.package.to_string(),
    }
}

fn ranges(raw: &Raw<'_>) -> Result<Vec<VersionRange>, String> {
    let scheme = RangeScheme::stated(Scheme::Deb);
    let unstable = match &*raw.unstable {
        "" => VersionRange::all(VersionStatus::Affected, scheme),
        fixed => VersionRange::affected(Span::before(fixed), scheme),
    };
    let others = raw.others.split(' ').filter(|version| !version.is_empty());
    let versions: Vec<&str> = others.take(OTHERS + 1).collect();
    if versions.len() > OTHERS {
        return Err(format!("it is fixed in more than {OTHERS} versions"));
    }
    let stated = said(&raw.unstable)
        .into_iter()
        .chain(versions.iter().copied());
    if let Some(bad) = stated.into_iter().find(|version| !is_version(version)) {
        return Err(format!("{:?} is no version", shown(bad)));
    }
    let fixed = versions.into_iter().map(|version| VersionRange {
        status: VersionStatus::Unaffected,
        span: Span::Exact(version.to_owned()),
        scheme,
    });
    Ok(std::iter::once(unstable).chain(fixed).collect())
}
