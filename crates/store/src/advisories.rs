//! Writing advisories: records of feeds, their keys, and the vulnerabilities they speak of.

use std::collections::{HashMap, HashSet};

use crate::StoreError;
use crate::block::{BlockSpan, BlockWriter, FACTS_BYTES, RAW_BYTES};
use crate::bulk::{Rows, Table};
use crate::keys::ADVISORY_KEY;
use crate::lists::{with_numbers, with_texts};
use crate::session::{Dialect, Row, Session, json_ints, json_texts, params};

/// A feed's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FeedId(pub(crate) i64);

/// An advisory to be written.
#[derive(Debug, Clone)]
pub struct NewAdvisory {
    /// The record's name, unique in its feed.
    pub name: String,
    /// The record's own identifier.
    pub identifier: String,
    /// The digest of the raw record.
    pub digest: [u8; 16],
    /// Microseconds since 1970.
    pub published: Option<i64>,
    /// Microseconds since 1970.
    pub modified: Option<i64>,
    /// Whether it was rejected or withdrawn.
    pub withdrawn: bool,
    /// A heading.
    pub title: Option<String>,
    /// The foremost CVSS base score, its version and who gave it.
    pub score: Option<(f64, &'static str, String)>,
    /// The day on which exploitation became known, if it did.
    pub exploited_since: Option<String>,
    /// Decision points of SSVC: `exploitation/automatable/impact`, an unknown one as `-`.
    pub ssvc: Option<String>,
    /// The CVE identifiers that it is about.
    pub cves: Vec<String>,
    /// All its other identifiers of the issue, its own included when that is no CVE.
    pub aliases: Vec<String>,
    /// Hashes of matching's keys.
    pub keys: Vec<i64>,
    /// What matching needs of it, encoded by the caller.
    pub facts: Vec<u8>,
}

/// What is known of a stored advisory before its feed is imported again.
#[derive(Debug, Clone, Copy)]
pub struct KnownAdvisory {
    /// Its row.
    pub id: i64,
    /// The digest of its raw record.
    pub digest: [u8; 16],
    /// Microseconds since 1970.
    pub modified: Option<i64>,
}

/// All that is known of a feed before it is imported again.
#[derive(Debug, Default)]
pub struct FeedState {
    /// Stored advisories by name.
    pub by_name: HashMap<Box<str>, KnownAdvisory>,
}

/// A stored advisory as readers get it.
#[derive(Debug, Clone)]
pub struct AdvisoryRow {
    /// Its row.
    pub id: i64,
    /// The feed's kind.
    pub feed_kind: String,
    /// The feed's scope, empty if it has none.
    pub feed_scope: String,
    /// The record's name in the feed.
    pub name: String,
    /// Its identifier.
    pub identifier: String,
    /// Where its facts are.
    pub facts: BlockSpan,
    /// Where its raw record is.
    pub raw: BlockSpan,
    /// Whether another record stands in its place: an override of NVD's.
    pub overruled: bool,
}

static ADVISORY: Table = Table {
    name: "advisory",
    columns: &[
        "id",
        "feed_id",
        "name",
        "identifier",
        "digest",
        "published",
        "modified",
        "withdrawn",
        "gives_cve",
        "title",
        "score",
        "score_version",
        "scorer",
        "exploited_since",
        "ssvc",
        "raw_block",
        "raw_offset",
        "raw_length",
        "facts_block",
        "facts_offset",
        "facts_length",
    ],
};
static ALIAS: Table = Table {
    name: "advisory_alias",
    columns: &["advisory_id", "name"],
};
static LINK: Table = Table {
    name: "advisory_vulnerability",
    columns: &["vulnerability_id", "advisory_id"],
};

const FEED: &str = "SELECT id FROM feed WHERE kind = $1 AND scope = $2";
const FEED_INSERT: &str = "INSERT INTO feed (id, kind, scope) VALUES ($1, $2, $3)";
const FEED_STAMP: &str =
    "UPDATE feed SET as_of = coalesce($2, as_of), imported_at = $3 WHERE id = $1";
const FEED_AS_OF: &str = "SELECT as_of FROM feed WHERE id = $1";
const FEED_RECORDS: &str = "SELECT name, id, digest, modified FROM advisory WHERE feed_id = $1";

impl Session {
    /// The row of a feed; it is made if it is not there.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn feed(&mut self, kind: &str, scope: &str) -> Result<FeedId, StoreError> {
        if let Some(row) = self.query_one(FEED, params![kind, scope]).await? {
            return Ok(FeedId(row.int(0)?));
        }
        let id = self.next_id("SELECT max(id) FROM feed").await?;
        self.execute(FEED_INSERT, params![id, kind, scope]).await?;
        Ok(FeedId(id))
    }

