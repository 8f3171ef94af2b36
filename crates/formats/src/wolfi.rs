//! Advisories of Wolfi and Chainguard, schema 2: a package's issues, each with its events.
//!
//! Two forms: the YAML files of the upstream repository, one a package, and JSON of the same, one
//! package a line. A record is what is told of one issue in one package. Events are never taken
//! back, and the latest is the state:
//!
//! | event | here |
//! |---|---|
//! | `fixed` | affected before that version; `0` is "never affected" |
//! | `false-positive-determination` | not affected, with the reason and OpenVEX's word for it |
//! | `true-positive-determination`, `pending-upstream-fix`, `fix-not-planned` | affected |
//! | `detection`, `analysis-not-planned` | not known |
//!
//! Files of schema 1 have another shape and are refused. Which distribution it is, the documents do
//! not say: Wolfi, unless the branch that the context gives is of another.

mod event;

use std::io::Read;

use palisade_model::{
    Advisory, Affected, BranchName, Distribution, Product, RangeScheme, Reference, Span, Timestamp,
    VersionRange, VersionStatus,
};
use palisade_version::Scheme;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::container::read_whole;
use crate::feed::{FeedContext, FeedHead, FeedSink, Record};
use crate::handing::Handing;
use crate::json_records::{Cut, JsonRecords, Text, list, timestamp};
use crate::secdb::{is_package_name, shown};
use crate::words::{is_version, note, said};
use crate::{BadRecord, Place, ReadError, yaml};
use event::{Event, Kind};

/// A package's file, its advisories not yet looked at.
#[derive(Debug, Deserialize)]
struct File {
    #[serde(rename = "schema-version")]
    schema: Option<Value>,
    package: Package,
    #[serde(default)]
    advisories: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
}

/// Palisade's own text of a record.
#[derive(Debug, Serialize)]
struct RawOut<'a> {
    distribution: &'a str,
    package: &'a str,
    advisory: &'a Value,
}

#[derive(Debug, Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    distribution: Text<'a>,
    #[serde(borrow)]
    package: Text<'a>,
    #[serde(borrow)]
    advisory: Told<'a>,
}

/// What is told of one issue.
#[derive(Debug, Deserialize)]
struct Told<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    aliases: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    events: Vec<Event<'a>>,
}

/// Cuts a document into raw records.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    context: &FeedContext,
    sink: &mut dyn FeedSink,
) -> Result<(), ReadError> {
    let given = context.branch.as_ref().map(BranchName::distribution);
    let distribution = given.map_or("wolfi", Distribution::as_str);
    let mut handing = Handing::new(document, sink);
    let head = FeedHead {
        scope: Some(distribution.to_owned()),
        ..FeedHead::default()
    };
    let mut first = [0; 1];
    let length = loop {
        match reader.read(&mut first) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            read => break read.map_err(|error| crate::container::read_error(document, error))?,
        }
    };
    let mut reader = first[..length].chain(reader);
    if matches!(first, [b'{' | b'[']) {
        handing.begin(&head);
        return read_json(document, &mut reader, distribution, &mut handing);
    }
    let bytes = read_whole(document, &mut reader, yaml::BYTES)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| handing.malformed("it is not UTF-8"))?;
    let json = yaml::to_json(document, text)?;
    let file =
        serde_json::from_slice(&json).map_err(|error| handing.malformed(error.to_string()))?;
    handing.begin(&head);
    hand_over(&file, distribution, Place::Whole, &mut handing)
}

fn read_json(
    document: &str,
    reader: &mut dyn Read,
    distribution: &str,
    handing: &mut Handing<'_>,
) -> Result<(), ReadError> {
    let mut files = JsonRecords::new(document, reader, &[]);
    while let Some(cut) = files.next_record()? {
        match cut {
            Cut::PassedOver(place, reason) => handing.pass_over(place, BadRecord::new(reason)),
            Cut::Record(raw) => match serde_json::from_slice::<File>(raw.bytes) {
                Ok(file) => hand_over(&file, distribution, raw.place, handing)?,
                Err(error) => handing.pass_over(raw.place, BadRecord::from(error)),
            },
        }
    }
    Ok(())
}

