//! `cargo xtask package`: the Debian package, from a build for others.
//!
//! Manual pages, completions and the configuration come from the program that is packed, so they
//! cannot tell of another one.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::Context;

use crate::programs::{cargo, has_cargo, must, output, root};

/// The build profile of packages.
const PROFILE: &str = "dist";

const SHELLS: [&str; 3] = ["bash", "fish", "zsh"];

pub(crate) fn run() -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        has_cargo("deb"),
        "cargo-deb is not installed; cargo install --locked cargo-deb"
    );
    eprintln!("package: build");
    let arguments = ["build", "--locked", "--package", "palisade"];
    must(cargo(arguments).args(["--profile", PROFILE]))?;
    let built = target().join(PROFILE);
    eprintln!("package: manual pages, completions, configuration");
    generate(&built)?;
    eprintln!("package: pack");
    let deb = ["deb", "--quiet", "--no-build", "--package", "palisade"];
    let packed = output(cargo(deb).args(["--profile", PROFILE]))?;
    eprintln!("package: {packed}");
    Ok(ExitCode::SUCCESS)
}

/// Writes into `package` beside the program what it says of itself.
fn generate(built: &std::path::Path) -> anyhow::Result<()> {
    let folder = built.join("package");
    if folder.exists() {
        // Pages of commands that are gone would be packed, too.
        fs_err::remove_dir_all(&folder)?;
    }
    let palisade = || Command::new(built.join("palisade"));
    let manual = folder.join("man");
    must(palisade().args(["generate", "man"]).arg(&manual))?;
    let pages = fs_err::read_dir(&manual)?.map(|page| page.map(|page| page.path()));
    let pages = pages.collect::<Result<Vec<_>, _>>()?;
    // Without a time within, the same pages are the same file.
    must(Command::new("gzip").args(["-9", "--no-name"]).args(pages))?;
    for shell in SHELLS {
        let script = output(palisade().args(["generate", "completions", shell]))?;
        fs_err::write(folder.join(format!("palisade.{shell}")), script + "\n")?;
    }
    let configuration = output(palisade().args(["sync", "--print-config"]))?;
    fs_err::write(folder.join("palisade.toml"), configuration + "\n")
        .context("write the configuration")
}

/// Where cargo builds.
fn target() -> PathBuf {
    let named = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    root().join(named.unwrap_or_else(|| "target".into()))
}
