//! Products that are called as projects are whose packages distributions call so.

use palisade_matching::Refusal;
use palisade_model::Confidence::{Certain, Likely};
use palisade_model::Product;

use crate::support::{cpe, identity, identity_words, named, package};

#[test]
fn a_library_without_lib_is_the_project_that_its_addresses_name() {
    let zorbo = package("libzorbo", "1.5.23", "https://github.com/tbeu/zorbo");
    assert_eq!(identity(&zorbo, cpe("zorbo_project:zorbo")), Ok(Likely));
    assert_eq!(identity(&zorbo, cpe("tbeu:zorbo")), Ok(Likely));
    assert_eq!(identity(&zorbo, named("tbeu", "zorbo")), Ok(Likely));
    // Nothing vouches for this vendor.
    assert_eq!(identity(&zorbo, cpe("acme:zorbo")), Err(Refusal::Unvouched));
}

#[test]
fn a_project_with_lib_in_front_is_the_package_without() {
    let zimg = package("zimg", "8.14.1", "https://libzimg.github.io/libzimg/");
    assert_eq!(identity(&zimg, cpe("libzimg_project:libzimg")), Ok(Likely));
    // The address names neither.
    let zimg = package("zimg", "8.14.1", "https://example.org/images");
    assert_eq!(
        identity(&zimg, cpe("libzimg_project:libzimg")),
        Err(Refusal::Unvouched)
    );
}

#[test]
fn what_debian_says_of_freed_sources_is_no_part_of_the_name() {
    let zorpbm = package("zorpbm-free", "10.0", "http://zorpbm.sourceforge.net/");
    assert_eq!(identity(&zorpbm, cpe("zorpbm_project:zorpbm")), Ok(Likely));
}

#[test]
fn a_name_that_another_package_bears_is_not_that_of_its_kin() {
    let mut binding = package("libmosquito", "1.0", "https://mosquito.example/mosquito");
    let product = || cpe("mosquito_project:mosquito");
    assert_eq!(identity(&binding, product()), Ok(Likely));
    binding.hints.bare_name_taken = true;
    assert_eq!(identity(&binding, product()), Err(Refusal::Taken));
}

#[test]
fn a_home_that_both_share_does_not_make_a_library_of_what_it_is_called_after() {
    let mut library = package("libzorbo", "1.0", "https://github.com/acme/libzorbo");
    library.hints.bare_name_taken = true;
    let mut product = named("somebody", "zorbo");
    if let Product::Named { collection_url, .. } = &mut product {
        *collection_url = Some("https://github.com/acme".to_owned());
    }
    assert_eq!(identity(&library, product.clone()), Err(Refusal::Taken));
    // Of the package that bears the name it says enough.
    let program = package("zorbo", "1.0", "https://github.com/acme/zorbo");
    assert_eq!(identity(&program, product), Ok(Likely));
}

#[test]
fn cpe_names_may_differ_in_what_divides_words() {
    let page = package("openfoo", "44", "https://openfoo.example/");
    assert_eq!(identity(&page, cpe("openfoo:open_foo")), Ok(Likely));
    let words = identity_words(&page, cpe("openfoo:open_foo"));
    assert!(
        words.contains("openfoo:open_foo") && words.contains("(openfoo)"),
        "{words}"
    );
    assert_eq!(
        identity(&page, cpe("acme:open_foo")),
        Err(Refusal::Unvouched)
    );
}

#[test]
fn a_vendor_of_the_same_letters_does_not_vouch_for_a_name_that_differs() {
    let tool = package("git-hub", "2.1.3", "https://github.com/acme/git-hub");
    assert_eq!(
        identity(&tool, cpe("github:github")),
        Err(Refusal::Unvouched)
    );
}

#[test]
fn a_record_without_a_vendor_speaks_of_the_known_product_of_that_name() {
    let samba = package("samba", "4.17.0", "https://www.samba.org/");
    assert_eq!(identity(&samba, named("", "samba")), Ok(Likely));
    assert_eq!(identity(&samba, cpe("samba:samba")), Ok(Certain));
}
