//! Statements of identity: made, withdrawn, imported; and what follows from them, in the same
//! transaction.
//!
//! A statement concerns all packages of its name, in all versions and on all branches. These are
//! judged again and no others.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::Read;

use palisade_formats::Reject;
use palisade_formats::identities::{self, Told};
use palisade_model::{IdentityStatement, Timestamp};
use palisade_store::{
    Event, IdentityRow, ImportSummary, Session, SourcePackageId, Store, Withdrawal,
};

use crate::TrackerError;
use crate::derive::Deriver;
use crate::news::tell_changes;
use crate::notes::note_import;
use crate::rejects::Rejects;
use crate::rules::renew_source_keys;
use crate::sources::Document;

/// What became of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stated {
    /// Its number.
    pub number: i64,
    /// Whether it is new; the same word of the same person stood already otherwise.
    pub added: bool,
    /// What followed.
    pub followed: Followed,
}

/// What followed from a change of what is stated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Followed {
    /// Source packages that were judged again.
    pub packages: u64,
    /// Findings that came, went or changed.
    pub findings: u64,
}

/// A statement that was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawn {
    /// The statement.
    pub statement: IdentityStatement,
    /// What followed.
    pub followed: Followed,
}

/// What an import of a table came to.
#[derive(Debug, Default)]
pub struct IdentityImport {
    /// What was read, and how much of it is new.
    pub summary: ImportSummary,
    /// Rows of somebody's built-in tables, which are left out.
    pub built_in: u64,
    /// Rows that were passed over.
    pub rejects: Vec<Reject>,
    /// What followed.
    pub followed: Followed,
}

/// Adds a statement, and judges again what it concerns.
///
/// # Errors
/// When the database refuses; then nothing is changed.
pub async fn state_identity(
    store: &Store,
    statement: &IdentityStatement,
) -> Result<Stated, TrackerError> {
    let mut session = store.write().await?;
    let now = statement.time.as_microsecond();
    if let Some(number) = standing_same(&session.identity_statements().await?, statement) {
        let followed = Followed::default();
        return Ok(Stated {
            number,
            added: false,
            followed,
        });
    }
    let number = session.add_identity_statement(statement).await?;
    let event = event(now, "identity.stated", statement, &statement.source_words());
    session.write_events(&[event]).await?;
    let followed = judge_again(&mut session, [statement.package.as_str()], now).await?;
    session.commit().await?;
    Ok(Stated {
        number,
        added: true,
        followed,
    })
}

/// Takes a statement back, and judges again what it concerned.
///
/// # Errors
/// When there is no such statement, it was withdrawn before, or the database refuses; then nothing is
/// changed.
pub async fn withdraw_identity(
    store: &Store,
    number: i64,
    withdrawal: &Withdrawal,
) -> Result<Withdrawn, TrackerError> {
    let mut session = store.write().await?;
    let refuse = |reason: String| TrackerError::Withdraw { number, reason };
    let rows = session.identity_statements().await?;
    let Some(row) = rows.into_iter().find(|row| row.id == number) else {
        return Err(refuse("there is none of that number".to_owned()));
    };
    if let Some(Withdrawal { by, .. }) = row.withdrawn {
        return Err(refuse(format!("{by} did so before")));
    }
    session
        .withdraw_identity_statement(number, withdrawal)
        .await?;
    let now = withdrawal.time.as_microsecond();
    let words = format!("withdrawn by {}: {}", withdrawal.by, withdrawal.reason);
    let event = event(now, "identity.withdrawn", &row.statement, &words);
    session.write_events(&[event]).await?;
    let followed = judge_again(&mut session, [row.statement.package.as_str()], now).await?;
    session.commit().await?;
    Ok(Withdrawn {
        statement: row.statement,
        followed,
    })
}

/// Imports a table of statements. One that is stored, even if it was withdrawn here since, is not
/// added again.
///
/// # Errors
/// When the table cannot be read to its end or the database refuses; then nothing is changed.
pub async fn import_identities(
    store: &Store,
    document: Document,
    now: Timestamp,
) -> Result<IdentityImport, TrackerError> {
    let name = document.name();
    let reading = tokio::task::spawn_blocking(move || read_table(&document, now));
    let table = reading.await.map_err(|_| TrackerError::Reader {
        document: name.clone(),
    })??;
    let now = now.as_microsecond();
    let mut session = store.write().await?;
    let mut known = Known::of(session.identity_statements().await?);
    let records = table.statements.len() as u64;
    let (mut packages, mut events) = (BTreeSet::new(), Vec::new());
    for (statement, dated) in table.statements {
        if known.has(&statement, dated) {
            continue;
        }
        session.add_identity_statement(&statement).await?;
        events.push(event(
            now,
            "identity.stated",
            &statement,
            &statement.source_words(),
        ));
        packages.insert(statement.package.clone());
        known.add(statement);
    }
    let mut import = IdentityImport {
        summary: ImportSummary {
            kind: "identities".to_owned(),
            document: name,
            records,
            added: events.len() as u64,
            rejected: table.rejects.count(),
            ..ImportSummary::default()
        },
        built_in: table.built_in,
        rejects: table.rejects.into_told(),
        followed: Followed::default(),
    };
    if events.is_empty() {
        return Ok(import);
    }
    session.write_events(&events).await?;
    let names = packages.iter().map(String::as_str);
    import.followed = judge_again(&mut session, names, now).await?;
    note_import(&mut session, &mut import.summary, &import.rejects, now).await?;
    session.commit().await?;
    Ok(import)
}