    /// Notes when a feed was imported, and as of when it speaks.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn stamp_feed(
        &mut self,
        feed: FeedId,
        as_of: Option<i64>,
        now: i64,
    ) -> Result<(), StoreError> {
        self.execute(FEED_STAMP, params![feed.0, as_of, now])
            .await?;
        Ok(())
    }

    /// As of when what is stored of a feed speaks, in microseconds since 1970.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn feed_as_of(&mut self, feed: FeedId) -> Result<Option<i64>, StoreError> {
        let row = self.query_one(FEED_AS_OF, params![feed.0]).await?;
        Ok(row.map(|row| row.opt_int(0)).transpose()?.flatten())
    }

    /// What is stored of a feed.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn feed_state(&mut self, feed: FeedId) -> Result<FeedState, StoreError> {
        let mut state = FeedState::default();
        self.query_each(FEED_RECORDS, params![feed.0], |row| {
            let known = KnownAdvisory {
                id: row.int(1)?,
                digest: digest(row, 2)?,
                modified: row.opt_int(3)?,
            };
            state.by_name.insert(row.text(0)?.into(), known);
            Ok(())
        })
        .await?;
        Ok(state)
    }
}

/// The digest in a column.
pub(crate) fn digest(row: &Row, column: usize) -> Result<[u8; 16], StoreError> {
    digest_of(&row.bytes(column)?)
}

/// Stored bytes as a digest.
pub(crate) fn digest_of(bytes: &[u8]) -> Result<[u8; 16], StoreError> {
    let length = bytes.len();
    let digest = bytes.try_into();
    digest.map_err(|_| StoreError::value(format!("a digest has {length} bytes, not 16")))
}

/// What an import of advisories touched, for those who derive from it.
#[derive(Debug, Default)]
pub struct Touched {
    /// Vulnerabilities whose advisories changed, in ascending order.
    pub vulnerabilities: Vec<i64>,
    /// The names of those among them that have no advisory left, and so are no longer stored.
    pub gone: HashMap<i64, String>,
}

/// Writes advisories within one session.
///
/// Rows are held back and written by the thousand; [`AdvisoryWriter::finish`] writes the rest and
/// settles which vulnerabilities the advisories are about.
pub struct AdvisoryWriter {
    next_advisory: i64,
    raw: BlockWriter,
    facts: BlockWriter,
    advisories: Rows,
    aliases: Rows,
    keys: Rows,
    links: Rows,
    /// Advisories that name no CVE: which vulnerability they are about depends on others.
    unsettled: HashSet<i64>,
    /// Names other than CVE identifiers that appeared or went.
    names: HashSet<String>,
    vulnerabilities: crate::vulnerabilities::Writer,
}

const DELETES: [Dialect; 4] = [
    with_numbers!("DELETE FROM advisory WHERE id", "$1", ""),
    with_numbers!("DELETE FROM advisory_alias WHERE advisory_id", "$1", ""),
    with_numbers!("DELETE FROM advisory_key WHERE advisory_id", "$1", ""),
    with_numbers!(
        "DELETE FROM advisory_vulnerability WHERE advisory_id",
        "$1",
        ""
    ),
];

const LINKED: Dialect = with_numbers!(
    "SELECT vulnerability_id FROM advisory_vulnerability WHERE advisory_id",
    "$1",
    ""
);

const NAMES_OF: Dialect = with_numbers!(
    "SELECT name FROM advisory_alias WHERE advisory_id",
    "$1",
    ""
);

/// Advisories that give no CVE and one of these names.
const NAMED: Dialect = with_texts!(
    "SELECT DISTINCT n.advisory_id FROM advisory_alias n \
     JOIN advisory a ON a.id = n.advisory_id AND NOT a.gives_cve WHERE n.name",
    "$1",
    ""
);

