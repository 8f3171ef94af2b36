//! Archives that the tests make themselves, byte by byte, each with one lie.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use palisade_review::{Budget, Kind, Tree, read_archive};

use crate::support::{paths, rules, tree};

const BLOCK: usize = 512;

/// A header of tar with a right checksum.
fn header(name: &str, kind: u8, size: usize, link: &str) -> Vec<u8> {
    let mut block = vec![0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, &[kind]);
    put(157, link.as_bytes());
    put(257, b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

/// Contents filled up to whole blocks.
fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut blocks = bytes.to_vec();
    blocks.resize(bytes.len().next_multiple_of(BLOCK), 0);
    blocks
}

fn member(name: &str, bytes: &[u8]) -> Vec<u8> {
    [header(name, b'0', bytes.len(), ""), padded(bytes)].concat()
}

fn extended(record: &str) -> Vec<u8> {
    let mut length = record.len() + 3;
    while format!("{length} {record}\n").len() != length {
        length = format!("{length} {record}\n").len();
    }
    let text = format!("{length} {record}\n");
    [header("pax", b'x', text.len(), ""), padded(text.as_bytes())].concat()
}

fn end() -> Vec<u8> {
    vec![0; 2 * BLOCK]
}

fn raised(parts: &[Vec<u8>]) -> (Tree, Vec<&'static str>) {
    let tree = tree(&parts.concat());
    let rules = rules(&tree);
    (tree, rules)
}

#[test]
fn a_plain_archive_raises_nothing() {
    let (tree, rules) = raised(&[member("a/x", b"one"), member("a/y", b"two"), end()]);
    assert_eq!(paths(&tree), ["x", "y"]);
    assert_eq!(tree.top.unwrap(), "a");
    assert_eq!(rules, [""; 0]);
}

#[test]
fn links_out_of_the_tree_are_told() {
    let link = |target| header("a/l", b'2', 0, target);
    for target in ["/etc/passwd", "../../x", "../x", "b/../../x"] {
        let (tree, rules) = raised(&[member("a/x", b"1"), link(target), end()]);
        assert_eq!(rules, ["symlink-escapes-tree"], "{target}");
        assert_eq!(tree.files[0].kind, Kind::Symlink(target.into()));
    }
    let (_, rules) = raised(&[member("a/x", b"1"), link("x"), end()]);
    assert_eq!(rules, [""; 0]);
}

#[test]
fn writing_through_a_link_is_told() {
    let link = header("a/l", b'2', 0, "/tmp");
    let (_, rules) = raised(&[link, member("a/l/x", b"1"), end()]);
    assert!(rules.contains(&"through-symlink"), "{rules:?}");
}

#[test]
fn names_that_differ_in_composition_only_are_twins() {
    let (_, rules) = raised(&[
        member("caf\u{e9}", b"1"),
        member("cafe\u{301}", b"2"),
        end(),
    ]);
    assert_eq!(rules, ["case-twins"]);
}

#[test]
fn an_archive_behind_the_end_is_told() {
    let first = [member("a", b"1"), end()].concat();
    let (tree, rules) = raised(&[first, member("b", b"2"), end()]);
    assert_eq!(rules, ["second-archive"]);
    assert_eq!(paths(&tree), ["a"]);
}

#[test]
fn an_archive_hidden_by_a_disputed_size_stays_hidden() {
    let inner = [member("smuggled.sh", b"evil"), end()].concat();
    let (tree, rules) = raised(&[
        extended(&format!("size={}", inner.len())),
        header("inner.tar", b'0', 0, ""),
        padded(&inner),
        member("after.txt", b"after"),
        end(),
    ]);
    assert_eq!(paths(&tree), ["after.txt", "inner.tar"]);
    assert_eq!(tree.files[1].content.bytes.len(), inner.len());
    assert_eq!(rules, ["size-disagreement"]);
}

#[test]
fn what_hides_in_the_padding_is_told() {
    let mut archive = [member("a", b"1"), end()].concat();
    archive[BLOCK + 100] = b'!';
    assert_eq!(rules(&tree(&archive)), ["nonzero-padding"]);
}

#[test]
fn names_that_control_or_turn_around_are_told() {
    for name in [
        "a\u{202e}cod.exe",
        "a\u{1b}[2J",
        "a\nb",
        "a\u{200b}b",
        " a",
        "a\u{2066}b",
    ] {
        let (_, rules) = raised(&[member(name, b"1"), end()]);
        assert_eq!(rules, ["odd-file-name"], "{name:?}");
    }
}

#[test]
fn an_archive_cut_short_shows_what_was_read() {
    let whole = [member("a", b"1"), member("b", &[7; 5000])].concat();
    let tree = tree(&whole[..2000]);
    assert_eq!(paths(&tree), ["a"]);
    assert!(rules(&tree).contains(&"truncated"), "{:?}", tree.signals);
}

#[test]
fn a_name_does_not_begin_anew_because_it_says_so() {
    let (_, rules) = raised(&[member("a/../../x!/b", b"one"), end()]);
    assert_eq!(rules, ["parent-name"]);
    let inner = [member("a", b"one"), end()].concat();
    let (tree, rules) = raised(&[member("x/in.tar", &inner), end()]);
    assert_eq!(paths(&tree), ["in.tar", "in.tar!/a"]);
    assert_eq!(rules, [""; 0]);
}

#[test]
fn one_file_under_two_spellings_is_told() {
    let (tree, rules) = raised(&[member("x/a/b", b"one"), member("x/a/.//b", b"two"), end()]);
    assert_eq!(paths(&tree), ["a/b", "a/b"]);
    assert_eq!(rules, ["duplicate-name"]);
}

#[test]
fn very_many_broken_archives_within_are_told_often_enough() {
    let broken = |number: usize| member(&format!("x/{number}.gz"), b"\x1f\x8b\x08broken");
    let parts: Vec<Vec<u8>> = (0..300).map(broken).chain([end()]).collect();
    let (tree, _) = raised(&parts);
    assert_eq!(tree.files.len(), 300);
    assert_eq!(tree.signals.len(), 100, "{:?}", tree.signals[0]);
}

#[test]
fn names_count_as_bytes_that_are_kept() {
    let budget = Budget {
        expanded: 200,
        ..Budget::default()
    };
    let long = |end: &str| member(&format!("x/{}{end}", "a".repeat(80)), b"");
    let archive = [long("1"), long("2"), long("3"), end()].concat();
    let tree = read_archive("made", &*archive, &budget).unwrap();
    assert!(rules(&tree).contains(&"too-large"), "{:?}", tree.signals);
}

#[test]
fn a_name_without_end_is_not_followed_through_links() {
    let deep = format!("path=x/{}y", "a/".repeat(500_000));
    let (_, rules) = raised(&[
        header("x/l", b'2', 0, "b"),
        extended(&deep),
        member("x/y", b"one"),
        end(),
    ]);
    assert_eq!(rules, ["too-deep"]);
}

/// A zip of one stored member, by its two names.
fn zip(local: &str, central: &str, flags: u16) -> Vec<u8> {
    let bytes = b"contents";
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    let facts = |flags: u16| {
        let size = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        let flags = flags.to_le_bytes();
        let rest: [&[u8]; 6] = [&flags, &[0; 6], &sum.sum().to_le_bytes(), &size, &size, &[]];
        rest.concat()
    };
    let length = |name: &str| u16::try_from(name.len()).unwrap().to_le_bytes();
    let mut zip = [
        b"PK\x03\x04\x14\0",
        &facts(flags)[..],
        &length(local),
        &[0; 2],
    ]
    .concat();
    zip.extend_from_slice(local.as_bytes());
    zip.extend_from_slice(bytes);
    let start = u32::try_from(zip.len()).unwrap();
    let head = [
        b"PK\x01\x02\x14\x03\x14\0",
        &facts(flags)[..],
        &length(central),
    ]
    .concat();
    zip.extend_from_slice(&head);
    zip.extend_from_slice(&[0; 8]);
    zip.extend_from_slice(&(0o100_644_u32 << 16).to_le_bytes());
    zip.extend_from_slice(&[0; 4]);
    zip.extend_from_slice(central.as_bytes());
    let directory = u32::try_from(zip.len()).unwrap() - start;
    zip.extend_from_slice(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    zip.extend_from_slice(&directory.to_le_bytes());
    zip.extend_from_slice(&start.to_le_bytes());
    zip.extend_from_slice(&[0; 2]);
    zip
}

#[test]
fn a_plain_zip_raises_nothing() {
    let tree = tree(&zip("a.txt", "a.txt", 0));
    assert_eq!(rules(&tree), [""; 0], "{:?}", tree.signals);
    assert_eq!(paths(&tree), ["a.txt"]);
    assert_eq!(&*tree.files[0].content.bytes, b"contents");
    assert_eq!(tree.files[0].mode, 0o644);
}

#[test]
fn headers_of_a_zip_that_disagree_are_told() {
    assert_eq!(
        rules(&tree(&zip("a.txt", "b.txt", 0))),
        ["zip-headers-disagree"]
    );
}

#[test]
fn an_encrypted_member_is_told() {
    assert_eq!(rules(&tree(&zip("a", "a", 1))), ["encrypted-member"]);
}

#[test]
fn what_stands_around_a_zip_is_told() {
    let behind = [zip("a", "a", 0), b"more".to_vec()].concat();
    assert_eq!(rules(&tree(&behind)), ["trailing-data"]);
    let two = [zip("a", "a", 0), zip("b", "b", 0)].concat();
    let rules = rules(&tree(&two));
    assert!(rules.contains(&"second-archive"), "{rules:?}");
}

#[test]
fn what_stands_between_a_zips_directory_and_its_end_is_told() {
    let mut zip = zip("a", "a", 0);
    let end = zip.len() - 22;
    zip.splice(end..end, *b"more");
    assert_eq!(rules(&tree(&zip)), ["trailing-data"]);
}

#[test]
fn a_folder_with_contents_is_told() {
    assert_eq!(rules(&tree(&zip("d/", "d/", 0))), ["size-disagreement"]);
}

/// A zip that lists one member, which grows out of all proportion, so many times.
fn many_bombs(times: u16) -> Vec<u8> {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&vec![0; 20 << 20]).unwrap();
    let packed = packed.finish().unwrap();
    let sizes = [u32::try_from(packed.len()).unwrap(), 20 << 20];
    let sizes: Vec<u8> = sizes.into_iter().flat_map(u32::to_le_bytes).collect();
    let facts = [&b"\0\0\x08\0\0\0\0\0\0\0\0\0"[..], &sizes, b"\x01\0\0\0"].concat();
    let mut zip = [b"PK\x03\x04\x14\0", &facts[..], b"a", &packed].concat();
    let start = u32::try_from(zip.len()).unwrap();
    for _ in 0..times {
        zip.extend([b"PK\x01\x02\x14\0\x14\0", &facts[..], &[0; 14], b"a"].concat());
    }
    let directory = u32::try_from(zip.len()).unwrap() - start;
    let ends = [directory.to_le_bytes(), start.to_le_bytes()].concat();
    let times = times.to_le_bytes();
    zip.extend([b"PK\x05\x06\0\0\0\0", &times[..], &times, &ends, &[0; 2]].concat());
    zip
}

#[test]
fn what_grows_out_of_proportion_counts_although_it_is_thrown_away() {
    let budget = Budget {
        expanded: 64 << 20,
        ..Budget::default()
    };
    let tree = read_archive("made", &*many_bombs(2000), &budget).unwrap();
    let rules = rules(&tree);
    assert!(
        rules.contains(&"ratio") && rules.contains(&"too-large"),
        "{rules:?}"
    );
}

#[test]
fn entries_that_took_no_bytes_are_no_source() {
    let members = |count: u32| -> Vec<u8> {
        let all = (0..count).flat_map(|number| member(&format!("a/{number}"), b"x\n"));
        all.chain(end()).collect()
    };
    let budget = Budget {
        entry_bytes_from: 100,
        ..Budget::default()
    };
    let told = |bytes: &[u8]| rules(&read_archive("made", bytes, &budget).unwrap());
    let packed = |count| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&members(count)).unwrap();
        encoder.finish().unwrap()
    };
    assert!(!told(&packed(100)).contains(&"too-many-entries"));
    assert!(told(&packed(2000)).contains(&"too-many-entries"));
    assert!(
        !told(&members(2000)).contains(&"too-many-entries"),
        "not compressed"
    );
}

#[test]
fn no_damage_is_more_than_a_signal() {
    let archive = [
        member("a/x", b"one"),
        extended("size=3"),
        member("a/y", b"two"),
        end(),
    ]
    .concat();
    let nested = [member("n/in.zip", &zip("a", "a", 0)), end()].concat();
    // A plain congruential generator: the same damage each time.
    let mut state = 1_u64;
    let mut next = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    for whole in [archive, nested, zip("a.txt", "a.txt", 8)] {
        for _ in 0..1500 {
            let mut bytes = whole.clone();
            for _ in 0..=next(4) {
                let at = next(bytes.len());
                bytes[at] = [0, 0xff, 0x7f, b'7', b'/'][next(5)];
            }
            bytes.truncate(bytes.len() - next(4) * next(bytes.len() / 4));
            let read = tree(&bytes);
            assert!(read.files.len() <= 8, "{:?}", paths(&read));
        }
    }
}
