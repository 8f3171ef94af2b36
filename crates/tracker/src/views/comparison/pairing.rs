//! Which entry of one state became which of the other: of one name, the same content first, then the
//! same version, then the nearest. Nothing collapses, and nothing is there twice: each entry is in one
//! pair at the most.

use std::cmp::Ordering;
use std::iter::Peekable;

use palisade_version::Scheme;

/// Entries of one name whose versions are compared each with each; of more they are paired in order.
const COMPARED: usize = 64;

/// What is paired.
pub(in crate::views) trait Entry {
    /// Its name.
    fn name(&self) -> &str;
    /// A number that is ordered like names, as far as it goes.
    fn beginning(&self) -> u128 {
        beginning(self.name())
    }
    /// How its name is ordered to that of another.
    fn order_by_name(&self, other: &Self) -> Ordering {
        self.name().cmp(other.name())
    }
    /// Its version.
    fn version(&self) -> &str;
    /// What it is apart from its place; what has another name is something else.
    fn substance(&self) -> [u8; 16];
    /// Where it is: one of the same place comes first.
    fn place(&self) -> u32;
}

/// What became of entries that only one of two states has.
#[derive(Debug)]
pub(in crate::views) struct Paired<T> {
    /// Those that are the same but for their place.
    pub(in crate::views) moved: Vec<(T, T)>,
    /// Those that changed.
    pub(in crate::views) changed: Vec<(T, T)>,
    /// Those without a counterpart in the second state.
    pub(in crate::views) removed: Vec<T>,
    /// Those without a counterpart in the first state.
    pub(in crate::views) added: Vec<T>,
}

/// Pairs entries, in the order of their names.
pub(in crate::views) fn pair<T: Entry>(gone: Vec<T>, came: Vec<T>, scheme: Scheme) -> Paired<T> {
    let mut paired = Paired {
        moved: Vec::new(),
        changed: Vec::new(),
        removed: Vec::new(),
        added: Vec::new(),
    };
    // Whatever is the same has the same name, so that each name is paired for itself.
    let mut gone = by_name(gone).peekable();
    let mut came = by_name(came).peekable();
    loop {
        let order = match (gone.peek(), came.peek()) {
            (Some(one), Some(other)) => one.order_by_name(other),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return paired,
        };
        match order {
            Ordering::Less => paired.removed.extend(gone.next()),
            Ordering::Greater => paired.added.extend(came.next()),
            Ordering::Equal => {
                let (Some(one), Some(other)) = (gone.next(), came.next()) else {
                    return paired;
                };
                if is_next(&mut gone, &one) || is_next(&mut came, &other) {
                    let (one, other) = (of_name(&mut gone, one), of_name(&mut came, other));
                    paired.take_name(one, other, scheme);
                } else {
                    paired.take_pair(one, other);
                }
            }
        }
    }
}

/// Whether the next of some entries has the name of another.
fn is_next<T: Entry>(entries: &mut Peekable<impl Iterator<Item = T>>, of: &T) -> bool {
    let next = entries.peek();
    next.is_some_and(|next| next.order_by_name(of).is_eq())
}

/// Takes the entries that have the name of one that was taken already.
fn of_name<T: Entry>(entries: &mut Peekable<impl Iterator<Item = T>>, first: T) -> Vec<T> {
    let mut group = vec![first];
    while let Some(entry) = entries.next_if(|it| it.order_by_name(&group[0]).is_eq()) {
        group.push(entry);
    }
    group
}

/// Entries in the order of their names.
fn by_name<T: Entry>(entries: Vec<T>) -> impl Iterator<Item = T> {
    let mut entries: Vec<Option<T>> = entries.into_iter().map(Some).collect();
    // To look at a name is dear, and its beginning tells most of them apart.
    let beginnings = entries.iter().flatten().map(T::beginning);
    let mut order: Vec<(u128, usize)> = beginnings.zip(0..).collect();
    order.sort_unstable_by(|(one, a), (other, b)| {
        one.cmp(other).then_with(|| {
            let (Some(one), Some(other)) = (&entries[*a], &entries[*b]) else {
                return a.cmp(b);
            };
            let rest = |it: &T| (it.place(), it.substance());
            let names = one.order_by_name(other);
            let versions = names.then_with(|| one.version().cmp(other.version()));
            let rest = versions.then_with(|| rest(one).cmp(&rest(other)));
            rest.then(a.cmp(b))
        })
    });
    order
        .into_iter()
        .filter_map(move |(_, place)| entries[place].take())
}

/// The first sixteen bytes of a name, as a number that is ordered like them.
pub(super) fn beginning(name: &str) -> u128 {
    let mut bytes = [0; 16];
    let length = name.len().min(bytes.len());
    bytes[..length].copy_from_slice(&name.as_bytes()[..length]);
    u128::from_be_bytes(bytes)
}

