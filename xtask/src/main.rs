//! `cargo xtask`: what developers and CI run. `cargo xtask help` lists it.
//!
//! It drives other programs and builds none of the project's code itself, so that it starts within
//! seconds on a fresh machine.

mod bench;
mod check;
mod fuzz;
mod known_blobs;
mod m4_serials;
mod package;
mod postgres;
mod programs;
mod test;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask test [ARGUMENT…]   all tests, on SQLite and on a PostgreSQL started for them;
                               arguments go to cargo nextest (or cargo test), such as a test's name
cargo xtask check              format, lints, documentation, licences and advisories of dependencies
cargo xtask bench NAME [ARGUMENT…]
                               a program of bench/, such as faults
cargo xtask fuzz [TARGET…] [--seconds N] [--jobs N]
                               fuzz the parsers, all or some, 60 seconds each unless told otherwise
cargo xtask postgres COMMAND [ARGUMENT…]
                               run a command with PALISADE_TEST_POSTGRES set to a throw-away server
cargo xtask known-blobs [--releases FOLDER]
                               the review's table of files that build tools copy, from Debian's packages
                               and from upstream's archives in a folder
cargo xtask m4-serials DIRECTORY…
                               the table of macro files for the review, from unpacked packages
cargo xtask package            the Debian package, into the target folder's debian/
cargo xtask help               this list";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let task = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let done = match task.as_str() {
        "test" => test::run(&rest),
        "check" => check::run(),
        "bench" => bench::run(&rest),
        "fuzz" => fuzz::run(&rest),
        "known-blobs" => known_blobs::run(&rest),
        "m4-serials" => m4_serials::run(&rest),
        "package" => package::run(),
        "postgres" => postgres::run(&rest),
        "help" | "--help" | "-h" => {
            eprintln!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        other => {
            eprintln!("there is no task {other:?}\n\n{HELP}");
            Ok(ExitCode::from(2))
        }
    };
    done.unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::from(2)
    })
}
