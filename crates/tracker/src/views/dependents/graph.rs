//! Which packages of a state are used by which, directly or through others.
//!
//! Inputs name packages by name and version. Where several packages of the state are called so, all of
//! them may be meant, and all count; what names none of the state's packages (a private variable, a
//! source) leads nowhere and is only counted. Circles do no harm: each package is reached once.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use palisade_model::{Input, InputKind};
use palisade_store::{PackageId, SourcePackageId};
use serde::Serialize;
use utoipa::ToSchema;

/// The place of a package in a graph.
pub(in crate::views) type Node = u32;

/// A package of a state.
#[derive(Debug)]
pub(in crate::views) struct Made {
    pub(in crate::views) id: PackageId,
    pub(in crate::views) source: SourcePackageId,
    pub(in crate::views) name: Arc<str>,
    pub(in crate::views) version: Arc<str>,
}

/// The packages of a state, and who uses each.
#[derive(Debug, Default)]
pub(in crate::views) struct Graph {
    packages: Vec<Made>,
    /// For each package the key of its name and version: all that have the same are used by the same.
    own: Vec<u32>,
    /// Where in `users` those of each key begin, and where the last ones end.
    begins: Vec<u32>,
    users: Vec<User>,
    /// Inputs that name no package of the state.
    pub(in crate::views) missing: usize,
    /// Whether any package tells what its build system uses.
    pub(in crate::views) is_implicit_told: bool,
    /// What was counted already.
    counted: Mutex<HashMap<Vec<Node>, Reach>>,
}

#[derive(Debug, Clone, Copy)]
struct User {
    node: Node,
    /// Whether it uses it to be built alone.
    builds_with: bool,
}

/// How many packages use something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reach {
    /// Those that name it among their inputs, or whose build system uses it.
    pub direct: usize,
    /// Those that use it directly or through others.
    pub all: usize,
    /// Of all: those that are only built with it, or with something that uses it, as far as inputs
    /// tell. Nothing of it needs to be in them.
    pub build_only: usize,
    /// Whether the inventory tells what build systems use without being told to (compiler, C library):
    /// without, who uses such a package is not counted.
    pub implicit_inputs: bool,
}

impl Reach {
    /// In words: how many get a graft of what they use.
    pub fn words(&self) -> String {
        let mut words = match (self.all, self.direct) {
            (0, _) => "no package gets it by grafting".to_owned(),
            (1, _) => "1 package gets it by grafting".to_owned(),
            (all, direct) => {
                format!("{all} packages get it by grafting, {direct} of them directly")
            }
        };
        if self.build_only > 0 {
            let _ = write!(words, ", {} only to be built", self.build_only);
        }
        if !self.implicit_inputs {
            words.push_str("; what build systems use is not told");
        }
        words
    }
}

/// A package that uses another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::views) struct Dependent {
    pub(in crate::views) node: Node,
    /// Steps of the shortest way.
    pub(in crate::views) distance: u32,
    /// The next package on that way.
    pub(in crate::views) through: Node,
    /// Whether each way has a step that is needed for building alone.
    pub(in crate::views) build_only: bool,
}

/// Names and versions on the way to a graph.
#[derive(Debug, Default)]
pub(in crate::views) struct Building {
    keys: HashMap<Arc<str>, HashMap<Arc<str>, u32>>,
    /// How many keys there are.
    known: u32,
    packages: Vec<Made>,
    /// For each package its own key.
    own: Vec<u32>,
    /// For each package what it uses: a key, and whether for building alone.
    uses: Vec<Vec<(u32, bool)>>,
    is_implicit_told: bool,
}

impl Building {
    fn key(&mut self, name: &str, version: &str) -> u32 {
        let known = self.keys.get(name).and_then(|it| it.get(version));
        if let Some(key) = known {
            return *key;
        }
        let key = self.known;
        self.known += 1;
        let versions = self.keys.entry(name.into()).or_default();
        versions.insert(version.into(), key);
        key
    }

    /// The text of a name that is known already, which is stored once.
    fn shared(&self, name: &str, version: &str) -> (Arc<str>, Arc<str>) {
        let name = self.keys.get_key_value(name);
        let found = name.and_then(|(name, versions)| {
            let (version, _) = versions.get_key_value(version)?;
            Some((Arc::clone(name), Arc::clone(version)))
        });
        found.unwrap_or_default()
    }

