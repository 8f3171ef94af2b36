//! `palisade review`: what comes in, and who vouches for it. No server, no database.

mod beside;
mod cache;
mod corroborate;
mod diff;
mod job;
mod patch;
mod patch_effect;
mod sources;
mod verify;
mod worker;

use std::process::ExitCode;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Review {
    /// Tell what changed between two sources, and what of it somebody should look at
    ///
    /// Programs can rely on this form: `palisade review diff OLD NEW [--git TREE] --format json` prints
    /// one object with `files` and `signals`, of which each has `rule`, `severity`, `path`, `line`,
    /// `excerpt` and `why`. The status is 0 when nothing is above a note, 1 when something is, and 2 when
    /// it could not be told.
    Diff(Box<diff::Diff>),
    /// Tell what of one source somebody should look at
    ///
    /// The form and the status are those of diff.
    Scan(Box<diff::Scan>),
    /// Tell what a signature is worth for a file, whose it is, and why
    ///
    /// Programs can rely on this form: `palisade review verify --data FILE --signature FILE --key FILE…
    /// --format json` prints one object with `verdict`, `signer` and `why`; of bundles of Sigstore, for
    /// which `--identity NAME --issuer ADDRESS` takes the place of keys, also `certificate` and
    /// `statement`. The status is 0 when the verdict is good, good-key-expired-since or good-weak; 1 for
    /// any other, and with --pins for a signer that is not pinned; and 2 when it could not be told.
    Verify(Box<verify::Verify>),
    /// Tell what a patch to recipes of Guix or aports changes, the sources that it brings included
    ///
    /// Programs can rely on this form: `palisade review patch FILE --format json` prints one object with
    /// `packages` and `signals`, of which each has `rule`, `severity`, `path`, `line`, `excerpt` and
    /// `why`. The status is that of diff, and with --branch also 1 when the patch introduces a finding
    /// there or loses a mitigation.
    Patch(Box<patch::Patch>),
    /// Read what is reviewed, confined; Palisade starts it by itself
    #[command(hide = true)]
    Worker,
}

pub(crate) fn run(database: &str, command: &Review) -> anyhow::Result<ExitCode> {
    match command {
        Review::Diff(command) => diff::run(command),
        Review::Scan(command) => diff::scan(command),
        Review::Verify(command) => verify::run(command),
        Review::Patch(command) => patch::run(database, command),
        Review::Worker => worker::run(),
    }
}
