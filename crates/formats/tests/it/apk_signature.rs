//! Keys and signatures of apk.

use palisade_formats::apk_signature::{BadSignature, InvalidKey, PublicKey, SignatureAlgorithm};
use proptest::prelude::*;

use crate::shared_data;

const KEY: &str = "alpine-devel@lists.alpinelinux.org-616ae350.rsa.pub";

#[test]
fn alpines_keys_are_read() {
    let Some(directory) = shared_data::path("alpine/apkindex/keys/all") else {
        return;
    };
    let mut sizes = Vec::new();
    for entry in fs_err::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let pem = fs_err::read_to_string(&path).unwrap();
        sizes.push(PublicKey::from_pem("key", &pem).unwrap().bits());
    }
    sizes.sort_unstable();
    assert_eq!(sizes.len(), 18);
    assert_eq!(
        (sizes[0], sizes[8], sizes[9], sizes[17]),
        (2048, 2048, 4096, 4096)
    );
}

#[test]
fn texts_that_are_no_keys_are_refused() {
    for text in [
        "",
        "ssh-rsa AAAA",
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\n!!!!\n-----END PUBLIC KEY-----",
    ] {
        assert!(
            matches!(PublicKey::from_pem("k", text), Err(InvalidKey::Pem(_))),
            "{text}"
        );
    }
    let text = "-----BEGIN PUBLIC KEY-----\nMAAwAA==\n-----END PUBLIC KEY-----\n";
    assert!(matches!(
        PublicKey::from_pem("k", text),
        Err(InvalidKey::Der(_))
    ));
}

#[test]
fn a_key_of_another_algorithm_is_refused() {
    // An Ed25519 key made for this test: the same frame, another identifier.
    let text = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
        -----END PUBLIC KEY-----\n";
    assert_eq!(
        PublicKey::from_pem("k", text).unwrap_err(),
        InvalidKey::Der("a key of another algorithm")
    );
}

/// A signature over `palisade\n` with SHA-512, by a key made for this test with openssl.
#[test]
fn signatures_on_p256_are_checked() {
    let key = PublicKey::from_pem("test", P256_KEY).unwrap();
    assert_eq!(key.bits(), 256);
    let signature = unhex(P256_SHA512);
    assert_eq!(key.verify_sha512(b"palisade\n", &signature), Ok(()));
    for (message, signature) in [
        (&b"palisade"[..], &signature[..]),
        (b"palisade\n", &signature[1..]),
    ] {
        let other = key.verify_sha512(message, signature);
        assert_eq!(other, Err(BadSignature));
    }
    // Version 2 knows no such keys.
    let version_2 = key.verify(SignatureAlgorithm::RsaSha512, b"palisade\n", &signature);
    assert_eq!(version_2, Err(BadSignature));
    let rsa = PublicKey::from_pem("test", TEST_KEY).unwrap();
    assert_eq!(rsa.verify_sha512(b"palisade\n", &unhex(SHA512)), Ok(()));
    assert_ne!(rsa.id(), key.id());
}

#[test]
fn keys_on_other_curves_are_refused() {
    let key = PublicKey::from_pem("k", P384_KEY);
    assert_eq!(key.unwrap_err(), InvalidKey::Der("a key on another curve"));
    // A point that is none.
    let text = P256_KEY.replacen("AE", "AF", 1);
    assert!(PublicKey::from_pem("k", &text).is_err());
}

#[test]
fn short_keys_are_refused() {
    // 512 bits, made for this test.
    let text = "-----BEGIN PUBLIC KEY-----\n\
        MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMWkCl5JjN2G0khFzpItBe2ghW6JyUMd\n\
        jGMIvRcFLBQmzyPSmy7e4vJFrv4YwHQVDdVTTtN8Fco+e42uWYuBjNUCAwEAAQ==\n\
        -----END PUBLIC KEY-----\n";
    assert_eq!(
        PublicKey::from_pem("k", text).unwrap_err(),
        InvalidKey::Size(512)
    );
}

const P256_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE0pWFahtjkWAudtEWJmnkciShz2ZV\n\
    gR+GUIgRgaxVWWSnKkLAZDcSwaT/14J0/uc7m6lN2ACsqc/1zZGVwgIHWA==\n\
    -----END PUBLIC KEY-----\n";
const P256_SHA512: &str = "304402203adfa929699541dbe7e898a35062f81e519a0f64ae3ab28346ca44dfd7379474022073bc\
    759082b94b9af1217b9cd629c989c15220b4b99338fa91bbf680e9c05524";
