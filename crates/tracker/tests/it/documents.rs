//! Small documents of the outside formats, made up as text.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// An index of Alpine: `NAME VERSION` or `NAME VERSION ORIGIN` for each package.
pub(crate) fn apkindex(packages: &[&str]) -> String {
    let record = |line: &&str| {
        let mut words = line.split(' ');
        let (name, version) = (words.next().unwrap(), words.next().unwrap());
        let origin = words.next().unwrap_or(name);
        format!(
            "C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:{name}\nV:{version}\nA:x86_64\n\
             U:https://{name}.example/\no:{origin}\n\n"
        )
    };
    packages.iter().map(record).collect()
}

/// An inventory of Guix.
pub(crate) fn guix(packages: &[Value]) -> String {
    let line = |package| format!("{package}\n");
    packages.iter().map(line).collect()
}

/// A package of Guix, of which more fields may be told.
pub(crate) fn package(name: &str, version: &str, more: &Value) -> Value {
    let mut package = json!({
        "name": name, "version": version, "outputs": ["out"], "home_page": null, "license": [],
        "source": {"type": "none"}, "properties": {}, "hidden": false, "superseded": null,
        "replacement": null,
    });
    for (key, value) in more.as_object().unwrap() {
        package[key] = value.clone();
    }
    package
}

/// A package of Guix that says itself which product it is.
pub(crate) fn named_package(name: &str, version: &str) -> Value {
    let home_page = format!("https://{name}.example/");
    let properties = json!({"cpe-name": name, "cpe-vendor": name});
    let more = json!({"home_page": home_page, "properties": properties});
    package(name, version, &more)
}

/// A page of NVD.
pub(crate) fn page(records: &[Value]) -> String {
    json!({"resultsPerPage": records.len(), "totalResults": records.len(), "format": "NVD_CVE",
        "version": "2.0", "vulnerabilities": records})
    .to_string()
}

/// A record of NVD.
pub(crate) fn nvd(id: &str, configurations: &[Value]) -> Value {
    json!({"cve": {
        "id": id, "published": "2024-01-01T00:00:00.000", "lastModified": "2024-01-02T00:00:00.000",
        "vulnStatus": "Analyzed",
        "descriptions": [{"lang": "en", "value": "made for a test"}],
        "configurations": configurations,
    }})
}

/// A record of NVD: all versions of a product before one are affected.
pub(crate) fn nvd_before(id: &str, cpe: &str, version: &str) -> Value {
    nvd(id, &[any_of(&[before(cpe, version)])])
}

/// A record of NVD that was modified at a time.
pub(crate) fn modified(mut record: Value, time: &str) -> Value {
    record["cve"]["lastModified"] = time.into();
    record
}

/// The CPE of a product whose vendor has the same name.
pub(crate) fn product(name: &str) -> String {
    format!("cpe:2.3:a:{name}:{name}:*:*:*:*:*:*:*:*")
}

/// A configuration in which any of the given `cpeMatch` rows counts.
pub(crate) fn any_of(rows: &[Value]) -> Value {
    json!({"nodes": [{"operator": "OR", "negate": false, "cpeMatch": rows}]})
}

/// A row for all versions of a product before one.
pub(crate) fn before(cpe: &str, version: &str) -> Value {
    json!({"vulnerable": true, "criteria": cpe, "versionEndExcluding": version})
}

/// What NVD writes of a score that it gives itself.
pub(crate) fn metrics(score: f64) -> Value {
    json!({"cvssMetricV31": [{"source": "nvd@nist.gov", "type": "Primary", "cvssData": {
        "version": "3.1", "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "baseScore": score}}]})
}

/// A security database of a branch: `PACKAGE VERSION ITEM` for each fix. The item is all that is
/// left of the line.
pub(crate) fn secdb(branch: &str, fixes: &[&str]) -> String {
    let mut packages: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for fix in fixes {
        let mut words = fix.splitn(3, ' ');
        let [package, version, item] = std::array::from_fn(|_| words.next().unwrap());
        let fixes = packages.entry(package).or_default();
        fixes.entry(version).or_default().push(item);
    }
    let packages: Vec<Value> = packages
        .into_iter()
        .map(|(name, secfixes)| json!({"pkg": {"name": name, "secfixes": secfixes}}))
        .collect();
    json!({"distroversion": branch, "reponame": "main", "packages": packages}).to_string()
}

/// KEV as it was on a day, with these entries.
pub(crate) fn kev(day: &str, entries: &[Value]) -> String {
    json!({"title": "KEV", "catalogVersion": "1", "dateReleased": format!("{day}T00:00:00Z"),
        "count": entries.len(), "vulnerabilities": entries})
    .to_string()
}

/// An entry of KEV.
pub(crate) fn exploited(id: &str) -> Value {
    json!({"cveID": id, "dateAdded": "2024-05-01"})
}

/// A record of OSV: all versions of a package before one are affected.
pub(crate) fn osv(id: &str, aliases: &[&str], ecosystem: &str, name: &str, fixed: &str) -> Value {
    json!({
        "id": id, "modified": "2024-01-01T00:00:00Z", "aliases": aliases,
        "affected": [{
            "package": {"ecosystem": ecosystem, "name": name},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]
        }]
    })
}

/// A record of NVD with a score.
pub(crate) fn scored(mut record: Value, score: f64) -> Value {
    record["cve"]["metrics"] = metrics(score);
    record
}
