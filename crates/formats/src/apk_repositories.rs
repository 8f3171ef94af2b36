//! Where apk gets packages from: `/etc/apk/repositories` and `*.list` files (apk-repositories(5)).
//!
//! A line is a comment, `set [-default] NAME=VALUE`, or `[ndx|v2|v3] [@TAG] URL [COMPONENT…]` in
//! which `${NAME}` is replaced. From the addresses the branch can be guessed that a system follows.
//! Nothing is fetched.

use std::collections::HashMap;

use palisade_model::{BranchName, Distribution};

use crate::apkbuild::is_repository;

/// Text to which a line may expand; apk takes a path's length.
const EXPANDED_BYTES: usize = 4096;

/// Lines that are read.
const LINES: usize = 10_000;

/// A list of repositories.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Repositories {
    /// The repositories, in the file's order; a line with components gives one for each.
    pub list: Vec<Repository>,
    /// The lines that apk would refuse, counted from 1, and why.
    pub problems: Vec<(u64, String)>,
}

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The line that names it, counted from 1.
    pub line: u64,
    /// How it is laid out.
    pub layout: Layout,
    /// The tag without which none of its packages is taken.
    pub tag: Option<String>,
    /// Its address, or a path, without a slash at the end.
    pub url: String,
}

/// How a repository is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// `URL/ARCHITECTURE/APKINDEX.tar.gz`.
    V2,
    /// `URL/ARCHITECTURE/Packages.adb`.
    V3,
    /// The address is that of an index.
    Index,
}

impl Repositories {
    /// Reads a file's text. Variables that are set in another file are unknown.
    pub fn parse(text: &str) -> Self {
        let mut repositories = Self::default();
        let mut variables = HashMap::new();
        for (number, line) in (1..).zip(text.lines()).take(LINES) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match repositories.line(number, line, &mut variables) {
                Ok(()) => {}
                Err(reason) => repositories.problems.push((number, reason)),
            }
        }
        repositories
    }

    /// Alpine's branch that the addresses name, when all but the tagged ones name the same:
    /// `v3.22`.
    pub fn branch(&self) -> Option<String> {
        let untagged = self
            .list
            .iter()
            .filter(|repository| repository.tag.is_none());
        let mut branches = untagged.filter_map(|repository| repository.place());
        let (first, _) = branches.next()?;
        branches
            .all(|(branch, _)| branch == first)
            .then(|| first.to_owned())
    }

    fn line<'t>(
        &mut self,
        line: u64,
        text: &'t str,
        variables: &mut HashMap<&'t str, String>,
    ) -> Result<(), String> {
        let mut words = text.split_ascii_whitespace().peekable();
        let mut layout = None;
        if let Some(keyword) = words.next_if(|word| is_keyword(word)) {
            layout = Some(match keyword {
                "set" => {
                    let behind = text["set".len()..].trim_start();
                    return set(behind, variables);
                }
                "ndx" => Layout::Index,
                "v2" => Layout::V2,
                "v3" => Layout::V3,
                _ => return Err(format!("{keyword:?} is no keyword and no address")),
            });
        }
        let tag = words.next_if(|word| word.starts_with('@'));
        let tag = tag.map(|tag| tag[1..].to_owned());
        let url = words.next().ok_or("there is no address")?;
        let file = [".adb", ".tar.gz"]
            .iter()
            .any(|ending| url.ends_with(ending));
        let layout = layout.unwrap_or(if file { Layout::Index } else { Layout::V2 });
        let url = expand(url, variables)?;
        let url = url.trim_end_matches('/');
        if !url.starts_with('/') && !url.contains("://") {
            return Err(format!("{url:?} is no address"));
        }
        let components: Vec<&str> = words.collect();
        if components.is_empty() {
            self.push(line, layout, tag, url.to_owned());
        } else {
            let components = expand(&components.join(" "), variables)?;
            for component in components.split_ascii_whitespace() {
                self.push(line, layout, tag.clone(), format!("{url}/{component}"));
            }
        }
        Ok(())
    }

    fn push(&mut self, line: u64, layout: Layout, tag: Option<String>, url: String) {
        self.list.push(Repository {
            line,
            layout,
            tag,
            url,
        });
    }
}

impl Repository {
    /// The branch and the repository of Alpine that the address names: `v3.22` and `main`.
    pub fn place(&self) -> Option<(&str, &str)> {
        let mut parts = self.url.rsplit('/');
        let repository = parts.next().filter(|part| is_repository(part))?;
        let branch = parts.next().filter(|part| is_branch(part))?;
        Some((branch, repository))
    }

    /// The branch that the address names, as a branch of Alpine.
    pub fn branch(&self) -> Option<BranchName> {
        BranchName::new(Distribution::alpine(), self.place()?.0).ok()
    }
}

fn is_branch(part: &str) -> bool {
    let is_number =
        |text: &str| (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let release = part.strip_prefix('v').and_then(|rest| rest.split_once('.'));
    part == "edge" || release.is_some_and(|(major, minor)| is_number(major) && is_number(minor))
}

fn is_keyword(word: &str) -> bool {
    !word.starts_with(['/', '@', '$']) && !word.contains("://")
}

fn set<'t>(text: &'t str, variables: &mut HashMap<&'t str, String>) -> Result<(), String> {
    let (default, text) = match text.strip_prefix("-default") {
        Some(rest) if rest.starts_with([' ', '\t']) => (true, rest.trim_start()),
        _ => (false, text),
    };
    let (name, value) = text.split_once('=').ok_or("there is no value to set")?;
    let inside = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let well_formed =
        name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(inside);
    if !well_formed || name.starts_with("APK_") {
        return Err(format!("{name:?} is no name of a variable that can be set"));
    }
    let value = expand(value, variables)?;
    if !(default && variables.contains_key(name)) {
        variables.insert(name, value);
    }
    Ok(())
}

fn expand(text: &str, variables: &HashMap<&str, String>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${") {
        let (name, after) = behind.split_once('}').ok_or("a ${ is not closed")?;
        let value = match name {
            // The architecture stands for itself: it says nothing of branch and repository.
            "APK_ARCH" => "${APK_ARCH}",
            name => variables
                .get(name)
                .ok_or_else(|| format!("the variable {name:?} is not set"))?,
        };
        out.push_str(before);
        out.push_str(value);
        rest = after;
        if out.len() > EXPANDED_BYTES {
            break;
        }
    }
    out.push_str(rest);
    if out.len() > EXPANDED_BYTES {
        return Err("it is too long".to_owned());
    }
    Ok(out)
}
