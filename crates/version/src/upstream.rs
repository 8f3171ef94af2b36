//! The upstream part of a distribution's version, for comparison under [`Scheme::Generic`].
//!
//! Distributions add to a version what only concerns them: epochs, revisions, marks of repacked
//! sources. They also package commits between two releases, and each writes that differently.
//! [`upstream()`] removes the additions and reports such a commit as a [`Snapshot`], so that
//! [`Upstream::compare`] can place it next to the release it is based on.
//!
//! It only reads the text. It does not know whether a packager followed the distribution's habits,
//! and it does not undo renumbering that upstream never had (such as `2024` packaged as `0.2024`).

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::Scheme;
use crate::apk::Suffix;
use crate::digits::{is_number, split_digits, split_while};
use crate::words::{Addition, Meaning, meaning, meaning_before_digit};

/// The upstream part of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream<'a> {
    /// The release, in the words of upstream as far as the distribution kept them; `0` when the
    /// package was made from a commit of software that never had a release.
    pub text: Cow<'a, str>,
    /// The commit packaged in place of the release, if any.
    pub snapshot: Option<Snapshot<'a>>,
}

/// A commit near a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot<'a> {
    /// On which side of the release it lies.
    pub side: Side,
    /// The distribution's text for it: date, commit, or both.
    pub tail: &'a str,
}

/// The side of a release on which a snapshot lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Taken on the way to the release.
    Before,
    /// Taken after the release and before the next.
    After,
}

impl<'a> Upstream<'a> {
    fn release(text: &'a str) -> Self {
        Self {
            text: Cow::Borrowed(text),
            snapshot: None,
        }
    }

    fn snapshot(text: &'a str, side: Side, tail: &'a str) -> Self {
        Self {
            text: Cow::Borrowed(text),
            snapshot: Some(Snapshot { side, tail }),
        }
    }

    /// Compares with a version as upstream writes it, under [`Scheme::Generic`].
    ///
    /// A snapshot is never equal to a release: one taken after `1.2` is greater than `1.2` and less
    /// than any release that follows it. `None` when either is not a generic version.
    pub fn compare(&self, other: &str) -> Option<Ordering> {
        let order = Scheme::Generic.compare(&self.text, other)?;
        Some(match self.snapshot {
            Some(snapshot) if order.is_eq() => match snapshot.side {
                Side::Before => Ordering::Less,
                Side::After => Ordering::Greater,
            },
            _ => order,
        })
    }
}

/// Cuts a distribution's version back to its upstream part.
///
/// Versions of the ecosystems' own schemes are returned as they are. Text that is not a version of
/// the scheme is treated alike, as far as it goes.
pub fn upstream(scheme: Scheme, version: &str) -> Upstream<'_> {
    match scheme {
        Scheme::Apk => apk(version),
        Scheme::Deb => deb(version),
        Scheme::Rpm => rpm(version),
        Scheme::Pacman => pacman(version),
        Scheme::Guix | Scheme::Nix => functional(version),
        _ => Upstream::release(version),
    }
}

/// Alpine: `9.1_p1-r2` is `9.1p1`, `1.0_rc1` is `1.0-rc1`; `_git20240101` and `~commit` are
/// snapshots (apk-package(5) and the habits of aports).
fn apk(version: &str) -> Upstream<'_> {
    let version = match version.rsplit_once("-r") {
        Some((rest, revision)) if is_number(revision.as_bytes()) => rest,
        _ => version,
    };
    let (version, commit) = match version.split_once('~') {
        Some((rest, commit)) => (rest, Some(commit)),
        None => (version, None),
    };
    let snapshot = commit.map(|tail| Snapshot {
        side: Side::After,
        tail,
    });
    let mut parts = version.split('_');
    let base = parts.next().unwrap_or(version);
    let mut text = Cow::Borrowed(base);
    let mut at = base.len();
    for part in parts {
        let word = part.trim_end_matches(|character: char| character.is_ascii_digit());
        match Suffix::from_word(word.as_bytes()) {
            Some(Suffix::P) => text.to_mut().push_str(part),
            Some(suffix) if suffix.is_pre_release() => text.to_mut().extend(["-", part]),
            Some(_) => {
                let tail = &version[at + 1..];
                return Upstream {
                    text,
                    snapshot: Some(Snapshot {
                        side: Side::After,
                        tail,
                    }),
                };
            }
            None => text.to_mut().extend(["_", part]),
        }
        at += 1 + part.len();
    }
    Upstream { text, snapshot }
}