/// Hands over the advisories of one file.
fn hand_over(
    file: &File,
    distribution: &str,
    place: Place,
    handing: &mut Handing<'_>,
) -> Result<(), ReadError> {
    let package = &file.package.name;
    let bad = |reason: &str| BadRecord::new(reason).of(shown(package));
    if !is_package_name(package) {
        handing.pass_over(place, bad("its name is not that of a package"));
        return Ok(());
    }
    if !is_schema_2(file.schema.as_ref()) {
        handing.pass_over(place, bad("it is not of schema 2"));
        return Ok(());
    }
    let advisories = match &file.advisories {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Array(advisories)) => advisories,
        Some(_) => {
            handing.pass_over(place, bad("its advisories are no list"));
            return Ok(());
        }
    };
    for advisory in advisories {
        let raw = RawOut {
            distribution,
            package,
            advisory,
        };
        handing.json(place, &raw)?;
    }
    Ok(())
}

fn is_schema_2(schema: Option<&Value>) -> bool {
    match schema {
        Some(Value::String(text)) => text == "2" || text.starts_with("2."),
        Some(Value::Number(number)) => number.as_u64() == Some(2),
        _ => false,
    }
}

/// Parses one raw record.
pub fn parse(raw: &[u8]) -> Result<Record, BadRecord> {
    let raw: Raw<'_> = serde_json::from_slice(raw)?;
    let told = &raw.advisory;
    let name = format!("{}/{}", shown(&raw.package), shown(&told.id));
    let bad = |reason: String| BadRecord::new(reason).of(&name);
    let id = told.id.parse();
    let mut advisory = Advisory::new(id.map_err(|error| bad(format!("{error}")))?);
    if !is_package_name(&raw.package) {
        return Err(bad("its package has no name that packages have".to_owned()));
    }
    let mut events = Vec::with_capacity(told.events.len());
    for event in &told.events {
        let time = timestamp(&event.timestamp);
        events.push((
            time.ok_or_else(|| bad("an event has no time".to_owned()))?,
            event,
        ));
    }
    // Of events of one moment the last that is listed counts: the sort keeps their order.
    events.sort_by_key(|(time, _)| *time);
    let Some((modified, latest)) = events.last() else {
        return Err(bad("it has no event".to_owned()));
    };
    advisory.published = events.first().map(|(time, _)| *time);
    advisory.modified = Some(*modified);
    advisory.aliases = told
        .aliases
        .iter()
        .filter_map(|id| id.parse().ok())
        .collect();
    advisory.details = history(&events);
    advisory.references = vec![Reference {
        url: format!("https://images.chainguard.dev/security/{}", advisory.id),
        tags: Vec::new(),
    }];
    let distribution = raw.distribution.parse();
    let product = Product::Distribution {
        distribution: distribution.map_err(|error| bad(format!("{error}")))?,
        branch: None,
        repository: None,
        name: raw.package.to_string(),
    };
    let range = range(latest).map_err(bad)?;
    // Of a fix, the range says it all.
    let note = latest.note().filter(|_| latest.kind() != Some(Kind::Fixed));
    advisory.affected = vec![Affected::of(product, vec![range]).with_note(note)];
    let name = format!("{}/{}", &*raw.package, advisory.id);
    Ok(Record { name, advisory })
}

fn range(latest: &Event<'_>) -> Result<VersionRange, String> {
    let scheme = RangeScheme::stated(Scheme::Apk);
    let all = |status| VersionRange::all(status, scheme);
    Ok(match latest.kind().ok_or_else(|| latest.unknown())? {
        Kind::Fixed if latest.fixed() == "0" => all(VersionStatus::Unaffected),
        Kind::Fixed if is_version(latest.fixed()) => {
            VersionRange::affected(Span::before(latest.fixed()), scheme)
        }
        Kind::Fixed => {
            let version = shown(latest.fixed());
            return Err(format!("it is fixed in {version:?}, which is no version"));
        }
        Kind::FalsePositive => all(VersionStatus::Unaffected),
        Kind::TruePositive | Kind::PendingUpstream | Kind::NoFixPlanned => {
            all(VersionStatus::Affected)
        }
        Kind::Detection | Kind::NoAnalysisPlanned => all(VersionStatus::Unknown),
    })
}

/// The events as lines, for people.
fn history(events: &[(Timestamp, &Event<'_>)]) -> Option<String> {
    /// More than any issue has had by ten times; the latest are told.
    const TOLD: usize = 100;
    let told = &events[events.len().saturating_sub(TOLD)..];
    let lines = told.iter().map(|(time, event)| {
        let day = time.strftime("%Y-%m-%d");
        match event.note() {
            Some(note) => format!("{day}: {note}"),
            None => format!("{day}: {}", shown(&event.kind)),
        }
    });
    said(&lines.collect::<Vec<_>>().join("\n")).map(str::to_owned)
}
