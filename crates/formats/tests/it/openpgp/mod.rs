//! Signatures of OpenPGP: what counts, and what does not.

mod gnupg;
mod others;

use palisade_formats::openpgp::{
    At, HashAlgorithm, KeyAlgorithm, Keyring, NotVerified, Signer, Why,
};
use palisade_model::Timestamp;
use proptest::prelude::*;

/// A main key that only certifies, and a subkey that signs; made for these tests.
const KEY: &str = include_str!("../../../../../fuzz/seeds/openpgp/keyring.asc");
const MAIN_KEY: &str = "52FFDA2660B49529D5C32B3BA4D141FAD930F498";
const SUBKEY: &str = "3329BE86EEE48B6E699E41176673E0AA24498BCE";
/// Its signatures of [`TEXT`].
const CLEARTEXT: &str = include_str!("../../../../../fuzz/seeds/openpgp/cleartext.asc");
const DETACHED: &str = include_str!("../../../../../fuzz/seeds/openpgp/detached.asc");
const TEXT: &str = "Origin: Test\n- dashed \n\nlast\n";

fn at(time: &str) -> At {
    At::Now(time.parse().unwrap())
}

fn later() -> At {
    at("2026-06-01T00:00:00Z")
}

fn keyring() -> Keyring {
    let mut keyring = Keyring::default();
    assert_eq!(keyring.add(KEY.as_bytes()), Ok(1));
    keyring
}

/// The main keys of those who signed.
fn certificates(result: Result<Vec<Signer>, NotVerified>) -> Vec<String> {
    let signers = result.unwrap_or_else(|error| panic!("{error}"));
    let keys = signers.iter().map(|signer| signer.certificate.to_string());
    keys.collect()
}

/// The reason why the only signature does not count.
fn why<T: std::fmt::Debug>(result: Result<T, NotVerified>) -> Why {
    match result.unwrap_err() {
        NotVerified::Refused(mut refusals) if refusals.len() == 1 => refusals.remove(0).why,
        other => panic!("{other}"),
    }
}

#[test]
fn it_is_told_who_signed_when_and_with_what() {
    let document = keyring()
        .verify_cleartext(CLEARTEXT.as_bytes(), later())
        .unwrap();
    // Blanks at the end of a line are not signed, so they are not given either.
    assert_eq!(
        String::from_utf8(document.text).unwrap(),
        TEXT.replace("dashed ", "dashed")
    );
    let [signer] = &document.signers[..] else {
        panic!("{:?}", document.signers)
    };
    assert_eq!(signer.certificate.to_string(), MAIN_KEY);
    assert_eq!(signer.key.to_string(), SUBKEY);
    assert_eq!(
        signer.user.as_deref(),
        Some("Palisade Test <test@example.org>")
    );
    assert_eq!(
        signer.made,
        "2026-01-02T00:00:00Z".parse::<Timestamp>().unwrap()
    );
    assert_eq!(signer.algorithm, KeyAlgorithm::Ed25519);
    assert_eq!(signer.hash, HashAlgorithm::Sha256);

    let detached = keyring().verify_detached(TEXT.as_bytes(), DETACHED.as_bytes(), later());
    assert_eq!(detached.unwrap(), document.signers);
}

#[test]
fn other_bytes_were_not_signed() {
    let changed = CLEARTEXT.replace("last", "lost");
    assert_eq!(
        why(keyring().verify_cleartext(changed.as_bytes(), later())),
        Why::Bad
    );
    let detached = keyring().verify_detached(b"Origin: Test\n", DETACHED.as_bytes(), later());
    assert_eq!(why(detached), Why::Bad);
    // A signature of a text is none of the bytes, nor the other way round.
    let armour = CLEARTEXT.find("-----BEGIN PGP SIGNATURE").unwrap();
    let detached =
        keyring().verify_detached(TEXT.as_bytes(), &CLEARTEXT.as_bytes()[armour..], later());
    assert_eq!(why(detached), Why::Bad);
    let exchanged = format!("{}{DETACHED}", &CLEARTEXT[..armour]);
    assert_eq!(
        why(keyring().verify_cleartext(exchanged.as_bytes(), later())),
        Why::Type(0)
    );
}

