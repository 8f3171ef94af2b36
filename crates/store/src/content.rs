//! What a store says, without the numbers of its rows: two stores with the same content say the
//! same, in whatever order and in how many steps it came there, and on whichever database.
//!
//! For tests, benches and backups. Times of imports are left out; what the events tell is kept, when
//! they were told is not. How sources went and who reviews what is no content: it is of the moment.

use std::collections::BTreeMap;

use crate::StoreError;
use crate::block::BlockSpan;
use crate::facts::span;
use crate::inventory::hex;
use crate::session::{Row, Session};

/// The content of what imports and people's statements fill: of each table its lines, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Content {
    /// The lines of each table, by the table's name.
    pub tables: BTreeMap<&'static str, Vec<String>>,
}

impl Content {
    /// The first differences from another, at most `limit`: the table and the line, marked `-` when
    /// only this one has it and `+` when only the other has.
    pub fn differences(&self, other: &Self, limit: usize) -> Vec<String> {
        let mut found = Vec::new();
        let names = self.tables.keys().chain(other.tables.keys());
        for name in names.collect::<std::collections::BTreeSet<_>>() {
            let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
            for line in self.tables.get(name).into_iter().flatten() {
                *counts.entry(line).or_default() -= 1;
            }
            for line in other.tables.get(name).into_iter().flatten() {
                *counts.entry(line).or_default() += 1;
            }
            let differing = counts.into_iter().filter(|(_, count)| *count != 0);
            found.extend(differing.map(|(line, count)| {
                let mark = if count < 0 { '-' } else { '+' };
                format!("{mark} {name}: {line}")
            }));
        }
        found.truncate(limit);
        found
    }

    /// Leaves tables out.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Self {
        self.tables.retain(|name, _| !names.contains(name));
        self
    }
}

/// How a column is written down.
#[derive(Debug, Clone, Copy)]
enum Column {
    Int,
    Real,
    Text,
    Bool,
    /// A digest, in hexadecimal, where there is one.
    Digest,
    /// Three columns that tell where bytes are in a block; their digest is written down.
    Span,
}

use Column::{Bool, Digest, Int, Real, Span, Text};

/// A table's content with every reference to a row replaced by what the row says.
struct Part {
    table: &'static str,
    statement: &'static str,
    columns: &'static [Column],
}

