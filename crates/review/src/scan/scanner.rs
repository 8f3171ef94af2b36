//! The scan of a change: every file that was added or changed meets the rules and the detectors,
//! what the old side said already falls away, and what supports each other is raised.

use std::collections::{BTreeMap, HashMap, HashSet};

use bstr::{BString, ByteSlice};
use rayon::prelude::*;

use super::correlate::correlate;
use super::lines::{Known, Text, normalised};
use super::m4::KnownBlobs;
use super::view::{Catalogue, Found, Sheet, View, excerpt, is_text};
use super::world::{World, same_content};
use super::yara::Yara;
use super::{
    binary, encoded, hardening, keys, layout, lock, m4, packages, pinned, prerequisite, probe,
    repository, tests_off, unicode, vendored, weakened, workflow,
};
use crate::odd;
use crate::patch::Touched;
use crate::rules::{Compiled, Hit, Pack, RuleError, builtin};
use crate::signal::{Severity, Signal};
use crate::tree::{Kind, Tree};

/// Recipes of one change that are read as such.
const RECIPES: usize = 200;

/// So much of a line tells that it is the same line, edited.
const BEGINNING: usize = 20;

/// A text is scanned up to here; what is longer is told.
const LARGEST: usize = 64 << 20;

/// The trees of one change.
#[derive(Clone, Copy)]
pub struct Materials<'a> {
    /// What was there before; none when a tree is looked at by itself.
    pub old: Option<&'a Tree>,
    /// What there is now.
    pub new: &'a Tree,
    /// What version control says that there should be.
    pub git: Option<&'a Tree>,
    /// Old and new names of files that were renamed and changed; equal contents are found here.
    pub renames: &'a [(BString, BString)],
    /// Contents that upstreams of build tools published.
    pub known: Option<&'a dyn KnownBlobs>,
}

impl<'a> Materials<'a> {
    /// A change without renames, version control or known contents.
    pub fn of(old: Option<&'a Tree>, new: &'a Tree) -> Self {
        Self {
            old,
            new,
            git: None,
            renames: &[],
            known: None,
        }
    }
}

/// Which rules looked.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PackId {
    /// The pack's name.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// BLAKE3 of its file.
    pub digest: String,
}

/// What a scan found.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    /// What is new, the worst first.
    pub signals: Vec<Signal>,
    /// How many were found that the old side had too.
    pub unchanged: usize,
    /// Which rules looked.
    pub packs: Vec<PackId>,
}

/// Rules, ready to scan any number of changes.
pub struct Scanner {
    packs: Vec<Pack>,
    compiled: Compiled,
    catalogue: Catalogue,
    yara: Option<Yara>,
}

impl Scanner {
    /// The rules that come with Palisade.
    pub fn builtin() -> Result<Self, RuleError> {
        Self::with(Vec::new())
    }

    /// The rules that come with Palisade, and others.
    pub fn with(own: Vec<Pack>) -> Result<Self, RuleError> {
        let mut packs = builtin()?;
        packs.extend(own);
        Ok(Self {
            compiled: Compiled::of(&packs)?,
            catalogue: Catalogue::of(&packs),
            packs,
            yara: None,
        })
    }

    /// The same with packs of YARA rules.
    #[must_use]
    pub fn and(mut self, yara: Yara) -> Self {
        self.yara = Some(yara);
        self
    }

    /// All packs.
    pub fn packs(&self) -> &[Pack] {
        &self.packs
    }

