//! Vulnerabilities: what ties the advisories of one issue together.
//!
//! An advisory is about every CVE identifier that it gives as its own or as an alias. One that
//! gives none is about the CVEs of the advisories that share another name with it (a PYSEC record
//! that names the GHSA which names the CVE). Where no name leads to a CVE, the advisories that
//! share names are one vulnerability, called by the first of their names in byte order. So two CVEs
//! never become one, and the result does not depend on the order of imports.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::StoreError;
use crate::advisories::{NewAdvisory, Touched};
use crate::bulk::{Rows, Table};
use crate::lists::with_numbers;
use crate::session::{Dialect, Session, json_ints, json_texts, params};

static VULNERABILITY: Table = Table {
    name: "vulnerability",
    columns: &[
        "id",
        "name",
        "published",
        "modified",
        "withdrawn",
        "lead_advisory",
        "score",
        "score_version",
        "scorer",
        "exploited_since",
    ],
};
static LINK: Table = Table {
    name: "advisory_vulnerability",
    columns: &["vulnerability_id", "advisory_id"],
};

const BY_NAMES: Dialect = Dialect {
    sqlite: "SELECT v.name, v.id FROM json_each($1) AS wanted \
             CROSS JOIN vulnerability v ON v.name = wanted.value",
    postgres: "SELECT name, id FROM vulnerability WHERE name = ANY (ARRAY(SELECT value FROM \
               jsonb_array_elements_text($1::jsonb)))",
};

/// Names of the given advisories and of those that share one with them, other than CVE
/// identifiers, and whether each advisory gives a CVE.
const SHARED_NAMES: Dialect = Dialect {
    sqlite: "SELECT o.advisory_id, o.name, x.gives_cve FROM advisory_alias o \
             JOIN advisory x ON x.id = o.advisory_id WHERE o.advisory_id IN \
             (SELECT s.advisory_id FROM advisory_alias a \
              JOIN advisory_alias s ON s.name = a.name \
              WHERE a.advisory_id IN (SELECT value FROM json_each($1)))",
    postgres: "SELECT o.advisory_id, o.name, x.gives_cve FROM advisory_alias o JOIN advisory x ON \
               x.id = o.advisory_id WHERE o.advisory_id IN (SELECT s.advisory_id FROM \
               advisory_alias a JOIN advisory_alias s ON s.name = a.name WHERE a.advisory_id = \
               ANY (ARRAY(SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb))))",
};

/// The vulnerabilities with CVE names to which the given advisories are tied.
const CVE_LINKS: Dialect = with_numbers!(
    "SELECT l.advisory_id, l.vulnerability_id FROM advisory_vulnerability l \
     JOIN vulnerability v ON v.id = l.vulnerability_id \
     WHERE v.name LIKE 'CVE-%' AND l.advisory_id",
    "$1",
    ""
);

const LINKS_OF: Dialect = with_numbers!(
    "SELECT advisory_id, vulnerability_id FROM advisory_vulnerability WHERE advisory_id",
    "$1",
    ""
);

const UNLINK: Dialect = with_numbers!(
    "DELETE FROM advisory_vulnerability WHERE advisory_id",
    "$1",
    ""
);

/// What a vulnerability's row is made of: one row for each of its advisories.
const SOURCES: Dialect = with_numbers!(
    "SELECT l.vulnerability_id, a.id, f.kind, a.published, a.modified, a.withdrawn, a.score, \
     a.score_version, a.scorer, a.exploited_since FROM advisory_vulnerability l \
     JOIN advisory a ON a.id = l.advisory_id JOIN feed f ON f.id = a.feed_id \
     WHERE l.vulnerability_id",
    "$1",
    " ORDER BY l.vulnerability_id, f.kind, f.scope, a.name"
);

const NAMES: Dialect = with_numbers!("SELECT id, name FROM vulnerability WHERE id", "$1", "");

const DELETE: Dialect = with_numbers!("DELETE FROM vulnerability WHERE id", "$1", "");

/// Vulnerabilities handled in one statement.
const CHUNK: usize = 5000;

/// Feeds whose record leads when a vulnerability has several, the first the foremost.
const LEADS: [&str; 3] = ["cve5", "nvd", "osv"];

