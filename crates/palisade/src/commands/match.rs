//! `palisade match`: inventories against feeds, without a database.

mod branches;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::Context;
use clap::{Args, ValueEnum};
use palisade_formats::Reject;
use palisade_formats::feed::{FeedContext, FeedKind};
use palisade_formats::inventory::InventoryKind;
use palisade_model::{BranchName, Inventory, VerdictStatus};
use palisade_tracker::{
    Document, Identities, InventoryImport, MatchRow, Matcher, read_identities, read_inventory,
};

use self::branches::Origin;
use super::{now, read_keys};
use crate::arguments::Unsaid;
use crate::naming::{as_given, naming};
use crate::terminal;
use crate::ui::{self, plain};

#[derive(Debug, Args)]
pub(crate) struct Match {
    #[arg(
        long = "inventory", required = true, value_name = "KIND:FILE", num_args = 1..,
        help = format!(
            "An inventory; may be given several times. KIND is one of {}",
            InventoryKind::ALL.map(InventoryKind::name).join(", ")
        )
    )]
    inventories: Vec<OfKind<InventoryKind>>,

    #[arg(
        long = "feed", required = true, value_name = "KIND:FILE", num_args = 1..,
        help = format!(
            "A feed; may be given several times. KIND is one of {}",
            FeedKind::ALL.map(FeedKind::name).join(", ")
        )
    )]
    feeds: Vec<OfKind<FeedKind>>,

    /// A table of which product a package is or is not, as `palisade identity export` writes it; may
    /// be given several times
    #[arg(long, value_name = "FILE")]
    identities: Vec<PathBuf>,

    /// How matches are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// The branch of the inventories that do not say theirs; once for each distribution
    ///
    /// Only inventories of the branch's distribution take it. An index of apk may also be of a
    /// relative of Alpine (wolfi, chainguard, postmarketos), and what is taken for Debian's of one
    /// of Debian (devuan, ubuntu). Feeds of Alpine that name no branch (secdb, apkbuild, rejections)
    /// take Alpine's, debsecan takes Debian's, and wolfi Chainguard's. A branch that is for nothing
    /// given is an error.
    #[arg(long = "branch", value_name = "DISTRIBUTION/BRANCH")]
    branches: Vec<BranchName>,

    #[command(flatten)]
    unsaid: Unsaid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line a match, for people; fixed and unaffected ones are left out
    Text,
    /// One JSON object a line
    Jsonl,
}

/// A file with the format in which it is.
#[derive(Debug, Clone)]
struct OfKind<K> {
    kind: K,
    path: PathBuf,
}

/// Formats that stand for each other on the command line.
trait Kinds: FromStr {
    /// Their names, for messages.
    fn names() -> String;
}

impl Kinds for FeedKind {
    fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl Kinds for InventoryKind {
    fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl<K: Kinds> FromStr for OfKind<K> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, path) = text.split_once(':').ok_or_else(|| {
            format!(
                "write KIND:FILE, not {text:?}; KIND is one of {}",
                K::names()
            )
        })?;
        let no_kind = |_| format!("there is no format {kind:?}; there are {}", K::names());
        let kind = kind.parse().map_err(no_kind)?;
        Ok(Self {
            kind,
            path: path.into(),
        })
    }
}

pub(crate) fn run(command: &Match) -> anyhow::Result<ExitCode> {
    let mut rejects = Vec::new();
    let mut matcher = Matcher::with(command.read_identities(&mut rejects)?);
    command.add_inventories(&mut matcher, &mut rejects)?;
    command.read_feeds(&mut matcher, &mut rejects)?;
    ui::say_rejects(&rejects);
    let mut output = ui::stdout();
    let (mut affected, mut waiting) = (0, 0);
    matcher
        .matches(|row| {
            affected += u64::from(row.verdict == VerdictStatus::Affected);
            waiting += u64::from(row.verdict == VerdictStatus::UnderInvestigation);
            print(&mut output, &row, command.format)
        })
        .and_then(|()| output.flush())
        .context("write the matches")?;
    if command.format == Format::Text {
        ui::say(&tally(matcher.counts(), affected, waiting));
    }
    Ok(ExitCode::from(u8::from(affected > 0)))
}

