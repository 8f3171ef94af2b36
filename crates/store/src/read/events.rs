//! What has happened: events by number, latest first or onward from one.

use crate::session::{Row, Session, params};
use crate::{BranchId, StoreError};

/// An event.
#[derive(Debug, Clone)]
pub struct EventRow {
    /// Its number.
    pub id: i64,
    /// When, in microseconds since 1970.
    pub time: i64,
    /// What kind of change.
    pub kind: String,
    /// The branch.
    pub branch: Option<BranchId>,
    /// The source package.
    pub package: Option<String>,
    /// The vulnerability.
    pub vulnerability: Option<String>,
    /// The change in words.
    pub says: String,
}

/// Which events are wanted; what is absent is not asked for.
#[derive(Debug, Clone, Default)]
pub struct EventQuery {
    /// Those of one kind.
    pub kind: Option<String>,
    /// Those of one branch.
    pub branch: Option<BranchId>,
    /// Those of the branches of one distribution.
    pub distribution: Option<String>,
    /// Those of source packages of one name.
    pub package: Option<String>,
    /// Those of one vulnerability.
    pub vulnerability: Option<String>,
    /// How many at the most.
    pub limit: i64,
}

/// Statements that go through the index of the narrowest thing asked for.
struct Ways {
    vulnerability: &'static str,
    package: &'static str,
    branch: &'static str,
    kind: &'static str,
    all: &'static str,
}

const COUNTS: &str = "SELECT kind, (time - $3) / $4 AS period, count(*) FROM event \
    WHERE (kind = $1 OR kind = $2) AND time >= $3 + $4 * $5 \
    GROUP BY kind, (time - $3) / $4 ORDER BY 2, 1";
/// Events are numbered as they happen, so that the first hit from the end is the answer.
const LAST_BEFORE: &str = "SELECT id FROM event WHERE time < $1 ORDER BY id DESC LIMIT 1";
const BACKWARD: Ways = Ways {
    vulnerability: "SELECT id, time, kind, branch_id, package, vulnerability, says FROM event \
        WHERE id < $1 AND vulnerability = $5 \
        AND (CAST($4 AS TEXT) IS NULL OR package = $4) \
        AND (CAST($3 AS BIGINT) IS NULL OR branch_id = $3) \
        AND (CAST($2 AS TEXT) IS NULL OR kind = $2) \
        AND (CAST($7 AS TEXT) IS NULL \
        OR branch_id IN (SELECT id FROM branch WHERE distribution = $7)) ORDER BY id DESC LIMIT $6",
    package: "SELECT id, time, kind, branch_id, package, vulnerability, says FROM event \
        WHERE id < $1 AND (CAST($5 AS TEXT) IS NULL OR vulnerability = $5) \
        AND package = $4 \
        AND (CAST($3 AS BIGINT) IS NULL OR branch_id = $3) \
        AND (CAST($2 AS TEXT) IS NULL OR kind = $2) \
        AND (CAST($7 AS TEXT) IS NULL \
        OR branch_id IN (SELECT id FROM branch WHERE distribution = $7)) ORDER BY id DESC LIMIT $6",
    branch: "SELECT id, time, kind, branch_id, package, vulnerability, says FROM event \
        WHERE id < $1 AND (CAST($5 AS TEXT) IS NULL OR vulnerability = $5) \
        AND (CAST($4 AS TEXT) IS NULL OR package = $4) \
        AND branch_id = $3 \
        AND (CAST($2 AS TEXT) IS NULL OR kind = $2) \
        AND (CAST($7 AS TEXT) IS NULL \
        OR branch_id IN (SELECT id FROM branch WHERE distribution = $7)) ORDER BY id DESC LIMIT $6",
    kind: "SELECT id, time, kind, branch_id, package, vulnerability, says FROM event \
        WHERE id < $1 AND (CAST($5 AS TEXT) IS NULL OR vulnerability = $5) \
        AND (CAST($4 AS TEXT) IS NULL OR package = $4) \
        AND (CAST($3 AS BIGINT) IS NULL OR branch_id = $3) \
        AND kind = $2 \
        AND (CAST($7 AS TEXT) IS NULL \
        OR branch_id IN (SELECT id FROM branch WHERE distribution = $7)) ORDER BY id DESC LIMIT $6",
    all: "SELECT id, time, kind, branch_id, package, vulnerability, says FROM event \
        WHERE id < $1 AND (CAST($5 AS TEXT) IS NULL OR vulnerability = $5) \
        AND (CAST($4 AS TEXT) IS NULL OR package = $4) \
        AND (CAST($3 AS BIGINT) IS NULL OR branch_id = $3) \
        AND (CAST($2 AS TEXT) IS NULL OR kind = $2) \
        AND (CAST($7 AS TEXT) IS NULL \
        OR branch_id IN (SELECT id FROM branch WHERE distribution = $7)) ORDER BY id DESC LIMIT $6",
};
const ONWARD: Ways = Ways {
    vulnerability: "SELECT id, time, kind, branch_id, package, vulnerability, says FROM event \
        WHERE id > $1 AND vulnerability = $5 \
        AND (CAST($4 AS TEXT) IS NULL OR package = $4) \
        AND (CAST($3 AS BIGINT) IS NULL OR branch_id = $3) \
        AND (CAST($2 AS TEXT) IS NULL OR kind = $2) \
        AND (CAST($7 AS TEXT) IS NULL \
        OR branch_id IN (SELECT id FROM branch WHERE distribution = $7)) ORDER BY id ASC LIMIT $6",
    package: "SELECT id, time, kind, branch_id, package, vulnerability, says FROM event \
        WHERE id > $1 AND (CAST($5 AS TEXT) IS NULL OR vulnerability = $5) \
        AND package = $4 \
        AND (CAST($3 AS BIGINT) IS NULL OR branch_id = $3) \
        AND (CAST($2 AS TEXT) IS NULL OR kind = $2) \
        AND (CAST($7 AS TEXT) IS NULL \
        OR branch_id IN (SELECT id FROM branch WHERE distribution = $7)) ORDER BY id ASC LIMIT $6",
    branch: "SELECT id, time, kind, branch_id, package, vulnerability, says FROM event \
        WHERE id > $1 AND (CAST($5 AS TEXT) IS NULL OR vulnerability = $5) \
        AND (CAST($4 AS TEXT) IS NULL OR package = $4) \
        AND branch_id = $3 \
        AND (CAST($2 AS TEXT) IS NULL OR kind = $2) \
        AND (CAST($7 AS TEXT) IS NULL \
        OR branch_id IN (SELECT id FROM branch WHERE distribution = $7)) ORDER BY id ASC LIMIT $6",
    kind: "SELECT id, time, kind, branch_id, package, vulnerability, says FROM event \
        WHERE id > $1 AND (CAST($5 AS TEXT) IS NULL OR vulnerability = $5) \
        AND (CAST($4 AS TEXT) IS NULL OR package = $4) \
        AND (CAST($3 AS BIGINT) IS NULL OR branch_id = $3) \
        AND kind = $2 \
        AND (CAST($7 AS TEXT) IS NULL \
        OR branch_id IN (SELECT id FROM branch WHERE distribution = $7)) ORDER BY id ASC LIMIT $6",
    all: "SELECT id, time, kind, branch_id, package, vulnerability, says FROM event \
        WHERE id > $1 AND (CAST($5 AS TEXT) IS NULL OR vulnerability = $5) \
        AND (CAST($4 AS TEXT) IS NULL OR package = $4) \
        AND (CAST($3 AS BIGINT) IS NULL OR branch_id = $3) \
        AND (CAST($2 AS TEXT) IS NULL OR kind = $2) \
        AND (CAST($7 AS TEXT) IS NULL \
        OR branch_id IN (SELECT id FROM branch WHERE distribution = $7)) ORDER BY id ASC LIMIT $6",
};

