//! Patches beside APKBUILDs: which vulnerabilities they name in what their authors wrote.

use std::collections::HashMap;
use std::io::{BufReader, Read};

use palisade_model::VulnerabilityId;

use crate::container::read_error;
use crate::lines::Lines;
use crate::{ReadError, limits};

/// A line that is longer is none that a person wrote.
const LINE_BYTES: usize = 4096;

/// Vulnerabilities that one patch may name; one that names more is a list of them.
const MOST_NAMED: usize = 32;

/// Whether a member is a patch.
pub(super) fn is_patch(member: &str) -> bool {
    [".patch", ".diff"]
        .iter()
        .any(|ending| member.ends_with(ending))
}

/// The vulnerabilities that patches name, by their paths.
#[derive(Default)]
pub(super) struct Patches(HashMap<String, Vec<VulnerabilityId>>);

impl Patches {
    /// Looks a patch through.
    pub(super) fn add(&mut self, name: &str, reader: &mut dyn Read) -> Result<(), ReadError> {
        let named = named(reader).map_err(|error| read_error(name, error))?;
        if !named.is_empty() && self.0.len() < limits::PACKAGES {
            self.0.insert(name.to_owned(), named);
        }
        Ok(())
    }

    /// What the patch of this name in a folder names.
    pub(super) fn named(&self, folder: &str, name: &str) -> Vec<VulnerabilityId> {
        let path = format!("{folder}{name}");
        self.0.get(&path).cloned().unwrap_or_default()
    }
}

/// The identifiers in the text around the changes; what is changed says nothing of why.
fn named(reader: &mut dyn Read) -> std::io::Result<Vec<VulnerabilityId>> {
    let mut found = Vec::new();
    let mut lines = Lines::new(BufReader::new(reader), LINE_BYTES);
    let mut inside = false;
    while let Some(line) = lines.next()? {
        let changes = matches!(
            line.bytes.first(),
            None | Some(b'+' | b'-' | b' ' | b'\\' | b'\t')
        );
        inside = line.bytes.starts_with(b"@@ ") || inside && changes;
        if !inside {
            find(&String::from_utf8_lossy(line.bytes), &mut found);
        }
        if found.len() > MOST_NAMED {
            return Ok(Vec::new());
        }
    }
    Ok(found)
}

fn find(line: &str, found: &mut Vec<VulnerabilityId>) {
    for (at, _) in line.match_indices("CVE-") {
        let end = line[at + 4..].find(|c: char| !(c.is_ascii_digit() || c == '-'));
        let word = end.map_or(&line[at..], |end| &line[at..at + 4 + end]);
        if let Ok(id) = word.trim_end_matches('-').parse::<VulnerabilityId>()
            && id.is_cve()
            && !found.contains(&id)
        {
            found.push(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_written_around_changes_is_looked_at() {
        let patch = "From 1 Mon\nSubject: [PATCH] Fix CVE-2020-0001 (CVE-2020-0002-)\n\n- see CVE-2020-0003\n---\n NEWS | 1 +\n--- a/NEWS\n+++ b/NEWS\n@@ -1,2 +1,3 @@\n fixed CVE-2020-0004\n+fixed CVE-2020-0005\n\n-CVE-2020-0006\n-- \n2.1\nFrom 2 Mon\nSubject: CVE-2020-0001, CVE-2020-0007, CVE-46838\n";
        let ids = named(&mut patch.as_bytes()).unwrap();
        let ids: Vec<&str> = ids.iter().map(VulnerabilityId::as_str).collect();
        assert_eq!(
            ids,
            [
                "CVE-2020-0001",
                "CVE-2020-0002",
                "CVE-2020-0003",
                "CVE-2020-0007"
            ]
        );
    }

    #[test]
    fn a_list_of_vulnerabilities_is_no_patch_for_them() {
        let list: Vec<String> = (1000..1100)
            .map(|number| format!("CVE-2020-{number}"))
            .collect();
        assert!(named(&mut list.join("\n").as_bytes()).unwrap().is_empty());
    }
}