    /// Looks at a change.
    pub fn scan(&self, materials: Materials<'_>) -> Scan {
        let world = World::of(materials.old, materials.new, materials.renames);
        let changed: Vec<_> = world.changed().collect();
        let moved = Known::of_all(
            world
                .removed()
                .map(|file| &*file.content.bytes)
                .filter(|bytes| is_text(bytes)),
        );
        let (mut signals, mut unchanged) = changed
            .into_par_iter()
            .map(|(new, old)| self.file(&View::of(new, old), &world, &moved, materials.known))
            .reduce(
                || (Vec::new(), 0),
                |(mut all, count), (some, more)| {
                    all.extend(some);
                    (all, count + more)
                },
            );
        signals.extend(self.whole(&world, materials));
        let (own, known) = of_tree(materials);
        signals.extend(own);
        unchanged += known;
        one_each(&mut signals);
        correlate(&mut signals);
        let mut signals = gathered(signals);
        told_once(&mut signals);
        signals.extend(self.yara.iter().flat_map(Yara::broken));
        signals.sort_by(|a, b| {
            (b.severity, b.specificity)
                .cmp(&(a.severity, a.specificity))
                .then_with(|| (&a.path, a.line, a.rule).cmp(&(&b.path, b.line, b.rule)))
        });
        let packs = self
            .packs
            .iter()
            .map(|pack| PackId {
                name: pack.name.clone(),
                version: pack.version,
                digest: pack.digest.clone(),
            })
            .collect();
        Scan {
            signals,
            unchanged,
            packs,
        }
    }

    /// What is about the change as a whole.
    fn whole(&self, world: &World<'_>, materials: Materials<'_>) -> Vec<Signal> {
        let mut sheet = Sheet::of(&self.catalogue);
        vendored::detect(world, &mut sheet);
        tests_off::removed(world, &mut sheet);
        sheet.signals.extend(of_recipes(world));
        if let Some(git) = materials.git {
            super::against_git::detect(materials.new, git, &mut sheet);
        }
        sheet.signals
    }

    /// What one file shows, and how much of it the old side showed too.
    fn file(
        &self,
        view: &View<'_>,
        world: &World<'_>,
        moved: &Known,
        known: Option<&dyn KnownBlobs>,
    ) -> (Vec<Signal>, usize) {
        let mut sheet = Sheet::of(&self.catalogue);
        repository::detect(view, &mut sheet);
        let unchanged_content = view.old.is_some_and(|old| same_content(old, view.new));
        let published = known.is_some_and(|known| {
            view.new.kind == Kind::Regular && known.contains(&view.new.content.blob)
        });
        if unchanged_content || published {
            return (sheet.signals, 0);
        }
        if view.bytes().len() > LARGEST {
            let detail = "no rule looked into it";
            let mut unread =
                odd::TOO_LARGE.signal(view.path.to_owned(), BString::default(), detail);
            unread.severity = Severity::Warning;
            sheet.signals.push(unread);
            return (sheet.signals, 0);
        }
        unicode::detect(view, &mut sheet);
        layout::detect(view, world, &mut sheet);
        binary::detect(view, world, &mut sheet);
        encoded::detect(view, &mut sheet);
        m4::detect(view, known, &mut sheet);
        probe::detect(view, &mut sheet);
        lock::detect(view, &mut sheet);
        packages::detect(view, &mut sheet);
        keys::detect(view, &mut sheet);
        hardening::detect(view, world, &mut sheet);
        tests_off::detect(view, &mut sheet);
        workflow::detect(view, &mut sheet);
        pinned::detect(view, &mut sheet);
        prerequisite::detect(view, &mut sheet);
        weakened::detect(view, world, &mut sheet);
        build_change(view, &mut sheet);
        let mut signals = sheet.signals;
        let mut unchanged = self.patterns(view, world, moved, &mut signals);
        if let Some(yara) = &self.yara {
            let (found, known) = yara.scan(view);
            signals.extend(found);
            unchanged += known;
        }
        (signals, unchanged)
    }

