//! `palisade admin check`: what is wrong with a database, a line each.

use std::cell::RefCell;
use std::io::Write;
use std::process::ExitCode;

use palisade_tracker::{Examined, Schema, Store};
use serde::Serialize;

use super::Format;
use crate::ui;

/// What was found.
#[derive(Debug, Default, Serialize)]
struct Report {
    /// Whether nothing is wrong.
    sound: bool,
    /// How the schema stands to this program's.
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
    let schema = store.schema().await?;
    let mut problems = Vec::new();
    if schema == Schema::Fits {
        let found = RefCell::new(&mut problems);
        let tell = |part, problem| {
            let part = name(part);
            found.borrow_mut().push(Problem { part, problem });
        };
        store
            .check(tell, |part| ui::say(&format!("looking at {}", name(part))))
            .await?;
    } else {
        // What does not fit cannot be looked into: its tables may be other ones.
        let problem = schema.to_string();
        problems.push(Problem {
            part: "schema",
            problem,
        });
    }
    Ok(Report {
        sound: problems.is_empty(),
        schema: schema.to_string(),
        problems,
    })
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