/// Makes and refreshes vulnerabilities while advisories are written.
pub(crate) struct Writer {
    next_id: i64,
    /// The first that is made in this session.
    first_new: i64,
    /// Names looked up or made in this session.
    known: HashMap<Box<str>, i64>,
    /// Whose advisories changed after their row was made: it is made anew at the end.
    stale: HashSet<i64>,
    new: Rows,
}

impl Writer {
    pub(crate) async fn new(session: &mut Session) -> Result<Self, StoreError> {
        let first_new = session.next_id("SELECT max(id) FROM vulnerability").await?;
        Ok(Self {
            next_id: first_new,
            first_new,
            known: HashMap::new(),
            stale: HashSet::new(),
            new: Rows::of(&VULNERABILITY),
        })
    }

    /// Finds out which of these names are stored.
    pub(crate) async fn look_up(
        &mut self,
        session: &mut Session,
        names: impl Iterator<Item = &str>,
    ) -> Result<(), StoreError> {
        let unknown = json_texts(names.filter(|name| !self.known.contains_key(*name)));
        for row in session.query(BY_NAMES, params![unknown]).await? {
            self.known.insert(row.text(0)?.into(), row.int(1)?);
        }
        Ok(())
    }

    /// The vulnerability of a name that has been looked up; it is made if there is none.
    pub(crate) fn of_name(&mut self, name: &str, advisory: i64, new: &NewAdvisory) -> i64 {
        if let Some(&id) = self.known.get(name) {
            self.stale.insert(id);
            return id;
        }
        let id = self.make(name);
        let (score, version, scorer) = match &new.score {
            Some((score, version, scorer)) => (Some(*score), Some(*version), Some(scorer.clone())),
            None => (None, None, None),
        };
        self.new.push(params![
            id,
            name,
            new.published,
            new.modified,
            new.withdrawn,
            Some(advisory),
            score,
            version,
            scorer,
            new.exploited_since.clone(),
        ]);
        id
    }

    fn make(&mut self, name: &str) -> i64 {
        let id = self.next_id;
        self.next_id += 1;
        self.known.insert(name.into(), id);
        id
    }

    /// Notes that a vulnerability's advisories changed.
    pub(crate) fn touch(&mut self, id: i64) {
        self.stale.insert(id);
    }

    pub(crate) async fn flush_full(&mut self, session: &mut Session) -> Result<(), StoreError> {
        if self.new.is_full() {
            self.flush(session).await
        } else {
            Ok(())
        }
    }

    pub(crate) async fn flush(&mut self, session: &mut Session) -> Result<(), StoreError> {
        self.new.insert(session).await?;
        // From here on the database knows them.
        self.known.clear();
        Ok(())
    }

    /// Finds the vulnerabilities of advisories that give no CVE.
    pub(crate) async fn settle(
        &mut self,
        session: &mut Session,
        advisories: &[i64],
    ) -> Result<(), StoreError> {
        if advisories.is_empty() {
            return Ok(());
        }
        let group = NameGroup::around(session, advisories).await?;
        let components = group.components();
        let without_cve = components
            .iter()
            .filter(|component| component.cve_vulnerabilities.is_empty());
        let names = without_cve.filter_map(|component| component.names.first());
        self.look_up(session, names.map(String::as_str)).await?;
        let mut wanted: HashMap<i64, BTreeSet<i64>> = HashMap::new();
        for component in components {
            let mut targets = component.cve_vulnerabilities;
            if let (true, Some(name)) = (targets.is_empty(), component.names.first()) {
                let id = match self.known.get(name.as_str()) {
                    Some(&id) => id,
                    None => self.make_empty(name),
                };
                targets.insert(id);
            }
            for &advisory in &component.without_cve {
                wanted.insert(advisory, targets.clone());
            }
        }
        self.flush(session).await?;
        self.relink(session, &wanted).await
    }

    /// A vulnerability whose row is filled in when its advisories are linked.
    fn make_empty(&mut self, name: &str) -> i64 {
        let id = self.make(name);
        let none: Option<String> = None;
        self.new.push(params![
            id,
            name,
            None::<i64>,
            None::<i64>,
            false,
            None::<i64>,
            None::<f64>,
            none.clone(),
            none.clone(),
            none,
        ]);
        self.stale.insert(id);
        id
    }

