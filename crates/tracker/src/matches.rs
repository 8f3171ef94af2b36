//! Matching without a database: inventories in memory, feeds streamed past them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io::Read;

use palisade_formats::feed::{FeedContext, FeedHead, FeedKind, FeedSink, RawRecord, Stop};
use palisade_formats::{Reject, nvd};
use palisade_matching::{Claim, Identities, Place, Provenance, Subject, judge, key};
use palisade_model::{
    Advisory, Affected, Confidence, Distribution, Evidence, Inventory, Package, VerdictStatus,
    VulnerabilityId,
};
use serde::Serialize;

use crate::TrackerError;
use crate::derive::feed_name;
use crate::import_feed::identifiers;
use crate::sources::Document;

/// One match: a vulnerability in a package.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MatchRow {
    /// The vulnerability's name.
    pub vulnerability: String,
    /// Other names of it.
    pub aliases: Vec<String>,
    /// The package.
    pub package: String,
    /// The package's version.
    pub version: String,
    /// The source package.
    pub source_package: String,
    /// The verdict.
    pub verdict: VerdictStatus,
    /// How sure it is that the source package is what the records speak of; nothing when only the
    /// package itself names the vulnerability.
    pub identity: Option<Confidence>,
    /// How sure the verdict is.
    pub confidence: Confidence,
    /// The first fixed version, if one is known.
    pub fixed_in: Option<String>,
    /// Why.
    pub evidence: Evidence,
}

/// Inventories against which feeds are matched.
#[derive(Debug, Default)]
pub struct Matcher {
    identities: Identities,
    subjects: Vec<Entry>,
    by_key: HashMap<String, Vec<usize>>,
    /// Which hits each subject has.
    hits: Vec<Vec<usize>>,
    advisories: Vec<Hit>,
    /// CVEs by the other names that records give them.
    cves_by_name: HashMap<String, BTreeSet<String>>,
    names_of_cve: HashMap<String, BTreeSet<String>>,
    known: HashSet<String>,
    /// Records of NVD that an override corrects.
    overruled: HashSet<String>,
    packages: u64,
    records: u64,
}

#[derive(Debug)]
struct Entry {
    subject: Subject,
    branch: Option<String>,
    packages: Vec<(String, String)>,
}

/// An advisory that may concern a subject.
#[derive(Debug)]
struct Hit {
    feed: String,
    record: String,
    cves: Vec<String>,
    aliases: Vec<String>,
    affected: Vec<Affected>,
}

impl Matcher {
    /// A matcher that believes these statements of identity.
    pub fn with(identities: Identities) -> Self {
        Self {
            identities,
            ..Self::default()
        }
    }

    /// Adds an inventory; `distribution` and `branch` are those of its head unless given.
    pub fn add_inventory(
        &mut self,
        inventory: &Inventory,
        distribution: &Distribution,
        branch: Option<&str>,
    ) {
        self.packages += inventory.packages.len() as u64;
        let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
        let mut labelled = HashSet::new();
        for (package, part) in crate::source_packages::with_sources(&inventory.packages) {
            let bytes = crate::encoding::encode(&part);
            let place = *places
                .entry(bytes)
                .or_insert_with(|| self.add_subject(&part, distribution, branch));
            // A source may have very many packages.
            if labelled.insert((place, package.name.as_str(), package.version.as_str())) {
                let label = (package.name.clone(), package.version.clone());
                self.subjects[place].packages.push(label);
            }
        }
    }

    fn add_subject(
        &mut self,
        part: &Package,
        distribution: &Distribution,
        branch: Option<&str>,
    ) -> usize {
        let subject = Subject::of(part, distribution).with(&self.identities);
        let place = self.subjects.len();
        for key in subject.keys() {
            self.by_key.entry(key).or_default().push(place);
        }
        let branch = branch.map(str::to_owned);
        self.subjects.push(Entry {
            subject,
            branch,
            packages: Vec::new(),
        });
        self.hits.push(Vec::new());
        place
    }

    /// How many packages were added, and how many records went past them.
    pub fn counts(&self) -> (u64, u64) {
        (self.packages, self.records)
    }

    /// Streams a document of a feed past the inventories.
    ///
    /// # Errors
    /// When the document cannot be read to its end.
    pub fn read_feed(
        &mut self,
        kind: FeedKind,
        document: &Document,
        context: &FeedContext,
        rejects: &mut dyn FnMut(Reject),
    ) -> Result<(), TrackerError> {
        let open = document.open()?;
        let mut passed_over = Vec::new();
        let mut sink = Sink {
            matcher: self,
            kind,
            feed: String::new(),
            document: open.name.clone(),
            records: 0,
            rejects: Vec::new(),
        };
        document.for_each(
            &open.name,
            open.reader,
            &|member| kind.reads_member(member),
            &mut |name: &str, reader: &mut dyn Read| {
                name.clone_into(&mut sink.document);
                kind.read(name, reader, context, &mut sink)
            },
            &mut |reject| passed_over.push(reject),
        )?;
        sink.rejects.extend(passed_over);
        TrackerError::unless_read(sink.records, &open.name, kind.name(), &sink.rejects)?;
        let records = sink.records as u64;
        sink.rejects.into_iter().for_each(rejects);
        self.records += records;
        Ok(())
    }

