//! Documents that are broken, or made to do harm.

use std::sync::LazyLock;

use super::*;

/// A document of one block of values, whose first eight bytes are put in.
fn document(schema: [u8; 4], root: u32, rest: &[u8]) -> Vec<u8> {
    let values = [&[0; 4], &root.to_le_bytes()[..], rest].concat();
    stream(schema, &[(0, &values)])
}

pub(super) fn stream(schema: [u8; 4], blocks: &[(u32, &[u8])]) -> Vec<u8> {
    let mut bytes = [*b"ADB.", schema].concat();
    for (kind, payload) in blocks {
        let size = u32::try_from(payload.len() + 4).unwrap();
        bytes.extend((kind << 30 | size).to_le_bytes());
        bytes.extend(*payload);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
    }
    bytes
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn reason(bytes: &[u8]) -> String {
    malformed(read_leniently(bytes).0)
}

/// An index and a package of each compression, signed by [`Pair`].
static SMALL_DOCUMENTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let (manifest, contents) = small_package();
    let pair = Pair::new();
    let sign = |message: &[u8]| pair.sign(message);
    let signer = || Signer {
        id: *pair.public.id(),
        sign: &sign,
    };
    let documents = COMPRESSIONS.map(|compression| {
        let index = write_index(&small_index(), &[signer()], compression).unwrap();
        let package = write_package(&manifest, &contents, &[signer()], compression).unwrap();
        [index, package]
    });
    documents.into_iter().flatten().collect()
});

#[test]
fn whatever_is_cut_off_is_missed() {
    let keys = [Pair::new().public];
    for bytes in &*SMALL_DOCUMENTS {
        let whole = read(bytes, &strict(&keys)).unwrap();
        assert_eq!(whole.signed_by.as_deref(), Some("ours.pub"));
        for end in 0..bytes.len() {
            let cut = read_database("x", &mut &bytes[..end], &strict(&keys), &mut |_| {});
            assert!(cut.is_err(), "{end} of {}", bytes.len());
        }
    }
}

#[test]
fn whatever_is_cut_off_of_apks_own_is_missed() {
    let (Some(rsa), Some(ec)) = (key("test-rsa4096.rsa.pub"), key("test-p256.pub")) else {
        return;
    };
    let keys = [rsa, ec];
    for file in [
        "Packages.adb",
        "hello-none.apk",
        "hello-2sigs.apk",
        "hello-zstd.apk",
    ] {
        let bytes = shared_data::bytes(&format!("alpine/adb-v3/{file}")).unwrap();
        for end in 0..bytes.len() {
            let cut = read_database("x", &mut &bytes[..end], &strict(&keys), &mut |_| {});
            assert!(cut.is_err(), "{file}: {end}");
        }
    }
}

/// A changed byte is found out, unless it changes nothing: it fills up a block, or says the same
/// in the terms of the compression.
#[test]
fn whatever_is_changed_is_found_out() {
    let pair = Pair::new();
    let keys = [pair.public.clone()];
    for bytes in &*SMALL_DOCUMENTS {
        let whole = read(bytes, &strict(&keys)).unwrap();
        let mut unnoticed = 0;
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 0x10;
            match read_database("x", &mut &*changed, &strict(&keys), &mut |_| {}) {
                Err(_) => {}
                Ok(read) => {
                    assert_eq!(read, whole, "{place}");
                    unnoticed += 1;
                }
            }
        }
        assert!(unnoticed < 32, "{unnoticed}");
    }
}

