//! `cargo xtask bench NAME`: runs a program of bench/, built as for daily use.

use std::process::{Command, ExitCode};

use anyhow::Context;

use crate::programs::{cargo, must, root, status};

pub(crate) fn run(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let (name, rest) = arguments
        .split_first()
        .context("tell which bench, such as faults")?;
    let script = root().join("bench").join(name);
    if script.is_file() {
        return status(Command::new(script).args(rest).current_dir(root()));
    }
    must(&mut cargo(["build", "--release", "--package", "palisade"]))?;
    let bench = [
        "run",
        "--release",
        "--package",
        "palisade-bench",
        "--bin",
        name,
        "--",
    ];
    status(cargo(bench).args(rest))
}
