//! The acceptance of the scan: every suspicious change raises its family, no harmless one raises an
//! alarm, and real upgrades stay quiet.

use std::collections::BTreeMap;

use palisade_review::{Budget, Comparison, Materials, Scan, Scanner, Severity, Tree, read_archive};
use serde::Deserialize;

use crate::support::real;

#[derive(Deserialize)]
struct Case {
    id: String,
    old: String,
    new: String,
    #[serde(default)]
    git: Option<String>,
    #[serde(default)]
    expect: Vec<String>,
}

/// What a case expects that another part of the review tells, not the scan.
const ELSEWHERE: &[&str] = &[
    "none",
    "format-only",
    "tarball-only-file",
    "tarball-file-differs-from-git",
    "odd-file-name",
];

fn cases(name: &str) -> Option<Vec<Case>> {
    let text = fs_err::read_to_string(real(name)?).expect("a list of cases");
    Some(
        text.lines()
            .map(|line| serde_json::from_str(line).expect("a case"))
            .collect(),
    )
}

fn tree(path: &str) -> Option<Tree> {
    let file = fs_err::File::open(real(path)?).expect("an archive");
    Some(read_archive(path, file, &Budget::default()).expect("a tree"))
}

fn scan(scanner: &Scanner, case: &Case) -> Option<Scan> {
    let (old, new) = (tree(&case.old)?, tree(&case.new)?);
    let git = case.git.as_deref().and_then(tree);
    let comparison = Comparison::of(&old, &new);
    let renames: Vec<_> = comparison
        .changes
        .iter()
        .filter_map(|change| Some((change.former_path()?.to_owned(), change.path().to_owned())))
        .collect();
    Some(scanner.scan(Materials {
        old: Some(&old),
        new: &new,
        git: git.as_ref(),
        renames: &renames,
        known: None,
    }))
}

fn alarms(scan: &Scan) -> Vec<String> {
    let loud = scan
        .signals
        .iter()
        .filter(|signal| signal.severity > Severity::Note);
    loud.map(|signal| {
        let line = signal.line.map_or(String::new(), |line| format!(":{line}"));
        format!(
            "{:?} {} {}{line} {}",
            signal.severity, signal.rule, signal.path, signal.excerpt
        )
    })
    .collect()
}

#[test]
fn suspicious_changes_raise_their_family_and_harmless_ones_no_alarm() {
    let Some(cases) = cases("synth/change-cases.jsonl") else {
        return;
    };
    let scanner = Scanner::builtin().unwrap();
    let (mut missed, mut loud, mut wanted, mut caught) = (Vec::new(), Vec::new(), 0, 0);
    for case in &cases {
        let Some(scan) = scan(&scanner, case) else {
            return;
        };
        for rule in case
            .expect
            .iter()
            .filter(|rule| !ELSEWHERE.contains(&rule.as_str()))
        {
            wanted += 1;
            if scan.signals.iter().any(|signal| signal.rule == rule) {
                caught += 1;
            } else {
                missed.push(format!(
                    "{}: {rule}; found {:?}",
                    case.id,
                    scan.signals
                        .iter()
                        .map(|signal| signal.rule)
                        .collect::<Vec<_>>()
                ));
            }
        }
        let told = !alarms(&scan).is_empty();
        let suspicious = case.id.starts_with('c')
            && !case
                .expect
                .iter()
                .all(|rule| ELSEWHERE.contains(&rule.as_str()));
        if suspicious && !told {
            missed.push(format!("{}: nothing above a note", case.id));
        }
        if case.id.starts_with('b') && told {
            loud.push(format!("{}: {}", case.id, alarms(&scan).join("; ")));
        }
    }
    eprintln!(
        "{caught} of {wanted} expected signals raised; {} harmless changes with an alarm",
        loud.len()
    );
    assert!(missed.is_empty(), "missed:\n{}", missed.join("\n"));
    assert!(loud.is_empty(), "false alarms:\n{}", loud.join("\n"));
}

#[test]
fn real_upgrades_raise_one_warning_each_at_most() {
    let Some(pairs) = cases("pairs.jsonl") else {
        return;
    };
    let scanner = Scanner::builtin().unwrap();
    let mut told: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for pair in &pairs {
        let start = std::time::Instant::now();
        let Some(scan) = scan(&scanner, pair) else {
            continue;
        };
        eprintln!(
            "{}: {} alarms, {} notes, {} unchanged, {:?}",
            pair.id,
            alarms(&scan).len(),
            scan.signals.len() - alarms(&scan).len(),
            scan.unchanged,
            start.elapsed()
        );
        told.insert(&pair.id, alarms(&scan));
    }
    let all: Vec<&String> = told.values().flatten().collect();
    let list = told
        .iter()
        .map(|(id, alarms)| format!("{id}\n  {}", alarms.join("\n  ")))
        .collect::<Vec<_>>()
        .join("\n");
    eprintln!("{} alarms in {} upgrades\n{list}", all.len(), told.len());
    assert!(
        !all.iter().any(|alarm| alarm.starts_with("Critical")),
        "{list}"
    );
    assert!(all.len() <= told.len(), "{list}");
}