    /// Adds a package with what its build uses.
    pub(in crate::views) fn add(
        &mut self,
        id: PackageId,
        source: SourcePackageId,
        (name, version): (&str, &str),
        inputs: &[Input],
    ) {
        let own = self.key(name, version);
        let (name, version) = self.shared(name, version);
        let mut uses = Vec::with_capacity(inputs.len());
        // What has no output is a source, not a package.
        for input in inputs.iter().filter(|it| !it.output.is_empty()) {
            let builds_with = input.kind == InputKind::Native;
            self.is_implicit_told |= input.kind == InputKind::Implicit;
            uses.push((self.key(&input.name, &input.version), builds_with));
        }
        // Of two uses of the same the one that is not for building alone counts.
        uses.sort_unstable();
        uses.dedup_by_key(|(key, _)| *key);
        self.packages.push(Made {
            id,
            source,
            name,
            version,
        });
        self.own.push(own);
        self.uses.push(uses);
    }

    /// The graph, whose packages are in the order of their names, however they were added.
    pub(in crate::views) fn finish(self) -> Graph {
        self.sorted().linked()
    }

    fn sorted(mut self) -> Self {
        let all = self.packages.into_iter().zip(self.own).zip(self.uses);
        let mut all: Vec<_> = all.collect();
        all.sort_by(|((a, _), _), ((b, _), _)| {
            let key = |it: &Made| (Arc::clone(&it.name), Arc::clone(&it.version), it.id.0);
            key(a).cmp(&key(b))
        });
        (self.packages, self.own, self.uses) = (Vec::new(), Vec::new(), Vec::new());
        for ((package, own), uses) in all {
            self.packages.push(package);
            self.own.push(own);
            self.uses.push(uses);
        }
        self
    }

    fn linked(self) -> Graph {
        let keys = self.known as usize;
        let mut is_called = vec![false; keys];
        for key in &self.own {
            is_called[*key as usize] = true;
        }
        let mut begins = vec![0_u32; keys + 1];
        let mut missing = 0;
        for (key, _) in self.uses.iter().flatten() {
            if is_called[*key as usize] {
                begins[*key as usize + 1] += 1;
            } else {
                missing += 1;
            }
        }
        for place in 1..begins.len() {
            begins[place] += begins[place - 1];
        }
        let mut next = begins.clone();
        let nobody = User {
            node: 0,
            builds_with: false,
        };
        let mut users = vec![nobody; begins.last().copied().unwrap_or(0) as usize];
        for (node, uses) in (0..).zip(&self.uses) {
            for (key, builds_with) in uses.iter().filter(|(key, _)| is_called[*key as usize]) {
                let place = &mut next[*key as usize];
                users[*place as usize] = User {
                    node,
                    builds_with: *builds_with,
                };
                *place += 1;
            }
        }
        Graph {
            packages: self.packages,
            own: self.own,
            begins,
            users,
            missing,
            is_implicit_told: self.is_implicit_told,
            counted: Mutex::default(),
        }
    }
}

impl Graph {
    /// A package.
    pub(in crate::views) fn package(&self, node: Node) -> &Made {
        &self.packages[node as usize]
    }

    /// Whether any package is told to use another.
    pub(in crate::views) fn has_uses(&self) -> bool {
        !self.users.is_empty() || self.missing > 0
    }

    /// The packages that fit.
    pub(in crate::views) fn find(&self, fits: impl Fn(&Made) -> bool) -> Vec<Node> {
        let all = (0..).zip(&self.packages);
        all.filter(|(_, package)| fits(package))
            .map(|(node, _)| node)
            .collect()
    }

    /// Who uses what has a key.
    fn users(&self, key: u32) -> &[User] {
        let key = key as usize;
        &self.users[self.begins[key] as usize..self.begins[key + 1] as usize]
    }

    /// Who uses any of some packages, the nearest first; these themselves are left out.
    pub(in crate::views) fn dependents(&self, of: &[Node]) -> Vec<Dependent> {
        let kept = self.reached(of, |user| !user.builds_with);
        let in_it: HashSet<Node> = kept.iter().map(|it| it.node).collect();
        let mut all = self.reached(of, |_| true);
        for dependent in &mut all {
            dependent.build_only = !in_it.contains(&dependent.node);
        }
        all
    }

