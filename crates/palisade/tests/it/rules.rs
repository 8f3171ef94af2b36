//! A database whose findings come from other rules gets them anew before anybody sees it.

use crate::database::{on_each, with};
use crate::running::Running;
use crate::support::{palisade, said, sample};

const NVD: [&str; 2] = ["nvd", "nvd.json"];
const INDEX: [&str; 2] = ["apkindex", "alpine/v3.17-main-2023-05-27.APKINDEX"];

/// Imports a document of the sample, and gives what was said.
fn import(database: &str, [kind, path]: [&str; 2], more: &[&str]) -> String {
    let mut command = palisade();
    command.args(["--database", database, "import", kind]);
    let output = command.arg(sample(path)).args(more).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

/// Fills a database, and gives its findings.
fn filled(database: &str) -> Vec<String> {
    import(database, NVD, &[]);
    let said = import(database, INDEX, &["--branch", "alpine/v3.17"]);
    assert!(!said.contains("judging"), "{said}");
    let findings = findings(database);
    assert!(!findings.is_empty());
    findings
}

fn findings(database: &str) -> Vec<String> {
    let mut content = with(database, async |session| session.content().await.unwrap());
    content.tables.remove("finding").unwrap()
}

/// Leaves the database as a program of other rules might: with none of the findings.
fn make_stale(database: &str) {
    with(database, async |session| {
        session.set_setting("rules", "0").await.unwrap();
        let sources = session.all_sources().await.unwrap();
        for (branch, ..) in session.branches().await.unwrap() {
            let rows = session.findings_of_sources(branch, &sources).await.unwrap();
            let gone: Vec<i64> = rows.iter().map(|row| row.id).collect();
            session.write_findings(1, &gone, &[], &[]).await.unwrap();
        }
    });
    assert_eq!(findings(database), Vec::<String>::new());
}

/// What is said before anything else is done.
const STEPS: &str = "finding names by the new rules\njudging alpine/v3.17 by the new rules\n";

#[test]
fn importing_what_is_there_already_derives_stale_findings_again() {
    on_each(|database| {
        let before = filled(database);
        make_stale(database);
        let said = import(database, NVD, &[]);
        assert!(said.starts_with(STEPS), "{said}");
        assert_eq!(findings(database), before);
        let said = import(database, NVD, &[]);
        assert!(!said.contains("judging"), "once is enough: {said}");
    });
}

#[test]
fn a_server_derives_stale_findings_again_before_it_serves() {
    on_each(|database| {
        let before = filled(database);
        make_stale(database);
        let server = Running::start("serve", |command| {
            command.args(["--listen", "127.0.0.1:0", "--database", database]);
            command.args(["--log-format", "text"]);
        });
        assert_eq!(findings(database), before);
        let ended = server.end();
        assert!(ended.status.success(), "{}", ended.said);
        assert!(ended.said.starts_with(STEPS), "{}", ended.said);
    });
}
