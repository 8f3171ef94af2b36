//! `palisade admin check`: what is wrong with a database, a line each.

use std::io::Write;
use std::process::ExitCode;

use palisade_tracker::{Examined, Schema, Store, StoreError};
use serde::Serialize;

use super::Format;
use crate::ui;

/// What was found.
#[derive(Debug, Default, Serialize)]
struct Report {
    /// Whether nothing is wrong.
    sound: bool,
    /// How the schema stands to this program's; empty when the database could not tell.
    schema: String,
    problems: Vec<Problem>,
}

#[derive(Debug, Serialize)]
struct Problem {
    part: &'static str,
    problem: String,
}

pub(super) async fn run(store: &Store, format: Format) -> anyhow::Result<ExitCode> {
    let report = examine(store).await?;
    let mut output = ui::stdout();
    match format {
        Format::Json => writeln!(output, "{}", serde_json::to_string(&report)?)?,
        Format::Text => write_text(&mut output, &report)?,
    }
    output.flush()?;
    Ok(ExitCode::from(u8::from(!report.sound)))
}

async fn examine(store: &Store) -> anyhow::Result<Report> {
    let mut report = Report::default();
    match look_through(store, &mut report).await {
        // So damaged that the database cannot even tell what is wrong with it.
        Err(error) if error.is_malformed() => report.problems.push(Problem {
            part: name(Examined::Structure),
            problem: format!("{:#}", anyhow::Error::from(error)),
        }),
        done => done?,
    }
    report.sound = report.problems.is_empty();
    Ok(report)
}

async fn look_through(store: &Store, report: &mut Report) -> Result<(), StoreError> {
    let schema = store.schema().await?;
    report.schema = schema.to_string();
    let problems = &mut report.problems;
    if schema == Schema::Fits {
        let tell = |part, problem| {
            let part = name(part);
            problems.push(Problem { part, problem });
        };
        let begins = |part| ui::say(&format!("looking at {}", name(part)));
        store.check(tell, begins).await
    } else {
        // What does not fit cannot be looked into: its tables may be other ones.
        problems.push(Problem {
            part: "schema",
            problem: schema.to_string(),
        });
        Ok(())
    }
}

fn write_text(output: &mut impl Write, report: &Report) -> std::io::Result<()> {
    for Problem { part, problem } in &report.problems {
        writeln!(output, "{part}: {}", ui::plain(problem))?;
    }
    if report.sound {
        writeln!(output, "nothing is wrong")?;
    }
    Ok(())
}

fn name(part: Examined) -> &'static str {
    match part {
        Examined::Structure => "structure",
        Examined::Rows => "rows",
        Examined::Blocks => "blocks",
    }
}
