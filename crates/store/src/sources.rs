//! Sources that are fetched from: when, how it went, and what to remember for the next time.

use crate::StoreError;
use crate::session::{Row, Session, params};

/// A source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceRecord {
    /// Its name in the configuration.
    pub name: String,
    /// When it was last asked, in microseconds since 1970.
    pub attempted_at: Option<i64>,
    /// When all of it was last had.
    pub succeeded_at: Option<i64>,
    /// How often it failed since.
    pub failures: i64,
    /// Why it failed the last time.
    pub error: Option<String>,
    /// When it is to be asked again.
    pub next_at: i64,
    /// Seconds from one run to the next; none when it is not in the configuration any longer.
    pub every: Option<i64>,
    /// Who has it for themselves, or had it until they died.
    pub lease: Option<Lease>,
}

/// A source that somebody has for themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// By what its holder is known.
    pub mark: String,
    /// Since when, in microseconds since 1970.
    pub since: i64,
    /// When it ends, unless it is renewed.
    pub until: i64,
}

/// A part of a source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartRecord {
    /// Its name within the source.
    pub name: String,
    /// What to remember for the next time, as JSON.
    pub memory: String,
    /// When it was last had, in microseconds since 1970.
    pub fetched_at: Option<i64>,
    /// When it last changed something that is stored.
    pub changed_at: Option<i64>,
    /// Records that it last held.
    pub records: Option<i64>,
    /// Records that were passed over or mended then.
    pub rejected: Option<i64>,
    /// The import that last changed something that is stored.
    pub import: Option<i64>,
    /// Why it failed the last time.
    pub error: Option<String>,
}

const SOURCES: &str = "SELECT name, attempted_at, succeeded_at, failures, error, next_at, every, \
                       leased_by, leased_since, leased_until FROM source ORDER BY name";
const ADD: &str = "INSERT INTO source (name, failures, next_at) VALUES ($1, 0, $2) \
                   ON CONFLICT (name) DO NOTHING";
const WRITE: &str = "UPDATE source SET attempted_at = $2, succeeded_at = $3, failures = $4, \
                     error = $5, next_at = $6 WHERE name = $1";
const FORGET_PLANS: &str = "UPDATE source SET every = NULL WHERE every IS NOT NULL";
const PLAN: &str = "UPDATE source SET every = $2 WHERE name = $1";
const LEASE: &str = "UPDATE source SET leased_by = $2, leased_since = $3, leased_until = $4 \
                     WHERE name = $1 \
                     AND (leased_until IS NULL OR leased_until <= $3 OR leased_by = $5)";
const RENEW: &str = "UPDATE source SET leased_until = $3 WHERE name = $1 AND leased_by = $2";
const RELEASE: &str = "UPDATE source SET leased_by = NULL, leased_since = NULL, \
                       leased_until = NULL WHERE name = $1 AND leased_by = $2";
const PARTS: &str = "SELECT name, memory, fetched_at, changed_at, records, rejected, error, \
                     import_id FROM source_part WHERE source = $1 ORDER BY name";
const FORGET_PART: &str = "DELETE FROM source_part WHERE source = $1 AND name = $2";
const WRITE_PART: &str = "INSERT INTO source_part \
    (source, name, memory, fetched_at, changed_at, records, rejected, error, import_id) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (source, name) DO UPDATE SET \
    memory = excluded.memory, fetched_at = excluded.fetched_at, \
    changed_at = excluded.changed_at, records = excluded.records, \
    rejected = excluded.rejected, error = excluded.error, import_id = excluded.import_id";