impl<T: Entry> Paired<T> {
    /// Takes two that are alone in having their name.
    fn take_pair(&mut self, gone: T, came: T) {
        let pairs = if gone.substance() == came.substance() {
            &mut self.moved
        } else {
            &mut self.changed
        };
        pairs.push((gone, came));
    }

    fn take_name(&mut self, gone: Vec<T>, came: Vec<T>, scheme: Scheme) {
        let mut left = Left {
            gone: gone.into_iter().map(Some).collect(),
            came: came.into_iter().map(Some).collect(),
        };
        self.moved
            .extend(left.equal(|it| (it.substance(), it.place())));
        self.moved.extend(left.equal(T::substance));
        self.changed
            .extend(left.equal(|it| (it.version().to_owned(), it.place())));
        self.changed
            .extend(left.equal(|it| it.version().to_owned()));
        self.changed.extend(left.nearest(scheme));
        self.removed.extend(left.gone.into_iter().flatten());
        self.added.extend(left.came.into_iter().flatten());
    }
}

/// Entries of one name that have no counterpart yet.
struct Left<T> {
    gone: Vec<Option<T>>,
    came: Vec<Option<T>>,
}

impl<T: Entry> Left<T> {
    /// Takes pairs out that are equal in something, in their order.
    fn equal<K: Ord>(&mut self, key: impl Fn(&T) -> K) -> Vec<(T, T)> {
        let mut gone = keyed(&self.gone, &key).into_iter().peekable();
        let mut came = keyed(&self.came, &key).into_iter().peekable();
        let mut places = Vec::new();
        while let (Some((one, a)), Some((other, b))) = (gone.peek(), came.peek()) {
            match one.cmp(other) {
                Ordering::Less => drop(gone.next()),
                Ordering::Greater => drop(came.next()),
                Ordering::Equal => {
                    places.push((*a, *b));
                    gone.next();
                    came.next();
                }
            }
        }
        places.sort_unstable();
        let pairs = places
            .into_iter()
            .filter_map(|(a, b)| Some((self.gone[a].take()?, self.came[b].take()?)));
        pairs.collect()
    }

    /// Takes pairs out whose versions are nearest to each other.
    fn nearest(&mut self, scheme: Scheme) -> Vec<(T, T)> {
        let there = |side: &[Option<T>]| -> Vec<usize> {
            let places = side.iter().enumerate();
            let there = places.filter(|(_, entry)| entry.is_some());
            there.map(|(place, _)| place).collect()
        };
        let (gone, came) = (there(&self.gone), there(&self.came));
        let are_alone = gone.len() == 1 && came.len() == 1;
        let places = if are_alone || gone.len().max(came.len()) > COMPARED {
            gone.into_iter().zip(came).collect()
        } else {
            self.nearest_places(&gone, &came, scheme)
        };
        let pairs = places
            .into_iter()
            .filter_map(|(a, b)| Some((self.gone[a].take()?, self.came[b].take()?)));
        pairs.collect()
    }

    fn nearest_places(
        &self,
        gone: &[usize],
        came: &[usize],
        scheme: Scheme,
    ) -> Vec<(usize, usize)> {
        let before = |place: &usize| self.gone[*place].as_ref();
        let after = |place: &usize| self.came[*place].as_ref();
        let all = gone
            .iter()
            .filter_map(before)
            .chain(came.iter().filter_map(after));
        let versions: Vec<&str> = all.map(Entry::version).collect();
        let rank = |version: &str| {
            let less = |other: &&&str| scheme.compare(other, version).is_some_and(Ordering::is_lt);
            versions.iter().filter(less).count()
        };
        let mut candidates = Vec::new();
        for a in gone {
            for b in came {
                let (Some(one), Some(other)) = (before(a), after(b)) else {
                    continue;
                };
                let elsewhere = one.place() != other.place();
                let shared = shared_parts(one.version(), other.version());
                let apart = rank(one.version()).abs_diff(rank(other.version()));
                candidates.push((std::cmp::Reverse(shared), apart, elsewhere, *a, *b));
            }
        }
        candidates.sort_unstable();
        let mut taken = (vec![false; self.gone.len()], vec![false; self.came.len()]);
        candidates.retain(|(_, _, _, a, b)| {
            let free = !taken.0[*a] && !taken.1[*b];
            if free {
                (taken.0[*a], taken.1[*b]) = (true, true);
            }
            free
        });
        candidates.into_iter().map(|it| (it.3, it.4)).collect()
    }
}

/// The entries that are there with something of them, in its order and then their own.
fn keyed<T, K: Ord>(entries: &[Option<T>], key: impl Fn(&T) -> K) -> Vec<(K, usize)> {
    let all = entries.iter().enumerate();
    let there = all.filter_map(|(place, entry)| Some((key(entry.as_ref()?), place)));
    let mut keyed: Vec<(K, usize)> = there.collect();
    keyed.sort_unstable();
    keyed
}

