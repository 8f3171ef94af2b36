//! OpenVEX 0.2: documents of statements, each a status of products for one vulnerability.
//!
//! A record is what one document says of one vulnerability. Of statements of the same vulnerability
//! and product in one document the latest counts, by the statement's time or else the document's, and
//! of those of one moment the last. Products are named by package URL, as `@id` or among the
//! `identifiers`, or by CPE. A statement about a product through a `subcomponent` is one about the
//! product: an image that is not affected says nothing of the library in it. What statuses mean is
//! told in `vex`.
//!
//! Documents of one author are one scope; author and role are kept. Documents of 0.0.x, which write
//! vulnerability and products as plain text, are read as well.

mod statement;

use std::collections::{HashMap, HashSet};
use std::io::Read;

use palisade_model::{Advisory, Timestamp, VulnerabilityId};
use serde::{Deserialize, Serialize};

use crate::container::Elements;
use crate::feed::{FeedHead, FeedSink, Record};
use crate::handing::Handing;
use crate::json_records::{Text, timestamp};
use crate::nvd::bad_identifier;
use crate::secdb::shown;
use crate::vex::{Gathered, Known, Platform, Status, each_document, justification};
use crate::words::{note, said};
use crate::{BadRecord, Place, ReadError};
use statement::Statement;

/// Bytes of a document's identifier.
const ID_BYTES: usize = 300;

/// A document as it is written.
#[derive(Debug, Deserialize)]
struct Document<'a> {
    #[serde(borrow, default, rename = "@context")]
    context: Text<'a>,
    #[serde(borrow, default, rename = "@id")]
    id: Text<'a>,
    #[serde(borrow, default)]
    author: Text<'a>,
    #[serde(borrow, default)]
    role: Text<'a>,
    #[serde(borrow, default)]
    timestamp: Text<'a>,
    #[serde(borrow, default)]
    last_updated: Text<'a>,
    #[serde(borrow, default)]
    statements: Elements<'a>,
}

/// Palisade's own text of a record.
#[derive(Debug, Serialize, Deserialize)]
struct Raw {
    /// The document's identifier.
    document: String,
    author: String,
    role: String,
    /// When the latest of the statements was made.
    modified: String,
    vulnerability: String,
    aliases: Vec<String>,
    description: String,
    statements: Vec<Told>,
}

/// A statement, with the products for which no later one counts.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    status: Status,
    /// What it says to people: justification, impact, action, notes.
    words: Option<String>,
    products: Vec<Known>,
}

/// A statement with its time and place, which decide between those of one product.
struct Dated<'s, 'a> {
    time: Option<Timestamp>,
    status: Status,
    statement: &'s Statement<'a>,
}

/// Cuts a document, or several behind each other, into raw records.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    sink: &mut dyn FeedSink,
) -> Result<(), ReadError> {
    each_document(document, reader, sink, |text, handing| {
        let parsed = Document::parse(text)?;
        Ok(hand_over(&parsed, handing))
    })
}

impl<'a> Document<'a> {
    fn parse(text: &'a str) -> Result<Self, BadRecord> {
        let document: Self = serde_json::from_str(text)?;
        if !document.context.starts_with("https://openvex.dev/ns") {
            return Err(BadRecord::new("its context is not OpenVEX's"));
        }
        let id = document.id.trim();
        if id.is_empty() || id.len() > ID_BYTES || id.chars().any(char::is_control) {
            return Err(BadRecord::new("its @id is none"));
        }
        Ok(document)
    }

    fn time(&self) -> Option<Timestamp> {
        timestamp(&self.last_updated).or_else(|| timestamp(&self.timestamp))
    }
}

fn hand_over(document: &Document<'_>, handing: &mut Handing<'_>) -> Result<(), ReadError> {
    let author = note([&*document.author]);
    handing.begin(&FeedHead {
        scope: Some(shown(author.as_deref().unwrap_or("nobody"))),
        complete: false,
        as_of: document.time(),
    });
    let statements = statements(document, handing);
    let mut by_vulnerability: Vec<(&str, u64, Vec<Dated<'_, '_>>)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (index, status, statement) in &statements {
        let name = statement.vulnerability.name();
        let place = *places.entry(name).or_insert_with(|| {
            by_vulnerability.push((name, *index, Vec::new()));
            by_vulnerability.len() - 1
        });
        let time = timestamp(&statement.last_updated)
            .or_else(|| timestamp(&statement.timestamp))
            .or_else(|| document.time());
        by_vulnerability[place].2.push(Dated {
            time,
            status: *status,
            statement,
        });
    }
    for (name, index, dated) in by_vulnerability {
        match raw(document, name, dated) {
            Ok(raw) => handing.json(Place::Index(index), &raw)?,
            Err(bad) => handing.pass_over(Place::Index(index), bad.of(shown(name))),
        }
    }
    Ok(())
}

