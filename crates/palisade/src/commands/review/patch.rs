//! `palisade review patch`: what a patch to a distribution's recipes changes, sources included.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, ValueEnum};
use palisade_review::Scanner;
use palisade_review::explain::KnownBlobs;
use palisade_review::patch::{
    self, Base, Mirrors, PATCH_BYTES, PatchReport, SourceReport, System, page_of_request,
    patch_markdown, patch_text,
};
use palisade_review::report::Finding;

use palisade_tracker::views::StateRef;

use super::beside::Texts;
use super::patch_effect;
use super::sources::{Network, Sources};
use super::worker::{self, Job, Sandbox};
use crate::ui::{self, plain};

#[derive(Debug, Args)]
pub(crate) struct Patch {
    /// A patch, a mail, a mailbox with a series, `-`, or the address of a merge request
    #[arg(value_name = "FILE")]
    file: String,

    /// What the patch applies to: a directory or REPOSITORY@REVISION; without it only its hunks are seen
    #[arg(long, value_name = "TREE")]
    tree: Option<String>,

    /// Tell what the patch does to this branch's findings, by what the database knows (--database)
    #[arg(long, value_name = "BRANCH")]
    branch: Option<StateRef>,

    /// Look for sources in this folder first, by name and by digest
    #[arg(long, value_name = "DIR")]
    sources: Option<PathBuf>,

    /// Fetch nothing
    #[arg(long)]
    offline: bool,

    /// Look for sources here instead of at the usual mirrors; {name}, {sha256}, {sha512} and {base32}
    /// are replaced
    #[arg(long, value_name = "ADDRESS")]
    mirror: Vec<String>,

    /// Let fetching reach the own network
    #[arg(long)]
    private: bool,

    /// How the report is printed
    #[arg(long, value_enum, default_value_t = Form::Text)]
    format: Form,

    /// Read hostile bytes without protection, where the kernel offers none
    #[arg(long)]
    without_sandbox: bool,

    /// The most seconds that reading one source may take
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    time: u64,

    /// The most MiB of memory that reading one source may take
    #[arg(long, value_name = "MIB", default_value_t = 4096)]
    memory: u64,
}

/// How the report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people
    Text,
    /// One JSON document
    Json,
    /// For a merge request
    Markdown,
}

pub(crate) fn run(database: &str, command: &Patch) -> anyhow::Result<ExitCode> {
    let sources = command.sources()?;
    let patches = patch::read(&command.bytes(&sources)?)?;
    let (touched, pairs) = match &command.tree {
        Some(tree) => {
            let base = Base::open(tree)?;
            let touched = patch::apply(&patches, &mut |path| base.file(path))?;
            let pairs = patch::pairs(&touched);
            (touched, pairs)
        }
        None => (patch::seen(&patches), patch::partial_pairs(&patches)),
    };
    let (scanner, known) = (Scanner::builtin()?, KnownBlobs::shipped());
    let mut report = PatchReport::of(&patches, &touched, &pairs, &scanner, &known);
    let mut found = Vec::new();
    for package in &mut report.packages {
        for source in &mut package.sources {
            command.compare(source, package.system, &sources, &mut found)?;
        }
    }
    report.signals.extend(found);
    report.sort_signals();
    let mut comparison = None;
    if let Some(branch) = &command.branch {
        let (effect, view) = patch_effect::effect(database, branch, &report, &command.file)?;
        (report.effect, comparison) = (Some(effect), view);
    }
    let mut output = ui::stdout();
    match command.format {
        Form::Json => {
            serde_json::to_writer_pretty(&mut output, &report)?;
            writeln!(output)?;
        }
        Form::Markdown => output.write_all(patch_markdown(&report).as_bytes())?,
        Form::Text => {
            output.write_all(patch_text(&report).as_bytes())?;
            if let Some(view) = &comparison {
                crate::commands::compare::text::write(&mut output, view)?;
            }
        }
    }
    output.flush()?;
    Ok(ExitCode::from(u8::from(report.alarms())))
}

impl Patch {
    fn sources(&self) -> anyhow::Result<Sources> {
        let mut mirrors = Mirrors::default();
        if !self.mirror.is_empty() {
            (mirrors.alpine, mirrors.guix) = (Vec::new(), Vec::new());
            mirrors.archives.clone_from(&self.mirror);
        }
        let network = (!self.offline)
            .then(|| Network::new(mirrors, self.private))
            .transpose()?;
        Ok(Sources::new(self.sources.clone(), network))
    }

    /// The patch itself, wherever it is.
    fn bytes(&self, sources: &Sources) -> anyhow::Result<Vec<u8>> {
        if self.file.contains("://") {
            let address = page_of_request(&self.file).with_context(|| {
                format!(
                    "{} is no merge request's address\nhint: it ends in /merge_requests/NUMBER, \
                         /pull/NUMBER or /pulls/NUMBER, or in .patch or .diff",
                    self.file
                )
            })?;
            return sources.patch(&address, PATCH_BYTES);
        }
        let mut bytes = Vec::new();
        // One byte more than may be: the reader tells that it is too long.
        if self.file == "-" {
            std::io::stdin()
                .lock()
                .take(PATCH_BYTES + 1)
                .read_to_end(&mut bytes)?;
        } else {
            fs_err::File::open(&self.file)?
                .take(PATCH_BYTES + 1)
                .read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }

    /// Gets both sides of a source and has a worker compare them.
    fn compare(
        &self,
        source: &mut SourceReport,
        system: System,
        sources: &Sources,
        found: &mut Vec<Finding>,
    ) -> anyhow::Result<()> {
        let is_beside = source
            .new
            .as_ref()
            .is_some_and(palisade_review::patch::Source::is_beside);
        // What lies beside the recipe was looked at with the other files of the patch.
        let Some(new) = source.new.as_ref().filter(|_| !is_beside) else {
            return Ok(());
        };
        let got = sources.get(new, system);
        let old = match &source.old {
            Some(old) if !old.is_beside() => Some(sources.get(old, system)),
            _ => None,
        };
        let new = match (got, &old) {
            (Ok(new), None | Some(Ok(_))) => new,
            (Err(why), _) => {
                source.not_compared = Some(plain(&format!("the new one: {why}")));
                return Ok(());
            }
            (Ok(_), Some(Err(why))) => {
                source.not_compared = Some(plain(&format!("the old one: {why}")));
                return Ok(());
            }
        };
        let old = old.and_then(Result::ok);
        let name = |got: &super::sources::Got| got.path.display().to_string();
        source.from = old
            .iter()
            .chain([&new])
            .map(|got| plain(&got.from))
            .collect();
        let answer = worker::ask(&self.job(old.as_ref().map(name), name(&new)))?;
        let review: serde_json::Value =
            serde_json::from_slice(&answer).context("read the worker's answer")?;
        let label = source
            .new
            .as_ref()
            .map(|it| it.name.clone())
            .unwrap_or_default();
        for signal in review["signals"].as_array().into_iter().flatten() {
            let finding: Finding =
                serde_json::from_value(signal.clone()).context("read the worker's signals")?;
            let path = format!("{label}!/{}", finding.path);
            found.push(Finding { path, ..finding });
        }
        source.review = Some(review);
        Ok(())
    }

    fn job(&self, old: Option<String>, new: String) -> Job {
        Job {
            old,
            new,
            git: None,
            beside: Texts::default(),
            sandbox: if self.without_sandbox {
                Sandbox::Without
            } else {
                Sandbox::Required
            },
            memory: self.memory.saturating_mul(1 << 20),
            seconds: self.time,
        }
    }
}