impl Session {
    /// The latest events before a number, latest first; before none, the latest of all.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn events_before(
        &mut self,
        before: Option<i64>,
        query: &EventQuery,
    ) -> Result<Vec<EventRow>, StoreError> {
        let bound = before.unwrap_or(i64::MAX);
        self.events(&BACKWARD, bound, query).await
    }

    /// The events after a number, in their order.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn events_after(
        &mut self,
        after: i64,
        query: &EventQuery,
    ) -> Result<Vec<EventRow>, StoreError> {
        self.events(&ONWARD, after, query).await
    }

    /// The number of the last event before a time in microseconds since 1970; none before the first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn last_event_before(&mut self, time: i64) -> Result<Option<i64>, StoreError> {
        let rows = self.query(LAST_BEFORE, params![time]).await?;
        rows.first().map(|row| row.int(0)).transpose()
    }

    /// How many events of two kinds there were in each period: kind, number of the period, count.
    ///
    /// Periods are `length` microseconds long and counted from `start`; those before `first` are
    /// left out.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn event_counts(
        &mut self,
        kinds: [&str; 2],
        start: i64,
        length: i64,
        first: i64,
    ) -> Result<Vec<(String, i64, i64)>, StoreError> {
        let [one, other] = kinds;
        let rows = self
            .query(COUNTS, params![one, other, start, length, first])
            .await?;
        rows.iter()
            .map(|row| Ok((row.text(0)?, row.int(1)?, row.int(2)?)))
            .collect()
    }

    async fn events(
        &mut self,
        ways: &Ways,
        bound: i64,
        query: &EventQuery,
    ) -> Result<Vec<EventRow>, StoreError> {
        let statement = match query {
            EventQuery {
                vulnerability: Some(_),
                ..
            } => ways.vulnerability,
            EventQuery {
                package: Some(_), ..
            } => ways.package,
            EventQuery {
                branch: Some(_), ..
            } => ways.branch,
            EventQuery { kind: Some(_), .. } => ways.kind,
            _ => ways.all,
        };
        let rows = self.query(
            statement,
            params![
                bound,
                query.kind.as_deref(),
                query.branch.map(|branch| branch.0),
                query.package.as_deref(),
                query.vulnerability.as_deref(),
                query.limit,
                query.distribution.as_deref(),
            ],
        );
        rows.await?.iter().map(event).collect()
    }
}

fn event(row: &Row) -> Result<EventRow, StoreError> {
    Ok(EventRow {
        id: row.int(0)?,
        time: row.int(1)?,
        kind: row.text(2)?,
        branch: row.opt_int(3)?.map(BranchId),
        package: row.opt_text(4)?,
        vulnerability: row.opt_text(5)?,
        says: row.text(6)?,
    })
}
