//! What a changed recipe asks of a reader: the differences in words, and the rules about them.

use palisade_version::Scheme;
use serde::{Deserialize, Serialize};

use super::recipe::{Pair, Recipe, Source, System};
use crate::odd::Odd;
use crate::signal::{Severity, Signal, Specificity};

macro_rules! rules {
    ($($name:ident $rule:literal $severity:ident $specificity:ident $why:literal)*) => {
        $(static $name: Odd = Odd {
            rule: $rule,
            severity: Severity::$severity,
            specificity: Specificity::$specificity,
            why: $why,
        };)*

        /// All rules about recipes, for documentation and for those who map ids.
        pub static PATCH_RULES: &[&Odd] = &[$(&$name),*];
    };
}

rules! {
    HASH_CHANGED "hash-changed-at-same-version" Critical High
        "the same version is to be built from other bytes; upstream should have told why it replaced a release"
    REVISION_CHANGED "revision-changed-at-same-version" Warning Medium
        "the same version is to be built from another commit or tag"
    HASH_REMOVED "hash-removed" Critical High
        "a source has no digest any more, so whatever the server sends is built"
    HASH_MISSING "hash-missing" Warning Medium
        "a new source has no digest, so whatever the server sends is built"
    HASH_WEAKENED "hash-weakened" Warning High
        "the digest's algorithm is weaker than before"
    NEW_HOST "new-host" Warning Medium
        "a source comes from a host that the package did not use"
    SCHEME_DOWNGRADED "scheme-downgraded" Warning High
        "a source is fetched without encryption where it was fetched with it"
    SOURCE_ADDED "source-added" Note Low
        "the package is built from one more source"
    MITIGATION_LOST "mitigation-lost" Warning Medium
        "what mitigated a vulnerability goes, and the version stays"
    PATCH_REMOVED "patch-removed" Note Low
        "a patch is not applied any more"
    FIX_UNLISTED "fix-unlisted" Warning Medium
        "the recipe no longer says that it fixed a vulnerability"
    VERSION_BACK "version-goes-back" Warning High
        "the version is older than before, and with it may return what was fixed"
    TESTS_DISABLED "tests-disabled" Note Low
        "the package is no longer tested when it is built"
    UNTOLD "source-untold" Note Low
        "only running the recipe would tell where a source comes from"
}

/// A difference between two recipes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipeChange {
    /// What differs: `version`, `source`, `patch` …
    pub what: String,
    /// Before.
    pub old: Option<String>,
    /// After.
    pub new: Option<String>,
}

/// What is told of one side.
type Told<T> = fn(&T) -> Option<String>;

/// What is listed on one side.
type Listed = fn(&Recipe) -> Vec<String>;

impl Pair {
    /// Every difference, in words.
    pub fn changes(&self) -> Vec<RecipeChange> {
        let mut changes = Vec::new();
        let mut add = |what: &str, old: Option<String>, new: Option<String>| {
            // A hunk that does not show something does not say that it is gone.
            let unseen = self.partial && (old.is_none() || new.is_none()) && what == "version";
            if old != new && !unseen {
                changes.push(RecipeChange {
                    what: what.to_owned(),
                    old,
                    new,
                });
            }
        };
        let (old, new) = (self.old.as_ref(), self.new.as_ref());
        let both = |get: fn(&Recipe) -> Option<String>| (old.and_then(get), new.and_then(get));
        let simple: [(&str, Told<Recipe>); 6] = [
            ("name", |it| Some(it.name.clone())),
            ("version", |it| it.version.clone()),
            ("release", |it| it.release.clone()),
            ("inherits", |it| it.inherits.clone()),
            ("replacement", |it| it.replacement.clone()),
            ("tests", |it| {
                it.without_tests.then(|| "disabled".to_owned())
            }),
        ];
        for (what, get) in simple {
            let (old, new) = both(get);
            add(what, old, new);
        }
        for (old, new) in self.sources() {
            let text = |get: fn(&Source) -> Option<String>| (old.and_then(get), new.and_then(get));
            let parts: [(&str, Told<Source>); 3] = [
                ("source", |it| {
                    it.urls.first().cloned().or_else(|| Some(it.name.clone()))
                }),
                ("revision", |it| it.revision.clone()),
                ("hash", |it| {
                    it.hash
                        .as_ref()
                        .map(|it| format!("{}:{}", it.algorithm, it.hex))
                }),
            ];
            for (what, get) in parts {
                let (old, new) = text(get);
                add(what, old, new);
            }
        }
        let lists: [(&str, Listed); 3] = [
            ("patch", |it| it.patches.clone()),
            ("input", |it| it.inputs.clone()),
            ("fix", |it| {
                it.fixes
                    .iter()
                    .map(|(version, id)| format!("{id} in {version}"))
                    .collect()
            }),
        ];
        for (what, get) in lists {
            let (old, new) = (
                old.map(get).unwrap_or_default(),
                new.map(get).unwrap_or_default(),
            );
            for gone in old.iter().filter(|it| !new.contains(it)) {
                add(what, Some(gone.clone()), None);
            }
            for come in new.iter().filter(|it| !old.contains(it)) {
                add(what, None, Some(come.clone()));
            }
        }
        changes
    }