const PARTS: &[Part] = &[
    Part {
        table: "setting",
        statement: "SELECT name, value FROM setting",
        columns: &[Text, Text],
    },
    Part {
        table: "feed",
        statement: "SELECT kind, scope, as_of FROM feed",
        columns: &[Text, Text, Int],
    },
    Part {
        table: "advisory",
        statement: "SELECT f.kind, f.scope, a.name, a.identifier, a.digest, a.published, \
                    a.modified, a.withdrawn, a.gives_cve, a.title, a.score, a.score_version, \
                    a.scorer, a.exploited_since, a.ssvc, a.raw_block, a.raw_offset, \
                    a.raw_length, a.facts_block, a.facts_offset, a.facts_length \
                    FROM advisory a LEFT JOIN feed f ON f.id = a.feed_id",
        columns: &[
            Text, Text, Text, Text, Digest, Int, Int, Bool, Bool, Text, Real, Text, Text, Text,
            Text, Span, Span,
        ],
    },
    Part {
        table: "advisory_alias",
        statement: "SELECT f.kind, f.scope, a.name, n.name FROM advisory_alias n \
                    LEFT JOIN advisory a ON a.id = n.advisory_id \
                    LEFT JOIN feed f ON f.id = a.feed_id",
        columns: &[Text, Text, Text, Text],
    },
    Part {
        table: "advisory_key",
        statement: "SELECT f.kind, f.scope, a.name, k.key FROM advisory_key k \
                    LEFT JOIN advisory a ON a.id = k.advisory_id \
                    LEFT JOIN feed f ON f.id = a.feed_id",
        columns: &[Text, Text, Text, Int],
    },
    Part {
        table: "vulnerability",
        statement: "SELECT v.name, v.published, v.modified, v.withdrawn, f.kind, f.scope, a.name, \
                    v.score, v.score_version, v.scorer, v.exploited_since FROM vulnerability v \
                    LEFT JOIN advisory a ON a.id = v.lead_advisory \
                    LEFT JOIN feed f ON f.id = a.feed_id",
        columns: &[
            Text, Int, Int, Bool, Text, Text, Text, Real, Text, Text, Text,
        ],
    },
    Part {
        table: "advisory_vulnerability",
        statement: "SELECT v.name, f.kind, f.scope, a.name FROM advisory_vulnerability l \
                    LEFT JOIN vulnerability v ON v.id = l.vulnerability_id \
                    LEFT JOIN advisory a ON a.id = l.advisory_id \
                    LEFT JOIN feed f ON f.id = a.feed_id",
        columns: &[Text, Text, Text, Text],
    },
    Part {
        table: "epss",
        statement: "SELECT name, score, percentile, day FROM epss",
        columns: &[Text, Real, Real, Text],
    },
    Part {
        table: "branch",
        statement: "SELECT distribution, name FROM branch",
        columns: &[Text, Text],
    },
    Part {
        table: "repository",
        statement: "SELECT b.distribution, b.name, r.name, r.architecture FROM repository r \
                    LEFT JOIN branch b ON b.id = r.branch_id",
        columns: &[Text, Text, Text, Text],
    },
    Part {
        table: "revision",
        statement: "SELECT b.distribution, b.name, r.name, r.architecture, v.name, v.time, \
                    v.position, v.digest, v.packages, v.signed_by FROM revision v \
                    LEFT JOIN repository r ON r.id = v.repository_id \
                    LEFT JOIN branch b ON b.id = r.branch_id",
        columns: &[Text, Text, Text, Text, Text, Int, Int, Digest, Int, Text],
    },
    Part {
        table: "source_package",
        statement: "SELECT distribution, name, version, grafted, digest, facts_block, \
                    facts_offset, facts_length FROM source_package",
        columns: &[Text, Text, Text, Bool, Digest, Span],
    },
    Part {
        table: "source_package_key",
        statement: "SELECT s.digest, k.key FROM source_package_key k \
                    LEFT JOIN source_package s ON s.id = k.source_package_id",
        columns: &[Digest, Int],
    },
    Part {
        table: "package",
        statement: "SELECT s.digest, p.name, p.version, p.maintainer, p.digest, p.substance, \
                    p.facts_block, p.facts_offset, p.facts_length FROM package p \
                    LEFT JOIN source_package s ON s.id = p.source_package_id",
        columns: &[Digest, Text, Text, Text, Digest, Digest, Span],
    },
    Part {
        table: "package_interval",
        statement: "SELECT b.distribution, b.name, r.name, r.architecture, p.name, p.version, \
                    p.digest, i.since, i.until FROM package_interval i \
                    LEFT JOIN package p ON p.id = i.package_id \
                    LEFT JOIN repository r ON r.id = i.repository_id \
                    LEFT JOIN branch b ON b.id = r.branch_id",
        columns: &[Text, Text, Text, Text, Text, Text, Digest, Int, Int],
    },
    Part {
        table: "source_interval",
        statement: "SELECT b.distribution, b.name, s.name, s.version, s.digest, i.since, i.until \
                    FROM source_interval i \
                    LEFT JOIN source_package s ON s.id = i.source_package_id \
                    LEFT JOIN branch b ON b.id = i.branch_id",
        columns: &[Text, Text, Text, Text, Digest, Int, Int],
    },
    Part {
        table: "identity_statement",
        statement: "SELECT distribution, package, product, is_product, reason, author \
                    FROM identity_statement",
        columns: &[Text, Text, Text, Bool, Text, Text],
    },
    Part {
        table: "identity_withdrawal",
        statement: "SELECT s.package, s.product, w.reason, w.author FROM identity_withdrawal w \
                    LEFT JOIN identity_statement s ON s.id = w.statement_id",
        columns: &[Text, Text, Text, Text],
    },
    Part {
        table: "finding",
        statement: "SELECT b.distribution, b.name, s.name, s.version, s.digest, v.name, f.status, \
                    f.confidence, f.fixed_in FROM finding f \
                    LEFT JOIN branch b ON b.id = f.branch_id \
                    LEFT JOIN source_package s ON s.id = f.source_package_id \
                    LEFT JOIN vulnerability v ON v.id = f.vulnerability_id",
        columns: &[Text, Text, Text, Text, Digest, Text, Int, Int, Text],
    },
    Part {
        table: "event",
        statement: "SELECT e.kind, b.distribution, b.name, e.package, e.vulnerability, e.says \
                    FROM event e LEFT JOIN branch b ON b.id = e.branch_id",
        columns: &[Text, Text, Text, Text, Text, Text],
    },
    Part {
        table: "import",
        statement: "SELECT kind, document, about, records, added, changed, withdrawn, rejected, \
                    remark FROM import",
        columns: &[Text, Text, Text, Int, Int, Int, Int, Int, Text],
    },
    Part {
        table: "import_reject",
        statement: "SELECT i.kind, i.document, r.ordinal, r.document, r.place, r.record, r.reason, \
                    r.mended FROM import_reject r LEFT JOIN import i ON i.id = r.import_id",
        columns: &[Text, Text, Int, Text, Text, Text, Text, Bool],
    },
];