const P384_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
    MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEdetrhSqF7zE4BR2MUaimF8oMkSNK2a4o\n\
    NnshmqUNDDtwhYMAtpg23ShtaQ03Jbqc6DU5EO4QR728rcn5F3hfv1kc9UpcsNaX\n\
    zYDsJVCgbMzvsvoD4IMqQSGh1Njef2wi\n\
    -----END PUBLIC KEY-----\n";

const TEST_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
    MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCiuKhW7ChOgBnDkcLYWGg69ODy\n\
    At2b8cQYFBbVKIYXZd2VdStudYpAR+1aZGto/gwCmeRWAzTZ7YvfiDF5nRKqmW2N\n\
    PJsF4gDPKqs/zg7cK/hqoU6EhPCEPuoYL27Gw4ExyoSKDzXaVNVbYb4fsvvmSGZ/\n\
    zo/z8Khwkr1YEUniqwIDAQAB\n\
    -----END PUBLIC KEY-----\n";
const SHA1: &str = "4d7e83b3df35779506075422655cb47e8c44503b8fab7bfd44d06de9cc58f4fd4421145c9b751056\
    e66eecfa82d7f7f47ba23d49a47460e71ab673bff10e48da11cd5a4d3137cc28f13956278dbfc9e6\
    7782e844d10449883787ab539c7f5cdabce860ef1c33075398259808f327f2644fc49eb25ee0e475\
    b4be7898a25ea5f0";
const SHA256: &str = "01210621eac0c6413e38923d523cd111a53f70b749b74661c4977f5a059e4ce97681d6fb5927597d\
    00440f4b949f97d2cc8e73c8730d67eae8b85501f9fd154bf0ee8ae37b23fdec7a08cc4e78256f61\
    5e58274a5fa64dac9df51d5702e823a04e662b0500fa035b9514a054bdd7e6ffc6de97a007e8ff50\
    7cca8766c87fcc46";
const SHA512: &str = "6ef781c3368609c6e9afc98f48d310f2f3a368e49f6ce1e475e679d961e44b805a4e63bf36dac2de\
    8be6fcf8db6ee36ffd75ea54e7ad7bc3055a92ab4a399ef4ef38876c2013ea07729d8feb6b9b2302\
    48e27ec349b965f7cb546b85c0c9fc5faa89db4c216574a4eee7ce95069797e99292e345bdd8544b\
    f506490402f2ddee";

/// A signature of each kind over `palisade\n`, by a key made for this test with openssl.
#[test]
fn each_kind_of_signature_is_checked() {
    let key = PublicKey::from_pem("test", TEST_KEY).unwrap();
    let message = &b"palisade\n"[..];
    for (algorithm, signature) in [
        (SignatureAlgorithm::RsaSha1, SHA1),
        (SignatureAlgorithm::RsaSha256, SHA256),
        (SignatureAlgorithm::RsaSha512, SHA512),
    ] {
        let signature = unhex(signature);
        assert_eq!(
            key.verify(algorithm, message, &signature),
            Ok(()),
            "{algorithm:?}"
        );
        let other = match algorithm {
            SignatureAlgorithm::RsaSha1 => SignatureAlgorithm::RsaSha256,
            _ => SignatureAlgorithm::RsaSha1,
        };
        for (algorithm, message, signature) in [
            (algorithm, &b"palisade"[..], &signature[..]),
            (other, message, &signature),
            (algorithm, message, &[]),
        ] {
            let bad = key.verify(algorithm, message, signature);
            assert_eq!(bad, Err(BadSignature));
        }
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .bytes()
        .map(|b| (b as char).to_digit(16).unwrap().try_into().unwrap())
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

proptest! {
    #[test]
    fn no_text_makes_a_key_panic(text in ".*", bytes: Vec<u8>) {
        let _ = PublicKey::from_pem("k", &text);
        let armoured = format!("-----BEGIN PUBLIC KEY-----\n{text}-----END PUBLIC KEY-----");
        let _ = PublicKey::from_pem("k", &armoured);
        let _ = PublicKey::from_pem("k", &String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_changed_key_panics(at in 0_usize..700, byte: u8) {
        if let Some(pem) = shared_data::bytes(&format!("alpine/apkindex/keys/{KEY}")) {
            let mut pem = pem;
            let at = at % pem.len();
            pem[at] = byte;
            if let Ok(key) = PublicKey::from_pem("k", &String::from_utf8_lossy(&pem)) {
                let _ = key.verify(SignatureAlgorithm::RsaSha1, b"", &pem);
            }
        }
    }
}
