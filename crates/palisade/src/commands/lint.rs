//! `palisade lint`: what is wrong with files that people write, and what to write instead.

mod branch;
mod files;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use palisade_formats::apkbuild::Apkbuild;
use palisade_formats::apkbuild::lint::{Advice, Finding, Level, lint};
use serde::Serialize;

use super::Format;
use crate::ui::{self, plain};

#[derive(Debug, Args)]
pub(crate) struct Lint {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The `# secfixes:` comments of APKBUILD files
    ///
    /// Tells of each line that abuild refuses, that readers of the security database misunderstand,
    /// or that cannot be true, and what to write instead. Nothing of an APKBUILD is executed. The
    /// status is 0 when nothing is found, 1 when something is, and 2 when a file could not be read.
    Secfixes(Secfixes),
    /// What packagers of a branch wrote wrongly for those who look for vulnerabilities
    ///
    /// Of Guix these are properties of packages, of Alpine the fixes that are recorded beside packages;
    /// what to write instead is told. The status is 0 when nothing is found, 1 when something is, and 2
    /// when it could not be told.
    Branch(branch::Branch),
}

#[derive(Debug, Args)]
struct Secfixes {
    /// APKBUILD files, archives or folders of them; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// The least level that is told
    #[arg(long, value_enum, default_value_t = LevelWord::Warning)]
    level: LevelWord,

    /// How findings are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LevelWord {
    /// What is allowed, but not read alike by everybody, too
    Note,
    /// What some readers misunderstand, and errors
    Warning,
    /// What abuild refuses, and fixes that are lost
    Error,
}

pub(crate) fn run(database: &str, command: &Lint) -> anyhow::Result<ExitCode> {
    match &command.what {
        What::Secfixes(command) => lint_files(command),
        What::Branch(command) => branch::run(database, command),
    }
}

fn lint_files(command: &Secfixes) -> anyhow::Result<ExitCode> {
    let mut report = Report::default();
    for path in &command.files {
        files::each_apkbuild(path, &mut |file, text| {
            let apkbuild = Apkbuild::parse(text);
            if apkbuild.name.is_none() && apkbuild.secfixes.header.is_none() {
                anyhow::bail!("{file} is no APKBUILD: it names no package");
            }
            report.add(file, lint(text), command.level.level());
            Ok(())
        })?;
    }
    let mut output = ui::stdout();
    let printed = match command.format {
        Format::Text => report.print(&mut output),
        Format::Json => report.print_json(&mut output),
    };
    printed
        .and_then(|()| output.flush())
        .context("write the findings")?;
    if report.below > 0 && command.format == Format::Text {
        ui::say(&format!(
            "{} more below that level; --level note tells them",
            report.below
        ));
    }
    Ok(ExitCode::from(u8::from(!report.findings.is_empty())))
}

impl LevelWord {
    fn level(self) -> Level {
        match self {
            Self::Note => Level::Note,
            Self::Warning => Level::Warning,
            Self::Error => Level::Error,
        }
    }
}

/// What was found in all files.
#[derive(Debug, Default, Serialize)]
struct Report {
    files: u64,
    findings: Vec<Row>,
    /// Findings that were not asked for.
    below: u64,
}

/// A finding as it is printed.
#[derive(Debug, Serialize)]
struct Row {
    file: String,
    line: u64,
    level: &'static str,
    rule: &'static str,
    text: String,
    message: String,
    /// The lines to put in its place, when they are plain; none of them removes it.
    write: Option<Vec<String>>,
    /// What to find out or to do, when they are not.
    decide: Option<String>,
}

impl Report {
    fn add(&mut self, file: &str, findings: Vec<Finding>, least: Level) {
        self.files += 1;
        let all = findings.len() as u64;
        let before = self.findings.len() as u64;
        let told = findings
            .into_iter()
            .filter(|finding| finding.level >= least);
        self.findings
            .extend(told.map(|finding| Row::of(file, finding)));
        self.below += all - (self.findings.len() as u64 - before);
    }

    fn print(&self, output: &mut impl Write) -> io::Result<()> {
        let mut levels: BTreeMap<&str, u64> = BTreeMap::new();
        for row in &self.findings {
            row.print(output)?;
            *levels.entry(row.level).or_default() += 1;
        }
        let levels: Vec<String> = levels
            .iter()
            .map(|(level, count)| format!("{count} of level {level}"))
            .collect();
        let found = if levels.is_empty() {
            "nothing found".to_owned()
        } else {
            levels.join(", ")
        };
        let files = ui::counted(self.files, "file", "files");
        ui::say(&format!("{files}: {found}"));
        Ok(())
    }

    fn print_json(&self, output: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *output, self)?;
        output.write_all(b"\n")
    }
}

impl Row {
    fn of(file: &str, finding: Finding) -> Self {
        let (write, decide) = match finding.advice {
            Advice::Write(lines) => (Some(lines), None),
            Advice::Decide(what) => (None, Some(what)),
        };
        Self {
            file: file.to_owned(),
            line: finding.line,
            level: finding.level.label(),
            rule: finding.rule,
            text: finding.text,
            message: finding.message,
            write,
            decide,
        }
    }

    fn print(&self, output: &mut impl Write) -> io::Result<()> {
        let Self {
            line, level, rule, ..
        } = self;
        writeln!(
            output,
            "{}:{line}: {level}: {} [{rule}]",
            plain(&self.file),
            plain(&self.message)
        )?;
        writeln!(output, "    {}", plain(&self.text))?;
        match (&self.write, &self.decide) {
            (Some(lines), _) if lines.is_empty() => writeln!(output, "  remove it")?,
            (Some(lines), _) => {
                writeln!(output, "  write")?;
                for line in lines {
                    writeln!(output, "    {}", plain(line))?;
                }
            }
            (None, Some(what)) => writeln!(output, "  needed: {}", plain(what))?,
            (None, None) => {}
        }
        Ok(())
    }
}
