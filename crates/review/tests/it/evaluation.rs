//! How good the rules are: suspicious changes and everyday ones that look alike, by the families of
//! docs/review-rules.md. `tests/evaluation` has them; all of it is invented, and nothing in it does
//! anything. What it prints is part of what CI shows.

pub(crate) mod material;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};

use palisade_review::explain::KnownBlobs;
use palisade_review::report::{Finding, Limits, Report};
use palisade_review::{Decisions, Scanner, Severity, review};
use rayon::prelude::*;

use material::{Case, Family};

/// What part of the suspicious changes has to be told above a note, in percent.
const RECALL: usize = 95;

/// What came of one case.
struct Outcome<'a> {
    family: &'a str,
    case: &'a Case,
    suspicious: bool,
    /// What was told above a note, and what below, for whoever reads a failure.
    alarms: Vec<String>,
    notes: Vec<String>,
}

impl Outcome<'_> {
    fn right(&self) -> bool {
        self.suspicious != self.alarms.is_empty()
    }

    /// Why nobody expects this case to come out right, where that is so.
    fn excused(&self) -> bool {
        self.case.known.is_some()
    }

    fn tell(&self) -> String {
        let told = if self.suspicious {
            format!("nothing above a note; notes {:?}", self.notes)
        } else {
            self.alarms.join("; ")
        };
        format!("{}/{}: {told}", self.family, self.case.name)
    }
}

#[test]
fn suspicious_changes_alarm_and_everyday_ones_do_not() {
    let projects = material::projects();
    let families = material::families();
    let scanner = Scanner::builtin().unwrap();
    let known = KnownBlobs::shipped();
    let outcomes: Vec<Outcome<'_>> = cases(&families)
        .into_par_iter()
        .map(|(family, case, suspicious)| {
            let (old, new) = case.sides(&projects);
            let limits = Limits::default();
            let decisions = Decisions::default();
            let report = review(&old, &new, None, &scanner, &known, &limits, &decisions);
            let (alarms, notes) = told(&report);
            Outcome {
                family,
                case,
                suspicious,
                alarms,
                notes,
            }
        })
        .collect();
    // Not by `eprintln!`, which `cargo test` keeps to itself where nothing fails.
    writeln!(io::stderr(), "{}", table(&outcomes)).unwrap();

    let wrong: Vec<String> = outcomes
        .iter()
        .filter(|outcome| !outcome.right() && !outcome.excused())
        .map(Outcome::tell)
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let better: Vec<String> = outcomes
        .iter()
        .filter(|outcome| outcome.right() && outcome.excused())
        .map(|outcome| format!("{}/{}", outcome.family, outcome.case.name))
        .collect();
    assert!(
        better.is_empty(),
        "right by now, strike `known`: {better:?}"
    );
    let suspicious = outcomes.iter().filter(|outcome| outcome.suspicious);
    let caught = suspicious.clone().filter(|outcome| outcome.right()).count();
    assert!(caught * 100 >= RECALL * suspicious.count());
}

fn cases<'a>(families: &'a [Family]) -> Vec<(&'a str, &'a Case, bool)> {
    let cases = |family: &'a Family| {
        let of = |cases: &'a [Case], suspicious| {
            let name = family.name.as_str();
            cases.iter().map(move |case| (name, case, suspicious))
        };
        of(&family.suspicious, true).chain(of(&family.harmless, false))
    };
    families.iter().flat_map(cases).collect()
}

fn told(report: &Report) -> (Vec<String>, Vec<String>) {
    let (alarms, notes): (Vec<&Finding>, Vec<&Finding>) = report
        .signals
        .iter()
        .partition(|finding| finding.severity > Severity::Note);
    let tell = |finding: &&Finding| {
        let Finding {
            rule,
            path,
            excerpt,
            ..
        } = finding;
        format!("{rule} {path} {excerpt}")
    };
    (
        alarms.iter().map(tell).collect(),
        notes.iter().map(tell).collect(),
    )
}

/// A line a family and one for all.
fn table(outcomes: &[Outcome<'_>]) -> String {
    let mut families: BTreeMap<&str, [u32; 4]> = BTreeMap::new();
    for outcome in outcomes {
        for row in [outcome.family, "~all"] {
            let counts = families.entry(row).or_default();
            let told = u32::from(!outcome.alarms.is_empty());
            let first = if outcome.suspicious { 0 } else { 2 };
            counts[first] += 1;
            counts[first + 1] += told;
        }
    }
    let mut text = String::from("family            suspicious  caught  harmless  alarms\n");
    for (family, [suspicious, caught, harmless, alarms]) in &families {
        let family = family.trim_start_matches('~');
        writeln!(
            text,
            "{family:<16} {suspicious:>11} {caught:>7} {harmless:>9} {alarms:>7}"
        )
        .unwrap();
    }
    let [suspicious, caught, harmless, alarms] = families["~all"];
    let percent = |part, whole| 100.0 * f64::from(part) / f64::from(whole);
    let (recall, alarmed) = (percent(caught, suspicious), percent(alarms, harmless));
    writeln!(
        text,
        "recall {recall:.1} %, alarms on {alarmed:.1} % of what is harmless"
    )
    .unwrap();
    for outcome in outcomes {
        if let (false, Some(reason)) = (outcome.right(), &outcome.case.known) {
            let what = if outcome.suspicious {
                "missed"
            } else {
                "alarms"
            };
            writeln!(
                text,
                "{what}: {}/{}: {reason}",
                outcome.family, outcome.case.name
            )
            .unwrap();
        }
    }
    text
}
