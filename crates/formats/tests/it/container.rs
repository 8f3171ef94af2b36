//! Compression and archives, sound and damaged.

use std::io::{Cursor, Read, Write};

use palisade_formats::container::{
    Expansion, decompress, decompress_within, for_each_document, for_each_document_within,
};
use palisade_formats::{ReadError, Reject};
use proptest::prelude::*;
use tar::{Builder, EntryType, Header};

use crate::support::real;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut writer = liblzma::write::XzEncoder::new(Vec::new(), 1);
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

type Pack = fn(&[u8]) -> Vec<u8>;

const PACKERS: [Pack; 3] = [gzip, xz, zstd];

fn unpack(bytes: &[u8]) -> Result<Vec<u8>, std::io::Error> {
    let mut out = Vec::new();
    let mut reader = decompress("d", bytes).map_err(std::io::Error::other)?;
    reader.read_to_end(&mut out).map(|_| out)
}

/// Something that does not compress to nothing.
fn text() -> Vec<u8> {
    (0..5000_u32)
        .flat_map(|n| format!("{}\n", n.wrapping_mul(2_654_435_761)).into_bytes())
        .collect()
}

#[test]
fn every_compression_is_seen_through() {
    let text = text();
    assert_eq!(unpack(&text).unwrap(), text);
    assert_eq!(unpack(b"").unwrap(), b"");
    for pack in PACKERS {
        assert_eq!(unpack(&pack(&text)).unwrap(), text);
        assert_eq!(unpack(&pack(b"")).unwrap(), b"");
    }
}

#[test]
fn members_streams_and_frames_follow_each_other() {
    for pack in PACKERS {
        let packed = [pack(b"one "), pack(b"two "), pack(b"three")].concat();
        assert_eq!(unpack(&packed).unwrap(), b"one two three");
    }
}

#[test]
fn skippable_zstd_frames_are_skipped() {
    let skippable = [0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 7, 7];
    assert_eq!(
        unpack(&[&skippable[..], &zstd(b"text")].concat()).unwrap(),
        b"text"
    );
}

#[test]
fn two_layers_are_seen_through_and_a_third_is_not() {
    assert_eq!(unpack(&gzip(&zstd(b"text"))).unwrap(), b"text");
    let thrice = xz(&gzip(&zstd(b"text")));
    let error = decompress("d", &thrice[..]).err().unwrap();
    assert_eq!(
        error.to_string(),
        "read d: it is compressed more than twice"
    );
}

#[test]
fn a_cut_stream_is_an_error_wherever_it_is_cut() {
    let text = &text()[..2000];
    for pack in PACKERS {
        let packed = pack(text);
        // Below six bytes nothing tells that it was compressed at all.
        for length in 6..packed.len() {
            assert!(
                unpack(&packed[..length]).is_err(),
                "cut at {length} of {}",
                packed.len()
            );
        }
        let two = [packed.clone(), packed.clone()].concat();
        for length in (packed.len() + 1)..two.len() {
            assert!(unpack(&two[..length]).is_err(), "second cut at {length}");
        }
    }
}

#[test]
fn a_checksum_behind_the_text_is_checked() {
    for pack in [gzip, xz] {
        let mut packed = pack(b"text");
        let at = packed.len() - if packed[0] == 0x1f { 6 } else { 40 };
        packed[at] ^= 1;
        // The visitor reads nothing at all, and the damage shows all the same.
        let visited =
            for_each_document("d", &packed[..], &|_| true, &mut |_, _| Ok(()), &mut |_| {});
        assert!(visited.is_err());
    }
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let limit = Expansion {
        bytes: 1 << 20,
        ..Expansion::default()
    };
    let zeros = vec![0; (1 << 20) + 1];
    for pack in PACKERS {
        let bomb = pack(&zeros);
        assert!(bomb.len() < 3000);
        let mut reader = decompress_within(limit, "d", &bomb[..]).unwrap();
        let error = reader.read_to_end(&mut Vec::new()).unwrap_err();
        assert!(
            error.to_string().contains("more than 1048576 bytes"),
            "{error}"
        );

        let mut visit = |name: &str, reader: &mut dyn Read| {
            let read = reader.read_to_end(&mut Vec::new());
            read.map(drop).map_err(|source| ReadError::Io {
                document: name.into(),
                source,
            })
        };
        let result =
            for_each_document_within(limit, "d", &bomb[..], &|_| true, &mut visit, &mut |_| {});
        assert!(
            matches!(
                result,
                Err(ReadError::Limit {
                    limit: 1_048_576,
                    ..
                })
            ),
            "{result:?}"
        );

        let exact = pack(&zeros[1..]);
        let mut reader = decompress_within(limit, "d", &exact[..]).unwrap();
        assert_eq!(reader.read_to_end(&mut Vec::new()).unwrap(), 1 << 20);
    }
}

#[test]
fn a_window_beyond_the_limit_is_refused() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(28).unwrap();
    encoder.include_contentsize(false).unwrap();
    encoder.write_all(b"text").unwrap();
    assert!(unpack(&encoder.finish().unwrap()).is_err());
}

/// Documents by their names.
type Documents = Vec<(String, String)>;

