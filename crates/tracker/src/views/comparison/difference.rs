//! What two packages differ in, field by field, as lines that one has and the other has not.

use std::collections::HashMap;

use palisade_model::{Hints, Input, InputKind, Package, Patch, SourceKind, SourceOrigin};
use serde::Serialize;
use utoipa::ToSchema;

use crate::substance::{file, unplaced};

/// A field in which a package differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DifferenceView {
    /// The field, in a word or two: `version`, `patches`, `graft`.
    pub field: String,
    /// What only the first state has of it.
    pub removed: Vec<String>,
    /// What only the second state has of it.
    pub added: Vec<String>,
}

/// What two packages differ in, the weightiest first.
pub(in crate::views) fn differences(from: &Package, to: &Package) -> Vec<DifferenceView> {
    let mut found = Found(Vec::new());
    found.weighty(from, to);
    found.graft(from.replacement.as_deref(), to.replacement.as_deref(), to);
    found.inputs(from, to);
    found.descriptive(from, to);
    if found.0.is_empty() && unplaced(from) != unplaced(to) {
        let says = "the order in which its parts are listed".to_owned();
        found.lines("order", &[], &[says]);
    }
    found.0
}

struct Found(Vec<DifferenceView>);

impl Found {
    /// Notes what only one of two lists of lines has, each line as often as it is there.
    fn lines(&mut self, field: &str, from: &[String], to: &[String]) {
        let (removed, added) = (beyond(from, to), beyond(to, from));
        if !removed.is_empty() || !added.is_empty() {
            self.0.push(DifferenceView {
                field: field.to_owned(),
                removed,
                added,
            });
        }
    }

    fn text(&mut self, field: &str, from: Option<&str>, to: Option<&str>) {
        let line =
            |text: Option<&str>| -> Vec<String> { text.map(str::to_owned).into_iter().collect() };
        self.lines(field, &line(from), &line(to));
    }

    /// What decides of which faults a package is free.
    fn weighty(&mut self, from: &Package, to: &Package) {
        self.text("version", Some(&from.version), Some(&to.version));
        self.text(
            "source package",
            Some(&source_words(from, to)),
            Some(&source_words(to, from)),
        );
        let hashes =
            |package: &Package| -> Vec<String> { package.sources.iter().map(hash_words).collect() };
        let (before, after) = (source_lines(from), source_lines(to));
        if before == after {
            // The same address with another content: whoever reviews wants to know why.
            self.lines("source hash", &hashes(from), &hashes(to));
        } else {
            let with_hash = |package: &Package| -> Vec<String> {
                let lines = source_lines(package).into_iter().zip(&package.sources);
                lines
                    .map(|(line, it)| format!("{line}{}", suffix(&hash_words(it))))
                    .collect()
            };
            self.lines("sources", &with_hash(from), &with_hash(to));
        }
        self.patches("patches", &from.patches, &to.patches);
        self.lines("hints", &hint_lines(&from.hints), &hint_lines(&to.hints));
    }

    fn patches(&mut self, field: &str, from: &[Patch], to: &[Patch]) {
        let names =
            |patches: &[Patch]| -> Vec<String> { patches.iter().map(patch_words).collect() };
        let (before, after) = (names(from), names(to));
        if before != after {
            self.lines(field, &before, &after);
            return;
        }
        let hashes = |patches: &[Patch]| -> Vec<String> {
            let line = |patch: &Patch| {
                let hash = patch
                    .hash
                    .as_ref()
                    .map(|it| format!("{}:{}", it.algorithm, it.hex));
                format!("{}{}", patch.name, suffix(&hash.unwrap_or_default()))
            };
            patches.iter().map(line).collect()
        };
        self.lines(field, &hashes(from), &hashes(to));
    }

    fn graft(&mut self, from: Option<&Package>, to: Option<&Package>, package: &Package) {
        match (from, to) {
            (Some(from), Some(to)) => {
                for inner in differences(from, to) {
                    self.0.push(DifferenceView {
                        field: format!("graft {}", inner.field),
                        ..inner
                    });
                }
            }
            (from, to) => {
                let words = |graft: Option<&Package>| -> Vec<String> {
                    graft
                        .map(|it| graft_words(it, package))
                        .into_iter()
                        .collect()
                };
                self.lines("graft", &words(from), &words(to));
            }
        }
    }

    fn inputs(&mut self, from: &Package, to: &Package) {
        let lines = |package: &Package| -> Vec<String> {
            package.inputs.iter().filter_map(input_words).collect()
        };
        self.lines("inputs", &lines(from), &lines(to));
        self.lines("depends", &from.depends, &to.depends);
        self.lines("provides", &from.provides, &to.provides);
    }

