//! `palisade review`: what comes in, and who vouches for it. No server, no database.

mod corroborate;
mod verify;

use std::process::ExitCode;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Review {
    /// Tell what a signature is worth for a file, whose it is, and why
    ///
    /// Programs can rely on this form: `palisade review verify --data FILE --signature FILE --key FILE…
    /// --format json` prints one object with `verdict`, `signer` and `why`. The status is 0 when the
    /// verdict is good, good-key-expired-since or good-weak; 1 for any other; and 2 when it could not be
    /// told.
    Verify(Box<verify::Verify>),
}

pub(crate) fn run(command: &Review) -> anyhow::Result<ExitCode> {
    match command {
        Review::Verify(command) => verify::run(command),
    }
}