    /// The sources before and after, paired: by name, else by address, else in their order.
    pub fn sources(&self) -> Vec<(Option<&Source>, Option<&Source>)> {
        let (old, new) = (self.old.iter(), self.new.iter());
        let mut old: Vec<&Source> = old.flat_map(|it| &it.sources).collect();
        let mut new: Vec<&Source> = new.flat_map(|it| &it.sources).collect();
        let mut pairs = Vec::new();
        let alike: [fn(&Source, &Source) -> bool; 4] = [
            |a, b| a.name == b.name && a.urls == b.urls,
            |a, b| !a.is_beside() && a.name == b.name,
            |a, b| a.is_beside() && b.is_beside() && a.name == b.name,
            |a, b| !a.is_beside() && !b.is_beside() && stem(a) == stem(b),
        ];
        for alike in alike {
            old.retain(|a| {
                let Some(at) = new.iter().position(|b| alike(a, b)) else {
                    return true;
                };
                pairs.push((Some(*a), Some(new.remove(at))));
                false
            });
        }
        // The main source of both, whatever it is called now.
        let main = |list: &[&Source]| list.iter().position(|it| !it.is_beside());
        if let (Some(a), Some(b)) = (main(&old), main(&new)) {
            pairs.push((Some(old.remove(a)), Some(new.remove(b))));
        }
        pairs.extend(old.into_iter().map(|it| (Some(it), None)));
        pairs.extend(new.into_iter().map(|it| (None, Some(it))));
        pairs
    }

    /// What somebody should look at in the recipe itself.
    pub fn signals(&self, all: &[Self]) -> Vec<Signal> {
        let (Some(old), Some(new)) = (&self.old, &self.new) else {
            return self.signals_of_one();
        };
        let mut signals = Vec::new();
        let same_version = old.version == new.version;
        for pair in self.sources() {
            match pair {
                (Some(a), Some(b)) => self.source_signals(a, b, same_version, &mut signals),
                (None, Some(b)) if !b.is_beside() => self.added_signals(b, &mut signals),
                _ => {}
            }
        }
        self.patch_signals(old, new, all, &mut signals);
        if let (Some(before), Some(after)) = (&old.version, &new.version)
            && scheme(new.system).compare(after, before) == Some(std::cmp::Ordering::Less)
        {
            signals.push(self.signal(&VERSION_BACK, new.line, after, &format!("it was {before}")));
        }
        if new.without_tests && !old.without_tests {
            signals.push(self.signal(&TESTS_DISABLED, new.line, &new.name, ""));
        }
        signals
    }

    /// A package that is new or gone.
    fn signals_of_one(&self) -> Vec<Signal> {
        let mut signals = Vec::new();
        let sources = self.new.iter().flat_map(|new| &new.sources);
        // What inherits its source says so by not telling it.
        let inherits = self.new.as_ref().is_some_and(|new| new.inherits.is_some());
        for source in sources.filter(|it| !it.is_beside() && !inherits && !self.partial) {
            if source.hash.is_none() && source.method != "computed" {
                signals.push(self.signal(&HASH_MISSING, source.line, &source.name, ""));
            }
        }
        signals
    }

