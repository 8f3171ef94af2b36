//! Zip archives, as feeds publish them.

use std::io::{Cursor, Write};

use palisade_formats::container::{Expansion, for_each_zipped_document, is_zip};
use palisade_formats::{ReadError, Reject};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

type Members = Vec<(String, String)>;

fn archive(members: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in members {
        writer.start_file(*name, options()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn options() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)
}

fn read_within(expansion: Expansion, bytes: &[u8]) -> Result<(Members, Vec<Reject>), ReadError> {
    let (mut members, mut rejects) = (Vec::new(), Vec::new());
    for_each_zipped_document(
        expansion,
        "all.zip",
        Box::new(Cursor::new(bytes.to_vec())),
        &|name| name.contains(".json"),
        &mut |inner| {
            let mut bytes = Vec::new();
            inner.read_to_end(&mut bytes)?;
            Ok(Box::new(Cursor::new(bytes)))
        },
        &mut |name, reader| {
            let mut text = String::new();
            let read = reader.read_to_string(&mut text);
            read.map_err(|error| palisade_formats::container::read_error(name, error))?;
            members.push((name.to_owned(), text));
            Ok(())
        },
        &mut |reject| rejects.push(reject),
    )?;
    Ok((members, rejects))
}

fn read(bytes: &[u8]) -> Result<(Members, Vec<Reject>), ReadError> {
    read_within(Expansion::default(), bytes)
}

fn pair(name: &str, text: &str) -> (String, String) {
    (format!("all.zip!{name}"), text.to_owned())
}

#[test]
fn wanted_members_are_visited_in_order() {
    let bytes = archive(&[("b.json", "{}"), ("README", "x"), ("sub/a.json", "[1]")]);
    assert!(is_zip(&bytes));
    let (members, rejects) = read(&bytes).unwrap();
    assert_eq!(members, [pair("b.json", "{}"), pair("sub/a.json", "[1]")]);
    assert_eq!(rejects, []);
}

#[test]
fn an_empty_archive_has_no_members() {
    let bytes = archive(&[]);
    assert!(is_zip(&bytes));
    assert_eq!(read(&bytes).unwrap().0, []);
}

#[test]
fn members_whose_size_stands_behind_them_are_read() {
    let mut writer = ZipWriter::new_stream(Vec::new());
    writer.start_file("a.json", options()).unwrap();
    writer.write_all(b"{\"a\":1}").unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    assert_eq!(read(&bytes).unwrap().0, [pair("a.json", "{\"a\":1}")]);
}

#[test]
fn an_archive_in_the_archive_is_opened_and_no_deeper() {
    let inner = archive(&[("cves/CVE-1.json", "{}")]);
    let text = |bytes: &[u8]| {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file("cves.zip", options()).unwrap();
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap().into_inner()
    };
    let (members, _) = read(&text(&inner)).unwrap();
    assert_eq!(members, [pair("cves.zip!cves/CVE-1.json", "{}")]);
    assert_eq!(read(&text(&text(&inner))).unwrap().0, []);
}

#[test]
fn members_that_lead_out_of_the_archive_are_only_named() {
    let bytes = archive(&[
        ("../../etc/x.json", "{}"),
        ("/y.json", "{}"),
        ("z.json", "{}"),
    ]);
    let (members, rejects) = read(&bytes).unwrap();
    assert_eq!(members, [pair("z.json", "{}")]);
    let reasons: Vec<_> = rejects.iter().map(|it| it.reason.as_str()).collect();
    assert_eq!(reasons, ["its path leads out of the archive"; 2]);
}

#[test]
fn a_link_is_not_followed() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer
        .add_symlink("a.json", "/etc/passwd", options())
        .unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    let (members, rejects) = read(&bytes).unwrap();
    assert_eq!(members, []);
    assert_eq!(rejects[0].reason, "it is no regular file");
    assert_eq!(rejects[0].document, "all.zip!a.json");
}

#[test]
fn a_cut_archive_is_an_error() {
    let bytes = archive(&[("a.json", "{\"a\":1}"), ("b.json", "{\"b\":2}")]);
    for end in 4..bytes.len() {
        assert!(
            matches!(
                read(&bytes[..end]),
                Err(ReadError::Malformed { .. } | ReadError::Io { .. })
            ),
            "cut at {end} of {}",
            bytes.len()
        );
    }
}

#[test]
fn a_changed_byte_of_a_member_is_noticed() {
    let bytes = archive(&[("a.json", &"{\"a\":1}".repeat(50))]);
    let mut damaged = bytes.clone();
    // Behind the local header of 30 bytes and the name.
    damaged[30 + 6 + 8] ^= 0x55;
    let error = read(&damaged).unwrap_err();
    assert!(matches!(error, ReadError::Io { .. }), "{error:?}");
}

#[test]
fn limits_hold_for_all_members_together() {
    let zeros = "0".repeat(600);
    let bytes = archive(&[("a.json", &zeros), ("b.json", &zeros)]);
    let bytes_limit = Expansion {
        bytes: 1000,
        members: 10,
    };
    let error = read_within(bytes_limit, &bytes).unwrap_err();
    assert!(
        matches!(error, ReadError::Limit { limit: 1000, .. }),
        "{error:?}"
    );
    let members_limit = Expansion {
        bytes: 10_000,
        members: 1,
    };
    let error = read_within(members_limit, &bytes).unwrap_err();
    assert!(
        matches!(error, ReadError::Limit { limit: 1, .. }),
        "{error:?}"
    );
}
