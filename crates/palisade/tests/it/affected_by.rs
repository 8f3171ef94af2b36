//! `palisade affected-by`: what it prints, and its statuses.

use std::path::Path;
use std::process::Output;

use crate::support::{palisade, printed, said};

fn run(database: &Path, arguments: &[&str]) -> Output {
    let mut command = palisade();
    command.arg("--database").arg(database).args(arguments);
    command.output().unwrap()
}

fn package(name: &str, uses: &str, graft: &str) -> String {
    let input = match uses {
        "" => String::new(),
        uses => {
            format!(r#"{{"label": "{uses}", "name": "{uses}", "version": "1.0", "output": "out"}}"#)
        }
    };
    format!(
        r#"{{"name": "{name}", "version": "1.0", "inputs": [{input}], "replacement": {graft}}}"#
    )
}

#[test]
fn those_who_get_a_graft_are_listed_with_a_shortest_way() {
    let folder = tempfile::tempdir().unwrap();
    let (database, file) = (
        folder.path().join("test.sqlite"),
        folder.path().join("packages"),
    );
    let graft = r#"{"name": "zlib", "version": "1.1"}"#;
    let packages = [
        package("zlib", "", graft),
        package("png", "zlib", "null"),
        package("gtk", "png", "null"),
    ];
    fs_err::write(&file, packages.join("\n") + "\n").unwrap();
    let import = [
        "import",
        "guix_inventory",
        file.to_str().unwrap(),
        "--branch",
        "guix/master",
        "--revision",
        "one",
        "--time",
        "2026-01-01T00:00:00Z",
    ];
    let output = run(&database, &import);
    assert!(output.status.success(), "{}", said(&output));

    let output = run(&database, &["affected-by", "zlib"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_eq!(
        printed(&output),
        "guix/master@one (2026-01-01)\n  \
         what build systems use is not told: compiler and C library are used by more\n\n\
         zlib 1.0: 2 packages use it, 1 of them directly and get 1.1 by grafting alone: no finding \
         is known that it fixes; nothing is open in it\n  \
         graft 1.1 since one (2026-01-01 or before)\n  \
         used by 2: 1 directly, 0 only to be built\n\
         PACKAGE  VERSION  STEPS  WAY\n\
         png      1.0      1      png@1.0 -> zlib@1.0\n\
         gtk      1.0      2      gtk@1.0 -> png@1.0 -> zlib@1.0\n"
    );
    let output = run(
        &database,
        &[
            "affected-by",
            "zlib@1.0",
            "--branch",
            "master",
            "--format",
            "json",
            "--limit",
            "1",
        ],
    );
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let told: serde_json::Value = serde_json::from_str(&printed(&output)).unwrap();
    assert_eq!(told["packages"][0]["graft"]["version"], "1.1");
    assert_eq!(
        told["packages"][0]["dependents"].as_array().unwrap().len(),
        1
    );

    // Nothing is open in png, and it has no graft.
    let output = run(&database, &["affected-by", "png", "--revision", "one"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    for (arguments, reason) in [
        (
            &["affected-by", "nothing"][..],
            "there is no package nothing on guix/master now",
        ),
        (
            &["affected-by", "zlib@2"],
            "there is no package zlib 2 on guix/master now",
        ),
        (
            &["affected-by", "zlib", "--branch", "guix/x"],
            "there is no branch and no revision guix/x",
        ),
        (
            &["affected-by", "zlib", "--revision", "two"],
            "there is no revision two of guix/master",
        ),
    ] {
        let output = run(&database, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(said(&output).contains(reason), "{}", said(&output));
    }
}
