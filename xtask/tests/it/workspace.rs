//! The crates of the workspace, as cargo and their sources tell of them.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A crate of ours.
pub(crate) struct Crate {
    pub(crate) name: String,
    pub(crate) manifest: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

/// A dependency that a crate names.
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// Whether it is one of ours.
    pub(crate) own: bool,
    /// Whether only tests, examples or the build script have it.
    pub(crate) beside: bool,
}

/// A source file.
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    /// All of it.
    pub(crate) text: String,
}

/// The project's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The programs that `cargo run` may mean.
pub(crate) fn default_programs() -> Vec<String> {
    let metadata = metadata();
    let members = metadata["workspace_default_members"].as_array().unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let targets = packages
        .filter(|package| members.contains(&package["id"]))
        .flat_map(|package| package["targets"].as_array().unwrap());
    let is_program = |target: &&Value| target["kind"][0] == "bin";
    targets
        .filter(is_program)
        .map(|target| text(&target["name"]))
        .collect()
}

fn metadata() -> Value {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root());
    let output = cargo.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// All crates of the workspace.
pub(crate) fn crates() -> Vec<Crate> {
    metadata()["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(of_package)
        .collect()
}

fn of_package(package: &Value) -> Crate {
    let dependencies = package["dependencies"].as_array().unwrap();
    let dependencies = dependencies.iter().map(|dependency| Dependency {
        name: text(&dependency["name"]),
        own: dependency["source"].is_null(),
        beside: !dependency["kind"].is_null(),
    });
    Crate {
        name: text(&package["name"]),
        manifest: text(&package["manifest_path"]).into(),
        dependencies: dependencies.collect(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

impl Crate {
    /// Its sources, tests and examples.
    pub(crate) fn sources(&self) -> Vec<Source> {
        let mut sources = Vec::new();
        gather(self.manifest.parent().unwrap(), &mut sources);
        sources
    }

    /// What of its sources goes into programs: without tests, examples and benches.
    pub(crate) fn library_sources(&self) -> Vec<Source> {
        let source = self.manifest.parent().unwrap().join("src");
        let own = self
            .sources()
            .into_iter()
            .filter(|file| file.path.starts_with(&source));
        let own = own.filter(|file| !file.path.ends_with("tests.rs"));
        own.map(|file| Source {
            text: before_tests(&file.text),
            ..file
        })
        .collect()
    }
}

fn gather(folder: &Path, sources: &mut Vec<Source>) {
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("target") {
                gather(&path, sources);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs_err::read_to_string(&path).unwrap();
            sources.push(Source { path, text });
        }
    }
}

fn before_tests(text: &str) -> String {
    text.split("#[cfg(test)]")
        .next()
        .unwrap_or_default()
        .to_owned()
}

impl Source {
    /// The lines that are no comments, numbered from 1.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self
            .text
            .lines()
            .enumerate()
            .map(|(at, line)| (at + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}