/// Visits, and tells the documents and what was passed over.
fn walk(bytes: &[u8]) -> Result<(Documents, Vec<Reject>), ReadError> {
    let mut documents = Vec::new();
    let mut rejects = Vec::new();
    let mut visit = |name: &str, reader: &mut dyn Read| {
        let mut text = String::new();
        let read = reader.read_to_string(&mut text);
        read.map_err(|source| ReadError::Io {
            document: name.to_owned(),
            source,
        })?;
        documents.push((name.to_owned(), text));
        Ok(())
    };
    let wanted = |name: &str| !name.ends_with("skipped");
    for_each_document("a.tar", bytes, &wanted, &mut visit, &mut |reject| {
        rejects.push(reject);
    })?;
    Ok((documents, rejects))
}

fn names(documents: &[(String, String)]) -> Vec<&str> {
    documents.iter().map(|(name, _)| name.as_str()).collect()
}

fn add(builder: &mut Builder<Vec<u8>>, name: &str, data: &str) {
    let mut header = Header::new_gnu();
    header.set_size(data.len() as u64);
    header.set_mode(0o644);
    builder
        .append_data(&mut header, name, data.as_bytes())
        .unwrap();
}

/// Adds an entry whose name the builder would refuse.
fn add_odd(builder: &mut Builder<Vec<u8>>, name: &str, kind: EntryType) {
    let mut header = Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(0);
    if kind.is_symlink() || kind.is_hard_link() {
        header.set_link_name("target").unwrap();
    }
    header.set_cksum();
    builder.append(&header, std::io::empty()).unwrap();
}

fn archive(fill: impl FnOnce(&mut Builder<Vec<u8>>)) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    fill(&mut builder);
    builder.into_inner().unwrap()
}

#[test]
fn a_plain_document_is_its_own_and_only_one() {
    let (documents, _) = walk(&gzip(b"text")).unwrap();
    assert_eq!(documents, [("a.tar".to_owned(), "text".to_owned())]);
}

#[test]
fn regular_members_are_visited_and_others_named() {
    let long = format!("{}/end", "long/".repeat(60));
    let tar = archive(|b| {
        add(b, "./main/foo", "foo");
        add(b, &long, "long");
        add(b, "x-skipped", "skipped");
        add_odd(b, "dir/", EntryType::Directory);
        add_odd(b, "link", EntryType::Symlink);
        add_odd(b, "hard", EntryType::Link);
        add_odd(b, "../up", EntryType::Regular);
        add_odd(b, "/abs", EntryType::Regular);
        add_odd(b, "a/../../b", EntryType::Regular);
        add_odd(b, "back\\slash", EntryType::Regular);
        add_odd(b, "null", EntryType::Char);
        add(b, "last", "");
    });
    let (documents, rejects) = walk(&xz(&tar)).unwrap();
    assert_eq!(
        names(&documents),
        ["a.tar!main/foo", &*format!("a.tar!{long}"), "a.tar!last"]
    );
    assert_eq!(documents[1].1, "long");
    let rejects: Vec<&str> = rejects
        .iter()
        .map(|reject| reject.document.as_str())
        .collect();
    let expected = [
        "link",
        "hard",
        "../up",
        "/abs",
        "a/../../b",
        "back\\\\slash",
        "null",
    ];
    assert_eq!(rejects, expected.map(|name| format!("a.tar!{name}")));
}

#[test]
fn archives_behind_each_other_are_one() {
    let first = archive(|b| add(b, "one", "1"));
    let second = archive(|b| add(b, "two", "2"));
    let padded = [&first[..], &[0; 20 * 512], &second, &[0; 10 * 512]].concat();
    assert_eq!(names(&walk(&padded).unwrap().0), ["a.tar!one", "a.tar!two"]);
    let members = [gzip(&first), gzip(&second)].concat();
    assert_eq!(
        names(&walk(&members).unwrap().0),
        ["a.tar!one", "a.tar!two"]
    );
    // As apk's packages are: the first without an end mark.
    let fragment = [gzip(&first[..1024]), gzip(&second)].concat();
    assert_eq!(
        names(&walk(&fragment).unwrap().0),
        ["a.tar!one", "a.tar!two"]
    );
}

#[test]
fn a_cut_archive_is_an_error_wherever_it_is_cut() {
    let tar = archive(|b| {
        add(b, "one", "1");
        add(b, "two", &"2".repeat(700));
    });
    for length in (512..tar.len() - 1).step_by(64) {
        assert!(
            walk(&tar[..length]).is_err(),
            "cut at {length} of {}",
            tar.len()
        );
    }
}

fn pax(records: &[(&str, &[u8])], header_size: u64, data: &[u8]) -> Vec<u8> {
    archive(|b| {
        let records = records.iter().copied();
        b.append_pax_extensions(records).unwrap();
        let mut header = Header::new_ustar();
        header.set_path("short").unwrap();
        header.set_size(header_size);
        header.set_cksum();
        b.append(&header, data).unwrap();
    })
}

