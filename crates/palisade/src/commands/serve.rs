//! `palisade serve`.

use std::process::ExitCode;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Serve {}

pub(crate) fn run(_database: &str, _command: &Serve) -> anyhow::Result<ExitCode> {
    anyhow::bail!("soon")
}