    fn take(&mut self, feed: &str, record: String, advisory: Advisory) {
        let (cves, aliases) = identifiers(&advisory);
        for name in &aliases {
            for cve in &cves {
                self.cves_by_name
                    .entry(name.clone())
                    .or_default()
                    .insert(cve.clone());
                self.names_of_cve
                    .entry(cve.clone())
                    .or_default()
                    .insert(name.clone());
            }
        }
        if feed == FeedKind::Nvd.name()
            && advisory.withdrawn.is_none()
            && let Some(corrected) = record.strip_prefix(nvd::OVERRIDE)
        {
            self.overruled.insert(corrected.to_owned());
        }
        let mut keys = key::of_affected(&advisory.affected);
        keys.extend(cves.iter().map(|cve| key::of_vulnerability(cve)));
        let mut subjects: Vec<usize> = keys
            .iter()
            .filter_map(|key| self.by_key.get(key))
            .flatten()
            .copied()
            .collect();
        if subjects.is_empty() || advisory.withdrawn.is_some() {
            return;
        }
        subjects.sort_unstable();
        subjects.dedup();
        self.known.extend(cves.iter().cloned());
        let place = self.advisories.len();
        let affected = advisory.affected.into_iter();
        let affected = affected.map(Affected::with_lists).collect();
        self.advisories.push(Hit {
            feed: feed.to_owned(),
            record,
            cves,
            aliases,
            affected,
        });
        for subject in subjects {
            self.hits[subject].push(place);
        }
    }

    /// The vulnerabilities that a hit is about.
    fn names_of<'a>(&'a self, hit: &'a Hit) -> BTreeSet<&'a str> {
        let own: BTreeSet<&str> = hit.cves.iter().map(String::as_str).collect();
        if !own.is_empty() {
            return own;
        }
        let named = hit
            .aliases
            .iter()
            .filter_map(|name| self.cves_by_name.get(name));
        let named: BTreeSet<&str> = named.flatten().map(String::as_str).collect();
        if !named.is_empty() {
            return named;
        }
        hit.aliases.iter().map(String::as_str).take(1).collect()
    }

    /// Hands over all matches, ordered by source package, vulnerability and package.
    ///
    /// # Errors
    /// What `visit` returns; then the rest is left out.
    pub fn matches<E>(&self, mut visit: impl FnMut(MatchRow) -> Result<(), E>) -> Result<(), E> {
        let mut order: Vec<usize> = (0..self.subjects.len()).collect();
        order.sort_by_key(|&place| {
            let subject = &self.subjects[place].subject;
            (subject.name.as_str(), subject.version.as_str(), place)
        });
        for place in order {
            let entry = &self.subjects[place];
            for (name, hits) in self.groups(entry, &self.hits[place]) {
                self.judge(entry, name, &hits, &mut visit)?;
            }
        }
        Ok(())
    }

    /// What hits a subject, by vulnerability.
    fn groups<'a>(&'a self, entry: &'a Entry, hits: &[usize]) -> BTreeMap<&'a str, Vec<&'a Hit>> {
        let mut groups: BTreeMap<&str, Vec<&Hit>> = BTreeMap::new();
        for hit in hits.iter().map(|&hit| &self.advisories[hit]) {
            for name in self.names_of(hit) {
                groups.entry(name).or_default().push(hit);
            }
        }
        for id in entry.subject.named_vulnerabilities() {
            if self.known.contains(id.as_str()) {
                groups.entry(id.as_str()).or_default();
            }
        }
        groups
    }

    fn judge<E>(
        &self,
        entry: &Entry,
        name: &str,
        hits: &[&Hit],
        visit: &mut impl FnMut(MatchRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let Ok(id) = name.parse::<VulnerabilityId>() else {
            return Ok(());
        };
        let place = Place {
            branch: entry.branch.as_deref(),
        };
        let (mut own, mut graft) = (Vec::new(), Vec::new());
        let stands =
            |hit: &&&Hit| hit.feed != FeedKind::Nvd.name() || !self.overruled.contains(&hit.record);
        for hit in hits.iter().filter(stands) {
            let provenance = Provenance {
                feed: &hit.feed,
                record: &hit.record,
            };
            for affected in &hit.affected {
                own.extend(Claim::of(&entry.subject, affected, provenance, place));
                let replacement = entry.subject.replacement.as_deref();
                graft.extend(replacement.and_then(|it| Claim::of(it, affected, provenance, place)));
            }
        }
        let Some(judgement) = judge(&entry.subject, &[id], own, graft) else {
            return Ok(());
        };
        let verdict = judgement.verdict();
        let mut aliases: BTreeSet<String> = hits
            .iter()
            .flat_map(|hit| hit.aliases.iter().cloned())
            .collect();
        aliases.extend(self.names_of_cve.get(name).into_iter().flatten().cloned());
        aliases.remove(name);
        for (package, version) in &entry.packages {
            visit(MatchRow {
                vulnerability: name.to_owned(),
                aliases: aliases.iter().cloned().collect(),
                package: package.clone(),
                version: version.clone(),
                source_package: entry.subject.name.clone(),
                verdict: verdict.status,
                identity: judgement.identity(),
                confidence: verdict.confidence,
                fixed_in: verdict.fixed_in.clone(),
                evidence: verdict.evidence.clone(),
            })?;
        }
        Ok(())
    }
}

struct Sink<'a> {
    matcher: &'a mut Matcher,
    kind: FeedKind,
    feed: String,
    document: String,
    records: usize,
    rejects: Vec<Reject>,
}

impl FeedSink for Sink<'_> {
    fn begin(&mut self, head: &FeedHead) {
        self.feed = feed_name(self.kind.name(), head.scope.as_deref().unwrap_or_default());
    }

    fn record(&mut self, raw: RawRecord<'_>) -> Result<(), Stop> {
        match self.kind.parse(raw.bytes) {
            Ok(record) => {
                self.records += 1;
                self.matcher.take(&self.feed, record.name, record.advisory);
            }
            Err(bad) => self.rejects.push(Reject {
                document: self.document.clone(),
                place: raw.place,
                id: bad.id,
                reason: bad.reason,
                mended: false,
            }),
        }
        Ok(())
    }

    fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject);
    }
}
