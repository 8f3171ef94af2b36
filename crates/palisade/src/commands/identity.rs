//! `palisade identity`: which product a package is, or is not, as people state it.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use palisade_formats::identities::{self, Form, IdentityRow};
use palisade_matching::{BuiltIn, built_in};
use palisade_model::{Distribution, IdentityStatement, ProductName, Sense};
use palisade_store::Withdrawal;
use palisade_tracker::views::{IdentityState, IdentityView};
use palisade_tracker::{
    Document, Followed, Store, Views, error_line, import_identities, state_identity,
    withdraw_identity,
};

use super::{
    Format, block_on, must_be_there, now, open_current_store, open_existing_current_store,
    open_existing_store,
};
use crate::naming::{as_given, naming};
use crate::terminal;
use crate::ui::{self, Cell, plain};

#[derive(Debug, Args)]
pub(crate) struct Identity {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List what is stated
    List(List),
    /// State that a package is, or is not, a product
    ///
    /// All packages of that name are judged again, in all versions and on all branches.
    State(State),
    /// Take a statement back; what was found before is found again
    Withdraw(Withdraw),
    /// Write a table of all identities, those of the built-in tables included
    Export(Export),
    /// Take the statements of a table, as export writes it
    ///
    /// What is stored already is not taken again, and rows of built-in tables are left out.
    Import(Import),
}

#[derive(Debug, Args)]
struct List {
    /// Only of packages whose name contains this
    #[arg(long, value_name = "NAME")]
    package: Option<String>,

    /// Also what was superseded or withdrawn
    #[arg(long)]
    all: bool,

    /// How they are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Args)]
struct State {
    /// The source package's name
    package: String,

    /// Whether it is the product
    #[arg(value_enum)]
    sense: SenseWord,

    /// VENDOR:PRODUCT or VENDOR:* as CPE names have them, or REGISTRY:NAME such as PyPI:requests
    product: ProductName,

    /// Only the package of this distribution
    #[arg(long)]
    distribution: Option<Distribution>,

    /// How you know
    #[arg(long, value_name = "TEXT")]
    reason: String,

    /// Who says so
    #[arg(long, value_name = "NAME")]
    by: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SenseWord {
    Is,
    IsNot,
}

#[derive(Debug, Args)]
struct Withdraw {
    /// The statement's number, as it is listed
    number: i64,

    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,