    async fn relink(
        &mut self,
        session: &mut Session,
        wanted: &HashMap<i64, BTreeSet<i64>>,
    ) -> Result<(), StoreError> {
        let ids = json_ints(wanted.keys().copied());
        let mut present: HashMap<i64, BTreeSet<i64>> = HashMap::new();
        for row in session.query(LINKS_OF, params![ids]).await? {
            present.entry(row.int(0)?).or_default().insert(row.int(1)?);
        }
        let changed: Vec<i64> = wanted
            .iter()
            .filter(|(advisory, targets)| present.get(advisory) != Some(targets))
            .map(|(&advisory, _)| advisory)
            .collect();
        session
            .execute(UNLINK, params![json_ints(changed.iter().copied())])
            .await?;
        let mut links = Rows::of(&LINK);
        for advisory in changed {
            for &target in present.get(&advisory).into_iter().flatten() {
                self.stale.insert(target);
            }
            for &target in &wanted[&advisory] {
                self.stale.insert(target);
                links.push(params![target, advisory]);
            }
        }
        links.insert(session).await
    }

    /// Makes the rows of all vulnerabilities anew whose advisories changed, drops those that have
    /// none left, and says which were touched, in ascending order.
    pub(crate) async fn finish(mut self, session: &mut Session) -> Result<Touched, StoreError> {
        self.flush(session).await?;
        let mut stale: Vec<i64> = self.stale.iter().copied().collect();
        stale.sort_unstable();
        let mut gone = HashMap::new();
        for chunk in stale.chunks(CHUNK) {
            gone.extend(refresh(session, chunk).await?);
        }
        let mut touched: Vec<i64> = stale
            .into_iter()
            .filter(|id| *id < self.first_new)
            .collect();
        touched.extend(self.first_new..self.next_id);
        Ok(Touched {
            vulnerabilities: touched,
            gone,
        })
    }
}

/// Advisories tied together by names that are no CVE identifiers.
struct NameGroup {
    /// The names of each advisory.
    names: HashMap<i64, Vec<String>>,
    gives_cve: HashMap<i64, bool>,
    cve_links: HashMap<i64, BTreeSet<i64>>,
}

#[derive(Default)]
struct Component {
    names: BTreeSet<String>,
    without_cve: BTreeSet<i64>,
    cve_vulnerabilities: BTreeSet<i64>,
}

impl NameGroup {
    /// Everything that names lead to, starting from the given advisories.
    async fn around(session: &mut Session, advisories: &[i64]) -> Result<Self, StoreError> {
        let mut group = Self {
            names: HashMap::new(),
            gives_cve: HashMap::new(),
            cve_links: HashMap::new(),
        };
        let mut visited: HashSet<i64> = HashSet::new();
        let mut frontier: Vec<i64> = advisories.to_vec();
        while !frontier.is_empty() {
            visited.extend(&frontier);
            for chunk in frontier.chunks(CHUNK) {
                group.add_neighbours(session, chunk).await?;
            }
            // An advisory with a CVE ends the way: what it leads to is that CVE.
            frontier = group
                .names
                .keys()
                .copied()
                .filter(|id| !visited.contains(id) && !group.gives_cve(*id))
                .collect();
        }
        let ids = json_ints(group.names.keys().copied());
        for row in session.query(CVE_LINKS, params![ids.as_str()]).await? {
            let advisory = row.int(0)?;
            if group.gives_cve(advisory) {
                group
                    .cve_links
                    .entry(advisory)
                    .or_default()
                    .insert(row.int(1)?);
            }
        }
        Ok(group)
    }

    async fn add_neighbours(
        &mut self,
        session: &mut Session,
        advisories: &[i64],
    ) -> Result<(), StoreError> {
        let ids = json_ints(advisories.iter().copied());
        for row in session.query(SHARED_NAMES, params![ids]).await? {
            let (advisory, name) = (row.int(0)?, row.text(1)?);
            self.gives_cve.insert(advisory, row.bool(2)?);
            let known = self.names.entry(advisory).or_default();
            if !known.contains(&name) {
                known.push(name);
            }
        }
        Ok(())
    }

