//! Which packages have a graft by one declaration: a package that inherits from another also inherits
//! its graft, and `emacs` gives one to seven others.
//!
//! An inventory does not tell inheritance; where things are defined does. A graft that is defined
//! elsewhere than its package was declared for it. One that is defined where its package is was made by
//! inheriting, and belongs to the declaration of a package in the same file whose name begins alike.

use std::collections::BTreeMap;

/// What of a package with a graft tells where its graft was declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Declared {
    pub(super) name: String,
    /// Where the package is defined, and where its graft is.
    pub(super) location: Option<String>,
    pub(super) graft_location: Option<String>,
}

impl Declared {
    fn file(&self) -> Option<&str> {
        let location = self.location.as_deref()?;
        Some(crate::substance::file(location))
    }

    /// Whether the graft has a definition of its own.
    fn is_explicit(&self) -> bool {
        self.graft_location.is_some() && self.graft_location != self.location
    }
}

/// The places of packages in groups of one declaration, each by the order of its packages.
pub(super) fn groups(all: &[Declared]) -> Vec<Vec<usize>> {
    let mut files: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut found: Vec<Vec<usize>> = Vec::new();
    for (place, declared) in all.iter().enumerate() {
        match declared.file() {
            Some(file) => files.entry(file).or_default().push(place),
            // Without a file nothing tells that two belong together.
            None => found.push(vec![place]),
        }
    }
    for places in files.into_values() {
        for family in families(all, &places) {
            found.extend(split(all, family));
        }
    }
    found.sort_unstable();
    found
}

/// Packages of a file whose names begin alike: one's is the beginning of the other's, or that of a
/// third package's of which both are longer.
fn families(all: &[Declared], places: &[usize]) -> Vec<Vec<usize>> {
    let mut families: Vec<Vec<usize>> = Vec::new();
    for &place in places {
        let name = &all[place].name;
        let is_like = |family: &Vec<usize>| family.iter().any(|it| are_alike(&all[*it].name, name));
        let (like, mut others): (Vec<_>, Vec<_>) = families.into_iter().partition(is_like);
        let mut family: Vec<usize> = like.into_iter().flatten().collect();
        family.push(place);
        family.sort_unstable();
        others.push(family);
        families = others;
    }
    families
}

fn are_alike(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    match long.strip_prefix(short) {
        Some(rest) => rest.is_empty() || rest.starts_with('-'),
        None => false,
    }
}

/// A family in as many groups as it has declarations; what is inherited goes to the one whose name is
/// the most alike.
fn split(all: &[Declared], family: Vec<usize>) -> Vec<Vec<usize>> {
    let mut explicit: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut inherited = Vec::new();
    for place in family {
        match &all[place].graft_location {
            Some(location) if all[place].is_explicit() => {
                explicit.entry(location).or_default().push(place);
            }
            _ => inherited.push(place),
        }
    }
    let mut groups: Vec<Vec<usize>> = explicit.into_values().collect();
    if groups.is_empty() {
        return vec![inherited];
    }
    let declared = groups.clone();
    for place in inherited {
        let alike = |group: &Vec<usize>| {
            let names = group.iter().map(|it| all[*it].name.as_str());
            let common = names.map(|name| common_beginning(name, &all[place].name));
            common.max().unwrap_or(0)
        };
        let best = (0..declared.len()).max_by_key(|at| (alike(&declared[*at]), usize::MAX - at));
        if let Some(best) = best {
            groups[best].push(place);
        }
    }
    for group in &mut groups {
        group.sort_unstable();
    }
    groups
}

fn common_beginning(a: &str, b: &str) -> usize {
    let both = a.bytes().zip(b.bytes());
    both.take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `NAME LINE GRAFT-LINE` of one file, or `NAME` alone of none.
    fn read(lines: &[&str]) -> Vec<Declared> {
        let declared = |line: &&str| {
            let words: Vec<&str> = line.split(' ').collect();
            let at = |place: usize| words.get(place).map(|line| format!("x.scm:{line}:2"));
            Declared {
                name: words[0].to_owned(),
                location: at(1),
                graft_location: at(2),
            }
        };
        lines.iter().map(declared).collect()
    }

    /// The names of each group.
    fn told(lines: &[&str]) -> Vec<String> {
        let all = read(lines);
        let words = |group: &Vec<usize>| {
            let names: Vec<&str> = group.iter().map(|it| all[*it].name.as_str()).collect();
            names.join(" ")
        };
        groups(&all).iter().map(words).collect()
    }

    #[test]
    fn what_inherits_a_graft_belongs_to_its_declaration() {
        assert_eq!(
            told(&["emacs 4 4", "emacs-minimal 1 3", "emacs-pgtk 5 5"]),
            ["emacs emacs-minimal emacs-pgtk"]
        );
        assert_eq!(
            told(&["glibc 8 11", "glibc-hurd 15 15", "meson 2 3"]),
            ["glibc glibc-hurd", "meson"]
        );
        assert_eq!(told(&["ibus 8 28", "ibus 23 23"]), ["ibus ibus"]);
    }

    #[test]
    fn declarations_of_their_own_stay_apart_though_names_are_alike() {
        assert_eq!(
            told(&["openssl 4 5", "openssl-1.1 8 9"]),
            ["openssl", "openssl-1.1"]
        );
        assert_eq!(told(&["a 1 2", "a-b 3 4", "a-b-c 5 5"]), ["a", "a-b a-b-c"]);
    }

    #[test]
    fn names_that_only_share_letters_have_nothing_to_do_with_each_other() {
        assert_eq!(
            told(&["python-pip 1 1", "python-py 2 2"]),
            ["python-pip", "python-py"]
        );
        assert_eq!(told(&["git 1 1", "github 2 2"]), ["git", "github"]);
    }

    #[test]
    fn a_graft_that_lies_where_its_package_does_may_be_the_only_one() {
        assert_eq!(told(&["libvpx 32 32"]), ["libvpx"]);
        assert_eq!(
            told(&["a", "a"]),
            ["a", "a"],
            "nothing tells where they are"
        );
        assert_eq!(told(&[]), [""; 0]);
    }
}