#[test]
fn a_bad_signature_is_an_error_and_a_strangers_is_told() {
    let pair = Pair::new();
    let keys = [pair.public.clone()];
    let lenient = InventoryContext {
        keys: &keys,
        require_signature: false,
    };
    let sign = |signature: Vec<u8>, id| {
        let sign = move |_: &[u8]| Some(signature.clone());
        let signer = Signer { id, sign: &sign };
        write_index(&small_index(), &[signer], Compression::None).unwrap()
    };
    let bad = sign(pair.sign(b"something else").unwrap(), *pair.public.id());
    assert_eq!(
        malformed(read(&bad, &lenient)),
        "the signature by \"ours.pub\" is bad"
    );
    let no_signature = sign(vec![1, 2, 3], *pair.public.id());
    assert!(read(&no_signature, &lenient).is_err());
    // Without keys nothing is checked.
    let unchecked = read(&bad, &InventoryContext::default()).unwrap();
    assert_eq!(unchecked.content, Content::Index(small_index()));
    assert_eq!(unchecked.signed_by, None);

    let strange = sign(vec![1, 2, 3], [0xab; 16]);
    assert_eq!(
        malformed(read_database(
            "x",
            &mut &*strange,
            &strict(&keys),
            &mut |_| {}
        )),
        "a signature of a known key is required; it is signed by others"
    );
    let mut rejects = Vec::new();
    let read_strange =
        read_database("x", &mut &*strange, &lenient, &mut |it| rejects.push(it)).unwrap();
    assert_eq!(read_strange.signed_by, None);
    assert_eq!(
        rejects[0].reason,
        "it is signed by the key abababababababababababababababab, which is none that was given"
    );
    let unsigned = write_index(&small_index(), &[], Compression::None).unwrap();
    assert_eq!(
        malformed(read(&unsigned, &strict(&keys))),
        "it is not signed, and a signature is required"
    );
}

#[test]
fn a_signature_of_another_version_counts_as_none() {
    let pair = Pair::new();
    let values = [0; 8];
    let mut signature = vec![1, 4];
    signature.extend(pair.public.id());
    let bytes = stream(*b"indx", &[(0, &values), (1, &signature)]);
    let keys = [pair.public];
    let lenient = InventoryContext {
        keys: &keys,
        require_signature: false,
    };
    let mut rejects = Vec::new();
    let database = read_database("x", &mut &*bytes, &lenient, &mut |it| rejects.push(it)).unwrap();
    assert_eq!(database.signed_by, None);
    assert_eq!(
        rejects[0].reason,
        "a signature is of version 1 with hash 4, and was not checked"
    );
    let short = stream(*b"indx", &[(0, &values), (1, &[0, 4, 1])]);
    assert_eq!(
        malformed(read(&short, &lenient)),
        "a signature is smaller than its own head"
    );
}

