//! Every statement of the store is one that its database understands.
//!
//! The statements are read out of the source text, so that a new one is checked without being
//! listed anywhere.

use std::path::{Path, PathBuf};

use palisade_store::Backend;

use crate::database::on_each;

#[derive(Debug)]
struct Statement {
    text: String,
    file: PathBuf,
    /// The database for which it is written; both, if none is named.
    backend: Option<Backend>,
}

#[test]
fn every_statement_prepares_on_its_database() {
    let mut statements = Vec::new();
    gather(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut statements,
    );
    assert!(
        statements.len() > 80,
        "only {} statements were found",
        statements.len()
    );
    on_each(|database| {
        let backend = database.store.backend();
        let own = statements
            .iter()
            .filter(|it| it.backend.is_none_or(|of| of == backend));
        let mut bad = Vec::new();
        for Statement { text, file, .. } in own {
            if let Err(error) = database.prepare(text) {
                bad.push(format!("{}: {text}\n  {error}", file.display()));
            }
        }
        assert!(bad.is_empty(), "on {backend:?}:\n{}", bad.join("\n"));
    });
}

fn gather(folder: &Path, statements: &mut Vec<Statement>) {
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, statements);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs_err::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for (text, backend) in statements_in(code) {
                statements.push(Statement {
                    text,
                    file: path.clone(),
                    backend,
                });
            }
        }
    }
}

fn statements_in(code: &str) -> Vec<(String, Option<Backend>)> {
    let mut found = Vec::new();
    let literals = literals(code);
    for (at, (before, text)) in literals.iter().enumerate() {
        let list = LISTS
            .iter()
            .find(|(name, _, _)| before.trim_end().ends_with(name));
        if let (Some((_, sqlite, postgres)), Some([(_, parameter), (_, after), ..])) =
            (list, literals.get(at + 1..))
        {
            let with = |pattern: &str| format!("{text}{}{after}", pattern.replace('?', parameter));
            found.push((with(sqlite), Some(Backend::Sqlite)));
            found.push((with(postgres), Some(Backend::Postgres)));
        } else if before.trim_end().ends_with("pairs!(") {
            let [(_, sqlite), (_, postgres), ..] = &literals[at + 1..] else {
                panic!("{text} is in no table")
            };
            found.push((format!("SELECT {text} {sqlite}"), Some(Backend::Sqlite)));
            found.push((format!("SELECT {text} {postgres}"), Some(Backend::Postgres)));
        } else if text.ends_with("FROM (SELECT ") {
            // The beginning that `pairs!` puts before each of its uses, which are checked above.
        } else if is_statement(text) {
            found.push((text.clone(), backend(before)));
        }
    }
    found
}

/// Macros that make a statement of what stands before and behind a list, and the list in either
/// dialect.
const LISTS: [(&str, &str, &str); 2] = [
    (
        "with_numbers!(",
        " IN (SELECT value FROM json_each(?))",
        " = ANY (ARRAY(SELECT value::bigint FROM jsonb_array_elements_text(?::jsonb)))",
    ),
    (
        "with_texts!(",
        " IN (SELECT value FROM json_each(?))",
        " = ANY (ARRAY(SELECT value FROM jsonb_array_elements_text(?::jsonb)))",
    ),
];

fn is_statement(text: &str) -> bool {
    // Texts with a brace are patterns for `format!`; PRAGMA, ANALYZE and BEGIN cannot be prepared.
    let verbs = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "];
    verbs.iter().any(|verb| text.starts_with(verb)) && !text.contains('{')
}

fn backend(before: &str) -> Option<Backend> {
    let before = before.trim_end();
    if before.ends_with("sqlite:") {
        Some(Backend::Sqlite)
    } else if before.ends_with("postgres:") || before.ends_with("WRITER_LOCK: &str =") {
        Some(Backend::Postgres)
    } else {
        None
    }
}

/// The string literals of a Rust text, each with the text before it.
fn literals(code: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    let mut rest = 0;
    while let Some(start) = next_quote(code, rest) {
        let (text, end) = literal(&code[start + 1..]);
        found.push((&code[..start], text));
        rest = start + 1 + end;
    }
    found
}

/// The next quotation mark that begins a literal: not in a comment, not a character.
fn next_quote(code: &str, from: usize) -> Option<usize> {
    let bytes = code.as_bytes();
    let mut at = from;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return Some(at),
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at += code[at..].find('\n').unwrap_or(code.len() - at);
            }
            b'\'' if bytes.get(at + 2) == Some(&b'\'') => at += 3,
            b'\'' if bytes.get(at + 1) == Some(&b'\\') && bytes.get(at + 3) == Some(&b'\'') => {
                at += 4;
            }
            _ => at += 1,
        }
    }
    None
}

/// A literal's text, and where it ends.
fn literal(code: &str) -> (String, usize) {
    let mut text = String::new();
    let mut characters = code.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (text, at + 1),
            '\\' => match characters.next() {
                // A line that goes on: the blanks at the beginning of the next are no part of it.
                Some((_, '\n')) => {
                    while characters
                        .next_if(|(_, next)| next.is_whitespace())
                        .is_some()
                    {}
                }
                Some((_, 'n')) => text.push('\n'),
                Some((_, escaped)) => text.push(escaped),
                None => {}
            },
            other => text.push(other),
        }
    }
    (text, code.len())
}

#[test]
fn nothing_changes_or_removes_what_people_said() {
    let mut statements = Vec::new();
    gather(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut statements,
    );
    let of_people = |it: &&Statement| it.text.contains("identity_");
    let (reads, others): (Vec<&Statement>, Vec<&Statement>) = statements
        .iter()
        .filter(of_people)
        .partition(|it| it.text.starts_with("SELECT "));
    assert!(reads.len() >= 3, "{reads:?}");
    assert_eq!(others.len(), 2, "{others:?}");
    for it in others {
        assert!(it.text.starts_with("INSERT INTO identity_"), "{}", it.text);
        assert!(!it.text.contains("ON CONFLICT"), "{}", it.text);
    }
}
