//! Package definitions of Guix as recipes: read as data, with the few procedures that addresses and
//! versions are put together with. What only running Guile would tell stays as it is written.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use palisade_model::Hash;

use super::nix32;
use super::recipe::{Recipe, Source, System};
use super::scheme::{self, Datum, Node, Walk};

/// The longest text that is put together.
const TEXT_BYTES: usize = 16 << 10;

/// The most expressions of a recipe; Guix's largest have some thousand.
const STEPS: usize = 100_000;

/// What stands for a part that cannot be told.
const UNTOLD: &str = "…";

/// Reads all packages that a file defines.
pub(super) fn recipes(text: &str) -> Vec<Recipe> {
    let forms = scheme::read(text);
    let defined = forms.iter().filter_map(|form| {
        let is_definition = matches!(form.head(), "define-public" | "define" | "define*");
        let name = form.list().get(1).filter(|_| is_definition)?;
        // `(define* (make-thing version) …)` makes packages: its name is the first word.
        let key = match name.word() {
            "" => name.head(),
            word => word,
        };
        recipe(key, form)
    });
    defined.collect()
}

/// Words within a definition and what they stand for.
type Bound<'n> = HashMap<&'n str, &'n Node>;

/// The recipe in a definition, if it is one of a package.
fn recipe(key: &str, form: &Node) -> Option<Recipe> {
    let mut package = None;
    let mut bound = Bound::new();
    form.walk(&mut |node| match node.head() {
        "let" | "let*" if package.is_none() => {
            for pair in node.list().get(1).map_or(&[][..], Node::list) {
                if let [name, value] = pair.list() {
                    bound.insert(name.word(), value);
                }
            }
            Walk::Into
        }
        "package" | "package/inherit" if package.is_none() && node.list().len() > 1 => {
            package = Some(node);
            Walk::Past
        }
        _ => Walk::Into,
    });
    let package = package?;
    let inherited = match package.head() {
        "package/inherit" => package.list().get(1),
        _ => field(package, "inherit"),
    };
    Some(of_fields(
        key,
        form.line,
        std::slice::from_ref(package),
        inherited,
        bound,
    ))
}

/// A recipe of the forms that belong to a package, whole or in parts.
pub(super) fn of_fields<'n>(
    key: &str,
    line: u32,
    forms: &'n [Node],
    inherited: Option<&Node>,
    mut bound: Bound<'n>,
) -> Recipe {
    let first = |name: &str| forms.iter().flat_map(|form| form.forms(name)).next();
    let field = |name: &str| {
        let direct = forms.iter().find_map(|form| field(form, name));
        direct.or_else(|| first(name)?.list().get(1))
    };
    for name in ["version", "name"] {
        if let Some(value) = field(name) {
            bound.insert(name, value);
        }
    }
    let words = Words {
        bound,
        steps: Cell::new(0),
    };
    let name = field("name").map(|node| words.text(node, 0));
    let source = forms.iter().find_map(|form| self::field(form, "source"));
    let mut origins = source.map(|node| node.forms("origin")).unwrap_or_default();
    let mut known: HashSet<*const Node> =
        origins.iter().map(|it| std::ptr::from_ref(*it)).collect();
    for origin in forms.iter().flat_map(|form| form.forms("origin")) {
        if known.insert(std::ptr::from_ref(origin)) {
            origins.push(origin);
        }
    }
    let mut sources: Vec<Source> = origins
        .iter()
        .map(|origin| words.source(origin.list(), origin.line))
        .collect();
    if sources.is_empty() {
        // A hunk that begins within an origin.
        let loose = words.source(forms, line);
        if loose.hash.is_some() || !loose.urls.is_empty() {
            sources.push(loose);
        }
    }
    let all = || forms.iter();
    Recipe {
        system: System::Guix,
        key: key.to_owned(),
        name: name.unwrap_or_else(|| key.to_owned()),
        line,
        version: field("version").map(|node| words.text(node, 0)),
        release: None,
        sources,
        patches: all().flat_map(patches).collect(),
        inherits: inherited
            .map(|node| node.word().to_owned())
            .filter(|word| !word.is_empty()),
        replacement: field("replacement")
            .map(|node| node.word().to_owned())
            .filter(|word| !word.is_empty() && word != "#f"),
        inputs: inputs(forms),
        without_tests: all().any(without_tests),
        fixes: Vec::new(),
    }
}

