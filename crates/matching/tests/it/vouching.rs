//! What vouches for a vendor, and what a repository does not say.

use palisade_matching::Refusal;
use palisade_model::{Confidence, Product};

use crate::support::{cpe, from_source, identity, identity_words, package};

#[test]
fn the_projects_own_name_stands_for_nobody_who_added_to_it() {
    // The name is not an ordinary word, so that it counts for something without a voucher.
    let yeti = package("zorbo", "1.1", "https://mth.github.io/zorbo/");
    let of = |vendor: &str| identity(&yeti, cpe(&format!("{vendor}:zorbo")));
    assert_eq!(of("zorbo"), Ok(Confidence::Likely));
    assert_eq!(of("zorbo_project"), Ok(Confidence::Likely));
    assert_eq!(of("zorbosoftware"), Ok(Confidence::Likely));
    let words = |vendor: &str| identity_words(&yeti, cpe(&format!("{vendor}:zorbo")));
    assert!(words("zorbosoftware").contains("vouch"));
    assert!(!words("zorbo-platform").contains("vouch"));
}

#[test]
fn a_binding_kept_in_the_librarys_repository_is_not_the_library() {
    let repository = "https://gitlab.example.org/matrix/olm";
    let product = || Product::Ecosystem {
        ecosystem: "GIT".to_owned(),
        name: "olm".to_owned(),
        repository: Some(repository.to_owned()),
    };
    let address = format!("{repository}.git");
    let library = from_source(
        package("olm", "3.2.16", "https://matrix.example/"),
        &address,
    );
    assert_eq!(identity(&library, product()), Ok(Confidence::Likely));
    let mut binding = from_source(
        package("py3-olm", "3.2.16", "https://matrix.example/"),
        &address,
    );
    assert_eq!(identity(&binding, product()), Ok(Confidence::Likely));
    binding.hints.bare_name_taken = true;
    assert_eq!(identity(&binding, product()), Err(Refusal::Registry));
}