/// Debian: epoch and revision go, and so do the additions after `+` and `~` that mark repacked
/// sources, rebuilds and bundled components; `+git` and `~git` are snapshots (Debian Policy 5.6.12
/// and the habits of the archive). Of `2.0+really1.2` only what follows `really` counts.
fn deb(version: &str) -> Upstream<'_> {
    let version = without_epoch(version);
    let version = version
        .rsplit_once('-')
        .map_or(version, |(upstream, _)| upstream);
    let version = match version.rfind("really") {
        Some(at) => version[at + "really".len()..].trim_start_matches(['+', '~', '.', '-']),
        None => version,
    };
    let version = cut_at_any(version, &[".dfsg", "-dfsg", ".repack", "ubuntu"]);
    from_pieces(version)
}

/// RPM: epoch and release go; what follows `^` is a snapshot after, `~git` one before (Fedora
/// Packaging Guidelines, "Versioning").
fn rpm(version: &str) -> Upstream<'_> {
    let version = without_epoch(version);
    let version = version
        .split_once('-')
        .map_or(version, |(version, _)| version);
    match version.split_once('^') {
        Some((text, tail)) => Upstream::snapshot(text, Side::After, tail),
        None => from_pieces(version),
    }
}

/// Arch: epoch and pkgrel go; `.r34.gabcdef0` and `+34+gabcdef0` are snapshots (Arch's VCS package
/// guidelines).
fn pacman(version: &str) -> Upstream<'_> {
    let version = without_epoch(version);
    let version = version
        .split_once('-')
        .map_or(version, |(version, _)| version);
    for mark in ['.', '+'] {
        if let Some((rest, commit)) = version.rsplit_once(mark)
            && let Some((text, count)) = rest.rsplit_once(mark)
            && is_number(count.trim_start_matches('r').as_bytes())
            && commit.strip_prefix('g').is_some_and(is_commit)
        {
            return Upstream::snapshot(text, Side::After, &version[text.len() + 1..]);
        }
    }
    from_pieces(version)
}

/// Guix and Nix: `1.2-3.abcdef0` is a commit after `1.2` (Guix manual, "Version Numbers"), as is
/// `1.2-unstable-2024-01-01` (Nixpkgs manual, "Package naming"). Versions that upstream or another
/// tool made from a commit are understood too: Go's pseudo-versions, `git describe`, `+git2024`.
fn functional(version: &str) -> Upstream<'_> {
    if let Some(tail) = version.strip_prefix("unstable-") {
        return Upstream::snapshot("0", Side::After, tail);
    }
    if let Some((text, tail)) = version.split_once("-unstable-") {
        return Upstream::snapshot(text, Side::After, tail);
    }
    if version.len() == 40 && is_commit(version) {
        return Upstream::snapshot("0", Side::After, version);
    }
    with_commit(version)
        .or_else(|| with_source_word(version))
        .unwrap_or_else(|| Upstream::release(without_build(version)))
}

/// Drops the build number of Julia's packages: `2.35.0+1`.
fn without_build(version: &str) -> &str {
    match version.rsplit_once('+') {
        Some((text, build)) if is_number(build.as_bytes()) => text,
        _ => version,
    }
}

/// Recognises a version that ends in a commit.
fn with_commit(version: &str) -> Option<Upstream<'_>> {
    let at = version.rfind(['.', '-'])?;
    let (rest, commit) = (&version[..at], &version[at + 1..]);
    let described = commit.strip_prefix('g').is_some_and(is_commit);
    let counted = rest
        .rsplit_once('-')
        .filter(|(_, count)| is_number(count.as_bytes()));
    if !described && !is_commit(commit) {
        return None;
    }
    let before_count = match counted {
        // 0.0.0-20240101120000-abcdef123456
        Some((text, date)) if date.len() == 14 => {
            return Some(Upstream::snapshot(
                text,
                Side::Before,
                &version[text.len() + 1..],
            ));
        }
        // 1.2-3.abcdef0 and 0.4.1-37-gabcdef0
        Some((text, _)) if described || version[at..].starts_with('.') => Some(text),
        _ => None,
    };
    if let Some(text) = before_count {
        return Some(Upstream::snapshot(
            text,
            Side::After,
            &version[text.len() + 1..],
        ));
    }
    if let Some(pseudo) = pseudo_version(version, rest) {
        return Some(pseudo);
    }
    let mixes = commit.bytes().any(|byte| byte.is_ascii_alphabetic())
        && commit.bytes().any(|byte| byte.is_ascii_digit());
    mixes.then(|| Upstream::snapshot(without_build(rest), Side::After, commit))
}

