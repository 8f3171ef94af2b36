//! The `palisade` command: arguments, terminal output, configuration, wiring.

mod arguments;
mod commands;
mod configuration;
mod logging;
mod naming;
mod reviewing;
mod service_manager;
mod serving;
mod signals;
mod terminal;
mod ui;

use std::process::ExitCode;

use crate::arguments::{Arguments, Command};

/// Imports allocate in one thread and free in another, which the system's allocator is slow at: with
/// it an import costs a quarter more CPU (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::read();
    match &arguments.command {
        Command::Serve(serve) => logging::start_service(&serve.log, arguments.verbose),
        _ => logging::start(arguments.verbose),
    }
    match run(&arguments) {
        Ok(code) => code,
        Err(error) if ui::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            ui::print_error(&error);
            ExitCode::from(2)
        }
    }
}

/// Runs a command: status 0 is success or nothing found, 1 something found, 2 could not do it.
fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Version(command) => commands::version::run(command),
        Command::Match(command) => commands::r#match::run(command),
        Command::Lint(command) => commands::lint::run(&arguments.database, command),
        Command::Import(command) => commands::import::run(&arguments.database, command),
        Command::Findings(command) => commands::findings::run(&arguments.database, command),
        Command::Show(command) => commands::show::run(&arguments.database, command),
        Command::Report(command) => commands::report::run(&arguments.database, command),
        Command::Review(command) => commands::review::run(&arguments.database, command),
        Command::Compare(command) => commands::compare::run(&arguments.database, command),
        Command::AffectedBy(command) => commands::affected_by::run(&arguments.database, command),
        Command::Explain(command) => commands::explain::run(&arguments.database, command),
        Command::Identity(command) => commands::identity::run(&arguments.database, command),
        Command::Sync(command) => commands::sync::run(&arguments.database, command),
        Command::Serve(command) => commands::serve::run(&arguments.database, command),
        Command::Admin(command) => commands::admin::run(&arguments.database, command),
        Command::Generate(command) => commands::generate::run(command),
        Command::Demo(command) => commands::demo::run(command),
    }
}