#[test]
fn streams_that_are_none_are_refused() {
    let values = [0; 8];
    let many = [&[(0, &values[..])][..], &[(1, &values[..]); 17]].concat();
    for (bytes, expected) in [
        (b"".to_vec(), "it ends early"),
        (b"\x1f\x8b\x08\0".to_vec(), "it is no ADB"),
        (b"ADBx....".to_vec(), "it is no ADB"),
        (
            b"ADBc\x07\x01....".to_vec(),
            "its compression is not known: 7",
        ),
        (
            b"ADBc\x00\x01ADBd".to_vec(),
            "it has no ADB under its compression",
        ),
        (b"ADB.nope".to_vec(), "its schema is not known: nope"),
        (b"ADB.indx".to_vec(), "it does not begin with its values"),
        (
            stream(*b"indx", &[(1, &values)]),
            "it does not begin with its values",
        ),
        (
            stream(*b"indx", &[(0, &values), (0, &values)]),
            "it has several blocks of values",
        ),
        (
            stream(*b"indx", &[(0, &values), (2, &values)]),
            "it has contents, which only packages have",
        ),
        (
            stream(*b"pckg", &[(0, &[0; 4])]),
            "its block of values has no head",
        ),
        (
            stream(*b"indx", &[(0, &[1; 8])]),
            "its values are of a version that is not known",
        ),
        (stream(*b"indx", &many), "it has more than 16 signatures"),
        (
            b"ADB.indx\x03\0\0\0\0\0\0\0".to_vec(),
            "a block is smaller than its own head",
        ),
        (b"ADB.indx\x40\0\0\0\0\0\0\0".to_vec(), "it ends early"),
        (
            b"ADB.indx\x07\0\0\xc0\0\0\0\0\x18\0\0\0\0\0\0\0".to_vec(),
            "it has a block of unknown type 7",
        ),
    ] {
        assert_eq!(reason(&bytes), expected, "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_block_may_have_a_long_head() {
    let plain = write_index(&small_index(), &[], Compression::None).unwrap();
    let size = u64::from(u32::from_le_bytes(plain[8..12].try_into().unwrap())) + 12;
    let mut long = plain[..8].to_vec();
    long.extend(words(&[3 << 30, 0]));
    long.extend(size.to_le_bytes());
    long.extend(&plain[12..]);
    long.resize(long.len().next_multiple_of(8), 0);
    assert_eq!(content(&long), content(&plain));
    let mut endless = plain[..8].to_vec();
    endless.extend(words(&[3 << 30, 0, u32::MAX, u32::MAX]));
    let read = read_leniently(&endless).0;
    assert!(matches!(read, Err(ReadError::Limit { .. })), "{read:?}");
}

#[test]
fn packages_that_make_no_sense_are_passed_over() {
    // An index, its packages, and one package that has name and version; then broken ones.
    let rest = [
        words(&[3, 0, 0xe000_0014, 9, 0xe000_0038]),
        words(&[
            0xe000_0038,
            0xe0ff_ffff,
            0x1000_0001,
            0xe000_0044,
            0xe000_0050,
        ]),
        words(&[0xe000_003c, 0]),
        words(&[
            3,
            0x8000_005c,
            0x8000_005e,
            3,
            0,
            0x8000_005e,
            3,
            0x8000_005c,
            0x8000_0060,
        ]),
        b"\x01a\x011\x02 2\0".to_vec(),
    ]
    .concat();
    let bytes = document(*b"indx", 0xe000_0008, &rest);
    let (read, rejects) = read_leniently(&bytes);
    let Content::Index(index) = read.unwrap().content else {
        panic!("no index")
    };
    let names: Vec<_> = index.packages.iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["a", "a"]);
    let reasons: Vec<_> = rejects
        .iter()
        .map(|reject| {
            assert!(!reject.mended);
            let Place::Index(place) = reject.place else {
                panic!("{reject}")
            };
            (place, reject.id.as_deref().unwrap_or("?"), &*reject.reason)
        })
        .collect();
    assert_eq!(
        reasons,
        [
            (2, "?", "a value lies outside its block"),
            (3, "?", "a value is no object where one belongs"),
            (4, "?", "it has no name"),
            (
                5,
                "a",
                "its name or version has blanks or control characters"
            ),
            (6, "?", "a value lies outside its block"),
            (7, "?", "it has no name"),
        ]
    );
}

#[test]
fn values_that_refer_to_each_other_do_not_multiply() {
    // 60,000 packages with the same 60,000 dependencies.
    let count = 60_000_u32;
    let mut rest = words(&[3, 0, 0xe000_0014]);
    rest.extend(words(&[count + 1]));
    rest.extend(words(&[0xe000_0000 | (0x18 + 4 * count)]).repeat(count as usize));
    let package = 0x18 + 4 * count;
    let list = package + 64;
    let dependency = list + 4 + 4 * count;
    let mut members = vec![
        16,
        0x8000_0000 | (dependency + 8),
        0x8000_0000 | (dependency + 8),
    ];
    members.resize(15, 0);
    members.push(0xe000_0000 | list);
    rest.extend(words(&members));
    rest.extend(words(&[count + 1]));
    rest.extend(words(&[0xe000_0000 | dependency]).repeat(count as usize));
    rest.extend(words(&[2, 0x8000_0000 | (dependency + 8)]));
    rest.extend(b"\x01a");
    let bytes = document(*b"indx", 0xe000_0008, &rest);
    let (read, rejects) = read_leniently(&bytes);
    assert_eq!(rejects, []);
    assert!(matches!(read, Err(ReadError::Limit { .. })), "{read:?}");
}

#[test]
fn paths_do_not_lead_out_of_a_package() {
    let (manifest, contents) = small_package();
    let write =
        |manifest: &Manifest| write_package(manifest, &contents, &[], Compression::None).unwrap();
    for path in ["/etc", "..", "usr/../..", "usr//bin", "usr/", ".", "a\0b"] {
        let mut manifest = manifest.clone();
        manifest.directories[1].path = path.into();
        let expected = "the path of a directory leads elsewhere";
        assert_eq!(reason(&write(&manifest)), expected, "{path:?}");
    }
    for name in ["", "..", ".", "a/b", "/a", "a\0b"] {
        let mut manifest = manifest.clone();
        manifest.directories[1].files[0].name = name.into();
        let expected = "the name of a file leads elsewhere";
        assert_eq!(reason(&write(&manifest)), expected, "{name:?}");
    }
}

#[test]
fn contents_are_what_the_list_of_files_says() {
    let (manifest, contents) = small_package();
    let bytes = write_package(&manifest, &contents, &[], Compression::None).unwrap();
    // The values, and the two contents behind them.
    let size = u32::from_le_bytes(bytes[8..12].try_into().unwrap()) as usize;
    let start = (8 + size).next_multiple_of(8);
    let (front, data) = bytes.split_at(start);
    let (one, other) = data.split_at(24);
    let changed = |place: usize, value: u8| {
        let mut bytes = bytes.clone();
        bytes[start + place] = value;
        reason(&bytes)
    };
    assert_eq!(
        changed(12, b'C'),
        "the content of usr/bin/demo is not what the list of files says"
    );
    assert_eq!(
        changed(4, 3),
        "the content of usr/bin/demo is another file's"
    );
    assert_eq!(
        changed(8, 2),
        "the content of usr/bin/demo is another file's"
    );
    assert_eq!(
        changed(0, 18),
        "the content of usr/bin/demo is not where it belongs"
    );
    assert_eq!(
        reason(front),
        "the content of usr/bin/demo is not where it belongs"
    );
    let last = [front, one].concat();
    assert_eq!(
        reason(&last),
        "the content of usr/lib/x is not where it belongs"
    );
    let swapped = [front, other, one].concat();
    assert_eq!(
        reason(&swapped),
        "the content of usr/bin/demo is another file's"
    );
    let twice = [front, one, other, other].concat();
    assert_eq!(reason(&twice), "it has a block that nothing asks for");
    let signed_late = [front, one, other, &stream(*b"pckg", &[(1, &[0; 20])])[8..]].concat();
    assert_eq!(reason(&signed_late), "it has a block that nothing asks for");
}

#[test]
fn nothing_stands_behind_a_compressed_stream() {
    for compression in [Compression::Deflate, Compression::Zstd(1)] {
        let mut bytes = write_index(&small_index(), &[], compression).unwrap();
        bytes.extend([0; 8]);
        assert!(read_leniently(&bytes).0.is_err(), "{compression:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
        let _ = read_leniently(&bytes);
        for schema in [*b"indx", *b"pckg", *b"idb\0"] {
            let _ = read_leniently(&[&b"ADB."[..], &schema, &bytes].concat());
            let _ = read_leniently(&stream(schema, &[(0, &bytes)]));
        }
    }

    #[test]
    fn no_values_make_the_reader_panic(values in prop::collection::vec(
        prop_oneof![0_u32..40, (8_u32..15, 0_u32..160).prop_map(|(tag, place)| tag << 28 | place)],
        2..40,
    )) {
        for schema in [*b"indx", *b"pckg", *b"idb\0"] {
            let _ = read_leniently(&document(schema, values[0], &words(&values[1..])));
        }
    }

    #[test]
    fn no_changed_document_panics(
        which in 0_usize..6,
        at: prop::sample::Index,
        word: u32,
        cut: prop::sample::Index,
    ) {
        let mut bytes = SMALL_DOCUMENTS[which].clone();
        let at = at.index(bytes.len() - 4);
        bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
        let _ = read_leniently(&bytes);
        let _ = read_leniently(&bytes[..cut.index(bytes.len())]);
    }
}