    fn source_signals(&self, a: &Source, b: &Source, same_version: bool, to: &mut Vec<Signal>) {
        let excerpt = b.urls.first().unwrap_or(&b.name);
        let mut add = |rule, excerpt: &str, detail: &str| {
            to.push(self.signal(rule, b.line, excerpt, detail));
        };
        let upstream = !a.is_beside() && !b.is_beside();
        match (&a.hash, &b.hash) {
            (Some(_), None) if upstream && !self.partial && b.method != "computed" => {
                add(&HASH_REMOVED, excerpt, "");
            }
            (Some(x), Some(y)) if strength(&y.algorithm) < strength(&x.algorithm) => {
                let detail = format!("{} instead of {}", y.algorithm, x.algorithm);
                add(&HASH_WEAKENED, &y.hex, &detail);
            }
            (Some(x), Some(y))
                if upstream
                    && same_version
                    && x.algorithm == y.algorithm
                    && x.hex != y.hex
                    && a.revision == b.revision =>
            {
                add(&HASH_CHANGED, &y.hex, &format!("it was {}", x.hex));
            }
            _ => {}
        }
        if same_version && a.revision.is_some() && b.revision.is_some() && a.revision != b.revision
        {
            let before = a.revision.as_deref().unwrap_or_default();
            let after = b.revision.as_deref().unwrap_or_default();
            add(&REVISION_CHANGED, after, &format!("it was {before}"));
        }
        let known: Vec<&str> = self.old_hosts();
        let mut unknown: Vec<&str> = Vec::new();
        for url in b.urls.iter().filter(|url| !a.urls.contains(url)) {
            let host = super::recipe::host(url);
            if let Some(host) = host.filter(|it| !known.contains(it) && !unknown.contains(it)) {
                unknown.push(host);
                if !known.is_empty() {
                    add(
                        &NEW_HOST,
                        url,
                        &format!("{host}; before: {}", known.join(", ")),
                    );
                }
            }
            let encrypted = |url: &str| url.starts_with("https:") || url.starts_with("git+https:");
            let plain = ["http:", "ftp:", "git:"]
                .iter()
                .any(|it| url.starts_with(it));
            if plain && a.urls.first().is_some_and(|before| encrypted(before)) {
                add(&SCHEME_DOWNGRADED, url, "");
            }
        }
        if b.urls.first().is_some_and(|url| url.contains(['…', '$'])) {
            add(&UNTOLD, excerpt, "");
        }
    }

    fn added_signals(&self, source: &Source, to: &mut Vec<Signal>) {
        let excerpt = source.urls.first().unwrap_or(&source.name);
        to.push(self.signal(&SOURCE_ADDED, source.line, excerpt, ""));
        if source.hash.is_none() && !self.partial && source.method != "computed" {
            to.push(self.signal(&HASH_MISSING, source.line, excerpt, ""));
        }
        let known = self.old_hosts();
        if let Some(host) = source
            .host()
            .filter(|host| !known.is_empty() && !known.contains(host))
        {
            to.push(self.signal(
                &NEW_HOST,
                source.line,
                excerpt,
                &format!("{host}; before: {}", known.join(", ")),
            ));
        }
    }

    /// All hosts that the recipe used before, each once.
    fn old_hosts(&self) -> Vec<&str> {
        let sources = self.old.iter().flat_map(|old| &old.sources);
        let urls = sources.flat_map(|source| &source.urls);
        let mut hosts: Vec<&str> = urls.filter_map(|url| super::recipe::host(url)).collect();
        hosts.sort_unstable();
        hosts.dedup();
        hosts
    }

