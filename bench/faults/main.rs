//! Kills imports at random moments and looks whether the next run ends in the same database as an
//! undisturbed one.
//!
//! For each kind of import a database is prepared with what it works upon: packages for feeds,
//! feeds for inventories. Each trial takes a fresh copy of it, starts the import, kills it as `kill
//! -9` does, starts it again, lets it end, and compares everything that is stored.

mod cases;
mod databases;
mod generated;
mod import;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Parser;
use palisade_store::Content;

use cases::Case;
use databases::Databases;
use import::Palisade;

/// Kill imports at random moments; the next run has to end in the same database as an undisturbed
/// one.
#[derive(Debug, Parser)]
struct Arguments {
    /// How often each kind of import is killed
    #[arg(long, default_value_t = 20)]
    kills: u32,

    /// Only these kinds
    #[arg(long = "kind", value_name = "KIND")]
    kinds: Vec<String>,

    /// The folder with real documents; where one is missing, a made-up one is imported
    #[arg(long, value_name = "FOLDER", default_value = "../shared/data")]
    data: PathBuf,

    /// The palisade program
    #[arg(long, value_name = "FILE")]
    palisade: Option<PathBuf>,

    /// Where the random moments begin
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// A PostgreSQL server; without one only SQLite is tested
    #[arg(
        long,
        env = "PALISADE_TEST_POSTGRES",
        hide_env_values = true,
        value_name = "ADDRESS"
    )]
    postgres: Option<String>,
}

/// What came of one kind of import on one database.
struct Row {
    database: &'static str,
    kind: &'static str,
    document: String,
    undisturbed: Duration,
    kills: u32,
    /// How many of the kills came before the import had ended by itself.
    in_flight: u32,
    survived: u32,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let folder = tempfile::tempdir().context("make a folder")?;
    let palisade = Palisade::find(arguments.palisade.clone())?;
    let mut places = vec![Databases::sqlite(folder.path())];
    places.extend(arguments.postgres.as_deref().map(Databases::postgres));
    let mut rows = Vec::new();
    for case in cases::all(&arguments.data, folder.path())? {
        if arguments.kinds.is_empty() || arguments.kinds.iter().any(|kind| kind == case.kind) {
            for place in &places {
                rows.push(try_case(&arguments, &palisade, place, &case)?);
            }
        }
    }
    print(&rows).context("write the table")?;
    let all_survived = rows.iter().all(|row| row.survived == row.kills);
    Ok(if all_survived {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn try_case(
    arguments: &Arguments,
    palisade: &Palisade,
    place: &Databases,
    case: &Case,
) -> anyhow::Result<Row> {
    eprintln!("{} on {}", case.kind, place.name());
    let base = place.create("base")?;
    for step in &case.before {
        palisade.run(&base, step)?;
    }
    let (expected, undisturbed) = undisturbed(palisade, place, case)?;
    let mut random = Random(arguments.seed);
    let mut row = Row {
        database: place.name(),
        kind: case.kind,
        document: case.document.clone(),
        undisturbed,
        kills: arguments.kills,
        in_flight: 0,
        survived: 0,
    };
    for number in 0..arguments.kills {
        // One moment in each of as many equal parts of the import as there are kills.
        let part = (f64::from(number) + random.fraction()) / f64::from(arguments.kills);
        let copy = place.copy("base", "trial")?;
        if palisade.kill_after(&copy, &case.import, undisturbed.mul_f64(part))? {
            row.in_flight += 1;
        }
        palisade.run(&copy, &case.import)?;
        let differences = expected.differences(&content(&copy)?, 5);
        if differences.is_empty() {
            row.survived += 1;
        } else {
            eprintln!("killed after {:.0} % of {undisturbed:?}:", part * 100.0);
            for line in &differences {
                eprintln!("  {line}");
            }
        }
        place.remove("trial")?;
    }
    place.remove("base")?;
    Ok(row)
}

/// What an import that nobody disturbs ends in, and how long it takes: the shorter of two runs.
fn undisturbed(
    palisade: &Palisade,
    place: &Databases,
    case: &Case,
) -> anyhow::Result<(Content, Duration)> {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let copy = place.copy("base", "undisturbed")?;
        let before = content(&copy)?;
        let took = palisade.run(&copy, &case.import)?;
        let after = content(&copy)?;
        ensure!(
            before != after,
            "the import of {} changed nothing",
            case.kind
        );
        runs.push((after, took));
        place.remove("undisturbed")?;
    }
    let (other, other_took) = runs.pop().context("a run")?;
    let (content, took) = runs.pop().context("a run")?;
    let differences = content.differences(&other, 5);
    ensure!(
        differences.is_empty(),
        "two undisturbed runs of {} differ: {differences:#?}",
        case.kind
    );
    Ok((content, took.min(other_took)))
}

fn content(address: &str) -> anyhow::Result<Content> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let store = palisade_store::Store::open(address).await?;
        let mut session = store.read().await?;
        let content = session.content().await?;
        drop(session);
        store.close().await;
        Ok(content)
    })
}

fn print(rows: &[Row]) -> std::io::Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(
        output,
        "| import | database | document | undisturbed | kills | in flight | survived |"
    )?;
    writeln!(output, "|---|---|---|--:|--:|--:|--:|")?;
    for row in rows {
        let Row {
            database,
            kind,
            document,
            undisturbed,
            kills,
            in_flight,
            survived,
        } = row;
        let seconds = undisturbed.as_secs_f64();
        writeln!(
            output,
            "| {kind} | {database} | {document} | {seconds:.2} s | {kills} | {in_flight} | {survived} |"
        )?;
    }
    Ok(())
}

/// Numbers that look random and are the same for the same seed (xorshift64*).
struct Random(u64);

impl Random {
    /// From 0 up to, but without, 1.
    fn fraction(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        f64::from(u32::try_from(high).unwrap_or(u32::MAX)) / (f64::from(u32::MAX) + 1.0)
    }
}
