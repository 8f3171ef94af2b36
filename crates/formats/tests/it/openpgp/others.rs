//! Keys and signatures that others than GnuPG made.

use palisade_formats::openpgp::{At, Cleartext, HashAlgorithm, KeyAlgorithm, Keyring, NotVerified};
use palisade_formats::openpgp::{Signer, Why};

use super::{at, later, why};

/// Made by Sequoia on the first of January: a main key that certifies, one subkey that signs and
/// another that authenticates. It lapses on the first of March.
const SEQUOIA: &str = include_str!("../../../../../fuzz/seeds/openpgp/sequoia.asc");
/// The same, revoked on the tenth of January because it was stolen.
const SEQUOIA_REVOKED: &str = include_str!("../../../../../fuzz/seeds/openpgp/sequoia_revoked.asc");
const SEQUOIA_CLEARTEXT: &str =
    include_str!("../../../../../fuzz/seeds/openpgp/sequoia_cleartext.asc");

/// The examples of RFC 9580, appendices A.3 and A.6.
const VERSION_6: &str = include_str!("../../../../../fuzz/seeds/openpgp/version6.asc");
const VERSION_6_CLEARTEXT: &str =
    include_str!("../../../../../fuzz/seeds/openpgp/version6_cleartext.asc");

fn check(keys: &[&str], document: &str, at: At) -> Result<Cleartext, NotVerified> {
    let mut keyring = Keyring::default();
    for key in keys {
        assert_eq!(keyring.add(key.as_bytes()), Ok(1));
    }
    keyring.verify_cleartext(document.as_bytes(), at)
}

fn signer(keys: &[&str], document: &str, at: At) -> Signer {
    check(keys, document, at).unwrap().signers.remove(0)
}

#[test]
fn sequoias_subkeys_sign_until_their_key_lapses() {
    let found = signer(&[SEQUOIA], SEQUOIA_CLEARTEXT, at("2026-02-28T00:00:00Z"));
    assert_eq!(
        found.to_string(),
        "Sequoia <sq@example.org> (70C67D517C228D3E403E4D3AF9B542B189D77705)"
    );
    assert_eq!(
        found.key.to_string(),
        "AB7595C6804B15E2823B95CD5639CA1F4FDD2C0F"
    );
    assert_eq!(found.hash, HashAlgorithm::Sha512);
    let check = |at| check(&[SEQUOIA], SEQUOIA_CLEARTEXT, at);
    assert_eq!(why(check(later())), Why::KeyLapsed);
    let at_its_time = check(At::WhenSigned("2026-06-01T00:00:00Z".parse().unwrap()));
    assert_eq!(at_its_time.unwrap().signers, [found]);
}

#[test]
fn sequoias_revocations_count_from_whichever_copy() {
    let now = at("2026-02-01T00:00:00Z");
    for keys in [
        &[SEQUOIA_REVOKED][..],
        &[SEQUOIA, SEQUOIA_REVOKED],
        &[SEQUOIA_REVOKED, SEQUOIA],
    ] {
        assert_eq!(why(check(keys, SEQUOIA_CLEARTEXT, now)), Why::Revoked);
    }
}

#[test]
fn keys_of_version_6_sign() {
    let found = signer(&[VERSION_6], VERSION_6_CLEARTEXT, later());
    assert_eq!(
        found.certificate.to_string(),
        "CB186C4F0609A697E4D52DFA6C722B0C1F1E27C18A56708F6525EC27BAD9ACC9"
    );
    assert_eq!(found.key, found.certificate);
    assert_eq!(found.algorithm, KeyAlgorithm::Ed25519);
    assert_eq!(found.user, None);
    let changed = VERSION_6_CLEARTEXT.replace("tofu", "ham");
    assert_eq!(why(check(&[VERSION_6], &changed, later())), Why::Bad);
}