/// Reads a table of statements without storing it. A statement that does not tell its time gets the
/// given one.
///
/// # Errors
/// When it cannot be read to its end.
pub fn read_identities(
    document: &Document,
    undated: Timestamp,
) -> Result<(Vec<IdentityStatement>, Vec<Reject>), TrackerError> {
    let table = read_table(document, undated)?;
    let statements = table.statements.into_iter();
    Ok((
        statements.map(|(it, _)| it).collect(),
        table.rejects.into_told(),
    ))
}

/// A table as it was read.
#[derive(Default)]
struct Table {
    /// Statements, and whether each tells its time.
    statements: Vec<(IdentityStatement, bool)>,
    built_in: u64,
    rejects: Rejects,
}

fn read_table(document: &Document, undated: Timestamp) -> Result<Table, TrackerError> {
    let open = document.open()?;
    let mut table = Table::default();
    let undated = stored_time(undated);
    let visit = &mut |name: &str, reader: &mut dyn Read| {
        let on_row = &mut |told| match told {
            Told::Statement {
                mut statement,
                dated,
            } => {
                statement.time = stored_time(statement.time);
                table.statements.push((statement, dated));
            }
            Told::BuiltIn => table.built_in += 1,
        };
        identities::read(name, reader, undated, on_row, &mut |reject| {
            table.rejects.add(reject);
        })
    };
    let mut passed_over = Vec::new();
    document.for_each(&open.name, open.reader, &|_| true, visit, &mut |reject| {
        passed_over.push(reject);
    })?;
    table.rejects.extend(passed_over);
    let read = table.statements.len() + usize::try_from(table.built_in).unwrap_or(usize::MAX);
    TrackerError::unless_read(read, &open.name, "identities", table.rejects.told())?;
    Ok(table)
}

/// A time as it is stored: in microseconds.
fn stored_time(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

/// What is stored already, withdrawn or not.
struct Known {
    dated: HashSet<IdentityStatement>,
    /// The same without their times.
    undated: HashSet<IdentityStatement>,
}

impl Known {
    fn of(rows: Vec<IdentityRow>) -> Self {
        let mut known = Self {
            dated: HashSet::new(),
            undated: HashSet::new(),
        };
        for row in rows {
            known.add(row.statement);
        }
        known
    }

    fn has(&self, statement: &IdentityStatement, dated: bool) -> bool {
        if dated {
            self.dated.contains(statement)
        } else {
            self.undated.contains(&timeless(statement))
        }
    }

    fn add(&mut self, statement: IdentityStatement) {
        self.undated.insert(timeless(&statement));
        self.dated.insert(statement);
    }
}

fn timeless(statement: &IdentityStatement) -> IdentityStatement {
    IdentityStatement {
        time: Timestamp::UNIX_EPOCH,
        ..statement.clone()
    }
}

/// The number of the same statement by the same person, if it is what stands now.
fn standing_same(rows: &[IdentityRow], statement: &IdentityStatement) -> Option<i64> {
    let about = rows
        .iter()
        .filter(|row| row.withdrawn.is_none() && row.statement.about() == statement.about());
    let last = about.max_by_key(|row| row.statement.time)?;
    (timeless(&last.statement) == timeless(statement)).then_some(last.id)
}

fn event(time: i64, kind: &'static str, statement: &IdentityStatement, words: &str) -> Event {
    let IdentityStatement {
        package,
        product,
        sense,
        ..
    } = statement;
    Event {
        time,
        kind,
        branch: None,
        package: Some(package.clone()),
        vulnerability: None,
        says: format!("{package} {} {product}, {words}", sense.words()),
    }
}

/// Judges all packages of these names again, on all branches on which they ever were.
async fn judge_again(
    session: &mut Session,
    names: impl IntoIterator<Item = &str>,
    now: i64,
) -> Result<Followed, TrackerError> {
    let sources = session.sources_called(names.into_iter()).await?;
    renew_source_keys(session, &sources).await?;
    let mut by_branch: HashMap<_, Vec<SourcePackageId>> = HashMap::new();
    for (source, branch) in session.branches_of_sources(&sources).await? {
        by_branch.entry(branch).or_default().push(source);
    }
    let mut by_branch: Vec<_> = by_branch.into_iter().collect();
    by_branch.sort_unstable_by_key(|(branch, _)| *branch);
    let mut followed = Followed {
        packages: sources.len() as u64,
        findings: 0,
    };
    for (branch, sources) in by_branch {
        let differences = Deriver::new(now).sources(session, branch, &sources).await?;
        followed.findings += differences.len() as u64;
        tell_changes(session, now, differences, &HashMap::new()).await?;
    }
    Ok(followed)
}