/// The value of a field of a record.
fn field<'n>(record: &'n Node, name: &str) -> Option<&'n Node> {
    let field = record.list().iter().find(|node| node.head() == name)?;
    field.list().get(1)
}

/// File names in `(search-patches …)` and `(local-file …)` of patches.
fn patches(form: &Node) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    form.walk(&mut |node| {
        if matches!(node.head(), "search-patches" | "search-patch") {
            let texts = node.list().iter().filter_map(Node::text);
            names.extend(texts.map(str::to_owned));
        }
        Walk::Into
    });
    names
}

fn inputs(forms: &[Node]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for kind in ["inputs", "native-inputs", "propagated-inputs"] {
        for inputs in forms.iter().flat_map(|form| form.forms(kind)) {
            for value in inputs.list().iter().skip(1) {
                value.walk(&mut |node| {
                    // What is built from other sources is told as a source.
                    if node.head() == "origin" {
                        return Walk::Past;
                    }
                    let items = match node.head() {
                        "list" | "append" | "prepend" | "delete" => &node.list()[1..],
                        "unquote" => node.list().get(1..).unwrap_or_default(),
                        _ => &[],
                    };
                    let words = items
                        .iter()
                        .map(Node::word)
                        .filter(|word| is_variable(word));
                    names.extend(words.map(str::to_owned));
                    Walk::Into
                });
            }
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

fn is_variable(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphabetic())
}

/// Whether `#:tests? #f` is among the arguments.
fn without_tests(form: &Node) -> bool {
    let mut found = false;
    form.walk(&mut |node| {
        let pairs = node.list().windows(2);
        found |= pairs
            .into_iter()
            .any(|pair| pair[0].word() == "#:tests?" && matches!(pair[1].word(), "#f" | "#false"));
        Walk::Into
    });
    found
}

/// What words within a definition stand for.
struct Words<'n> {
    bound: Bound<'n>,
    /// How many expressions have been read: one may name another a hundred times, and so on.
    steps: Cell<usize>,
}

impl Words<'_> {
    /// The text of an expression, as far as it can be told.
    fn text(&self, node: &Node, depth: usize) -> String {
        self.steps.set(self.steps.get() + 1);
        if depth > 20 || self.steps.get() > STEPS {
            return UNTOLD.to_owned();
        }
        let mut text = match &node.datum {
            Datum::Text(text) => text.clone(),
            Datum::Word(word) => match self.bound.get(word.as_str()) {
                // `(version version)` stands for what is outside.
                Some(value) if !std::ptr::eq(*value, node) && value.word() != word => {
                    self.text(value, depth + 1)
                }
                _ if word.bytes().all(|byte| byte.is_ascii_digit()) => word.clone(),
                _ => UNTOLD.to_owned(),
            },
            Datum::List(parts) => self.call(parts, depth + 1),
        };
        if text.len() > TEXT_BYTES {
            UNTOLD.clone_into(&mut text);
        }
        text
    }

    fn call(&self, parts: &[Node], depth: usize) -> String {
        let Some((head, arguments)) = parts.split_first() else {
            return UNTOLD.to_owned();
        };
        let argument = |at: usize| {
            let node = arguments.get(at);
            node.map_or_else(|| UNTOLD.to_owned(), |node| self.text(node, depth))
        };
        let parts_of = |count: usize| {
            let version = argument(0);
            version.split('.').take(count).collect::<Vec<_>>().join(".")
        };
        match head.word() {
            "string-append" => {
                let mut whole = String::new();
                for node in arguments {
                    whole.push_str(&self.text(node, depth));
                    if whole.len() > TEXT_BYTES {
                        return UNTOLD.to_owned();
                    }
                }
                whole
            }
            "version-major" => parts_of(1),
            "version-major+minor" => parts_of(2),
            "version-major+minor+point" => parts_of(3),
            "version-prefix" => parts_of(argument(1).parse().unwrap_or(1)),
            "git-version" => {
                let commit: String = argument(2).chars().take(7).collect();
                format!("{}-{}.{commit}", argument(0), argument(1))
            }
            "git-file-name" => format!("{}-{}-checkout", argument(0), argument(1)),
            "string-replace-substring" => match argument(1).as_str() {
                "" => UNTOLD.to_owned(),
                word => argument(0).replace(word, &argument(2)),
            },
            "pypi-uri" => pypi(
                &argument(0),
                &argument(1),
                arguments.get(2).map(|_| argument(2)),
            ),
            "crate-uri" => {
                format!(
                    "https://crates.io/api/v1/crates/{}/{}/download",
                    argument(0),
                    argument(1)
                )
            }
            "rubygems-uri" => {
                format!(
                    "https://rubygems.org/downloads/{}-{}.gem",
                    argument(0),
                    argument(1)
                )
            }
            "hackage-uri" => {
                let (name, version) = (argument(0), argument(1));
                format!("https://hackage.haskell.org/package/{name}/{name}-{version}.tar.gz")
            }
            _ => UNTOLD.to_owned(),
        }
    }

    /// The addresses in an `uri` or `url`: one, or a list of mirrors.
    fn addresses(&self, node: &Node) -> Vec<String> {
        match node.head() {
            "list" => node.list()[1..]
                .iter()
                .map(|item| self.text(item, 0))
                .collect(),
            "quote" => node
                .list()
                .get(1)
                .map_or(&[][..], Node::list)
                .iter()
                .map(|item| self.text(item, 0))
                .collect(),
            _ => vec![self.text(node, 0)],
        }
    }

    fn source(&self, fields: &[Node], line: u32) -> Source {
        let direct = |name: &str| {
            let field = fields.iter().find(|node| node.head() == name)?;
            field.list().get(1)
        };
        let method = direct("method").map_or("", Node::word);
        let reference = fields.iter().find_map(|field| {
            let mut found = None;
            field.walk(&mut |node| {
                if node.head().ends_with("-reference") {
                    found = Some(node);
                }
                if found.is_some() {
                    Walk::Past
                } else {
                    Walk::Into
                }
            });
            found
        });
        let (urls, revision) = if let Some(reference) = reference {
            let url = field(reference, "url").map(|node| self.addresses(node));
            let revision = ["commit", "revision", "changeset"]
                .iter()
                .find_map(|name| field(reference, name));
            (
                url.unwrap_or_default(),
                revision.map(|node| self.text(node, 0)),
            )
        } else {
            let uri = direct("uri").or_else(|| direct("url"));
            let urls = uri.map(|node| self.addresses(node)).unwrap_or_default();
            (urls, direct("commit").map(|node| self.text(node, 0)))
        };
        let hash = fields.iter().find_map(|field| self.hash(field));
        let method = match method {
            "git-fetch" | "git-fetch/lfs" => "git",
            "" if revision.is_some() => "git",
            "svn-fetch" | "svn-multi-fetch" => "svn",
            "hg-fetch" => "hg",
            "" | "url-fetch" | "url-fetch/tarbomb" | "url-fetch/zipbomb" => "url",
            _ => "computed",
        };
        let name = direct("file-name").map(|node| self.text(node, 0));
        let name = name
            .filter(|name| !name.contains(UNTOLD))
            .unwrap_or_else(|| {
                let url = urls.first().map_or("", String::as_str);
                url.trim_end_matches('/')
                    .rsplit('/')
                    .next()
                    .unwrap_or_default()
                    .to_owned()
            });
        Source {
            name,
            method: method.to_owned(),
            urls,
            revision,
            line: hash.as_ref().map_or(line, |(_, line)| *line),
            hash: hash.map(|(hash, _)| hash),
        }
    }

    /// The digest in `(sha256 (base32 "…"))` or `(content-hash …)`, and its line.
    fn hash(&self, field: &Node) -> Option<(Hash, u32)> {
        let algorithm = match field.head() {
            "sha256" | "sha512" | "sha1" | "md5" => field.head().to_owned(),
            "hash" => {
                let content = field.list().get(1)?;
                let named = content
                    .list()
                    .iter()
                    .skip(1)
                    .map(Node::word)
                    .find(|it| !it.is_empty());
                named.unwrap_or("sha256").to_owned()
            }
            _ => return None,
        };
        let mut found = None;
        field.walk(&mut |node| {
            for item in node.list().iter().skip(1) {
                if let Some(text) = item.text() {
                    found = found
                        .take()
                        .or_else(|| Some((text.to_owned(), node.head(), item.line)));
                } else if let Some(value) = self.bound.get(item.word()).and_then(|it| it.text()) {
                    found = found
                        .take()
                        .or_else(|| Some((value.to_owned(), node.head(), item.line)));
                }
            }
            Walk::Into
        });
        let (text, spelling, line) = found?;
        let hex = match spelling {
            "base16" => text.to_ascii_lowercase(),
            _ => nix32::to_hexadecimal(&text)?,
        };
        Some((Hash { algorithm, hex }, line))
    }
}

