//! `cargo xtask check`: what can be told without running the tests.

use std::process::ExitCode;

use crate::programs::{cargo, has_cargo, must};

pub(crate) fn run() -> anyhow::Result<ExitCode> {
    step("format");
    must(&mut cargo(["fmt", "--all", "--check"]))?;

    // `--locked` fails when Cargo.lock, the one generated file here, is not what the manifests say.
    step("lints");
    let lints = [
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--quiet",
    ];
    must(cargo(lints).args(["--", "--deny", "warnings"]))?;

    step("documentation");
    let documentation = [
        "doc",
        "--locked",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ];
    must(
        cargo(documentation)
            .arg("--quiet")
            .env("RUSTDOCFLAGS", "--deny warnings"),
    )?;

    if has_cargo("deny") {
        step("licences, advisories and sources of dependencies");
        must(&mut cargo([
            "deny",
            "--all-features",
            "check",
            "--hide-inclusion-graph",
        ]))?;
    } else {
        eprintln!("skipped: dependencies are not checked; cargo install --locked cargo-deny");
    }
    eprintln!("all checks passed");
    Ok(ExitCode::SUCCESS)
}

fn step(what: &str) {
    eprintln!("check: {what}");
}
