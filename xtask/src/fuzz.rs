//! `cargo xtask fuzz`: runs the fuzz targets of fuzz/ one after the other.

use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use fs_err as fs;

use crate::programs::{cargo, has_cargo, output, root, status};

/// Memory that a target may use, in MiB: a parser that needs more has lost a limit.
const MEMORY: u32 = 2048;

pub(crate) fn run(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let wanted = Wanted::parse(arguments)?;
    ensure!(
        has_cargo("fuzz"),
        "cargo-fuzz is missing; cargo install --locked cargo-fuzz"
    );
    let all = output(&mut fuzz(&["list"])).context("list the fuzz targets")?;
    let targets = if wanted.targets.is_empty() {
        all.lines().map(str::to_owned).collect()
    } else {
        wanted.targets
    };
    let mut failed = Vec::new();
    for target in targets {
        eprintln!("fuzz: {target}, {} s", wanted.seconds);
        if run_target(&target, wanted.seconds, wanted.jobs)? != ExitCode::SUCCESS {
            failed.push(target);
        }
    }
    if !failed.is_empty() {
        bail!(
            "found something: {}; the inputs are in fuzz/artifacts",
            failed.join(", ")
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn run_target(target: &str, seconds: u32, jobs: u32) -> anyhow::Result<ExitCode> {
    // What is found grows in `corpus`, which stays here; `seeds` are part of the project.
    let corpus = format!("fuzz/corpus/{target}");
    let seeds = format!("fuzz/seeds/{target}");
    fs::create_dir_all(root().join(&corpus))?;
    let mut command = fuzz(&["run", target, &corpus]);
    if root().join(&seeds).is_dir() {
        command.arg(&seeds);
    }
    command.args(["--jobs", &jobs.to_string(), "--"]);
    command.arg(format!("-max_total_time={seconds}"));
    command.arg(format!("-rss_limit_mb={MEMORY}"));
    command.args(["-timeout=10", "-print_final_stats=1", "-verbosity=0"]);
    status(&mut command)
}

/// cargo-fuzz asks for a nightly compiler's options, which the stable one knows too when told.
fn fuzz(arguments: &[&str]) -> std::process::Command {
    let mut command = cargo(["fuzz"]);
    command.args(arguments).env("RUSTC_BOOTSTRAP", "1");
    command
}

struct Wanted {
    targets: Vec<String>,
    seconds: u32,
    jobs: u32,
}

impl Wanted {
    fn parse(arguments: &[String]) -> anyhow::Result<Self> {
        let mut wanted = Self {
            targets: Vec::new(),
            seconds: 60,
            jobs: 1,
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let number = match argument.as_str() {
                "--seconds" => &mut wanted.seconds,
                "--jobs" => &mut wanted.jobs,
                option if option.starts_with('-') => bail!("there is no option {option}"),
                target => {
                    wanted.targets.push(target.to_owned());
                    continue;
                }
            };
            let value = arguments
                .next()
                .with_context(|| format!("{argument} needs a number"))?;
            *number = value
                .parse()
                .with_context(|| format!("{argument} {value}: not a number"))?;
        }
        Ok(wanted)
    }
}
