//! Versions made up from a seed: real-looking ones, and near relatives of each other.
//!
//! The same seed gives the same list on every machine, so an oracle that disagrees once disagrees
//! again.

use palisade_version::Scheme;

/// A small generator of pseudo-random numbers (xorshift).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next()).expect("31 bits fit") % limit
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

/// What versions of a scheme look like, and the pieces they are made of.
struct Stock {
    models: &'static [&'static str],
    pieces: &'static [&'static str],
}

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "2",
    "9",
    "10",
    "00",
    "01",
    "007",
    "20240101",
    "4294967296",
];

fn stock(scheme: Scheme) -> Stock {
    let (models, pieces): (&[&str], &[&str]) = match scheme {
        Scheme::Apk => (
            &[
                "1.2.3-r0",
                "9.1_p1-r2",
                "1.1.1q-r0",
                "0.010-r6",
                "2.0_rc1",
                "1.0_alpha_p2",
                "3.2~ab12",
                "20240101-r1",
                "1.0_git20240101-r0",
                "6.6.2p1-r0",
                "1.2.31-0",
            ],
            &[
                ".", "_", "-r", "~", "a", "z", "_p", "_rc", "_alpha", "_git", "_cvs", "_beta", "B",
            ],
        ),
        Scheme::Guix => (
            &[
                "1.0",
                "2.12.2",
                "0.0.0-1.abcdef0",
                "1.0-rc1",
                "1.001",
                "1.010",
                "2021-03-27",
                "v0.1",
            ],
            &[".", "-", "a", "z", "~", "000", "rc", "+", "_", "A", ""],
        ),
        Scheme::Nix => (
            &[
                "1.0",
                "2.3pre1",
                "2.4pre20210503_6d2553a",
                "1.0-unstable-2024-01-01",
                "2.3a",
                "5.10",
            ],
            &[".", "-", "pre", "a", "rc", "_", "..", "--", "z", "+", ""],
        ),
        Scheme::Deb => (
            &[
                "1:2.0-1",
                "2.4.6+dfsg-3~deb12u1",
                "1.0~rc1-1",
                "0:5",
                "1.2.3-1+b2",
                "2024a-0+deb12u1",
                "1.0+really0.9-1",
                "7.88.1-10+deb12u5",
                "1:1.2-3-4",
            ],
            &[
                ".", "-", "~", "+", ":", "a", "Z", "dfsg", "1:", "~~", "0", "ubuntu", "_",
            ],
        ),
        Scheme::Rpm => (
            &[
                "1.0-1.fc40",
                "2:1.1.1k-12.el8_9",
                "1.2~rc1-1",
                "1.2^20240101git-1",
                "0.9.8zg-1.el5",
                "10xyz",
                "2.0.1a",
                "1.0^",
                "1.0~~",
            ],
            &[
                ".", "~", "^", "_", "+", "a", "Z", "fc", "-", "..", "1:", "0",
            ],
        ),
        Scheme::Pacman => (
            &[
                "1.0-1",
                "1:2.3.4-2",
                "2.40+r16+gaa533d58ff-2",
                "1.0.r3.gabcdef0-1",
                "1.5",
                "6.8p1-1",
            ],
            &[".", "_", "+", "a", "rc", "-1", "-2.1", "1:", "~", "..", "Z"],
        ),
        Scheme::Semver | Scheme::Go => (
            &[
                "1.2.3",
                "1.0.0-alpha.1",
                "1.0.0-rc.1+build.5",
                "v2.0.0+incompatible",
                "0.0.0-0.x",
                "0.0.0-20240101120000-abcdef123456",
                "1.2",
                "v1",
            ],
            &[".", "-", "+", "alpha", "0", "rc", "x", "v", "-1", ".1", "A"],
        ),
        Scheme::Pep440 => (
            &[
                "1.0",
                "1!2.0",
                "1.0a1",
                "1.0b2.post3.dev4",
                "1.0rc1",
                "1.0.dev5",
                "1.0.post1",
                "1.0+ubuntu.1",
                "1.0-1",
                "v1.0.alpha-2",
                "2024.1.1",
            ],
            &[
                ".", "-", "_", "a", "b", "c", "rc", "pre", "preview", "post", "rev", "r", "dev",
                "!", "+", "alpha", "BETA", ".dev", ".post", "+local.", "0!",
            ],
        ),
        Scheme::RubyGems => (
            &[
                "1.0",
                "2.0.0.rc1",
                "1.0.a.2",
                "1.0.0-beta.1",
                "3.2.1.pre",
                "0",
                "1.a1b2",
                "5.0.0.0",
            ],
            &[".", "-", "a", "B", "pre", "rc", "0", ".0", ".b", "--"],
        ),
        Scheme::Maven => (
            &[
                "1.0",
                "1.0-SNAPSHOT",
                "2.0.0.RC1",
                "1.0-alpha-1",
                "1.0-beta2",
                "3.0.0-M1",
                "1-ga",
                "1.0.Final",
                "2.1-sp1",
                "1.0-jre",
                "1-1.foo-bar1baz-.1",
                "1.0.x2",
            ],
            &[
                ".", "-", "a", "b", "m", "x", "rc", "cr", "sp", "ga", "final", "snapshot", "alpha",
                "0", "..",
            ],
        ),
        Scheme::Cpan => (
            &[
                "1.0", "1.002003", "v1.2.3", "0.01_02", "1.2.3", ".5", "v1.2_3", "2.1900",
                "5.036000",
            ],
            &[".", "_", "v", "0", "00", "5"],
        ),
        Scheme::Generic => (
            &[
                "1.1.1q",
                "6.8p1",
                "2.0-rc1",
                "1.0beta2",
                "2021-03-27",
                "20210327",
                "1.2-3.abcdef0",
                "12.2\\(33\\)sre9a",
                "v1.0-final",
                "153.0.0",
                "5.21.stable14",
                "beta_6",
                "0.4.1-37-g5f91ee6",
                "9.8zg",
                "1.0 sp1 hotfix 2",
                "r80.40",
            ],
            &[
                ".", "-", "_", "a", "b", "q", "p", "rc", "beta", "final", "git", "0", "sp",
                "update", "\\(", "build", "post", "dev", " ", "M",
            ],
        ),
    };
    Stock { models, pieces }
}