    /// How many use any of some packages.
    pub(in crate::views) fn reach(&self, of: &[Node]) -> Reach {
        let counted = || self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reach) = counted().get(of) {
            return *reach;
        }
        let reach = self.count(of);
        counted().insert(of.to_vec(), reach);
        reach
    }

    fn count(&self, of: &[Node]) -> Reach {
        let all = self.reached(of, |_| true);
        let kept = self.reached(of, |user| !user.builds_with).len();
        Reach {
            direct: all.iter().filter(|it| it.distance == 1).count(),
            build_only: all.len() - kept,
            all: all.len(),
            implicit_inputs: self.is_implicit_told,
        }
    }

    /// What is reached by uses of a kind, in order of distance.
    fn reached(&self, of: &[Node], follows: impl Fn(&User) -> bool) -> Vec<Dependent> {
        let mut seen = vec![false; self.packages.len()];
        let mut is_followed = vec![false; self.begins.len()];
        let mut found: Vec<Dependent> = Vec::new();
        for node in of {
            seen[*node as usize] = true;
        }
        let mut visit = |found: &mut Vec<Dependent>, node: Node, distance: u32| {
            let key = self.own[node as usize];
            if std::mem::replace(&mut is_followed[key as usize], true) {
                return;
            }
            for user in self.users(key).iter().filter(|user| follows(user)) {
                if !std::mem::replace(&mut seen[user.node as usize], true) {
                    found.push(Dependent {
                        node: user.node,
                        distance,
                        through: node,
                        build_only: false,
                    });
                }
            }
        };
        for node in of {
            visit(&mut found, *node, 1);
        }
        let mut at = 0;
        while let Some(next) = found.get(at).copied() {
            visit(&mut found, next.node, next.distance + 1);
            at += 1;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(name: &str, version: &str, kind: InputKind) -> Input {
        Input {
            kind,
            name: name.to_owned(),
            version: version.to_owned(),
            output: "out".to_owned(),
        }
    }

    /// `NAME VERSION: USED VERSION, …`; what is in brackets is for building alone, with a `*` it is
    /// the build system's.
    fn graph(lines: &[&str]) -> Graph {
        let mut building = Building::default();
        for (number, line) in (1..).zip(lines) {
            let (own, uses) = line.split_once(':').unwrap();
            let read = |text: &str| {
                let kind = match text.chars().next() {
                    Some('(') => InputKind::Native,
                    Some('*') => InputKind::Implicit,
                    _ => InputKind::Host,
                };
                let bare = text.trim_matches(['(', ')', '*']);
                let (name, version) = bare.split_once(' ').unwrap();
                input(name, version, kind)
            };
            let uses = uses.split(',').map(str::trim).filter(|it| !it.is_empty());
            let inputs: Vec<Input> = uses.map(read).collect();
            let named = own.split_once(' ').unwrap();
            building.add(PackageId(number), SourcePackageId(number), named, &inputs);
        }
        building.finish()
    }

    fn named(graph: &Graph, name: &str) -> Vec<Node> {
        graph.find(|it| &*it.name == name)
    }

    /// `NAME DISTANCE through NAME`, with a `!` behind what is only built with it.
    fn told(graph: &Graph, of: &str) -> Vec<String> {
        let line = |it: &Dependent| {
            let name = |node: Node| graph.package(node).name.to_string();
            let mark = if it.build_only { " !" } else { "" };
            let (name, through) = (name(it.node), name(it.through));
            format!("{name} {} through {through}{mark}", it.distance)
        };
        let of = named(graph, of);
        graph.dependents(&of).iter().map(line).collect()
    }

    #[test]
    fn who_uses_a_package_is_told_by_the_shortest_way() {
        let graph = graph(&[
            "zlib 1:",
            "png 1: zlib 1",
            "cairo 1: png 1, zlib 1",
            "gtk 4: cairo 1, png 1",
        ]);
        assert_eq!(
            told(&graph, "zlib"),
            [
                "cairo 1 through zlib",
                "png 1 through zlib",
                "gtk 2 through cairo"
            ]
        );
        let expected = Reach {
            direct: 2,
            all: 3,
            ..Reach::default()
        };
        assert_eq!(graph.reach(&named(&graph, "zlib")), expected);
        assert_eq!(told(&graph, "gtk"), [""; 0]);
    }

    #[test]
    fn who_gets_a_graft_is_told_in_words() {
        let reach = Reach {
            direct: 36,
            all: 1809,
            build_only: 12,
            implicit_inputs: true,
        };
        assert_eq!(
            reach.words(),
            "1809 packages get it by grafting, 36 of them directly, 12 only to be built"
        );
        assert_eq!(
            Reach::default().words(),
            "no package gets it by grafting; what build systems use is not told"
        );
    }

    #[test]
    fn circles_end_and_reach_nobody_twice() {
        let graph = graph(&["a 1: c 1", "b 1: a 1", "c 1: b 1, c 1"]);
        assert_eq!(told(&graph, "a"), ["b 1 through a", "c 2 through b"]);
        assert_eq!(graph.reach(&named(&graph, "c")).all, 2);
    }

    #[test]
    fn what_names_no_package_of_the_state_leads_nowhere() {
        let graph = graph(&["a 1: gone 1, b 2", "b 1: a 1"]);
        assert_eq!(told(&graph, "b"), [""; 0], "b is there in another version");
        assert_eq!(graph.missing, 2);
        assert_eq!(graph.reach(&named(&graph, "a")).all, 1);
        let without = super::Building::default().finish();
        assert!(!without.has_uses() && without.reach(&[]) == Reach::default());
    }

    #[test]
    fn all_that_are_called_the_same_may_be_meant() {
        let graph = graph(&["ibus 1:", "ibus 1:", "engine 1: ibus 1", "ibus 2:"]);
        let all = named(&graph, "ibus");
        let told: Vec<usize> = all.iter().map(|it| graph.reach(&[*it]).all).collect();
        assert_eq!(told, [1, 1, 0], "another version is not meant");
        assert_eq!(graph.reach(&all).direct, 1, "engine counts once");
    }

    #[test]
    fn very_many_that_are_called_the_same_take_no_more_than_they_are() {
        let mut building = Building::default();
        for number in 0..50_000 {
            let id = (PackageId(number), SourcePackageId(number));
            let itself = [input("a", "1", InputKind::Host)];
            building.add(id.0, id.1, ("a", "1"), &itself);
        }
        let graph = building.finish();
        assert_eq!(graph.users.len(), 50_000);
        assert_eq!(graph.reach(&[7]).all, 49_999);
    }

    #[test]
    fn what_is_only_built_with_it_is_told_apart() {
        let graph = graph(&[
            "meson 1:",
            "glib 1: (meson 1)",
            "gtk 1: glib 1, (glib 1)",
            "both 1: meson 1, (meson 1)",
        ]);
        assert_eq!(
            told(&graph, "meson"),
            [
                "both 1 through meson",
                "glib 1 through meson !",
                "gtk 2 through glib !"
            ]
        );
        assert_eq!(graph.reach(&named(&graph, "meson")).build_only, 2);
        assert_eq!(graph.reach(&named(&graph, "glib")).build_only, 0);
    }

    #[test]
    fn what_build_systems_use_counts_where_it_is_told() {
        let told = graph(&["glibc 2:", "hello 1: *glibc 2"]);
        assert!(told.is_implicit_told);
        let of_glibc = told.reach(&named(&told, "glibc"));
        assert_eq!((of_glibc.direct, of_glibc.build_only), (1, 0));
        assert!(!graph(&["glibc 2:", "hello 1:"]).is_implicit_told);
    }

    #[test]
    fn a_source_among_the_inputs_is_no_package() {
        let mut building = Building::default();
        let id = |number| (PackageId(number), SourcePackageId(number));
        let source = Input {
            output: String::new(),
            ..input("a", "1", InputKind::Host)
        };
        building.add(id(1).0, id(1).1, ("a", "1"), &[]);
        building.add(id(2).0, id(2).1, ("b", "1"), &[source]);
        let graph = building.finish();
        assert_eq!(graph.reach(&[0]).all, 0);
        assert!(!graph.has_uses());
        assert_eq!(graph.find(|_| true).len(), 2);
    }
}
