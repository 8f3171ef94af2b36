//! What can be typed on the command line.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::commands::{
    admin, affected_by, compare, demo, explain, findings, generate, identity, import, lint,
    r#match, report, review, serve, show, sync, version,
};

/// Security tracker for Linux distributions.
#[derive(Debug, Parser)]
#[command(
    name = "palisade",
    version,
    max_term_width = 100,
    propagate_version = true
)]
pub(crate) struct Arguments {
    /// The database: a file, or <postgres://USER:PASSWORD@HOST/NAME>
    #[arg(
        long,
        global = true,
        env = "PALISADE_DATABASE",
        default_value = "palisade.sqlite",
        hide_env_values = true,
        value_name = "ADDRESS"
    )]
    pub(crate) database: String,

    /// Tell more of what is done; twice: everything
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Load a small sample and serve it: nothing to configure, no network
    Demo(demo::Demo),
    /// Serve pages and JSON
    ///
    /// SIGHUP reads the configuration again, without losing a connection; one that cannot be read
    /// changes nothing. SIGTERM and Ctrl-C let requests end that are under way.
    Serve(serve::Serve),
    /// Fetch what configured sources have that is new
    ///
    /// The status is 0 when all that was asked went well, and 2 when something failed, or a source that
    /// was named could not be asked; with --status it is 0 when all sources are had in time, and 1 when
    /// one is late.
    Sync(sync::Sync),
    /// Import feeds and inventories from files or standard input
    ///
    /// The status is 0 when all was imported, also with records that were passed over, and 2 when a
    /// file was not: those before it are, but where one is not there, nothing is.
    Import(import::Import),
    /// List what affects the packages of a branch
    ///
    /// The status is 0 when nothing is listed, 1 when something is, and 2 when it could not be told.
    Findings(findings::Findings),
    /// Tell what is known of a vulnerability or a package
    ///
    /// The status is 0 when nothing is affected, 1 when something is, and 2 when nothing is known, or
    /// it could not be told.
    Show(show::Show),
    /// Tell why a package is affected by a vulnerability or not, and what would change that
    ///
    /// The status is 0 when it is not affected or fixed, 1 when it is affected or under
    /// investigation, and 2 when it could not be told: of an unknown vulnerability, package or branch.
    Explain(explain::Explain),
    /// Compare two states of branches: packages, grafts, and what the change does to security
    ///
    /// The status is 0 when the change introduces nothing as grave as --fail-on, nothing that is known to
    /// be exploited, and loses no mitigation; 1 when it does; and 2 when it could not be told.
    Compare(compare::Compare),
    /// List who gets a package's fix by grafting alone, or is touched by what is open in it
    ///
    /// The status is 0 when nobody is, 1 when somebody is, and 2 when it could not be told: of an unknown
    /// package, branch or revision, or where the inventory does not tell what is built with what.
    AffectedBy(affected_by::AffectedBy),
    /// Report a month: what was mitigated, what is new, what stays open
    ///
    /// The status is 0 when there is a report, and 2 when there is none: of an unknown branch, or of a
    /// month that has not begun.
    Report(report::Report),
    /// Tell what is in what comes in, and who vouches for it; without a database
    #[command(subcommand)]
    Review(review::Review),
    /// State which product a package is, or is not
    Identity(identity::Identity),
    /// Copy the database, or look whether it is whole
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Write manual pages, completions of this command, and the program that loads Guix
    #[command(subcommand)]
    Generate(generate::Generate),
    /// Match inventories against feeds, without a database
    ///
    /// Programs can rely on this form: `palisade match --inventory KIND:FILE… --feed KIND:FILE…
    /// --format jsonl` prints one JSON object a match. The status is 0 when nothing is affected, 1
    /// when something is, and 2 when it could not be told.
    Match(r#match::Match),
    /// Tell what is wrong with what packagers write, in files or on a branch, and what to write instead
    Lint(lint::Lint),
    /// Compare versions
    Version(version::Version),
}

impl Arguments {
    /// Reads the command line; what it cannot mean ends the program with an error of usage.
    pub(crate) fn read() -> Self {
        let mut usage = Self::command();
        let matches = usage.get_matches_mut();
        Self::of(&mut usage, &matches).unwrap_or_else(|error| error.exit())
    }

    fn of(usage: &mut clap::Command, matches: &ArgMatches) -> Result<Self, clap::Error> {
        let arguments = Self::from_arg_matches(matches).map_err(|error| error.format(usage))?;
        // What the environment says is for the commands that take it.
        let named = matches.value_source("database") == Some(ValueSource::CommandLine);
        if named && matches!(arguments.command, Command::Demo(_)) {
            let demo = usage.find_subcommand_mut("demo");
            return Err(demo.expect("the demo is a command").error(
                ErrorKind::ArgumentConflict,
                "the demo makes a database of its own and takes no --database\n\
                 hint: --keep DIR keeps it in a folder",
            ));
        }
        Ok(arguments)
    }
}

/// What an inventory or a feed does not say of itself.
#[derive(Debug, Args)]
pub(crate) struct Unsaid {
    /// The repository within the branch, such as main
    #[arg(long, value_name = "NAME")]
    pub(crate) repository: Option<String>,

    /// A public key with which signed indexes are checked; may be given several times
    #[arg(long = "key", value_name = "FILE")]
    pub(crate) keys: Vec<PathBuf>,
}
