//! `palisade findings`.

use std::process::ExitCode;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Findings {}

pub(crate) fn run(_database: &str, _command: &Findings) -> anyhow::Result<ExitCode> {
    anyhow::bail!("soon")
}