/// Changes one place of `version`: inserts, removes or replaces a piece.
fn mutate(random: &mut Random, version: &str, pieces: &[&'static str]) -> String {
    let mut characters: Vec<char> = version.chars().collect();
    let at = random.below(characters.len() + 1);
    let list = if random.below(2) == 0 {
        NUMBERS
    } else {
        pieces
    };
    let piece = random.pick(list).chars();
    match random.below(4) {
        0 if at < characters.len() => drop(characters.remove(at)),
        1 if at < characters.len() => drop(characters.splice(at..=at, piece)),
        2 => characters.extend(piece),
        _ => drop(characters.splice(at..at, piece)),
    }
    characters.into_iter().collect()
}

/// Makes one version of the look of `scheme`, valid or not.
pub(crate) fn version(random: &mut Random, scheme: Scheme) -> String {
    let stock = stock(scheme);
    let mut version = random.pick(stock.models).to_owned();
    for _ in 0..random.below(4) {
        version = mutate(random, &version, stock.pieces);
    }
    version
}

/// Makes `count` pairs; in most the second is a near relative of the first.
pub(crate) fn pairs(scheme: Scheme, seed: u64, count: usize) -> Vec<(String, String)> {
    let mut random = Random::new(seed);
    let make = |random: &mut Random| {
        let a = version(random, scheme);
        let b = match random.below(4) {
            0 => version(random, scheme),
            steps => (0..steps).fold(a.clone(), |b, _| mutate(random, &b, stock(scheme).pieces)),
        };
        (a, b)
    };
    (0..count).map(|_| make(&mut random)).collect()
}

/// Makes `count` pairs whose versions are both valid.
pub(crate) fn valid_pairs(scheme: Scheme, seed: u64, count: usize) -> Vec<(String, String)> {
    let is_valid = |(a, b): &(String, String)| scheme.is_valid(a) && scheme.is_valid(b);
    let mut found: Vec<_> = pairs(scheme, seed, count * 20)
        .into_iter()
        .filter(is_valid)
        .collect();
    assert!(
        found.len() >= count,
        "{scheme}: only {} of {count} pairs are valid",
        found.len()
    );
    found.truncate(count);
    found
}
