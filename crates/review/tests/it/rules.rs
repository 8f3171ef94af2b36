//! Each rule finds what its examples show, and its counter-examples raise no alarm at all.

use palisade_review::{Materials, Scanner, Severity};

use crate::examples::sides;

#[test]
fn each_rule_finds_its_examples() {
    let scanner = Scanner::builtin().unwrap();
    let mut missed = Vec::new();
    for rule in scanner.packs().iter().flat_map(|pack| &pack.rules) {
        for (number, example) in rule.examples.iter().enumerate() {
            let (old, new) = sides(example);
            let scan = scanner.scan(Materials::of(Some(&old), &new));
            if !scan.signals.iter().any(|signal| signal.rule == rule.id) {
                let found: Vec<_> = scan.signals.iter().map(|signal| signal.rule).collect();
                missed.push(format!(
                    "{} example {} ({}): found {found:?}",
                    rule.id,
                    number + 1,
                    example.path
                ));
            }
        }
    }
    assert!(
        missed.is_empty(),
        "{} missed:\n{}",
        missed.len(),
        missed.join("\n")
    );
}

#[test]
fn no_counter_example_raises_an_alarm() {
    let scanner = Scanner::builtin().unwrap();
    let mut alarms = Vec::new();
    for rule in scanner.packs().iter().flat_map(|pack| &pack.rules) {
        for (number, example) in rule.counter_examples.iter().enumerate() {
            let (old, new) = sides(example);
            for signal in scanner.scan(Materials::of(Some(&old), &new)).signals {
                if signal.severity > Severity::Note {
                    alarms.push(format!(
                        "{} counter-example {} ({}): {} {}",
                        rule.id,
                        number + 1,
                        example.path,
                        signal.rule,
                        signal.excerpt
                    ));
                }
            }
        }
    }
    assert!(
        alarms.is_empty(),
        "{} alarms:\n{}",
        alarms.len(),
        alarms.join("\n")
    );
}

/// An example of a suspicious change is caught only when somebody is told, whatever the rule.
#[test]
fn each_rule_that_warns_warns_of_its_first_example() {
    let scanner = Scanner::builtin().unwrap();
    let mut silent = Vec::new();
    for rule in scanner
        .packs()
        .iter()
        .flat_map(|pack| &pack.rules)
        .filter(|rule| rule.severity > Severity::Note)
    {
        let (old, new) = sides(&rule.examples[0]);
        let scan = scanner.scan(Materials::of(Some(&old), &new));
        if !scan
            .signals
            .iter()
            .any(|signal| signal.rule == rule.id && signal.severity > Severity::Note)
        {
            silent.push(rule.id.clone());
        }
    }
    assert!(silent.is_empty(), "{silent:?}");
}

/// `docs/review-rules.md` lists the rules as they are; `PALISADE_WRITE_DOCS=1` writes the list anew.
#[test]
fn the_documentation_lists_every_rule() {
    const START: &str = "<!-- rules -->\n";
    const END: &str = "<!-- end of rules -->\n";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/review-rules.md");
    let text = fs_err::read_to_string(&path).unwrap();
    let start = text.find(START).unwrap() + START.len();
    let end = text.find(END).unwrap();
    let list = list_of_rules(&Scanner::builtin().unwrap());
    if std::env::var_os("PALISADE_WRITE_DOCS").is_some() {
        fs_err::write(&path, format!("{}{list}{}", &text[..start], &text[end..])).unwrap();
    } else {
        assert_eq!(
            &text[start..end],
            list,
            "run this test with PALISADE_WRITE_DOCS=1"
        );
    }
}

fn list_of_rules(scanner: &Scanner) -> String {
    use std::fmt::Write;
    let mut list = String::new();
    for pack in scanner.packs() {
        writeln!(list, "### {} (version {})\n", pack.name, pack.version).unwrap();
        list.push_str("| rule | family | severity | specificity | what was found | why it matters |\n|---|---|---|---|---|---|\n");
        for rule in &pack.rules {
            let severity = format!("{:?}", rule.severity).to_lowercase();
            let specificity = format!("{:?}", rule.specificity).to_lowercase();
            writeln!(
                list,
                "| `{}` | {} | {severity} | {specificity} | {} | {} |",
                rule.id, rule.family, rule.message, rule.why
            )
            .unwrap();
        }
        list.push('\n');
    }
    list
}
