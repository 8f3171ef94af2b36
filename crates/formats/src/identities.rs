//! A table of identities: which product a package is or is not, who says so, and why.
//!
//! Two forms with the same fields: tab-separated values with a head that names the columns, in any
//! order, and JSON Lines. `package` and `product` are needed, and of a statement also `reason` and
//! `by`; without `says` the package *is* the product, without `distribution` (or with `*`) it is so
//! in all of them. A row whose `source` is not `statement` comes from the tables that are built into
//! somebody's Palisade: it is written for others to read, and left out when it is read here.

use std::io::{BufReader, Read, Write};

use palisade_model::{Distribution, IdentityStatement, Sense, Timestamp};
use serde::{Deserialize, Serialize};

use crate::container::read_error;
use crate::lines::{Line, Lines};
use crate::secdb::shown;
use crate::{BadRecord, Place, ReadError, Reject};

/// The bytes of a line; a statement's texts are bounded by far less.
const LINE_BYTES: usize = 32 << 10;

/// Rows of a table. Repology's has some fifty thousand rules.
const ROWS: u64 = 100_000;

/// The source of rows that somebody stated.
const STATEMENT: &str = "statement";

/// The columns of a tab-separated table, in the order in which they are written.
const COLUMNS: [&str; 8] = [
    "package",
    "distribution",
    "says",
    "product",
    "source",
    "by",
    "time",
    "reason",
];

/// A row as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct IdentityRow {
    /// The source package's name.
    pub package: String,
    /// Of which distribution; none stands for all.
    #[serde(default)]
    pub distribution: Option<String>,
    /// `is` or `is_not`; without it, `is`.
    #[serde(default)]
    pub says: Option<String>,
    /// The product.
    pub product: String,
    /// `statement`, or the table that is built in; without it, `statement`.
    #[serde(default)]
    pub source: Option<String>,
    /// Who says so.
    #[serde(default)]
    pub by: Option<String>,
    /// When they said it.
    #[serde(default)]
    pub time: Option<String>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What a row comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Somebody's statement.
    Statement {
        /// The statement.
        statement: IdentityStatement,
        /// Whether the row tells when it was made.
        dated: bool,
    },
    /// A row of somebody's built-in tables.
    BuiltIn,
}

/// A form of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Tab-separated values with a head.
    Tsv,
    /// One JSON object a line.
    Jsonl,
}

impl IdentityRow {
    /// A statement as a row.
    pub fn of(statement: &IdentityStatement) -> Self {
        let distribution = statement.distribution.as_ref();
        Self {
            package: statement.package.clone(),
            distribution: distribution.map(ToString::to_string),
            says: Some(statement.sense.label().to_owned()),
            product: statement.product.to_string(),
            source: Some(STATEMENT.to_owned()),
            by: Some(statement.by.clone()),
            time: Some(statement.time.to_string()),
            reason: Some(statement.reason.clone()),
        }
    }

    fn told(self, undated: Timestamp) -> Result<Told, BadRecord> {
        let id = shown(&self.package);
        self.read(undated).map_err(|reason| BadRecord {
            id: Some(id).filter(|id| !id.is_empty()),
            reason,
        })
    }

    fn read(self, undated: Timestamp) -> Result<Told, String> {
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        if said(self.source).is_some_and(|source| source != STATEMENT) {
            return Ok(Told::BuiltIn);
        }
        let time = said(self.time);
        let dated = time.is_some();
        let read_time = |text: String| {
            let wrong = |_| format!("its time {:?} cannot be read", shown(&text));
            text.parse::<Timestamp>().map_err(wrong)
        };
        let distribution = said(self.distribution).filter(|name| name != "*");
        let distribution = distribution.map(|name| {
            let wrong = |_| format!("its distribution {:?} is none", shown(&name));
            name.parse::<Distribution>().map_err(wrong)
        });
        let sense = said(self.says).map_or(Ok(Sense::Is), |says| says.parse());
        let statement = IdentityStatement {
            time: time.map_or(Ok(undated), read_time)?,
            distribution: distribution.transpose()?,
            package: self.package,
            product: self.product.parse().map_err(words)?,
            sense: sense.map_err(words)?,
            reason: self.reason.unwrap_or_default(),
            by: self.by.unwrap_or_default(),
        };
        let statement = statement.checked().map_err(words)?;
        Ok(Told::Statement { statement, dated })
    }

