//! The tests of `bench/quality`, which are written in its own language.

use std::process::Command;

#[test]
fn pairs_are_counted_and_errors_classified() {
    let run = Command::new("python3")
        .args(["-B", "-m", "unittest", "quality_lib.tests"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    let run = match run {
        Ok(run) => run,
        Err(error) => {
            eprintln!("skipped: python3 cannot be run: {error}");
            return;
        }
    };
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    assert!(!said.contains("Ran 0 tests"), "{said}");
}
