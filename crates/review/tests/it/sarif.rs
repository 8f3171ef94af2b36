//! What is printed as SARIF is what OASIS' schema of version 2.1.0 describes, formats of addresses
//! included, whatever was found.

use std::path::Path;

use boon::{Compiler, SchemaIndex, Schemas};
use palisade_review::explain::KnownBlobs;
use palisade_review::render::sarif;
use palisade_review::report::{Finding, Limits, Report};
use palisade_review::{Baseline, Decisions, Scanner, Suppressions, Tree, review};
use serde_json::Value;

use crate::evaluation::material;
use crate::reports::hostile;

/// The schema, compiled.
struct Schema(Schemas, SchemaIndex);

impl Schema {
    fn of_oasis() -> Self {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sarif/sarif-schema-2.1.0.json");
        let schema = serde_json::from_slice(&fs_err::read(path).unwrap()).unwrap();
        let mut compiler = Compiler::new();
        compiler.enable_format_assertions();
        compiler.add_resource("sarif.json", schema).unwrap();
        let mut schemas = Schemas::new();
        let index = compiler.compile("sarif.json", &mut schemas).unwrap();
        Self(schemas, index)
    }

    /// What is wrong with a document.
    fn wrong(&self, document: &Value) -> Option<String> {
        let checked = self.0.validate(document, self.1);
        checked.err().map(|error| format!("{error:#}"))
    }

    fn assert(&self, report: &Report) -> Value {
        // As it is read by others: from the text that is printed.
        let document = serde_json::from_str(&format!("{:#}", sarif(report))).unwrap();
        if let Some(wrong) = self.wrong(&document) {
            panic!("{wrong}\n{document:#}");
        }
        document
    }
}

fn reviewed((old, new): &(Tree, Tree), scanner: &Scanner, decisions: &Decisions) -> Report {
    let known = KnownBlobs::shipped();
    let limits = Limits::default();
    review(old, new, None, scanner, &known, &limits, decisions)
}

#[test]
fn a_document_that_the_schema_does_not_describe_is_told() {
    let schema = Schema::of_oasis();
    let mut document = sarif(&hostile());
    document["runs"][0]["results"][0]["level"] = "grave".into();
    assert!(schema.wrong(&document).is_some());
}

#[test]
fn the_reports_of_all_suspicious_changes_fit_the_schema() {
    let schema = Schema::of_oasis();
    schema.assert(&hostile());
    let projects = material::projects();
    let scanner = Scanner::builtin().unwrap();
    let mut rules = std::collections::BTreeSet::new();
    for case in material::families()
        .iter()
        .flat_map(|family| &family.suspicious)
    {
        let report = reviewed(&case.sides(&projects), &scanner, &Decisions::default());
        let document = schema.assert(&report);
        assert_indexed(&document);
        rules.extend(report.signals.into_iter().map(|finding| finding.rule));
    }
    assert!(rules.len() > 60, "{} rules were told of", rules.len());
}

/// Each result names the rule at its index.
fn assert_indexed(document: &Value) {
    let run = &document["runs"][0];
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        let rule = &run["tool"]["driver"]["rules"][index];
        assert_eq!(result["ruleId"], rule["id"]);
    }
}

#[test]
fn what_is_accepted_or_known_fits_the_schema() {
    let schema = Schema::of_oasis();
    let projects = material::projects();
    let families = material::families();
    let family = families.iter().find(|family| family.name == "network");
    let sides = family.unwrap().suspicious[0].sides(&projects);
    let scanner = Scanner::builtin().unwrap();
    let open = reviewed(&sides, &scanner, &Decisions::default());
    let decisions = Decisions {
        suppressions: vec![accepting(&open.signals[0])],
        today: "2026-01-01".into(),
        ..Decisions::default()
    };
    let document = schema.assert(&reviewed(&sides, &scanner, &decisions));
    let result = &document["runs"][0]["results"][0];
    assert_eq!(result["suppressions"][0]["kind"], "external");

    let printed = palisade_review::render::json(&open).unwrap();
    let decisions = Decisions {
        baseline: Some(Baseline::parse("earlier", printed.as_bytes()).unwrap()),
        ..Decisions::default()
    };
    let document = schema.assert(&reviewed(&sides, &scanner, &decisions));
    let result = &document["runs"][0]["results"][0];
    assert_eq!(result["baselineState"], "unchanged");
}

fn accepting(finding: &Finding) -> Suppressions {
    let Finding {
        rule,
        path,
        fingerprint,
        ..
    } = finding;
    let text = format!(
        "[[suppression]]\nrule = {rule:?}\npath = {path:?}\ncontent = \"text:{fingerprint}\"\n\
         reason = \"a test\"\nowner = \"ada\"\nexpires = \"2027-01-31\"\n"
    );
    Suppressions::parse("test", &text).unwrap()
}