impl Session {
    /// All sources that were ever asked, by name.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn sources(&mut self) -> Result<Vec<SourceRecord>, StoreError> {
        let rows = self.query(SOURCES, Vec::new()).await?;
        rows.iter().map(source).collect()
    }

    /// Writes which sources there are and how many seconds there are from one run of each to the
    /// next; others are not in the configuration any longer.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn plan_sources(&mut self, sources: &[(&str, i64)]) -> Result<(), StoreError> {
        self.execute(FORGET_PLANS, Vec::new()).await?;
        for (name, every) in sources {
            self.execute(ADD, params![*name, 0_i64]).await?;
            self.execute(PLAN, params![*name, *every]).await?;
        }
        Ok(())
    }

    /// Takes a source for oneself; `false` when somebody else is at it. A lease with the mark of the
    /// dead does not count.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn lease_source(
        &mut self,
        name: &str,
        lease: &Lease,
        dead: Option<&str>,
    ) -> Result<bool, StoreError> {
        self.execute(ADD, params![name, lease.since]).await?;
        let row = params![name, lease.mark.as_str(), lease.since, lease.until, dead];
        Ok(self.execute(LEASE, row).await? == 1)
    }

    /// Keeps a source for oneself until a later time; `false` when somebody else took it.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn renew_lease(
        &mut self,
        name: &str,
        mark: &str,
        until: i64,
    ) -> Result<bool, StoreError> {
        Ok(self.execute(RENEW, params![name, mark, until]).await? == 1)
    }

    /// Gives a source back, if one still has it.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn release_source(&mut self, name: &str, mark: &str) -> Result<(), StoreError> {
        self.execute(RELEASE, params![name, mark]).await?;
        Ok(())
    }

    /// Writes how a source went.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn write_source(&mut self, source: &SourceRecord) -> Result<(), StoreError> {
        self.execute(ADD, params![source.name.as_str(), source.next_at])
            .await?;
        let row = params![
            source.name.as_str(),
            source.attempted_at,
            source.succeeded_at,
            source.failures,
            source.error.as_deref(),
            source.next_at,
        ];
        self.execute(WRITE, row).await?;
        Ok(())
    }

    /// The parts of a source, by name.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn source_parts(&mut self, source: &str) -> Result<Vec<PartRecord>, StoreError> {
        let rows = self.query(PARTS, params![source]).await?;
        rows.iter().map(part).collect()
    }

    /// Forgets a part of a source.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn forget_source_part(&mut self, source: &str, part: &str) -> Result<(), StoreError> {
        self.execute(FORGET_PART, params![source, part]).await?;
        Ok(())
    }

    /// Writes a part of a source.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn write_source_part(
        &mut self,
        source: &str,
        part: &PartRecord,
    ) -> Result<(), StoreError> {
        let row = params![
            source,
            part.name.as_str(),
            part.memory.as_str(),
            part.fetched_at,
            part.changed_at,
            part.records,
            part.rejected,
            part.error.as_deref(),
            part.import,
        ];
        self.execute(WRITE_PART, row).await?;
        Ok(())
    }
}

fn source(row: &Row) -> Result<SourceRecord, StoreError> {
    Ok(SourceRecord {
        name: row.text(0)?,
        attempted_at: row.opt_int(1)?,
        succeeded_at: row.opt_int(2)?,
        failures: row.int(3)?,
        error: row.opt_text(4)?,
        next_at: row.int(5)?,
        every: row.opt_int(6)?,
        lease: lease(row)?,
    })
}

fn lease(row: &Row) -> Result<Option<Lease>, StoreError> {
    let (Some(mark), Some(since), Some(until)) =
        (row.opt_text(7)?, row.opt_int(8)?, row.opt_int(9)?)
    else {
        return Ok(None);
    };
    Ok(Some(Lease { mark, since, until }))
}

fn part(row: &Row) -> Result<PartRecord, StoreError> {
    Ok(PartRecord {
        name: row.text(0)?,
        memory: row.text(1)?,
        fetched_at: row.opt_int(2)?,
        changed_at: row.opt_int(3)?,
        records: row.opt_int(4)?,
        rejected: row.opt_int(5)?,
        error: row.opt_text(6)?,
        import: row.opt_int(7)?,
    })
}