    /// Who takes it back
    #[arg(long, value_name = "NAME")]
    by: String,
}

#[derive(Debug, Args)]
struct Export {
    /// How they are written
    #[arg(long, value_enum, default_value_t = TableForm::Tsv)]
    format: TableForm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TableForm {
    /// Tab-separated values with a head
    Tsv,
    /// One JSON object a line
    Jsonl,
}

#[derive(Debug, Args)]
struct Import {
    /// Tables, compressed or not; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(crate) fn run(database: &str, command: &Identity) -> anyhow::Result<ExitCode> {
    block_on(async {
        match &command.what {
            What::List(command) => list(database, command).await?,
            What::State(command) => state(database, command).await?,
            What::Withdraw(command) => withdraw(database, command).await?,
            What::Export(command) => export(database, command).await?,
            What::Import(command) => import(database, command).await?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn read(database: &str) -> anyhow::Result<Vec<IdentityView>> {
    let store = open_existing_store(database).await?;
    let stated = Views::new(store.clone()).identities().await;
    store.close().await;
    stated.context("read what is stated")
}

async fn list(database: &str, command: &List) -> anyhow::Result<()> {
    let mut stated = read(database).await?;
    stated.retain(|it| {
        let named = command.package.as_ref();
        (command.all || it.state == IdentityState::Stands)
            && named.is_none_or(|name| it.package.contains(name))
    });
    let mut output = ui::stdout();
    let written = match command.format {
        Format::Text => write_list(&mut output, &stated),
        Format::Json => serde_json::to_writer_pretty(&mut output, &stated)
            .map_err(io::Error::from)
            .and_then(|()| output.write_all(b"\n")),
    };
    let written = written.and_then(|()| output.flush());
    written.context("write what is stated")
}

fn write_list(output: &mut impl Write, stated: &[IdentityView]) -> io::Result<()> {
    if stated.is_empty() {
        ui::say("nothing is stated");
        return Ok(());
    }
    let row = |it: &IdentityView| {
        let withdrawn = it.withdrawn.as_ref();
        let reason = match withdrawn {
            Some(words) => format!("{}; {words}", it.reason),
            None => it.reason.clone(),
        };
        vec![
            Cell::of(&it.number.to_string()),
            Cell::of(&it.package),
            Cell::of(it.distribution.as_deref().unwrap_or("all")),
            Cell::of(&it.says.replace('_', " ")),
            Cell::of(&it.product),
            Cell::of(it.state.label()),
            Cell::of(&terminal::day(it.time)),
            Cell::of(&it.by),
            Cell::of(&reason),
        ]
    };
    let rows: Vec<Vec<Cell>> = stated.iter().map(row).collect();
    let head = [
        "NUMBER", "PACKAGE", "OF", "SAYS", "PRODUCT", "STATE", "DAY", "BY", "REASON",
    ];
    ui::write_table(output, &head, &rows)
}

async fn state(database: &str, command: &State) -> anyhow::Result<()> {
    let statement = IdentityStatement {
        time: now(),
        distribution: command.distribution.clone(),
        package: command.package.clone(),
        product: command.product.clone(),
        sense: match command.sense {
            SenseWord::Is => Sense::Is,
            SenseWord::IsNot => Sense::IsNot,
        },
        reason: command.reason.trim().to_owned(),
        by: command.by.trim().to_owned(),
    };
    let statement = statement.checked().context("state an identity")?;
    let store = open_existing_current_store(database).await?;
    let stated = state_identity(&store, &statement).await;
    store.close().await;
    let stated = stated.context("state an identity")?;
    let words = words(&statement);
    ui::say(&if stated.added {
        let followed = followed_words(stated.followed);
        format!("statement {}: {words}; {followed}", stated.number)
    } else {
        format!("statement {} says that already: {words}", stated.number)
    });
    Ok(())
}

fn words(statement: &IdentityStatement) -> String {
    let IdentityStatement {
        package,
        product,
        sense,
        ..
    } = statement;
    let of = match &statement.distribution {
        Some(distribution) => format!("{package} of {distribution}"),
        None => package.clone(),
    };
    let what = match product {
        ProductName::Cpe { .. } => "the CPE product ",
        ProductName::Vendor(_) => "what CPE names call ",
        ProductName::Package { .. } => "the package ",
    };
    plain(&format!("{of} {} {what}{product}", sense.words()))
}

fn followed_words(followed: Followed) -> String {
    let Followed { packages, findings } = followed;
    if packages == 0 {
        return "no package of that name is stored".to_owned();
    }
    let packages = ui::counted(packages, "source package", "source packages");
    let findings = ui::counted(findings, "finding", "findings");
    format!("{packages} judged again, {findings} changed")
}

async fn withdraw(database: &str, command: &Withdraw) -> anyhow::Result<()> {
    let withdrawal = Withdrawal {
        time: now(),
        reason: command.reason.trim().to_owned(),
        by: command.by.trim().to_owned(),
    };
    IdentityStatement::checked_words(&withdrawal.reason, &withdrawal.by)
        .context("withdraw a statement")?;
    let store = open_existing_current_store(database).await?;
    let withdrawn = withdraw_identity(&store, command.number, &withdrawal).await;
    store.close().await;
    let withdrawn = withdrawn.map_err(|error| {
        let hint = "palisade identity list --all has their numbers";
        anyhow::anyhow!("{}\nhint: {hint}", error_line(&error))
    })?;
    ui::say(&format!(
        "withdrawn: {}; {}",
        words(&withdrawn.statement),
        followed_words(withdrawn.followed)
    ));
    Ok(())
}

async fn export(database: &str, command: &Export) -> anyhow::Result<()> {
    let stated = read(database).await?;
    let form = match command.format {
        TableForm::Tsv => Form::Tsv,
        TableForm::Jsonl => Form::Jsonl,
    };
    let mut output = ui::stdout();
    write_table(&mut output, form, &stated)
        .and_then(|()| output.flush())
        .context("write the table")
}

fn write_table(output: &mut impl Write, form: Form, stated: &[IdentityView]) -> io::Result<()> {
    identities::write_head(output, form)?;
    let stands = |it: &&IdentityView| it.state == IdentityState::Stands;
    for it in stated.iter().filter(stands) {
        identities::write(output, form, &IdentityRow::of(&it.statement))?;
    }
    for row in built_in() {
        identities::write(output, form, &built_in_row(&row))?;
    }
    Ok(())
}

fn built_in_row(row: &BuiltIn) -> IdentityRow {
    let notes = [
        row.versions.as_deref(),
        Some(row.note).filter(|note| !note.is_empty()),
    ];
    let notes: Vec<&str> = notes.into_iter().flatten().collect();
    IdentityRow {
        package: row.package.to_owned(),
        distribution: row.distribution.map(str::to_owned),
        says: Some(row.sense.label().to_owned()),
        product: format!("{}:{}", row.vendor, row.product),
        source: Some(row.table.to_owned()),
        by: None,
        time: None,
        reason: (!notes.is_empty()).then(|| notes.join("; ")),
    }
}

async fn import(database: &str, command: &Import) -> anyhow::Result<()> {
    command
        .files
        .iter()
        .try_for_each(|file| must_be_there(file))?;
    let store = open_current_store(database).await?;
    let imported = import_all(&store, &command.files).await;
    store.close().await;
    imported
}

async fn import_all(store: &Store, files: &[PathBuf]) -> anyhow::Result<()> {
    for file in files {
        let document = Document::of(file);
        let imported = import_identities(store, document.clone(), now()).await;
        let imported = imported.map_err(|error| naming(error.into(), &document))?;
        ui::say_rejects(&as_given(imported.rejects, &document));
        let mut words = vec![
            ui::counted(imported.summary.records, "statement", "statements"),
            format!("{} new", imported.summary.added),
        ];
        if imported.summary.rejected > 0 {
            words.push(format!("{} passed over", imported.summary.rejected));
        }
        if imported.built_in > 0 {
            let left_out = imported.built_in;
            let rows = "rows of built-in tables";
            words.push(ui::counted(left_out, "row of a built-in table", rows) + " left out");
        }
        if imported.summary.added > 0 {
            words.push(followed_words(imported.followed));
        }
        let words = format!("{}: {}", document.given_name(), words.join(", "));
        ui::say(&words);
    }
    Ok(())
}