    fn descriptive(&mut self, from: &Package, to: &Package) {
        let properties = |package: &Package| -> Vec<String> {
            let lines = package.properties.iter();
            lines
                .map(|(name, value)| format!("{name}: {value}"))
                .collect()
        };
        let flag = |is: bool, word: &str| is.then(|| word.to_owned());
        self.lines("outputs", &from.outputs, &to.outputs);
        self.text(
            "build system",
            from.build_system.as_deref(),
            to.build_system.as_deref(),
        );
        self.lines("properties", &properties(from), &properties(to));
        self.text(
            "hidden",
            flag(from.hidden, "hidden from users").as_deref(),
            flag(to.hidden, "hidden from users").as_deref(),
        );
        self.text(
            "superseded by",
            from.superseded.as_deref(),
            to.superseded.as_deref(),
        );
        self.text(
            "maintainer",
            from.maintainer.as_deref(),
            to.maintainer.as_deref(),
        );
        self.lines("licences", &from.licenses, &to.licenses);
        self.text("synopsis", from.synopsis.as_deref(), to.synopsis.as_deref());
        self.text(
            "home page",
            from.homepage.as_deref(),
            to.homepage.as_deref(),
        );
        let place = |package: &Package| package.location.as_deref().map(file).map(str::to_owned);
        self.text("file", place(from).as_deref(), place(to).as_deref());
        self.text(
            "architecture",
            from.architecture.as_deref(),
            to.architecture.as_deref(),
        );
        self.text("commit", from.commit.as_deref(), to.commit.as_deref());
        self.lines("build", &build_lines(from), &build_lines(to));
        if from.ecosystem != to.ecosystem {
            let words = |package: &Package| format!("{:?}", package.ecosystem);
            self.text("whose", Some(&words(from)), Some(&words(to)));
        }
    }
}

/// The lines of one list that another does not have, each as often as it is there more often.
fn beyond(lines: &[String], others: &[String]) -> Vec<String> {
    let mut known: HashMap<&str, usize> = HashMap::new();
    for other in others {
        *known.entry(other).or_default() += 1;
    }
    let is_new = |line: &&String| match known.get_mut(line.as_str()) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    let mut is_new = is_new;
    lines.iter().filter(|line| is_new(line)).cloned().collect()
}

fn suffix(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(" {text}")
    }
}

/// A source package that is not what its package says already.
fn source_words(package: &Package, other: &Package) -> String {
    let follows = |it: &Package| it.source_name == it.name && it.source_version == it.version;
    if follows(package) && follows(other) {
        return String::new();
    }
    format!("{} {}", package.source_name, package.source_version)
}

fn source_lines(package: &Package) -> Vec<String> {
    package.sources.iter().map(origin_words).collect()
}

fn origin_words(origin: &SourceOrigin) -> String {
    let kind = match origin.kind {
        SourceKind::Url => "",
        SourceKind::Git => "git ",
        SourceKind::Svn => "svn ",
        SourceKind::Hg => "hg ",
        SourceKind::Cvs => "cvs ",
        SourceKind::Bzr => "bzr ",
        SourceKind::Computed => "computed ",
        SourceKind::None => "none ",
    };
    let place = origin.urls.first().or(origin.file_name.as_ref());
    let more = match origin.urls.len() {
        0 | 1 => String::new(),
        many => format!(" (and {} more)", many - 1),
    };
    let reference = origin.reference.as_deref().map(|it| format!(" at {it}"));
    let snippet = if origin.snippet {
        ", rewritten by code"
    } else {
        ""
    };
    format!(
        "{kind}{}{more}{}{snippet}",
        place.map_or("", String::as_str),
        reference.unwrap_or_default()
    )
}

fn hash_words(origin: &SourceOrigin) -> String {
    let hash = origin.hash.as_ref();
    hash.map(|it| format!("{}:{}", it.algorithm, it.hex))
        .unwrap_or_default()
}

fn patch_words(patch: &Patch) -> String {
    let named: Vec<&str> = patch
        .vulnerabilities
        .iter()
        .map(palisade_model::VulnerabilityId::as_str)
        .collect();
    if named.is_empty() {
        patch.name.clone()
    } else {
        format!("{} (its text names {})", patch.name, named.join(", "))
    }
}

/// What users get by a graft, and of which faults it says that it mends them.
fn graft_words(graft: &Package, package: &Package) -> String {
    let own: Vec<String> = package.patches.iter().map(patch_words).collect();
    let patches: Vec<String> = graft.patches.iter().map(patch_words).collect();
    let patches = beyond(&patches, &own);
    let mut words = graft.version.clone();
    if !patches.is_empty() {
        words.push_str(", with ");
        words.push_str(&patches.join(", "));
    }
    let new: Vec<String> = named_anew(graft, package);
    if new.is_empty() {
        words.push_str("; nothing in it names a vulnerability");
    } else {
        words.push_str("; names ");
        words.push_str(&new.join(", "));
    }
    words
}

/// The vulnerabilities that the patches of a graft name, and those of its package do not.
pub(in crate::views) fn named_anew(graft: &Package, package: &Package) -> Vec<String> {
    let own = palisade_matching::patched(package);
    let names = palisade_matching::patched(graft).into_iter();
    let new = names.filter(|(id, _)| !own.iter().any(|(known, _)| known == id));
    new.map(|(id, _)| id.to_string()).collect()
}

