//! `cargo xtask check`: what can be told without running the tests.

use std::process::ExitCode;

use crate::programs::{cargo, has_cargo, must, succeeds};

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

    dependencies()?;
    eprintln!("all checks passed");
    Ok(ExitCode::SUCCESS)
}

fn step(what: &str) {
    eprintln!("check: {what}");
}

fn dependencies() -> anyhow::Result<()> {
    step("licences, advisories and sources of dependencies");
    if !has_cargo("deny") {
        eprintln!("skipped: dependencies are not checked; cargo install --locked cargo-deny");
        return Ok(());
    }
    let check = ["deny", "--all-features", "check", "--hide-inclusion-graph"];
    must(cargo(check).args(["bans", "licenses", "sources"]))?;
    // The list of advisories is fetched, and a machine may have no way to it.
    if succeeds(&mut cargo(["deny", "fetch", "db"])) {
        must(cargo(check).arg("advisories"))
    } else {
        eprintln!("skipped: advisories of dependencies; their database cannot be fetched");
        Ok(())
    }
}
