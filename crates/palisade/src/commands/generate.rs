//! `palisade generate`: manual pages and completions, from the one description of the command line, and
//! the program that lists the packages of Guix.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{CommandFactory, Subcommand};
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::ui;

#[derive(Debug, Subcommand)]
pub(crate) enum Generate {
    /// Write the manual pages of all commands into a folder
    Man {
        /// The folder; it is made if it is not there
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Print the Scheme program that lists the packages of a Guix revision
    ///
    /// It runs inside the revision's own Guix, and prints what `palisade import guix_inventory` reads:
    /// `guix time-machine -q --commit=COMMIT -- repl -- FILE > packages.jsonl`
    GuixLoader,
    /// Print what completes the command line in a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
}

pub(crate) fn run(command: &Generate) -> anyhow::Result<ExitCode> {
    match command {
        Generate::Man { folder } => {
            fs_err::create_dir_all(folder)?;
            clap_mangen::generate_to(Arguments::command(), folder)
                .with_context(|| format!("write manual pages into {}", folder.display()))?;
        }
        Generate::GuixLoader => {
            let mut output = ui::stdout();
            output.write_all(palisade_tracker::sync::GUIX_LOADER.as_bytes())?;
            output.flush()?;
        }
        Generate::Completions { shell } => {
            let mut script = Vec::new();
            let mut description = Arguments::command();
            clap_complete::generate(*shell, &mut description, "palisade", &mut script);
            let mut output = ui::stdout();
            output.write_all(&script)?;
            output.flush()?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