/// The statements that can be read.
fn statements<'a>(
    document: &Document<'a>,
    handing: &mut Handing<'_>,
) -> Vec<(u64, Status, Statement<'a>)> {
    let mut statements = Vec::new();
    for (index, raw) in (0..).zip(&document.statements.0) {
        let place = Place::Index(index);
        let statement = match serde_json::from_str::<Statement<'_>>(raw.get()) {
            Ok(statement) => statement,
            Err(error) => {
                handing.pass_over(place, BadRecord::from(error));
                continue;
            }
        };
        let name = shown(statement.vulnerability.name());
        let bad = |reason: &str| BadRecord::new(reason).of(&name);
        let status = match statement.status() {
            Ok(status) => status,
            Err(reason) => {
                handing.pass_over(place, bad(&reason));
                continue;
            }
        };
        if statement.count() == 0 {
            handing.pass_over(place, bad("it names no product"));
            continue;
        }
        // Section "Status Justifications": not_affected wants one, or an impact statement.
        let unsaid = statement.justification.is_empty() && statement.impact.is_empty();
        if status == Status::NotAffected && unsaid {
            handing.mend(place, bad("it does not say why it is not affected"));
        }
        statements.push((index, status, statement));
    }
    statements
}

/// The record of one vulnerability: of each product the latest statement.
fn raw(
    document: &Document<'_>,
    vulnerability: &str,
    mut dated: Vec<Dated<'_, '_>>,
) -> Result<Raw, BadRecord> {
    // The sort keeps the order of statements of one moment.
    dated.sort_by_key(|dated| dated.time);
    let mut seen = HashSet::new();
    let mut told = Vec::new();
    for Dated {
        status, statement, ..
    } in dated.iter().rev()
    {
        let meant = statement
            .meant()
            .filter(|meant| seen.insert(meant.key.clone()));
        let products: Vec<Known> = meant.map(|meant| meant.product).collect();
        if !products.is_empty() {
            told.push(Told::of(*status, statement, products));
        }
    }
    if told.is_empty() {
        return Err(BadRecord::new("none of its products can be a package"));
    }
    let times = dated.iter().map(|dated| dated.time);
    let modified = times.chain([document.time()]).flatten().max();
    let described = || {
        dated
            .iter()
            .rev()
            .map(|dated| &dated.statement.vulnerability)
    };
    let aliases = described().flat_map(statement::Vulnerability::aliases);
    let description = described().find_map(|it| said(it.description()));
    let short = |text: &str| note([text]).unwrap_or_default();
    Ok(Raw {
        document: document.id.trim().to_owned(),
        author: short(&document.author),
        role: short(&document.role),
        modified: modified.map_or(String::new(), |time| time.to_string()),
        vulnerability: vulnerability.to_owned(),
        aliases: aliases.take(100).map(|alias| short(alias)).collect(),
        description: description.unwrap_or_default().to_owned(),
        statements: told,
    })
}

impl Told {
    fn of(status: Status, statement: &Statement<'_>, products: Vec<Known>) -> Self {
        let Statement {
            justification,
            impact,
            action,
            status_notes,
            ..
        } = statement;
        let justification = said(justification).map(self::justification);
        let words = [
            justification.as_deref().unwrap_or_default(),
            impact,
            action,
            status_notes,
        ];
        Self {
            status,
            words: note(words),
            products,
        }
    }
}

/// Parses one raw record.
pub fn parse(raw: &[u8]) -> Result<Record, BadRecord> {
    let raw: Raw = serde_json::from_slice(raw)?;
    let id: VulnerabilityId = raw
        .vulnerability
        .parse()
        .map_err(|error| bad_identifier(&raw.vulnerability, &error))?;
    let mut advisory = Advisory::new(id);
    advisory.modified = timestamp(&raw.modified);
    let aliases = raw.aliases.iter().filter_map(|alias| alias.parse().ok());
    advisory.aliases = aliases.filter(|alias| *alias != advisory.id).collect();
    advisory.details = Some(details(&raw));
    let mut gathered = Gathered::default();
    for Told {
        status,
        words,
        products,
    } in raw.statements
    {
        for said in products
            .iter()
            .filter_map(|known| known.said(Platform::None))
        {
            gathered.add(said, status, words.clone());
        }
    }
    advisory.affected = gathered.affected();
    let name = format!("{}/{}", raw.document, advisory.id);
    Ok(Record { name, advisory })
}

/// The description, and who says all this.
fn details(raw: &Raw) -> String {
    let role = said(&raw.role).map(|role| format!(" ({role})"));
    let author = said(&raw.author).unwrap_or("nobody");
    let provenance = format!("{author}{}: {}", role.unwrap_or_default(), raw.document);
    let parts = said(&raw.description).into_iter().chain([&*provenance]);
    parts.collect::<Vec<_>>().join("\n\n")
}