    fn patterns(
        &self,
        view: &View<'_>,
        world: &World<'_>,
        moved: &Known,
        signals: &mut Vec<Signal>,
    ) -> usize {
        let Some(text) = &view.text else { return 0 };
        let hits = self.compiled.hits(view.path, view.place, text);
        if hits.is_empty() {
            return 0;
        }
        let before = Before::of(view, self);
        let mut unchanged = 0;
        for hit in hits {
            if before.as_ref().is_some_and(|before| before.had(&hit, text)) {
                unchanged += 1;
                continue;
            }
            let mut signal = signal(view, text, &hit);
            // What only moved here from a file that is gone is not new, but the place is.
            let lines = text.slice(&text.lines[hit.line]);
            if view.old.is_none() && lines.lines().all(|line| moved.has(line)) {
                signal.severity = Severity::Note;
                signal
                    .why
                    .push_str("; the line stood in a file that is gone");
            } else if before
                .as_ref()
                .is_some_and(|before| before.began(&hit, text))
            {
                signal.severity = Severity::Note;
                signal
                    .why
                    .push_str("; the line did so before it was edited");
            } else if signal.severity > Severity::Note && is_capability(hit.rule) {
                let said = &text.bytes[hit.start..hit.end.min(text.bytes.len())];
                if let Some(path) = world.said_before(view.place.role, said) {
                    signal.severity = Severity::Note;
                    signal.why = format!("{}; {path} said so before", signal.why);
                }
            }
            signals.push(signal);
        }
        unchanged
    }
}

/// What a program can do by its nature, such as asking an agent for keys: one that did so before may
/// do so in another file. What runs while it is built is never taken for granted.
fn is_capability(rule: &str) -> bool {
    matches!(rule, "credentials-read" | "tls-verification-disabled")
}