    /// The groups of advisories among which names lead from one to another.
    fn components(&self) -> Vec<Component> {
        let mut by_name: HashMap<&str, Vec<i64>> = HashMap::new();
        for (&advisory, names) in &self.names {
            for name in names {
                by_name.entry(name).or_default().push(advisory);
            }
        }
        let mut seen: HashSet<i64> = HashSet::new();
        let mut starts: Vec<i64> = self.names.keys().copied().collect();
        starts.sort_unstable();
        let mut components = Vec::new();
        for start in starts {
            if !self.gives_cve(start) && !seen.contains(&start) {
                components.push(self.component(start, &by_name, &mut seen));
            }
        }
        components
    }

    fn gives_cve(&self, advisory: i64) -> bool {
        self.gives_cve.get(&advisory) == Some(&true)
    }

    /// What names lead to from an advisory without a CVE; one with a CVE ends the way, so that a
    /// name shared by many issues does not tie them together.
    fn component(
        &self,
        start: i64,
        by_name: &HashMap<&str, Vec<i64>>,
        seen: &mut HashSet<i64>,
    ) -> Component {
        let mut component = Component::default();
        let mut open = vec![start];
        while let Some(advisory) = open.pop() {
            if self.gives_cve(advisory) {
                component
                    .cve_vulnerabilities
                    .extend(self.cve_links.get(&advisory).into_iter().flatten());
                continue;
            }
            if !seen.insert(advisory) {
                continue;
            }
            component.without_cve.insert(advisory);
            for name in self.names.get(&advisory).into_iter().flatten() {
                component.names.insert(name.clone());
                open.extend(by_name.get(name.as_str()).into_iter().flatten());
            }
        }
        component
    }
}

/// What a vulnerability's row says, gathered from its advisories.
#[derive(Default)]
struct Gathered {
    published: Option<i64>,
    modified: Option<i64>,
    /// Withdrawn when all who rate it as a vulnerability have withdrawn it.
    standing: usize,
    withdrawn: usize,
    lead: Option<(usize, i64)>,
    score: Option<(String, f64, String)>,
    exploited_since: Option<String>,
}

/// Makes rows anew, and gives the names of those that had to go.
async fn refresh(session: &mut Session, ids: &[i64]) -> Result<HashMap<i64, String>, StoreError> {
    let list = json_ints(ids.iter().copied());
    let mut gathered: HashMap<i64, Gathered> = HashMap::new();
    for row in session.query(SOURCES, params![list.as_str()]).await? {
        let entry = gathered.entry(row.int(0)?).or_default();
        let (advisory, kind) = (row.int(1)?, row.text(2)?);
        entry.published = least(entry.published, row.opt_int(3)?);
        entry.modified = entry.modified.max(row.opt_int(4)?);
        if row.bool(5)? {
            entry.withdrawn += 1;
        } else {
            entry.standing += 1;
        }
        let rank = LEADS
            .iter()
            .position(|lead| *lead == kind)
            .unwrap_or(LEADS.len());
        if entry.lead.is_none_or(|(known, _)| rank < known) {
            entry.lead = Some((rank, advisory));
        }
        if let (Some(score), Some(version), Some(scorer)) =
            (row.opt_real(6)?, row.opt_text(7)?, row.opt_text(8)?)
        {
            let better = entry
                .score
                .as_ref()
                .is_none_or(|(v, s, _)| (version.as_str(), score) > (v.as_str(), *s));
            if better {
                entry.score = Some((version, score, scorer));
            }
        }
        entry.exploited_since = entry.exploited_since.take().or(row.opt_text(9)?);
    }
    let mut names: HashMap<i64, String> = HashMap::new();
    for row in session.query(NAMES, params![list.as_str()]).await? {
        names.insert(row.int(0)?, row.text(1)?);
    }
    session.execute(DELETE, params![list]).await?;
    let mut rows = Rows::of(&VULNERABILITY);
    for id in ids {
        let Some(found) = gathered.remove(id) else {
            continue;
        };
        let Some(name) = names.remove(id) else {
            continue;
        };
        let (version, score, scorer) = match found.score {
            Some((version, score, scorer)) => (Some(version), Some(score), Some(scorer)),
            None => (None, None, None),
        };
        rows.push(params![
            *id,
            name,
            found.published,
            found.modified,
            found.standing == 0 && found.withdrawn > 0,
            found.lead.map(|(_, advisory)| advisory),
            score,
            version,
            scorer,
            found.exploited_since,
        ]);
    }
    rows.insert(session).await?;
    Ok(names)
}

fn least(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