/// What was compared with what, and what came of it.
fn tally((packages, records): (u64, u64), affected: u64, waiting: u64) -> String {
    let packages = ui::counted(packages, "package", "packages");
    let records = ui::counted(records, "record", "records");
    let found = match (affected, waiting) {
        (0, 0) => "nothing affected".to_owned(),
        (_, 0) => format!("{affected} affected"),
        (0, _) => format!("nothing affected, {waiting} under investigation"),
        _ => format!("{affected} affected, {waiting} under investigation"),
    };
    format!("{packages}, {records}: {found}")
}

impl Match {
    fn read_identities(&self, rejects: &mut Vec<Reject>) -> anyhow::Result<Identities> {
        let mut statements = Vec::new();
        for path in &self.identities {
            let document = Document::of(path);
            let (stated, passed_over) = read_identities(&document, now())
                .map_err(|error| naming(error.into(), &document))?;
            statements.extend(stated);
            rejects.extend(as_given(passed_over, &document));
        }
        Ok(Identities::of(statements))
    }

    fn add_inventories(
        &self,
        matcher: &mut Matcher,
        rejects: &mut Vec<Reject>,
    ) -> anyhow::Result<()> {
        let inventories = self.read_inventories(rejects)?;
        let said: Vec<_> = inventories
            .iter()
            .map(|(document, inventory)| (document.given_name(), &inventory.head))
            .collect();
        let feeds: Vec<FeedKind> = self.feeds.iter().map(|feed| feed.kind).collect();
        let origins = branches::origins(&said, &feeds, &self.branches)?;
        for ((_, inventory), origin) in inventories.iter().zip(origins) {
            let Origin {
                distribution,
                branch,
            } = origin;
            matcher.add_inventory(inventory, &distribution, branch.as_deref());
        }
        Ok(())
    }

    fn read_inventories(
        &self,
        rejects: &mut Vec<Reject>,
    ) -> anyhow::Result<Vec<(Document, Inventory)>> {
        let keys = read_keys(&self.unsaid.keys)?;
        let mut inventories = Vec::new();
        for OfKind { kind, path } in &self.inventories {
            let document = Document::of(path);
            let import = InventoryImport {
                kind: *kind,
                document: document.clone(),
                branch: None,
                repository: self.unsaid.repository.clone(),
                architecture: None,
                signed_by: None,
                revision: None,
                time: None,
                present: None,
                keys: keys.clone(),
                require_signature: false,
                believe: false,
                now: now(),
            };
            let mut passed_over = Vec::new();
            let inventory = read_inventory(&import, &mut |reject| passed_over.push(reject))
                .map_err(|error| naming(error.into(), &document))?;
            rejects.extend(as_given(passed_over, &document));
            inventories.push((document, inventory));
        }
        Ok(inventories)
    }

    fn read_feeds(&self, matcher: &mut Matcher, rejects: &mut Vec<Reject>) -> anyhow::Result<()> {
        for OfKind { kind, path } in &self.feeds {
            let context = FeedContext {
                branch: branches::of_feed(*kind, &self.branches)?.cloned(),
                repository: self.unsaid.repository.clone(),
                whole_at: None,
            };
            let document = Document::of(path);
            let mut passed_over = Vec::new();
            let reject = &mut |reject| passed_over.push(reject);
            matcher
                .read_feed(*kind, &document, &context, reject)
                .map_err(|error| naming(error.into(), &document))?;
            rejects.extend(as_given(passed_over, &document));
        }
        Ok(())
    }
}

fn print(output: &mut impl Write, row: &MatchRow, format: Format) -> std::io::Result<()> {
    match format {
        Format::Text => print_text(output, row),
        Format::Jsonl => {
            serde_json::to_writer(&mut *output, row)?;
            output.write_all(b"\n")
        }
    }
}

fn print_text(output: &mut impl Write, row: &MatchRow) -> std::io::Result<()> {
    if !matches!(
        row.verdict,
        VerdictStatus::Affected | VerdictStatus::UnderInvestigation
    ) {
        return Ok(());
    }
    writeln!(
        output,
        "{:<20} {:<32} {} ({}){}",
        plain(&row.vulnerability),
        plain(&format!("{} {}", row.package, row.version)),
        row.verdict.label().replace('_', " "),
        row.confidence.label(),
        terminal::fixed_words(row.fixed_in.as_deref()),
    )
}