#[test]
fn pax_paths_count_and_lines_in_other_values_do_no_harm() {
    let tar = pax(
        &[
            ("SCHILY.xattr.user.x", b"a\nb=c\n"),
            ("path", "lång/name".as_bytes()),
        ],
        1,
        b"x",
    );
    assert_eq!(names(&walk(&tar).unwrap().0), ["a.tar!lång/name"]);
}

#[test]
fn a_member_of_two_sizes_is_an_error() {
    let tar = pax(&[("size", b"512")], 0, b"");
    assert_eq!(
        walk(&tar).unwrap_err().to_string(),
        "read a.tar: the member short has two different sizes"
    );
    assert!(walk(&pax(&[("size", b"1")], 1, b"x")).is_ok());
}

#[test]
fn sparse_and_unreadable_members_are_only_named() {
    for records in [
        &[("GNU.sparse.major", &b"1"[..])][..],
        &[("size", &b"x"[..])],
    ] {
        let (documents, rejects) = walk(&pax(records, 1, b"x")).unwrap();
        assert!(documents.is_empty());
        assert_eq!(rejects.len(), 1);
    }
}

#[test]
fn a_name_of_any_length_costs_little() {
    let tar = archive(|b| {
        let mut header = Header::new_gnu();
        header.set_path("././@LongLink").unwrap();
        header.set_entry_type(EntryType::GNULongName);
        header.set_size(1 << 20);
        header.set_cksum();
        b.append(&header, std::io::repeat(b'x').take(1 << 20))
            .unwrap();
        add(b, "named-too-long", "");
        add(b, "next", "");
    });
    let (documents, rejects) = walk(&tar).unwrap();
    assert_eq!(names(&documents), ["a.tar!next"]);
    assert_eq!(rejects[0].reason, "its extended header cannot be read");
}

#[test]
fn members_are_counted() {
    let tar = archive(|b| (0..5).for_each(|n| add(b, &format!("f{n}"), "")));
    let limit = |members| {
        let expansion = Expansion {
            members,
            ..Expansion::default()
        };
        let visit = &mut |_: &str, _: &mut dyn Read| Ok(());
        for_each_document_within(expansion, "a.tar", &tar[..], &|_| true, visit, &mut |_| {})
    };
    assert!(limit(5).is_ok());
    assert_eq!(
        limit(4).unwrap_err().to_string(),
        "read a.tar: its members is more than 4"
    );
}

#[test]
fn a_visitor_may_stop_and_may_leave_data_unread() {
    let tar = archive(|b| (0..3).for_each(|n| add(b, &format!("f{n}"), "data")));
    let mut seen = 0;
    let visit = &mut |name: &str, _: &mut dyn Read| {
        seen += 1;
        let stopped = || ReadError::Stopped {
            document: name.to_owned(),
        };
        if seen == 2 { Err(stopped()) } else { Ok(()) }
    };
    let result = for_each_document("a.tar", &tar[..], &|_| true, visit, &mut |_| {});
    assert!(matches!(result, Err(ReadError::Stopped { .. })));
    assert_eq!(seen, 2);
}

#[test]
fn real_indexes_and_packages_are_archives() {
    let visited = |path: &str| {
        let file = fs_err::File::open(real(path)?).unwrap();
        let mut names = Vec::new();
        let visit = &mut |name: &str, _: &mut dyn Read| {
            names.push(name.rsplit('!').next().unwrap_or_default().to_owned());
            Ok(())
        };
        for_each_document("f", file, &|_| true, visit, &mut |_| {}).unwrap();
        Some(names)
    };
    let index = "alpine/apkindex/APKINDEX-v3.17-main-aarch64-20230527.tar.gz";
    if let Some(names) = visited(index) {
        assert_eq!(names[1..], ["DESCRIPTION", "APKINDEX"]);
    }
    if let Some(names) = visited("alpine/apk-v2/hello-2.12-r0.apk") {
        assert!(names.contains(&".PKGINFO".to_owned()), "{names:?}");
    }
    if let Some(names) = visited("vuln/rustsec-advisory-db-2026-08.tar.zst") {
        assert!(names.len() > 1000);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..2048)) {
        let _ = unpack(&bytes);
        let _ = walk(&bytes);
    }

    #[test]
    fn no_damage_makes_it_panic(at in 0_usize..4096, byte: u8, which in 0_usize..4) {
        let tar = archive(|b| {
            add(b, "one", "1");
            add(b, &"long/".repeat(40), "2");
            b.append_pax_extensions([("path", &b"three"[..])]).unwrap();
            add(b, "x", "3");
        });
        let mut bytes = match PACKERS.get(which) {
            Some(pack) => pack(&tar),
            None => tar,
        };
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = walk(&bytes);
    }

    #[test]
    fn what_is_packed_comes_back(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
        // Text that begins like a compressed stream is taken for one.
        let text = [b"x", &bytes[..]].concat();
        for pack in PACKERS {
            prop_assert_eq!(&unpack(&pack(&text)).unwrap(), &text);
        }
        let mut small = decompress("d", Cursor::new(gzip(&text)).chain(std::io::empty())).unwrap();
        let mut out = Vec::new();
        small.read_to_end(&mut out).unwrap();
        prop_assert_eq!(out, text);
    }
}