/// An input in words, unless it comes with the build system.
fn input_words(input: &Input) -> Option<String> {
    let output = match input.output.as_str() {
        "" | "out" => String::new(),
        output => format!(":{output}"),
    };
    let kind = match input.kind {
        InputKind::Host => "",
        InputKind::Native => " (native)",
        InputKind::Propagated => " (propagated)",
        InputKind::Implicit => return None,
    };
    Some(format!("{} {}{output}{kind}", input.name, input.version))
}

fn hint_lines(hints: &Hints) -> Vec<String> {
    let mut lines = Vec::new();
    let mut text = |name: &str, value: Option<&str>| {
        lines.extend(value.map(|value| format!("{name} {value}")));
    };
    text("CPE name", hints.cpe_name.as_deref());
    text("CPE vendor", hints.cpe_vendor.as_deref());
    text("CPE version", hints.cpe_version.as_deref());
    text("upstream name", hints.upstream_name.as_deref());
    text("releases at", hints.release_monitoring_url.as_deref());
    for vendor in &hints.hidden_cpe_vendors {
        text("not of CPE vendor", Some(vendor));
    }
    for id in &hints.hidden_vulnerabilities {
        text("not affected by", Some(id.as_str()));
    }
    for id in &hints.known_vulnerabilities {
        text("affected by", Some(id.as_str()));
    }
    if hints.hidden_vulnerabilities_shared {
        text("what it says of vulnerabilities", Some("may be inherited"));
    }
    lines
}

fn build_lines(package: &Package) -> Vec<String> {
    let built = package
        .built
        .and_then(|seconds| palisade_model::Timestamp::from_second(seconds).ok());
    let built = built.map(|time| format!("built {time}"));
    let checksum = package.checksum.as_ref().map(|it| format!("checksum {it}"));
    built.into_iter().chain(checksum).collect()
}

#[cfg(test)]
mod tests {
    use palisade_model::Hash;

    use super::*;

    fn patch(name: &str) -> Patch {
        Patch {
            name: name.to_owned(),
            ..Patch::default()
        }
    }

    fn package(version: &str) -> Package {
        Package {
            name: "demo".to_owned(),
            version: version.to_owned(),
            source_name: "demo".to_owned(),
            source_version: version.to_owned(),
            ..Package::default()
        }
    }

    /// `FIELD -REMOVED +ADDED`, a line each.
    fn told(from: &Package, to: &Package) -> Vec<String> {
        let line = |it: DifferenceView| {
            let removed = it.removed.iter().map(|line| format!(" -{line}"));
            let added = it.added.iter().map(|line| format!(" +{line}"));
            format!("{}:{}", it.field, removed.chain(added).collect::<String>())
        };
        differences(from, to).into_iter().map(line).collect()
    }

    #[test]
    fn a_new_graft_tells_its_patch_and_what_it_names() {
        let plain = package("2.41");
        let graft = |name: &str| Package {
            replacement: Some(Box::new(Package {
                patches: vec![patch(name)],
                ..package("2.41")
            })),
            ..package("2.41")
        };
        assert_eq!(
            told(&plain, &graft("glibc-guix-locpath.patch")),
            ["graft: +2.41, with glibc-guix-locpath.patch; nothing in it names a vulnerability"]
        );
        assert_eq!(
            told(&graft("demo-CVE-2024-0001.patch"), &plain),
            ["graft: -2.41, with demo-CVE-2024-0001.patch; names CVE-2024-0001"]
        );
        assert_eq!(
            told(&graft("a.patch"), &graft("b.patch")),
            ["graft patches: -a.patch +b.patch"]
        );
    }

    #[test]
    fn another_content_at_the_same_address_is_told_by_itself() {
        let with_hash = |hex: &str| Package {
            sources: vec![SourceOrigin {
                kind: SourceKind::Url,
                urls: vec!["https://demo.example/demo-1.tar.gz".to_owned()],
                hash: Some(Hash {
                    algorithm: "sha256".to_owned(),
                    hex: hex.to_owned(),
                }),
                ..SourceOrigin::default()
            }],
            ..package("1")
        };
        assert_eq!(
            told(&with_hash("aa"), &with_hash("bb")),
            ["source hash: -sha256:aa +sha256:bb"]
        );
    }

    #[test]
    fn lines_count_as_often_as_they_are_there() {
        let with = |names: &[&str]| Package {
            patches: names.iter().map(|name| patch(name)).collect(),
            ..package("1")
        };
        assert_eq!(told(&with(&["a", "a"]), &with(&["a"])), ["patches: -a"]);
        assert_eq!(
            told(&with(&["a", "b"]), &with(&["b", "a"])),
            ["order: +the order in which its parts are listed"]
        );
    }

    #[test]
    fn a_package_that_only_moved_differs_in_nothing() {
        let at = |location: &str| Package {
            location: Some(location.to_owned()),
            ..package("1")
        };
        assert_eq!(told(&at("a.scm:1:0"), &at("a.scm:9:0")), [""; 0]);
        assert_eq!(
            told(&at("a.scm:1:0"), &at("b.scm:1:0")),
            ["file: -a.scm +b.scm"]
        );
    }
}