    fn patch_signals(&self, old: &Recipe, new: &Recipe, all: &[Self], to: &mut Vec<Signal>) {
        let same_version = old.version == new.version;
        // A graft that is folded into its package brings the patch there.
        let elsewhere = |patch: &String| {
            let recipes = all.iter().filter_map(|pair| pair.new.as_ref());
            recipes
                .filter(|it| it.name == new.name || related(&it.key, &new.key))
                .any(|it| it.patches.contains(patch))
        };
        for patch in old.patches.iter().filter(|it| !new.patches.contains(it)) {
            if elsewhere(patch) {
                continue;
            }
            let rule = if vulnerability(patch).is_some() && same_version {
                &MITIGATION_LOST
            } else {
                &PATCH_REMOVED
            };
            let detail = match vulnerability(patch) {
                Some(id) if !same_version => {
                    format!("the new version has to have a fix of {id} of its own")
                }
                Some(id) => id,
                None => String::new(),
            };
            to.push(self.signal(rule, new.line, patch, &detail));
        }
        if let Some(replacement) = &old.replacement
            && new.replacement.is_none()
            && !self.partial
        {
            let patches_stay = all
                .iter()
                .filter(|pair| pair.old.as_ref().is_some_and(|it| &it.key == replacement))
                .filter_map(|pair| pair.old.as_ref())
                .all(|graft| {
                    !graft.patches.is_empty()
                        && graft.patches.iter().all(|it| new.patches.contains(it))
                });
            let known = all
                .iter()
                .any(|pair| pair.old.as_ref().is_some_and(|it| &it.key == replacement));
            if same_version && !(known && patches_stay) {
                let detail = "the package is no longer replaced by a graft";
                to.push(self.signal(&MITIGATION_LOST, new.line, replacement, detail));
            }
        }
        for (version, id) in &old.fixes {
            // "0" stands for what never was affected.
            let is_listed = new.fixes.iter().any(|(_, known)| known == id);
            let whole = !self.partial || !new.fixes.is_empty();
            if !is_listed && whole && version != "0" {
                to.push(self.signal(
                    &FIX_UNLISTED,
                    new.line,
                    id,
                    &format!("it was listed for {version}"),
                ));
            }
        }
    }

    fn signal(&self, rule: &Odd, line: u32, excerpt: &str, detail: &str) -> Signal {
        let mut signal = rule.signal(self.path.as_str().into(), excerpt.into(), detail);
        signal.line = (line > 0).then_some(line);
        signal
    }
}

/// Names such as `curl` and `curl/fixed`.
fn related(a: &str, b: &str) -> bool {
    let base = |key: &str| key.split('/').next().unwrap_or_default().to_owned();
    base(a) == base(b)
}

fn scheme(system: System) -> Scheme {
    match system {
        System::Guix => Scheme::Guix,
        System::Alpine => Scheme::Apk,
    }
}

/// A source's name without digits and what is between them: the same file of another version.
fn stem(source: &Source) -> String {
    source
        .name
        .chars()
        .filter(|it| !it.is_ascii_digit() && *it != '.')
        .collect()
}

/// How much a digest's algorithm withstands.
fn strength(algorithm: &str) -> u8 {
    match algorithm {
        "md5" => 0,
        "sha1" => 1,
        "sha512" => 3,
        _ => 2,
    }
}

/// The vulnerability that a file's name tells, such as `CVE-2026-1234`.
pub(super) fn vulnerability(name: &str) -> Option<String> {
    let upper = name.to_ascii_uppercase();
    let rest = &upper[upper.find("CVE-")? + 4..];
    let (year, rest) = (rest.get(..4)?, rest.get(4..)?);
    let number = rest.strip_prefix('-')?;
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    let is_id = year.bytes().all(|it| it.is_ascii_digit()) && digits > 0;
    is_id.then(|| format!("CVE-{year}-{}", &number[..digits]))
}

#[cfg(test)]
mod tests {
    use palisade_model::Hash;

    use super::*;

    fn source(url: &str, hex: &str) -> Source {
        Source {
            name: url.rsplit('/').next().unwrap().to_owned(),
            method: "url".to_owned(),
            urls: vec![url.to_owned()],
            hash: Some(Hash {
                algorithm: "sha256".to_owned(),
                hex: hex.to_owned(),
            }),
            ..Source::default()
        }
    }