impl AdvisoryWriter {
    /// A writer for a session.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn new(session: &mut Session) -> Result<Self, StoreError> {
        let block = session.next_id("SELECT max(id) FROM block").await?;
        Ok(Self {
            next_advisory: session.next_id("SELECT max(id) FROM advisory").await?,
            raw: BlockWriter::new(block, 2, RAW_BYTES)?,
            facts: BlockWriter::new(block + 1, 2, FACTS_BYTES)?,
            advisories: Rows::of(&ADVISORY),
            aliases: Rows::of(&ALIAS),
            keys: Rows::of(&ADVISORY_KEY),
            links: Rows::of(&LINK),
            unsettled: HashSet::new(),
            names: HashSet::new(),
            vulnerabilities: crate::vulnerabilities::Writer::new(session).await?,
        })
    }

    /// Writes advisories of a feed, each with its raw record.
    ///
    /// Those that are stored already under their name must have been [removed](Self::remove)
    /// before; `reuse` says under which row they stood.
    ///
    /// Gives the row of each.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn write(
        &mut self,
        session: &mut Session,
        feed: FeedId,
        batch: &[(NewAdvisory, &[u8], Option<i64>)],
    ) -> Result<Vec<i64>, StoreError> {
        let cves = batch
            .iter()
            .flat_map(|(new, _, _)| &new.cves)
            .map(String::as_str);
        self.vulnerabilities.look_up(session, cves).await?;
        let mut ids = Vec::with_capacity(batch.len());
        for (new, raw, reuse) in batch {
            let id = reuse.unwrap_or(self.next_advisory);
            ids.push(id);
            if reuse.is_none() {
                self.next_advisory += 1;
            }
            self.write_one(session, feed, id, new, raw).await?;
        }
        self.flush_full(session).await?;
        Ok(ids)
    }

    async fn write_one(
        &mut self,
        session: &mut Session,
        feed: FeedId,
        id: i64,
        new: &NewAdvisory,
        raw: &[u8],
    ) -> Result<(), StoreError> {
        let raw = self.raw.add(session, raw).await?;
        let facts = self.facts.add(session, &new.facts).await?;
        let (score, score_version, scorer) = match &new.score {
            Some((score, version, scorer)) => (Some(*score), Some(*version), Some(scorer.clone())),
            None => (None, None, None),
        };
        self.advisories.push(params![
            id,
            feed.0,
            new.name.as_str(),
            new.identifier.as_str(),
            new.digest.to_vec(),
            new.published,
            new.modified,
            new.withdrawn,
            !new.cves.is_empty(),
            new.title.clone(),
            score,
            score_version,
            scorer,
            new.exploited_since.clone(),
            new.ssvc.clone(),
            raw.block,
            raw.offset,
            raw.length,
            facts.block,
            facts.offset,
            facts.length,
        ]);
        for name in &new.aliases {
            self.aliases.push(params![id, name.as_str()]);
            self.names.insert(name.clone());
        }
        for &key in &new.keys {
            self.keys.push(params![key, id]);
        }
        for cve in &new.cves {
            let vulnerability = self.vulnerabilities.of_name(cve, id, new);
            self.links.push(params![vulnerability, id]);
        }
        if new.cves.is_empty() {
            self.unsettled.insert(id);
        }
        Ok(())
    }

    /// Takes stored advisories out, to be written anew or for good.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn remove(&mut self, session: &mut Session, ids: &[i64]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        // What is to go may be among what is held back.
        self.flush(session).await?;
        let list = json_ints(ids.iter().copied());
        for row in session.query(LINKED, params![list.as_str()]).await? {
            self.vulnerabilities.touch(row.int(0)?);
        }
        for row in session.query(NAMES_OF, params![list.as_str()]).await? {
            self.names.insert(row.text(0)?);
        }
        for statement in DELETES {
            session.execute(statement, params![list.as_str()]).await?;
        }
        Ok(())
    }

    async fn flush_full(&mut self, session: &mut Session) -> Result<(), StoreError> {
        for rows in [
            &mut self.advisories,
            &mut self.aliases,
            &mut self.keys,
            &mut self.links,
        ] {
            if rows.is_full() {
                rows.insert(session).await?;
            }
        }
        self.vulnerabilities.flush_full(session).await
    }

    async fn flush(&mut self, session: &mut Session) -> Result<(), StoreError> {
        for rows in [
            &mut self.advisories,
            &mut self.aliases,
            &mut self.keys,
            &mut self.links,
        ] {
            rows.insert(session).await?;
        }
        self.vulnerabilities.flush(session).await
    }

    /// Writes what is held back and settles which vulnerabilities the advisories are about.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn finish(mut self, session: &mut Session) -> Result<Touched, StoreError> {
        self.raw.finish(session).await?;
        self.facts.finish(session).await?;
        self.flush(session).await?;
        let unsettled = self.unsettled_now(session).await?;
        self.vulnerabilities.settle(session, &unsettled).await?;
        self.vulnerabilities.finish(session).await
    }

    /// The advisories whose vulnerability has to be found through others: the new ones, and all
    /// that share a name with one that changed.
    async fn unsettled_now(&mut self, session: &mut Session) -> Result<Vec<i64>, StoreError> {
        let names = json_texts(self.names.iter().map(String::as_str));
        let mut unsettled = std::mem::take(&mut self.unsettled);
        for row in session.query(NAMED, params![names]).await? {
            unsettled.insert(row.int(0)?);
        }
        let mut unsettled: Vec<i64> = unsettled.into_iter().collect();
        unsettled.sort_unstable();
        Ok(unsettled)
    }
}