impl Session {
    /// The content of the whole store.
    ///
    /// # Errors
    /// When the database refuses or a block is damaged.
    pub async fn content(&mut self) -> Result<Content, StoreError> {
        let mut content = Content::default();
        for part in PARTS {
            let lines = self.lines(part).await?;
            content.tables.insert(part.table, lines);
        }
        Ok(content)
    }

    async fn lines(&mut self, part: &Part) -> Result<Vec<String>, StoreError> {
        let rows = self.query(part.statement, Vec::new()).await?;
        let mut lines = Vec::with_capacity(rows.len());
        let mut spans: Vec<BlockSpan> = Vec::new();
        for row in &rows {
            lines.push(line(row, part.columns, &mut spans)?);
        }
        let per_row = part
            .columns
            .iter()
            .filter(|column| matches!(column, Span))
            .count();
        let mut digests = vec![String::new(); spans.len()];
        self.read_spans(&spans, |index, bytes| {
            digests[index] = hex(&blake3::hash(bytes).as_bytes()[..16]);
        })
        .await?;
        if per_row > 0 {
            for (line, digests) in lines.iter_mut().zip(digests.chunks(per_row)) {
                *line = format!("{line} | {}", digests.join(" | "));
            }
        }
        lines.sort_unstable();
        Ok(lines)
    }
}

/// A row's columns but for the spans, which are gathered.
fn line(row: &Row, columns: &[Column], spans: &mut Vec<BlockSpan>) -> Result<String, StoreError> {
    let mut at = 0;
    let mut words = Vec::with_capacity(columns.len());
    for column in columns {
        words.push(match column {
            Int => row.opt_int(at)?.map(|number| number.to_string()),
            Real => row.opt_real(at)?.map(|number| number.to_string()),
            Text => row.opt_text(at)?.map(|text| format!("{text:?}")),
            Bool => Some(row.bool(at)?.to_string()),
            Digest => row.opt_bytes(at)?.map(|bytes| hex(&bytes)),
            Span => {
                spans.push(span(row, at)?);
                at += 3;
                continue;
            }
        });
        at += 1;
    }
    let words: Vec<String> = words
        .into_iter()
        .map(|word| word.unwrap_or("-".into()))
        .collect();
    Ok(words.join(" | "))
}