fn pypi(name: &str, version: &str, ending: Option<String>) -> String {
    let first: String = name.chars().take(1).collect();
    let ending = ending.unwrap_or_else(|| ".tar.gz".to_owned());
    format!(
        "https://files.pythonhosted.org/packages/source/{first}/{name}/{name}-{version}{ending}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: &str = r#"
(define-module (gnu packages base))
(define-public hello
  (package
    (name "hello")
    (version "2.12.2")
    (source (origin
              (method url-fetch)
              (uri (string-append "mirror://gnu/hello/hello-" version
                                  ".tar.gz"))
              (sha256
               (base32
                "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73"))
              (patches (search-patches "hello-CVE-2026-1.patch"))))
    (build-system gnu-build-system)
    (arguments (list #:tests? #f #:phases #~(modify-phases %standard-phases)))
    (inputs (list gettext-minimal `(,gcc "lib")))
    (replacement hello/fixed)
    (synopsis "Say hello")))

(define hello/fixed
  (package
    (inherit hello)
    (source (origin (inherit (package-source hello))
                    (patches (search-patches "b.patch"))))))
"#;

    #[test]
    fn names_that_stand_for_one_another_end() {
        let named = |level: u32| {
            let below = format!(" a{}", level + 1).repeat(60);
            format!("(a{level} (string-append{below}))")
        };
        let bound: String = (0..9).map(named).collect();
        let text = format!(
            "(define-public x (let ({bound} (a9 \"\")) (package (name \"x\") (version a0))))"
        );
        assert!(recipes(&text)[0].version.as_deref().unwrap().contains('…'));
        let text = "(define-public x (package (name \"x\") \
                    (version (string-replace-substring \"a\" \"\" \"b\"))))";
        assert_eq!(recipes(text)[0].version.as_deref(), Some("…"));
    }

    #[test]
    fn a_package_is_read() {
        let recipes = recipes(HELLO);
        let hello = &recipes[0];
        assert_eq!((hello.name.as_str(), hello.line), ("hello", 3));
        assert_eq!(hello.version.as_deref(), Some("2.12.2"));
        assert_eq!(
            hello.sources[0].urls,
            ["mirror://gnu/hello/hello-2.12.2.tar.gz"]
        );
        assert_eq!(hello.sources[0].host(), Some("mirror://gnu"));
        let hash = hello.sources[0].hash.as_ref().unwrap();
        assert!(hash.hex.starts_with("e3b0c44298fc"), "{hash:?}");
        assert_eq!(hello.sources[0].line, 13);
        assert_eq!(hello.patches, ["hello-CVE-2026-1.patch"]);
        assert_eq!(hello.inputs, ["gcc", "gettext-minimal"]);
        assert_eq!(hello.replacement.as_deref(), Some("hello/fixed"));
        assert!(hello.without_tests);
        assert_eq!(recipes[1].inherits.as_deref(), Some("hello"));
        assert_eq!(recipes[1].patches, ["b.patch"]);
    }

    #[test]
    fn a_commit_bound_outside_is_found() {
        let text = r#"
(define-public x
  (let ((commit "0123456789abcdef") (revision "1"))
    (package
      (name "x")
      (version (git-version "0.1" revision commit))
      (source (origin
        (method git-fetch)
        (uri (git-reference (url "https://example.org/x.git") (commit commit)))
        (file-name (git-file-name name version))
        (hash (content-hash "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73")))))))"#;
        let recipe = &recipes(text)[0];
        assert_eq!(recipe.version.as_deref(), Some("0.1-1.0123456"));
        let source = &recipe.sources[0];
        assert_eq!(source.method, "git");
        assert_eq!(source.revision.as_deref(), Some("0123456789abcdef"));
        assert_eq!(source.name, "x-0.1-1.0123456-checkout");
        assert!(source.hash.is_some());
    }

    #[test]
    fn what_only_guile_would_tell_is_left_open() {
        let text = "(define-public x (package (name \"x\") (version (call-me)) (source (origin (method url-fetch) (uri (string-append \"https://e.org/\" (f version) \".gz\"))))))";
        let recipe = &recipes(text)[0];
        assert_eq!(recipe.version.as_deref(), Some("…"));
        assert_eq!(recipe.sources[0].urls, ["https://e.org/….gz"]);
    }

    #[test]
    fn words_that_stand_for_one_another_end() {
        let text = "(define-public x (let ((a b) (b a)) (package (name a) (version a))))";
        assert_eq!(recipes(text)[0].version.as_deref(), Some("…"));
    }
}