    fn of_columns(head: &[usize], line: &str) -> Result<Self, BadRecord> {
        let values: Vec<&str> = line.split('\t').collect();
        if values.len() > head.len() {
            let (found, wanted) = (values.len(), head.len());
            let reason = format!("it has {found} columns where the head has {wanted}");
            return Err(BadRecord::new(reason));
        }
        let mut fields: [Option<String>; COLUMNS.len()] = Default::default();
        for (place, value) in head.iter().zip(values) {
            if let Some(field) = fields.get_mut(*place) {
                *field = Some(value.to_owned());
            }
        }
        let [
            package,
            distribution,
            says,
            product,
            source,
            by,
            time,
            reason,
        ] = fields;
        let missing = |what: &str| BadRecord::new(format!("it has no {what}"));
        Ok(Self {
            package: package.ok_or_else(|| missing("package"))?,
            distribution,
            says,
            product: product.ok_or_else(|| missing("product"))?,
            source,
            by,
            time,
            reason,
        })
    }
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Writes what stands before the first row.
///
/// # Errors
/// When it cannot be written.
pub fn write_head(output: &mut dyn Write, form: Form) -> std::io::Result<()> {
    match form {
        Form::Tsv => writeln!(output, "{}", COLUMNS.join("\t")),
        Form::Jsonl => Ok(()),
    }
}

/// Writes a row.
///
/// # Errors
/// When it cannot be written.
pub fn write(output: &mut dyn Write, form: Form, row: &IdentityRow) -> std::io::Result<()> {
    if form == Form::Jsonl {
        serde_json::to_writer(&mut *output, row)?;
        return output.write_all(b"\n");
    }
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    let columns = [
        row.package.clone(),
        row.distribution.clone().unwrap_or_else(|| "*".to_owned()),
        text(&row.says),
        row.product.clone(),
        text(&row.source),
        text(&row.by),
        text(&row.time),
        text(&row.reason),
    ];
    writeln!(output, "{}", columns.join("\t"))
}

/// Reads a table in either form, already decompressed. A statement that does not tell its time gets
/// the given one.
///
/// # Errors
/// When the table cannot be read to its end, is of neither form, or goes beyond a limit.
pub fn read(
    document: &str,
    reader: &mut dyn Read,
    undated: Timestamp,
    on_row: &mut dyn FnMut(Told),
    rejects: &mut dyn FnMut(Reject),
) -> Result<(), ReadError> {
    let mut lines = Lines::new(BufReader::new(reader), LINE_BYTES);
    let mut form = None;
    let mut rows = 0_u64;
    while let Some(line) = lines.next().map_err(|error| read_error(document, error))? {
        let place = Place::Line(line.number);
        let text = match line_text(&line) {
            Ok(text) => text,
            // What is no text says nothing of the form.
            Err(bad) if form.is_some() => {
                rejects(Reject::of(document, place, bad, false));
                continue;
            }
            Err(bad) => return Err(ReadError::malformed(document, bad.reason)),
        };
        if text.trim().is_empty() || text.starts_with('#') {
            continue;
        }
        let Some(columns) = &form else {
            let begun = columns_of(text).map_err(|why| ReadError::malformed(document, why))?;
            let is_head = begun.is_some();
            form = Some(begun);
            if !is_head {
                told(document, place, json(text), undated, on_row, rejects);
            }
            continue;
        };
        rows += 1;
        if rows > ROWS {
            return Err(ReadError::Limit {
                document: document.to_owned(),
                what: "the number of its rows",
                limit: ROWS,
            });
        }
        let row = match columns {
            Some(columns) => IdentityRow::of_columns(columns, text),
            None => json(text),
        };
        told(document, place, row, undated, on_row, rejects);
    }
    match form {
        Some(_) => Ok(()),
        None => Err(ReadError::malformed(document, "it is empty")),
    }
}

fn line_text<'a>(line: &Line<'a>) -> Result<&'a str, BadRecord> {
    if line.cut {
        let reason = format!("the line is longer than {LINE_BYTES} bytes");
        return Err(BadRecord::new(reason));
    }
    let text = std::str::from_utf8(line.bytes)
        .map_err(|_| BadRecord::new("the line is no text in UTF-8"))?;
    let text = text.strip_suffix('\r').unwrap_or(text);
    let mark = text.strip_prefix('\u{feff}').filter(|_| line.number == 1);
    Ok(mark.unwrap_or(text))
}

