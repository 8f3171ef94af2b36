//! Comparison with the program that owns each scheme.
//!
//! Each oracle gets the same seeded pairs of versions as this crate, and must answer alike on every
//! one. A program that is not installed is skipped with one line.

mod distributions;
mod ecosystems;

use std::cmp::Ordering;
use std::io::Write;
use std::process::{Command, Stdio};

use palisade_version::Scheme;

use crate::feeds::skip;

/// One pair of versions.
pub(crate) type Pair = (String, String);

/// Runs a program with `input`; `None` when it cannot be started or fails.
fn run(command: &mut Command, input: &str) -> Option<String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().ok()?;
    let written = writer.join().expect("writing does not panic");
    let text = String::from_utf8(output.stdout).expect("oracles print ASCII");
    (output.status.success() && written.is_ok()).then_some(text)
}

/// Writes one pair a line, with a tab between.
fn tabbed(pairs: &[Pair]) -> String {
    pairs.iter().flat_map(|(a, b)| [a, "\t", b, "\n"]).collect()
}

/// Checks the answers (`<`, `=`, `>` or `-1`, `0`, `1` a line) against this crate's.
fn check(name: &str, scheme: Scheme, pairs: &[Pair], command: &mut Command) {
    let Some(answers) = run(command, &tabbed(pairs)) else {
        skip(name, "the program is not installed, or failed");
        return;
    };
    let answers: Vec<Ordering> = answers.lines().map(ordering).collect();
    assert_eq!(
        answers.len(),
        pairs.len(),
        "{name} answers once for each pair"
    );
    let wrong: Vec<String> = pairs
        .iter()
        .zip(&answers)
        .filter(|((a, b), answer)| scheme.compare(a, b) != Some(**answer))
        .map(|((a, b), answer)| format!("{a:?} {b:?}: {name} says {answer:?}"))
        .collect();
    eprintln!(
        "{name}: {} of {} pairs agree",
        pairs.len() - wrong.len(),
        pairs.len()
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn ordering(answer: &str) -> Ordering {
    match answer.trim() {
        "<" | "-1" => Ordering::Less,
        "=" | "0" => Ordering::Equal,
        ">" | "1" => Ordering::Greater,
        other => panic!("not an answer: {other:?}"),
    }
}

/// Checks which texts the program takes for versions: it answers `1` or `0` a line.
fn check_validity(
    name: &str,
    texts: &[String],
    command: &mut Command,
    expected: impl Fn(&str) -> bool,
) {
    let input: String = texts.iter().flat_map(|text| [text, "\n"]).collect();
    let Some(answers) = run(command, &input) else {
        skip(name, "the program is not installed, or failed");
        return;
    };
    let answers: Vec<&str> = answers.lines().collect();
    assert_eq!(
        answers.len(),
        texts.len(),
        "{name} answers once for each text"
    );
    let wrong: Vec<String> = texts
        .iter()
        .zip(&answers)
        .filter(|(text, answer)| expected(text) != (**answer == "1"))
        .map(|(text, answer)| format!("{text:?}: {name} says {answer}"))
        .collect();
    eprintln!(
        "{name}: {} of {} texts agree",
        texts.len() - wrong.len(),
        texts.len()
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Makes texts for [`check_validity`]: both members of seeded pairs, valid or not.
fn texts(scheme: Scheme, seed: u64, count: usize) -> Vec<String> {
    crate::samples::pairs(scheme, seed, count / 2)
        .into_iter()
        .flat_map(|(a, b)| [a, b])
        .collect()
}

/// Counts the digits of the longest number; most programs have a limit that this crate has not.
fn longest_number(text: &str) -> usize {
    let numbers = text.split(|character: char| !character.is_ascii_digit());
    numbers.map(str::len).max().unwrap_or_default()
}

/// A program given as a script on the command line.
fn script(program: &str, option: &str, text: &str) -> Command {
    let mut command = Command::new(program);
    // Debian keeps the libraries of Node and Go here, where neither looks by itself.
    command
        .args([option, text])
        .env("LC_ALL", "C")
        .env("NODE_PATH", "/usr/share/nodejs")
        .env("GOPATH", "/usr/share/gocode")
        .env("GO111MODULE", "off");
    command
}
