//! What tests write.

use palisade_store::{
    AdvisoryWriter, BranchId, NewAdvisory, NewPackage, NewRevision, NewSourcePackage, PackageId,
    RepositoryId, Session, SourcePackageId, StoreError, Touched,
};

/// A time at which everything is imported.
pub(crate) const NOW: i64 = 1_700_000_000_000_000;

/// An advisory that gives no CVE but what its name is.
pub(crate) fn advisory(name: &str) -> NewAdvisory {
    let is_cve = name.starts_with("CVE-");
    let names = |wanted: bool| {
        if wanted {
            vec![name.to_owned()]
        } else {
            Vec::new()
        }
    };
    let mut advisory = NewAdvisory {
        name: name.to_owned(),
        identifier: name.to_owned(),
        digest: [0; 16],
        published: Some(NOW),
        modified: Some(NOW),
        withdrawn: false,
        title: Some(format!("about {name}")),
        score: None,
        exploited_since: None,
        ssvc: None,
        cves: names(is_cve),
        aliases: names(!is_cve),
        keys: vec![number(name)],
        facts: format!("facts of {name}").into_bytes(),
    };
    advisory.digest = digest(name);
    advisory
}

/// An advisory with other names for its issue.
pub(crate) fn advisory_with(name: &str, others: &[&str]) -> NewAdvisory {
    let mut made = advisory(name);
    for other in others {
        let names = if other.starts_with("CVE-") {
            &mut made.cves
        } else {
            &mut made.aliases
        };
        names.push((*other).to_owned());
        names.sort_unstable();
    }
    made.digest = digest(&format!("{name} {others:?}"));
    made
}

/// Writes advisories of a feed as an import does: those that are stored are replaced.
pub(crate) async fn import(
    session: &mut Session,
    kind: &str,
    advisories: &[NewAdvisory],
) -> Result<Touched, StoreError> {
    let feed = session.feed(kind, "").await?;
    let state = session.feed_state(feed).await?;
    let known = |name: &str| state.by_name.get(name).map(|known| known.id);
    let replaced: Vec<i64> = advisories
        .iter()
        .filter_map(|new| known(&new.name))
        .collect();
    let mut writer = AdvisoryWriter::new(session).await?;
    writer.remove(session, &replaced).await?;
    let batch: Vec<(NewAdvisory, &[u8], Option<i64>)> = advisories
        .iter()
        .map(|new| (new.clone(), b"a record".as_slice(), known(&new.name)))
        .collect();
    writer.write(session, feed, &batch).await?;
    writer.finish(session).await
}

/// Takes advisories of a feed out.
pub(crate) async fn withdraw(
    session: &mut Session,
    kind: &str,
    names: &[&str],
) -> Result<Touched, StoreError> {
    let feed = session.feed(kind, "").await?;
    let state = session.feed_state(feed).await?;
    let gone: Vec<i64> = names
        .iter()
        .filter_map(|name| state.by_name.get(*name))
        .map(|known| known.id)
        .collect();
    let mut writer = AdvisoryWriter::new(session).await?;
    writer.remove(session, &gone).await?;
    writer.finish(session).await
}

/// A revision of a repository: its name, time and packages, each a name and version.
#[derive(Debug, Clone)]
pub(crate) struct Revision {
    pub(crate) name: String,
    pub(crate) time: i64,
    pub(crate) packages: Vec<Package>,
}

/// A package by name, built from a source package.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) source: String,
}

/// Places a revision as an import does, unless it is there already.
pub(crate) async fn place(
    session: &mut Session,
    branch: BranchId,
    repository: RepositoryId,
    revision: &Revision,
) -> Result<Option<Vec<SourcePackageId>>, StoreError> {
    if session
        .revision(repository, &revision.name)
        .await?
        .is_some()
    {
        return Ok(None);
    }
    let sources: Vec<NewSourcePackage> = revision
        .packages
        .iter()
        .map(|package| new_source(&package.source))
        .collect();
    let (sources, _) = session.write_source_packages("debian", &sources).await?;
    let packages = write_packages(session, &revision.packages, &sources).await?;
    let new = NewRevision {
        name: &revision.name,
        time: revision.time,
        digest: digest(&revision.name),
        packages: &packages,
        signed_by: None,
        now: NOW,
    };
    let placed = session.place_revision(branch, repository, &new).await?;
    Ok(Some(placed.sources))
}

/// A source package; one whose name ends in `*` has a graft.
pub(crate) fn new_source(name: &str) -> NewSourcePackage {
    NewSourcePackage {
        name: name.to_owned(),
        version: "1".to_owned(),
        grafted: name.ends_with('*'),
        digest: digest(name),
        facts: format!("facts of {name}").into_bytes(),
        keys: vec![number(name)],
    }
}

async fn write_packages(
    session: &mut Session,
    packages: &[Package],
    sources: &[SourcePackageId],
) -> Result<Vec<PackageId>, StoreError> {
    let digests = packages.iter().map(|package| digest(&package.name));
    let mut known = session.known_packages(digests).await?;
    let mut new = Vec::new();
    for (package, source) in packages.iter().zip(sources) {
        if !known.contains_key(&digest(&package.name)) {
            new.push(NewPackage {
                source: *source,
                name: package.name.clone(),
                version: "1".to_owned(),
                maintainer: None,
                digest: digest(&package.name),
                substance: digest(&package.name),
                facts: package.name.clone().into_bytes(),
            });
        }
    }
    let ids = session.write_packages(&new).await?;
    known.extend(
        new.iter()
            .zip(ids)
            .map(|(package, id)| (package.digest, id)),
    );
    Ok(packages
        .iter()
        .map(|package| known[&digest(&package.name)])
        .collect())
}

pub(crate) fn digest(text: &str) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..16]);
    half
}

fn number(text: &str) -> i64 {
    i64::from_le_bytes(digest(text)[..8].try_into().unwrap())
}