/// What the old side of a file showed to the same rules.
struct Before {
    plain: Vec<u8>,
    keys: HashSet<(&'static str, Vec<u8>)>,
    /// How lines began that a rule found: one that was edited begins as it did.
    starts: HashSet<(&'static str, Vec<u8>)>,
}

impl Before {
    fn of(view: &View<'_>, scanner: &Scanner) -> Option<Self> {
        let old = view.old_bytes();
        if old.is_empty() || !is_text(old) {
            return None;
        }
        let text = Text::of(old, view.place.language, None);
        let hits = scanner.compiled.hits(view.path, view.place, &text);
        Some(Self {
            plain: squeezed(old),
            keys: hits.iter().map(|hit| key(hit, &text)).collect(),
            starts: hits.iter().filter_map(|hit| start(hit, &text)).collect(),
        })
    }

    /// True where a line that began the same did the same.
    fn began(&self, hit: &Hit, text: &Text<'_>) -> bool {
        start(hit, text).is_some_and(|start| self.starts.contains(&start))
    }

    /// True where the same stood there before, however it was laid out.
    fn had(&self, hit: &Hit, text: &Text<'_>) -> bool {
        let line = squeezed(text.slice(&text.lines[hit.line]));
        line.len() >= 16 && self.plain.contains_str(&line) || self.keys.contains(&key(hit, text))
    }
}

/// What makes a finding the same as another: the rule and the text, versions apart.
fn key(hit: &Hit, text: &Text<'_>) -> (&'static str, Vec<u8>) {
    let matched = normalised(&text.bytes[hit.start..hit.end.min(text.bytes.len())]);
    let said = if matched.len() >= 12 {
        matched
    } else {
        normalised(text.slice(&text.lines[hit.line]))
    };
    (hit.rule, said)
}

/// How the line of a finding begins; nothing where it is too short to tell it from others.
fn start(hit: &Hit, text: &Text<'_>) -> Option<(&'static str, Vec<u8>)> {
    let line = normalised(text.slice(&text.lines[hit.line]));
    (line.len() > BEGINNING).then(|| (hit.rule, line[..BEGINNING].to_vec()))
}

fn squeezed(bytes: &[u8]) -> Vec<u8> {
    bytes
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .copied()
        .collect()
}

fn signal(view: &View<'_>, text: &Text<'_>, hit: &Hit) -> Signal {
    let mut severity = hit.severity;
    // A script inside an archive of the tests was put where nobody looks.
    if view.place.nested && severity > Severity::Note {
        severity = severity.max(Severity::Warning);
    }
    Signal {
        rule: hit.rule,
        severity,
        specificity: hit.specificity,
        path: view.path.to_owned(),
        line: Some(text.number_at(hit.start)),
        excerpt: excerpt(text.statement(hit.line)),
        why: hit.why.clone(),
    }
}

/// Changed lines of a build script that run something: what a reader wants to see first.
fn build_change(view: &View<'_>, sheet: &mut Sheet<'_>) {
    if let Some((number, line)) = super::against_git::commands(view).next()
        && view.old.is_some()
    {
        sheet.raise(
            "build-system-change",
            view.path,
            Found::at(number, line).severity(Severity::Note),
        );
    }
}

/// What changed in a distribution's recipes: another host, another digest for the same version.
fn of_recipes(world: &World<'_>) -> Vec<Signal> {
    let changed = world.changed().filter_map(|(new, old)| {
        let is_recipe = new.path.ends_with(b"APKBUILD") || new.path.ends_with(b".scm");
        let (new, old) = (new, old.filter(|_| is_recipe)?);
        let both = is_text(&new.content.bytes) && is_text(&old.content.bytes);
        both.then(|| Touched {
            path: new.path.clone(),
            before: Some(old.content.bytes.to_vec()),
            after: Some(new.content.bytes.to_vec()),
            mode: None,
            is_binary: false,
            is_partial: false,
        })
    });
    let touched: Vec<Touched> = changed.take(RECIPES).collect();
    let pairs = crate::patch::pairs(&touched);
    pairs.iter().flat_map(|pair| pair.signals(&pairs)).collect()
}

/// What is odd about the new tree itself and was not about the old one.
fn of_tree(materials: Materials<'_>) -> (Vec<Signal>, usize) {
    let same =
        |a: &Signal, b: &Signal| a.rule == b.rule && a.path == b.path && a.excerpt == b.excerpt;
    let old = materials.old.map_or(&[][..], |old| &old.signals);
    let (known, new): (Vec<&Signal>, Vec<&Signal>) = materials
        .new
        .signals
        .iter()
        .partition(|signal| old.iter().any(|before| same(before, signal)));
    (new.into_iter().cloned().collect(), known.len())
}

/// One signal for each rule and file: the worst, which says how many more there are.
fn gathered(signals: Vec<Signal>) -> Vec<Signal> {
    let mut by_file: BTreeMap<(BString, &'static str), (Signal, usize)> = BTreeMap::new();
    for signal in signals {
        let key = (signal.path.clone(), signal.rule);
        match by_file.get_mut(&key) {
            None => {
                by_file.insert(key, (signal, 0));
            }
            Some((kept, more)) => {
                *more += 1;
                if (signal.severity, std::cmp::Reverse(signal.line))
                    > (kept.severity, std::cmp::Reverse(kept.line))
                {
                    *kept = signal;
                }
            }
        }
    }
    by_file
        .into_values()
        .map(|(mut signal, more)| {
            if more > 0 {
                signal.why = format!("{}; {more} more in this file", signal.why);
            }
            signal
        })
        .collect()
}

/// Of alarms that say the same of several files (a template and what is made from it, a script for
/// each system) the first stays, and the others are notes that name it.
fn told_once(signals: &mut [Signal]) {
    signals.sort_by(|a, b| (b.severity, &a.path).cmp(&(a.severity, &b.path)));
    let mut told: HashMap<(&'static str, Vec<u8>), BString> = HashMap::new();
    for signal in signals
        .iter_mut()
        .filter(|signal| signal.severity > Severity::Note && !signal.excerpt.is_empty())
    {
        let key = (signal.rule, super::lines::normalised(&signal.excerpt));
        match told.get(&key) {
            None => {
                told.insert(key, signal.path.clone());
            }
            Some(first) => {
                signal.severity = Severity::Note;
                signal.why = format!("{}; the same as in {first}", signal.why);
            }
        }
    }
}

/// The reading of an archive and the rules may tell of the same thing.
fn one_each(signals: &mut Vec<Signal>) {
    // The gravest stays.
    signals.sort_by_key(|signal| std::cmp::Reverse(signal.severity));
    let mut seen = HashSet::new();
    signals.retain(|signal| seen.insert((signal.rule, signal.path.clone(), signal.line)));
}
