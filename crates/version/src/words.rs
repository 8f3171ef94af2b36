//! What the words inside an upstream version mean to the generic scheme.
//!
//! A closed list, grown from the words of real feeds. It holds no product names and guesses nothing
//! from spelling: a word that is not here is a later patch level, ordered by name.

/// Stages before a release, ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Development,
    Alpha,
    Beta,
    Milestone,
    Preview,
    Candidate,
}

/// Kinds of additions to a release, ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Addition {
    Snapshot,
    Build,
    Post,
    Revision,
    Patch,
    Hotfix,
    Update,
    ServicePack,
}

/// The meaning of one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Says no more than that this is a release.
    Release,
    /// Comes before the release.
    Before(Stage),
    /// Comes after the release.
    After(Addition),
    /// Stands for itself.
    Unknown,
}

/// Longest word of the lists below.
const LONGEST: usize = 16;

/// Tells what a word in any case means where no digit follows it at once.
pub(crate) fn meaning(word: &[u8]) -> Meaning {
    let mut buffer = [0; LONGEST];
    let Some(lower) = buffer.get_mut(..word.len()) else {
        return Meaning::Unknown;
    };
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    if let [_] = lower {
        return Meaning::Unknown;
    }
    stage(lower)
        .map(Meaning::Before)
        .or_else(|| addition(lower).map(Meaning::After))
        .unwrap_or(if is_release(lower) {
            Meaning::Release
        } else {
            Meaning::Unknown
        })
}

/// Tells what a word means with a digit right behind it: single letters abbreviate there.
pub(crate) fn meaning_before_digit(word: &[u8]) -> Meaning {
    let &[letter] = word else {
        return meaning(word);
    };
    match letter.to_ascii_lowercase() {
        b'a' => Meaning::Before(Stage::Alpha),
        b'b' => Meaning::Before(Stage::Beta),
        b'm' => Meaning::Before(Stage::Milestone),
        b'c' => Meaning::Before(Stage::Candidate),
        b'p' => Meaning::After(Addition::Patch),
        b'r' => Meaning::After(Addition::Revision),
        b'u' => Meaning::After(Addition::Update),
        _ => Meaning::Unknown,
    }
}

fn stage(word: &[u8]) -> Option<Stage> {
    Some(match word {
        b"dev" | b"devel" | b"nightly" | b"snapshot" | b"trunk" | b"canary" => Stage::Development,
        b"alpha" => Stage::Alpha,
        b"beta" => Stage::Beta,
        b"milestone" => Stage::Milestone,
        b"pre" | b"pr" | b"preview" | b"prerelease" | b"ea" | b"tp" | b"test" => Stage::Preview,
        b"rc" | b"cr" | b"candidate" | b"releasecandidate" | b"gamma" => Stage::Candidate,
        _ => return None,
    })
}

fn addition(word: &[u8]) -> Option<Addition> {
    Some(match word {
        b"git" | b"svn" | b"hg" | b"cvs" | b"bzr" | b"snap" | b"unstable" => Addition::Snapshot,
        b"build" => Addition::Build,
        b"post" => Addition::Post,
        b"rev" | b"revision" => Addition::Revision,
        b"pl" | b"patch" | b"patchlevel" => Addition::Patch,
        b"hf" | b"hotfix" | b"fix" => Addition::Hotfix,
        b"up" | b"update" => Addition::Update,
        b"sp" | b"servicepack" => Addition::ServicePack,
        _ => return None,
    })
}

fn is_release(word: &[u8]) -> bool {
    matches!(
        word,
        b"final" | b"ga" | b"release" | b"rel" | b"stable" | b"gold" | b"rtm" | b"lts" | b"esr"
    ) || matches!(
        word,
        b"production" | b"official" | b"incubating" | b"version" | b"ver"
    )
}
