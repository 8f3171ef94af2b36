//! The process that reads what is reviewed: `palisade review worker`, which only Palisade starts.
//!
//! It finds its materials, gives up every right that it does not need, and only then reads the first
//! byte of them. Its answer goes to standard output.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::Context;
use palisade_review::sandbox::{self, Confines};
use palisade_review::worker::{self, Limits};
use palisade_review::{Budget, Material};
use serde::{Deserialize, Serialize};

use super::beside::Texts;
use super::job;

/// The longest description of a job.
const JOB: u64 = 64 << 20;

/// What a worker is to do, and with how much.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Job {
    /// What there was before; nothing when a tree is looked at by itself.
    pub(crate) old: Option<String>,
    /// What there is now.
    pub(crate) new: String,
    /// What version control says that there should be.
    pub(crate) git: Option<String>,
    /// Rules, lists and decisions of one's own.
    pub(crate) beside: Texts,
    /// Whether it confines itself.
    pub(crate) sandbox: Sandbox,
    /// The most bytes of memory.
    pub(crate) memory: u64,
    /// The most seconds.
    pub(crate) seconds: u64,
}

/// Whether the worker confines itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Sandbox {
    /// It does, or refuses to work.
    Required,
    /// Whoever asked takes the risk.
    Without,
}

/// Has a job done by a worker.
pub(crate) fn ask(job: &Job) -> anyhow::Result<Vec<u8>> {
    let program = std::env::current_exe().context("find this program")?;
    let mut command = Command::new(program);
    command.args(["review", "worker"]);
    let limits = Limits {
        time: Duration::from_secs(job.seconds),
        ..Limits::default()
    };
    let text = serde_json::to_vec(job).context("describe the job")?;
    worker::run(command, &text, &limits).map_err(|error| {
        // What it says, it says as this program does: once is enough.
        let said = error.to_string();
        anyhow::anyhow!(
            "{}",
            said.strip_prefix("error: ").unwrap_or(&said).to_owned()
        )
    })
}

/// Does the job that standard input describes.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let mut text = Vec::new();
    io::stdin().lock().take(JOB).read_to_end(&mut text)?;
    let job: Job = serde_json::from_slice(&text).context("read the job")?;
    let materials = Materials::open(&job)?;
    if job.sandbox == Sandbox::Required {
        confine(&job, &materials)?;
    }
    let budget = Budget {
        time: Duration::from_secs(job.seconds),
        ..Budget::default()
    };
    let answer = job::answer(materials, &job.beside, &budget)?;
    io::stdout().lock().write_all(&answer)?;
    Ok(ExitCode::SUCCESS)
}

/// The materials of a job, found but not read.
pub(crate) struct Materials {
    pub(crate) old: Option<Material>,
    pub(crate) new: Material,
    pub(crate) git: Option<Material>,
}

impl Materials {
    fn open(job: &Job) -> anyhow::Result<Self> {
        let open = |name: &String| Material::open(name);
        Ok(Self {
            old: job.old.as_ref().map(open).transpose()?,
            new: open(&job.new)?,
            git: job.git.as_ref().map(open).transpose()?,
        })
    }

    fn folders(&self) -> Vec<PathBuf> {
        let all = [self.old.as_ref(), Some(&self.new), self.git.as_ref()];
        let folders = all.into_iter().flatten().filter_map(Material::folder);
        folders.map(Path::to_owned).collect()
    }
}

fn confine(job: &Job, materials: &Materials) -> anyhow::Result<()> {
    let confines = Confines {
        folders: materials.folders(),
        memory: job.memory,
        // Several processors spend several seconds in one.
        seconds: job.seconds.saturating_mul(8),
    };
    sandbox::confine(&confines)
        .context("--without-sandbox reads without protection; the worker refused to work without")
}
