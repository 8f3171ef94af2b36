//! The invariants of ARCHITECTURE.md: the floors, and what each crate keeps out of.

use std::collections::{BTreeMap, BTreeSet};

use crate::workspace::{Crate, crates, default_programs, root};

/// On which floor each crate stands. It imports only from floors below its own.
const FLOORS: &[(&str, u32)] = &[
    ("palisade-version", 0),
    ("palisade-model", 1),
    ("palisade-formats", 2),
    ("palisade-matching", 2),
    ("palisade-snapshot", 2),
    ("palisade-host", 2),
    ("palisade-review", 3),
    ("palisade-signature", 2),
    ("palisade-fetch", 3),
    ("palisade-store", 3),
    ("palisade-tracker", 4),
    ("palisade-rebuild", 4),
    ("palisade-web", 5),
    ("palisade", 6),
    ("palisade-bench", 7),
    // A tool beside the house: it uses nothing of it.
    ("xtask", 0),
];

/// Crates without input, output, clock and environment.
const PURE: [&str; 4] = [
    "palisade-version",
    "palisade-model",
    "palisade-formats",
    "palisade-matching",
];

fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn a_crate_imports_only_from_floors_below_it() {
    let floors: BTreeMap<&str, u32> = FLOORS.iter().copied().collect();
    let mut complaints = Vec::new();
    for Crate {
        name, dependencies, ..
    } in crates()
    {
        let Some(own) = floors.get(name.as_str()) else {
            complaints.push(format!("{name} has no floor; give it one"));
            continue;
        };
        // Tests may look from above.
        for dependency in dependencies.iter().filter(|it| it.own && !it.beside) {
            if floors
                .get(dependency.name.as_str())
                .is_none_or(|floor| floor >= own)
            {
                complaints.push(format!(
                    "{name} imports {}, which is not below it",
                    dependency.name
                ));
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn one_crate_each_knows_the_database_and_the_web() {
    let mut complaints = Vec::new();
    for Crate {
        name, dependencies, ..
    } in crates()
    {
        let owners = [
            ("sqlx", "palisade-store"),
            ("axum", "palisade-web"),
            ("askama", "palisade-web"),
        ];
        for (dependency, owner) in owners {
            if name != owner && dependencies.iter().any(|it| it.name == dependency) {
                complaints.push(format!("{name} depends on {dependency}; only {owner} does"));
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn only_the_store_holds_sql() {
    let verbs = [
        "\"SELECT ",
        "\"INSERT INTO ",
        "\"DELETE FROM ",
        "\"CREATE TABLE ",
    ];
    let update = |line: &str| line.contains("\"UPDATE ") && line.contains(" SET ");
    let complaints = complain(
        |of| of.name != "palisade-store" && of.name != "xtask",
        |line| verbs.iter().any(|verb| line.contains(verb)) || update(line),
    );
    assert_none(&complaints);
}

#[test]
fn the_lower_floors_are_pure() {
    let foreign = [
        "std::fs",
        "fs_err",
        "std::net",
        "std::env",
        "std::process",
        "tokio",
        "SystemTime",
        "Instant::now",
        "Timestamp::now",
        "Zoned::now",
        "thread_rng",
        "rand::",
    ];
    let mut complaints = complain(
        |of| PURE.contains(&of.name.as_str()),
        |line| foreign.iter().any(|word| line.contains(word)),
    );
    for Crate {
        name, dependencies, ..
    } in crates()
    {
        let unfit = ["tokio", "sqlx", "fs-err", "reqwest", "rand"];
        let own = dependencies
            .iter()
            .filter(|it| !it.beside && unfit.contains(&it.name.as_str()));
        if PURE.contains(&name.as_str()) {
            complaints
                .extend(own.map(|dependency| format!("{name} depends on {}", dependency.name)));
        }
    }
    assert_none(&complaints);
}

#[test]
fn nothing_is_unsafe_and_nothing_is_left_to_be_done() {
    let words = [
        "unsafe {",
        "unsafe fn",
        "unsafe impl",
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
    ];
    let mut complaints = Vec::new();
    for of in crates() {
        for source in of.sources() {
            for (number, line) in source.text.lines().enumerate() {
                if words.iter().any(|word| line.contains(word)) && !line.contains("\"unsafe ") {
                    complaints.push(format!("{}:{}: {line}", source.path.display(), number + 1));
                }
            }
        }
    }
    assert_none(&complaints);
}

/// Lines of code of programs that a test finds fault with.
fn complain(of: impl Fn(&Crate) -> bool, faulty: impl Fn(&str) -> bool) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in crates()
        .iter()
        .filter(|it| of(it))
        .flat_map(Crate::library_sources)
    {
        let lines = source.code().filter(|(_, line)| faulty(line));
        complaints.extend(
            lines.map(|(number, line)| {
                format!("{}:{number}: {}", source.path.display(), line.trim())
            }),
        );
    }
    complaints
}

#[test]
fn every_crate_has_the_lints_of_the_workspace() {
    let mut complaints = Vec::new();
    for Crate { name, manifest, .. } in crates() {
        let text = fs_err::read_to_string(manifest).unwrap();
        if !text.contains("[lints]\nworkspace = true") {
            complaints.push(format!("{name} lacks [lints] workspace = true"));
        }
    }
    assert_none(&complaints);
}

#[test]
fn every_dependency_has_a_row_that_says_why() {
    let text = fs_err::read_to_string(root().join("docs/dependencies.md")).unwrap();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let known: BTreeSet<&str> = rows.iter().map(|row| row[0]).collect();
    let mut complaints: Vec<String> = rows
        .iter()
        .filter(|row| row.len() != 5 || row.iter().any(|cell| cell.is_empty()))
        .map(|row| format!("the row of {} is not whole", row[0]))
        .collect();
    for Crate {
        name, dependencies, ..
    } in crates()
    {
        let foreign = dependencies.iter().filter(|it| !it.own);
        let unknown = foreign.filter(|it| !known.contains(it.name.as_str()));
        complaints.extend(unknown.map(|it| format!("{}, of {name}, has no row", it.name)));
    }
    assert_none(&complaints);
}

#[test]
fn cargo_run_means_palisade() {
    assert_eq!(default_programs(), ["palisade"]);
}

#[test]
fn every_module_says_what_it_is_for() {
    let mut complaints = Vec::new();
    for source in crates().iter().flat_map(Crate::sources) {
        if !source.text.starts_with("//!") {
            complaints.push(format!("{} opens without //!", source.path.display()));
        }
    }
    assert_none(&complaints);
}

#[test]
fn every_format_has_a_fuzz_target() {
    let library = fs_err::read_to_string(root().join("crates/formats/src/lib.rs")).unwrap();
    let modules = library
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    // These hold no format: which there are, and how much is read.
    let formats = modules.filter(|name| !["feed", "inventory", "limits"].contains(name));
    let missing = formats.filter(|name| !root().join(format!("fuzz/targets/{name}.rs")).is_file());
    let complaints: Vec<String> = missing
        .map(|name| format!("fuzz/targets/{name}.rs is missing"))
        .collect();
    assert_none(&complaints);
}
