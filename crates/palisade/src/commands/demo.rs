//! `palisade demo`.

use std::process::ExitCode;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Demo {}

pub(crate) fn run(_command: &Demo) -> anyhow::Result<ExitCode> {
    anyhow::bail!("soon")
}
