//! The daily CSV file.

use std::io::{BufRead, Read};

use super::{EpssHead, Scores};
use crate::container::read_error;
use crate::secdb::shown;
use crate::{Place, ReadError};

/// Lines have 40 bytes, the first one 60.
const LINE_BYTES: u64 = 4096;

pub(super) fn read(
    reader: &mut impl BufRead,
    on_head: &mut dyn FnMut(EpssHead),
    scores: &mut Scores<'_, '_>,
) -> Result<(), ReadError> {
    let mut lines = Lines {
        reader,
        number: 0,
        line: Vec::new(),
    };
    let mut head = EpssHead::default();
    let columns = loop {
        let Some(line) = lines.next(scores)? else {
            return Err(scores.malformed("it ends before the names of its columns"));
        };
        match line.text.strip_prefix('#') {
            Some(comment) => read_comment(comment, &mut head, scores),
            None if line.text.is_empty() => {}
            None => break Columns::of(line.text).ok_or_else(|| no_columns(scores, line.text))?,
        }
    };
    on_head(head);
    while let Some(line) = lines.next(scores)? {
        if line.text.is_empty() {
            continue;
        }
        let place = Place::Line(line.number);
        let fields: Vec<&str> = line.text.split(',').take(16).map(field).collect();
        let [id, score] = [columns.id, columns.score].map(|at| fields.get(at).copied());
        match (id, score) {
            (Some(id), Some(score)) if fields.len() == columns.count => {
                let percentile = columns.percentile.and_then(|at| fields.get(at).copied());
                scores.add(place, id, score, percentile)?;
                if !line.ended {
                    let reason = "the last line does not end and may be cut".to_owned();
                    scores.reject(place, Some(id), reason, true);
                }
            }
            _ => {
                let reason = format!("it has {} columns, not {}", fields.len(), columns.count);
                scores.reject(place, id, reason, false);
            }
        }
    }
    Ok(())
}

fn no_columns(scores: &Scores<'_, '_>, line: &str) -> ReadError {
    let line = shown(line);
    scores.malformed(format!("{line:?} does not name the columns cve and epss"))
}

/// Reads `model_version:v2025.03.14,score_date:2025-03-14T00:00:00+0000`.
fn read_comment(comment: &str, head: &mut EpssHead, scores: &mut Scores<'_, '_>) {
    for (key, value) in comment.split(',').filter_map(|pair| pair.split_once(':')) {
        match key.trim() {
            "model_version" => head.model = Some(shown(value)).filter(|model| !model.is_empty()),
            "score_date" => head.date = scores.day(value.trim()),
            _ => {}
        }
    }
}

fn field(text: &str) -> &str {
    text.trim().trim_matches('"')
}

/// Where the columns stand.
struct Columns {
    count: usize,
    id: usize,
    score: usize,
    percentile: Option<usize>,
}

impl Columns {
    fn of(line: &str) -> Option<Self> {
        let names: Vec<&str> = line.split(',').take(16).map(field).collect();
        let at = |name: &str| names.iter().position(|other| *other == name);
        Some(Self {
            count: names.len(),
            id: at("cve")?,
            score: at("epss")?,
            percentile: at("percentile"),
        })
    }
}

/// Lines of bounded length.
struct Lines<'a, R> {
    reader: &'a mut R,
    number: u64,
    line: Vec<u8>,
}

struct Line<'a> {
    number: u64,
    text: &'a str,
    ended: bool,
}

impl<R: BufRead> Lines<'_, R> {
    fn next(&mut self, scores: &Scores<'_, '_>) -> Result<Option<Line<'_>>, ReadError> {
        self.line.clear();
        let mut limited = self.reader.by_ref().take(LINE_BYTES);
        let read = limited.read_until(b'\n', &mut self.line);
        if read.map_err(|error| read_error(scores.document, error))? == 0 {
            return Ok(None);
        }
        self.number += 1;
        let number = self.number;
        let ended = self.line.ends_with(b"\n");
        if !ended && self.line.len() as u64 == LINE_BYTES {
            return Err(scores.malformed(format!("line {number} is longer than lines of it are")));
        }
        let Ok(text) = std::str::from_utf8(&self.line) else {
            return Err(scores.malformed(format!("line {number} is not UTF-8")));
        };
        Ok(Some(Line {
            number,
            text: text.trim(),
            ended,
        }))
    }
}