#[test]
fn a_key_that_is_not_there_is_named() {
    let error = Keyring::default().verify_cleartext(CLEARTEXT.as_bytes(), later());
    assert_eq!(
        error.unwrap_err().to_string(),
        "no signature counts: 3329BE86EEE48B6E699E41176673E0AA24498BCE: \
         no such key is in the keyring"
    );
}

#[test]
fn a_signature_from_the_future_does_not_count_but_clocks_may_differ() {
    let check = |time| keyring().verify_cleartext(CLEARTEXT.as_bytes(), at(time));
    let signers = check("2026-01-01T23:30:00Z").map(|document| document.signers);
    assert_eq!(certificates(signers), [MAIN_KEY]);
    assert_eq!(why(check("2026-01-01T22:30:00Z")), Why::Future);
}

#[test]
fn a_subkey_belongs_to_whoever_bound_it() {
    let packets = include_bytes!("../../../../../fuzz/seeds/openpgp/keyring.pgp");
    // The subkey's packet is an old one of 51 bytes, behind which its binding stands.
    let subkey = packets.windows(2).rposition(|it| it == [0xb8, 51]).unwrap();
    let mut keyring = Keyring::default();
    keyring.add(&packets[..subkey]).unwrap();
    let check = |keyring: &Keyring| keyring.verify_cleartext(CLEARTEXT.as_bytes(), later());
    assert_eq!(why(check(&keyring)), Why::UnknownKey);
    // Without the binding it is anybody's.
    keyring.add(&packets[..subkey + 53]).unwrap();
    assert_eq!(why(check(&keyring)), Why::Unbound);
    // A copy of the certificate that has it is all that was missing.
    keyring.add(packets).unwrap();
    let signers = check(&keyring).unwrap().signers;
    assert_eq!(signers[0].key.to_string(), SUBKEY);
    assert_eq!(certificates(Ok(signers)), [MAIN_KEY]);
}

#[test]
fn what_is_no_keyring_is_refused() {
    let secret = KEY.replace("PUBLIC KEY", "PRIVATE KEY");
    let twelve = [&[0, 0, 0, 32, 1, 1, 0, 2][..], b"KBXf"].concat();
    for (file, reason) in [
        (&b""[..], "no keyring"),
        (b"ssh-ed25519 AAAA", "no keyring"),
        (secret.as_bytes(), "a secret key"),
        (&[0x95, 0, 1, 4], "a secret key"),
        (&twelve, "gpg --export"),
        (&[0x99, 0, 9, 4], "ends too early"),
        (&[0x99, 0, 1, 3], "no key that can be used"),
    ] {
        let error = Keyring::default().add(file).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn a_key_that_no_fingerprint_covers_is_passed_over() {
    // Version 4, an algorithm that nobody knows, and more than its length can tell.
    let body = [&[4, 0, 0, 0, 1, 100][..], &vec![0; 70_000]].concat();
    let length = u32::try_from(body.len()).unwrap();
    let packet = [&[0xc6, 0xff][..], &length.to_be_bytes(), &body].concat();
    let error = Keyring::default().add(&packet).unwrap_err().to_string();
    assert!(error.contains("no key that can be used"), "{error}");
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), first in 0x80_u8..) {
        let binary = [&[first][..], &bytes].concat();
        for input in [&bytes, &binary] {
            let _ = Keyring::default().add(input);
            let _ = keyring().verify_detached(b"x", input, later());
            let _ = keyring().verify_cleartext(input, later());
        }
    }

    #[test]
    fn a_changed_byte_panics_nowhere_and_changes_nobody(place in 0_usize..1000, byte: u8) {
        let mut packets = include_bytes!("../../../../../fuzz/seeds/openpgp/keyring.pgp").to_vec();
        let place = place % packets.len();
        packets[place] = byte;
        let mut changed = Keyring::default();
        let _ = changed.add(&packets);
        if let Ok(signed) = changed.verify_cleartext(CLEARTEXT.as_bytes(), later()) {
            let key = signed.signers[0].key.to_string();
            prop_assert_eq!(key, SUBKEY);
        }
    }
}
