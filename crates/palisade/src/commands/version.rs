//! `palisade version`: what a version scheme says of versions.

use std::cmp::Ordering;
use std::io::{BufRead, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use palisade_version::Scheme;

use crate::ui;

#[derive(Debug, Args)]
pub(crate) struct Version {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Read lines `A<TAB>B` and print for each how A stands to B
    ///
    /// Prints `<`, `=` or `>` for each line, or `!` when A or B is not a version of the scheme.
    Compare {
        /// The scheme: apk, guix, nix, deb, rpm, pacman, semver, pep440, rubygems, maven, go, cpan
        /// or generic
        #[arg(long, value_parser = parse_scheme)]
        scheme: Scheme,
    },
}

fn parse_scheme(text: &str) -> Result<Scheme, String> {
    text.parse().map_err(|_| {
        format!(
            "there is no scheme {text:?}; there are {}",
            Scheme::ALL.map(Scheme::name).join(", ")
        )
    })
}

pub(crate) fn run(command: &Version) -> anyhow::Result<ExitCode> {
    let Action::Compare { scheme } = command.action;
    let mut output = ui::stdout();
    let mut input = std::io::stdin().lock();
    let mut line = Vec::new();
    loop {
        line.clear();
        if input
            .read_until(b'\n', &mut line)
            .context("read standard input")?
            == 0
        {
            break;
        }
        output
            .write_all(answer(scheme, &line))
            .context("write the answer")?;
    }
    output.flush().context("write the answer")?;
    Ok(ExitCode::SUCCESS)
}

fn answer(scheme: Scheme, line: &[u8]) -> &'static [u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let order = std::str::from_utf8(line)
        .ok()
        .and_then(|line| line.split_once('\t'))
        .and_then(|(a, b)| scheme.compare(a, b));
    match order {
        Some(Ordering::Less) => b"<\n",
        Some(Ordering::Equal) => b"=\n",
        Some(Ordering::Greater) => b">\n",
        None => b"!\n",
    }
}