    fn recipe(version: &str, source: Source) -> Recipe {
        Recipe {
            system: System::Guix,
            key: "x".to_owned(),
            name: "x".to_owned(),
            line: 1,
            version: Some(version.to_owned()),
            release: None,
            sources: vec![source],
            patches: Vec::new(),
            inherits: None,
            replacement: None,
            inputs: Vec::new(),
            without_tests: false,
            fixes: Vec::new(),
        }
    }

    fn rules(old: Recipe, new: Recipe) -> Vec<&'static str> {
        let pair = Pair {
            path: "x.scm".to_owned(),
            old: Some(old),
            new: Some(new),
            partial: false,
        };
        let signals = pair.signals(std::slice::from_ref(&pair));
        signals.iter().map(|signal| signal.rule).collect()
    }

    const URL: &str = "https://a.org/x-1.tar.gz";

    #[test]
    fn an_upgrade_from_the_same_host_raises_nothing() {
        let new = recipe("2", source("https://a.org/x-2.tar.gz", "b"));
        assert_eq!(rules(recipe("1", source(URL, "a")), new), [""; 0]);
    }

    #[test]
    fn other_bytes_for_the_same_version_are_critical() {
        let new = recipe("1", source(URL, "b"));
        assert_eq!(
            rules(recipe("1", source(URL, "a")), new),
            ["hash-changed-at-same-version"]
        );
    }

    #[test]
    fn a_new_host_and_a_lost_encryption_are_told() {
        let new = recipe("2", source("http://b.org/x-2.tar.gz", "b"));
        assert_eq!(
            rules(recipe("1", source(URL, "a")), new),
            ["new-host", "scheme-downgraded"]
        );
    }

    #[test]
    fn a_digest_that_goes_or_is_weaker_is_told() {
        let mut none = source(URL, "a");
        none.hash = None;
        assert_eq!(
            rules(recipe("1", source(URL, "a")), recipe("1", none)),
            ["hash-removed"]
        );
        let mut weak = source(URL, "a");
        weak.hash.as_mut().unwrap().algorithm = "md5".to_owned();
        assert_eq!(
            rules(recipe("1", source(URL, "a")), recipe("1", weak)),
            ["hash-weakened"]
        );
    }

    #[test]
    fn a_patch_of_a_vulnerability_is_missed_where_the_version_stays() {
        let mut old = recipe("1", source(URL, "a"));
        old.patches = vec!["x-CVE-2026-12.patch".to_owned()];
        assert_eq!(
            rules(old.clone(), recipe("1", source(URL, "a"))),
            ["mitigation-lost"]
        );
        let new = recipe("2", source("https://a.org/x-2.tar.gz", "b"));
        assert_eq!(rules(old, new), ["patch-removed"]);
    }

    #[test]
    fn a_graft_that_is_folded_into_its_package_loses_nothing() {
        let mut old = recipe("1", source(URL, "a"));
        old.replacement = Some("x/fixed".to_owned());
        let mut graft = recipe("1", source(URL, "a"));
        graft.key = "x/fixed".to_owned();
        graft.patches = vec!["x-CVE-2026-12.patch".to_owned()];
        let mut new = recipe("1", source(URL, "a"));
        let graft = Pair {
            path: "x.scm".to_owned(),
            old: Some(graft),
            new: None,
            partial: false,
        };
        let pair = |new: &Recipe| Pair {
            path: "x.scm".to_owned(),
            old: Some(old.clone()),
            new: Some(new.clone()),
            partial: false,
        };
        let lost = pair(&new);
        assert_eq!(
            lost.signals(&[lost.clone(), graft.clone()])[0].rule,
            "mitigation-lost"
        );
        new.patches.push("x-CVE-2026-12.patch".to_owned());
        let kept = pair(&new);
        assert_eq!(kept.signals(&[kept.clone(), graft]), []);
    }

    #[test]
    fn a_version_that_goes_back_is_told() {
        let new = recipe("1.9", source("https://a.org/x-1.9.tar.gz", "b"));
        let old = recipe("1.10", source("https://a.org/x-1.10.tar.gz", "a"));
        assert_eq!(rules(old, new), ["version-goes-back"]);
    }
}
