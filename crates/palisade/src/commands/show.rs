//! `palisade show`.

use std::process::ExitCode;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Show {}

pub(crate) fn run(_database: &str, _command: &Show) -> anyhow::Result<ExitCode> {
    anyhow::bail!("soon")
}