/// Recognises Go's `1.2.4-0.date` (after 1.2.3, before 1.2.4) and `1.2.4-rc1.0.date`.
fn pseudo_version<'a>(version: &'a str, rest: &'a str) -> Option<Upstream<'a>> {
    let (base, _) = rest
        .rsplit_once('.')
        .filter(|(_, date)| date.len() == 14 && is_number(date.as_bytes()))?;
    let (text, side) = match base.strip_suffix("-0") {
        Some(text) => (text, Side::Before),
        None => (base.strip_suffix(".0")?, Side::After),
    };
    Some(Upstream::snapshot(text, side, &version[text.len() + 1..]))
}

/// Recognises a version that names its version control system.
fn with_source_word(version: &str) -> Option<Upstream<'_>> {
    version
        .match_indices(['+', '.', '-', '_', '~'])
        .find_map(|(at, mark)| {
            let side = if mark == "~" {
                Side::Before
            } else {
                Side::After
            };
            let (text, tail) = (&version[..at], &version[at + 1..]);
            starts_with_source_word(tail).then(|| Upstream::snapshot(text, side, tail))
        })
}

fn without_epoch(version: &str) -> &str {
    match version.split_once(':') {
        Some((epoch, rest)) if is_number(epoch.as_bytes()) => rest,
        _ => version,
    }
}

fn cut_at_any<'a>(version: &'a str, marks: &[&str]) -> &'a str {
    let end = marks.iter().filter_map(|mark| version.find(mark)).min();
    &version[..end.unwrap_or(version.len())]
}

/// Goes through the pieces that `+` and `~` start, up to a snapshot.
///
/// Only words that place a version near its release stay (`~rc1`, `+p2`). After `+` the rest names
/// further components or builds and goes; after `~` it is some state on the way to the release.
fn from_pieces(version: &str) -> Upstream<'_> {
    let starts = version.match_indices(['+', '~']).map(|(at, _)| at);
    let mut ends = starts.clone().skip(1).chain([version.len()]);
    let mut text = Cow::Borrowed(&version[..starts.clone().next().unwrap_or(version.len())]);
    for start in starts {
        let piece = &version[start..ends.next().unwrap_or(version.len())];
        let body = &piece[1..];
        let side = if piece.starts_with('~') {
            Side::Before
        } else {
            Side::After
        };
        if is_packaging(body) {
            continue;
        }
        match meaning_of(body) {
            // `+~` starts Debian's list of bundled components.
            _ if body.is_empty() && side == Side::After => break,
            _ if body.is_empty() => {}
            Meaning::Before(_) => text.to_mut().push_str(piece),
            Meaning::After(addition) if side == Side::After && addition != Addition::Snapshot => {
                text.to_mut().push_str(piece);
            }
            _ if side == Side::Before || is_snapshot(body) => {
                let snapshot = Some(Snapshot {
                    side,
                    tail: &version[start + 1..],
                });
                return Upstream { text, snapshot };
            }
            _ => {}
        }
    }
    Upstream {
        text,
        snapshot: None,
    }
}

/// Looks up the word that a piece starts with.
fn meaning_of(body: &str) -> Meaning {
    let (word, rest) = split_while(body.as_bytes(), |byte| byte.is_ascii_alphabetic());
    if rest.first().is_some_and(u8::is_ascii_digit) {
        meaning_before_digit(word)
    } else {
        meaning(word)
    }
}

/// Reports whether a piece is one of the marks that only concern Debian and its derivatives.
fn is_packaging(body: &str) -> bool {
    let word = split_while(body.as_bytes(), |byte| byte.is_ascii_alphabetic()).0;
    matches!(
        word,
        b"dfsg" | b"ds" | b"repack" | b"repacked" | b"deb" | b"debian" | b"bpo" | b"nmu" | b"esm"
    ) || body
        .strip_prefix('b')
        .is_some_and(|count| is_number(count.as_bytes()))
}

/// Reports whether a piece names a commit: by system, by date or as `git describe` does.
fn is_snapshot(body: &str) -> bool {
    let is_described = body
        .rsplit_once("-g")
        .is_some_and(|(count, _)| is_number(count.as_bytes()));
    starts_with_source_word(body) || starts_with_date(body) || is_described
}

fn starts_with_source_word(text: &str) -> bool {
    ["git", "svn", "hg", "cvs", "bzr"].iter().any(|word| {
        text.strip_prefix(word)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphabetic()))
    })
}

fn starts_with_date(text: &str) -> bool {
    split_digits(text.as_bytes()).0.len() >= 6
}

/// Reports whether `text` may be an abbreviated or full commit; eight digits are rather a date.
fn is_commit(text: &str) -> bool {
    let is_hexadecimal = text
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let is_date = text.len() == 8 && is_number(text.as_bytes());
    (7..=64).contains(&text.len()) && is_hexadecimal && !is_date
}