/// The places of a head's columns among [`COLUMNS`]; none for JSON Lines.
fn columns_of(first: &str) -> Result<Option<Vec<usize>>, String> {
    if first.trim_start().starts_with('{') {
        return Ok(None);
    }
    let place = |name: &str| COLUMNS.iter().position(|known| *known == name);
    // A column that nobody knows is passed over: it has no field.
    let columns: Vec<usize> = first
        .split('\t')
        .map(|name| place(name).unwrap_or(COLUMNS.len()))
        .collect();
    for (index, needed) in [(0, "package"), (3, "product")] {
        let count = columns.iter().filter(|&&column| column == index).count();
        if count != 1 {
            return Err(format!(
                "its first line is neither JSON nor a head with one column {needed:?}; the columns \
                 are {}",
                COLUMNS.join(", ")
            ));
        }
    }
    Ok(Some(columns))
}

fn json(text: &str) -> Result<IdentityRow, BadRecord> {
    Ok(serde_json::from_str(text)?)
}

fn told(
    document: &str,
    place: Place,
    row: Result<IdentityRow, BadRecord>,
    undated: Timestamp,
    on_row: &mut dyn FnMut(Told),
    rejects: &mut dyn FnMut(Reject),
) {
    match row.and_then(|row| row.told(undated)) {
        Ok(told) => on_row(told),
        Err(bad) => rejects(Reject::of(document, place, bad, false)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn time() -> Timestamp {
        Timestamp::from_second(1_700_000_000).unwrap()
    }

    fn read_all(text: &[u8]) -> Result<(Vec<Told>, Vec<String>), ReadError> {
        let (mut rows, mut rejects) = (Vec::new(), Vec::new());
        let (on_row, reject) = (&mut |row| rows.push(row), &mut |it: Reject| {
            rejects.push(it);
        });
        read("table", &mut &*text, time(), on_row, reject)?;
        Ok((rows, rejects.iter().map(ToString::to_string).collect()))
    }

    fn statement(package: &str, product: &str) -> IdentityStatement {
        IdentityStatement {
            time: time(),
            distribution: None,
            package: package.into(),
            product: product.parse().unwrap(),
            sense: Sense::Is,
            reason: "its source says so".into(),
            by: "Ada".into(),
        }
    }

    #[test]
    fn a_table_by_hand_needs_few_columns() {
        let text = "# ours\n\nproduct\tpackage\tby\treason\n\
                    haxx:curl\tcurl\tAda\tits source says so\r\n";
        let (rows, rejects) = read_all(text.as_bytes()).unwrap();
        let statement = statement("curl", "haxx:curl");
        assert_eq!(
            rows,
            [Told::Statement {
                statement,
                dated: false
            }]
        );
        assert_eq!(rejects, [""; 0]);
    }

    #[test]
    fn rows_of_built_in_tables_are_told_apart() {
        let row = r#"{"package": "curl", "product": "haxx:curl", "source": "aliases"}"#;
        let (rows, _) = read_all(row.as_bytes()).unwrap();
        assert_eq!(rows, [Told::BuiltIn]);
    }

    #[test]
    fn a_bad_row_is_named_by_its_line_and_the_rest_is_read() {
        let mut text = b"package\tproduct\tsays\tdistribution\ttime\tby\treason\n\
            curl\thaxx:curl\tis\tAlpine Linux\t\tAda\twhy\n\
            curl\thaxx\tis\t\t\tAda\twhy\n\
            curl\thaxx:curl\tmaybe\t\t\tAda\twhy\n\
            curl\thaxx:curl\tis\t\tyesterday\tAda\twhy\n\
            curl\thaxx:curl\tis\t\t\t\twhy\n\
            curl\thaxx:curl\tis\t\t\tAda\t\n\
            \xff\t\n\
            curl\thaxx:curl\tis\t\t\tAda\twhy\tmore\n"
            .to_vec();
        text.extend(vec![b'x'; LINE_BYTES + 1]);
        text.extend(b"\ncurl\thaxx:curl\tis_not\tguix\t2024-01-01T00:00:00Z\tAda\twhy\n");
        let (rows, rejects) = read_all(&text).unwrap();
        let [
            Told::Statement {
                statement,
                dated: true,
            },
        ] = &rows[..]
        else {
            panic!("{rows:?}")
        };
        assert_eq!(statement.sense, Sense::IsNot);
        assert_eq!(statement.distribution, Some(Distribution::guix()));
        let reasons = [
            "line 2, curl: its distribution \"Alpine Linux\" is none",
            "line 3, curl: \"haxx\" is no product",
            "line 4, curl: \"maybe\" is neither is nor is_not",
            "line 5, curl: its time \"yesterday\" cannot be read",
            "line 6, curl: it is needed who says so",
            "line 7, curl: a reason is needed",
            "line 8: the line is no text in UTF-8",
            "line 9: it has 8 columns where the head has 7",
            "line 10: the line is longer than 32768 bytes",
        ];
        assert_eq!(rejects.len(), reasons.len(), "{rejects:?}");
        for (reject, reason) in rejects.iter().zip(reasons) {
            assert!(reject.starts_with(&format!("table, {reason}")), "{reject}");
        }
    }

    #[test]
    fn what_is_no_table_is_refused_as_a_whole() {
        for text in [
            "",
            "curl\thaxx:curl\n",
            "package\tpackage\tproduct\n",
            "\u{0}",
        ] {
            let error = read_all(text.as_bytes()).unwrap_err();
            assert!(
                matches!(error, ReadError::Malformed { .. }),
                "{text:?}: {error}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            rows in prop::collection::vec(
                ("[a-z0-9+.-]{1,20}", "[a-z_]{1,9}:[a-z0-9_*]{1,9}", "[^\\p{C}]{1,50}", any::<bool>()),
                0..6,
            ),
        ) {
            let statements = rows.into_iter().filter_map(|(package, product, reason, is)| {
                let sense = if is { Sense::Is } else { Sense::IsNot };
                let made = IdentityStatement { sense, reason, ..statement(&package, &product) };
                made.checked().ok()
            });
            let statements: Vec<IdentityStatement> = statements.collect();
            for form in [Form::Tsv, Form::Jsonl] {
                let mut text = Vec::new();
                write_head(&mut text, form).unwrap();
                for statement in &statements {
                    write(&mut text, form, &IdentityRow::of(statement)).unwrap();
                }
                if text.is_empty() {
                    continue;
                }
                let (read, rejects) = read_all(&text).unwrap();
                let expected: Vec<Told> = statements
                    .iter()
                    .map(|it| Told::Statement { statement: it.clone(), dated: true })
                    .collect();
                prop_assert_eq!(read, expected);
                prop_assert_eq!(rejects, [""; 0]);
            }
        }
    }
}