/// How many parts of two versions are the same, from the beginning on.
fn shared_parts(a: &str, b: &str) -> usize {
    let parts = |version| str::split(version, |c: char| !c.is_ascii_alphanumeric());
    let same = parts(a).zip(parts(b)).take_while(|(a, b)| a == b);
    same.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `NAME VERSION CONTENT [PLACE]`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    struct Made(Vec<&'static str>);

    impl Entry for Made {
        fn name(&self) -> &str {
            self.0[0]
        }

        fn version(&self) -> &str {
            self.0[1]
        }

        fn substance(&self) -> [u8; 16] {
            let mut bytes = [0; 16];
            let text = [self.0[0], self.0[2]].join(" ");
            for (byte, letter) in bytes.iter_mut().zip(text.bytes()) {
                *byte = letter;
            }
            bytes
        }

        fn place(&self) -> u32 {
            self.0.get(3).map_or(0, |it| it.parse().unwrap())
        }
    }

    fn made(lines: &[&'static str]) -> Vec<Made> {
        let entry = |line: &&'static str| Made(line.split(' ').collect());
        lines.iter().map(entry).collect()
    }

    /// What became of entries, a line each.
    fn told(gone: &[&'static str], came: &[&'static str]) -> Vec<String> {
        let paired = pair(made(gone), made(came), Scheme::Guix);
        let text = |entry: &Made| entry.0.join(" ");
        let both = |mark: &'static str, pairs: &[(Made, Made)]| -> Vec<String> {
            let line = |(a, b): &(Made, Made)| format!("{} {mark} {}", text(a), text(b));
            pairs.iter().map(line).collect()
        };
        let removed = paired.removed.iter().map(|it| format!("- {}", text(it)));
        let added = paired.added.iter().map(|it| format!("+ {}", text(it)));
        let mut lines = both("=", &paired.moved);
        lines.extend(both("~", &paired.changed));
        lines.extend(removed.chain(added));
        lines
    }

    #[test]
    fn the_same_content_comes_before_the_same_version_before_the_nearest() {
        assert_eq!(
            told(
                &["x 1.0 a", "x 1.0 b", "x 1.1 c"],
                &["x 1.0 d", "x 1.2 b", "x 1.3 e"]
            ),
            [
                "x 1.0 b = x 1.2 b",
                "x 1.0 a ~ x 1.0 d",
                "x 1.1 c ~ x 1.3 e"
            ]
        );
    }

    #[test]
    fn a_series_goes_on_in_itself() {
        assert_eq!(
            told(
                &["openssl 1.1.1u a", "openssl 3.0.8 b"],
                &["openssl 3.0.14 c", "openssl 1.1.1w d", "openssl 3.5.1 e"]
            ),
            [
                "openssl 1.1.1u a ~ openssl 1.1.1w d",
                "openssl 3.0.8 b ~ openssl 3.0.14 c",
                "+ openssl 3.5.1 e"
            ]
        );
    }

    #[test]
    fn entries_that_collide_are_each_told_once() {
        assert_eq!(
            told(
                &["x 1 a", "x 1 a", "x 1 b"],
                &["x 1 a", "x 1 c", "x 1 c", "x 1 c"]
            ),
            ["x 1 a = x 1 a", "x 1 a ~ x 1 c", "x 1 b ~ x 1 c", "+ x 1 c"]
        );
    }

    #[test]
    fn names_that_only_one_state_has_come_or_go() {
        assert_eq!(
            told(&["a 1 x", "c 1 x"], &["b 1 x", "d 1 x"]),
            ["- a 1 x", "- c 1 x", "+ b 1 x", "+ d 1 x"]
        );
    }

    #[test]
    fn the_same_repository_comes_first() {
        assert_eq!(
            told(&["x 1 a 0", "x 1 b 1"], &["x 1 c 1", "x 1 d 0"]),
            ["x 1 a 0 ~ x 1 d 0", "x 1 b 1 ~ x 1 c 1"]
        );
        assert_eq!(told(&["x 1 a 0"], &["x 1 a 1"]), ["x 1 a 0 = x 1 a 1"]);
    }

    #[test]
    fn very_many_of_one_name_are_paired_in_their_order() {
        let numbers: Vec<Made> = (0..3000)
            .map(|number: u32| Made(vec!["x", Box::leak(number.to_string().into()), "a"]))
            .collect();
        let others = numbers.iter().map(|it| Made(vec!["x", it.0[1], "b"]));
        let paired = pair(numbers.clone(), others.collect(), Scheme::Guix);
        assert_eq!(paired.changed.len(), 3000);
    }
}
