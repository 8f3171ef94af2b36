//! Debian's paragraphs of fields.

use palisade_formats::deb822::{Paragraph, Paragraphs};
use proptest::prelude::*;

/// The line of a paragraph, its fields, its problems.
type Read = (u64, Vec<(String, String)>, Vec<String>);

fn read(text: &[u8]) -> Vec<Read> {
    let mut paragraphs = Paragraphs::new("x", text);
    let mut paragraph = Paragraph::default();
    let mut all = Vec::new();
    while paragraphs.read(&mut paragraph).unwrap() {
        let fields = paragraph
            .fields()
            .map(|it| (it.name.to_owned(), it.value.to_owned()))
            .collect();
        let problems = paragraph
            .problems()
            .iter()
            .map(|it| format!("{}: {}", it.line, it.reason))
            .collect();
        all.push((paragraph.line(), fields, problems));
    }
    all
}

fn fields(text: &str) -> Vec<Vec<(String, String)>> {
    read(text.as_bytes())
        .into_iter()
        .map(|paragraph| paragraph.1)
        .collect()
}

fn field(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn fields_are_folded_and_paragraphs_end_at_blank_lines() {
    let text = "\n\nA: one\nLong:\n two\n  three\n .\n\tfour\n \t\n\n\nB:x:y\n";
    assert_eq!(
        fields(text),
        [
            vec![field("A", "one"), field("Long", "\ntwo\n three\n.\nfour")],
            vec![field("B", "x:y")]
        ]
    );
}

#[test]
fn comments_and_carriage_returns_are_seen_through() {
    let text = "# head\r\nA: one\r\n# between\r\n two\r\n\r\n# alone\r\n\r\nB: x\r\n";
    assert_eq!(
        fields(text),
        [vec![field("A", "one\ntwo")], vec![field("B", "x")]]
    );
}

#[test]
fn names_are_compared_without_regard_to_case() {
    let mut paragraphs = Paragraphs::new("x", &b"PACKAGE: a\n"[..]);
    let mut paragraph = Paragraph::default();
    assert!(paragraphs.read(&mut paragraph).unwrap());
    assert_eq!(paragraph.get("Package"), Some("a"));
    assert_eq!(paragraph.get("Packag"), None);
    assert!(!paragraphs.read(&mut paragraph).unwrap());
    assert_eq!(paragraph.get("Package"), None);
}

#[test]
fn faults_are_named_with_their_lines() {
    let read = read(b" lost\nA: 1\na: 2\nno field\n more\n-x: y\nB: \xff\n: z\n");
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].1.len(), 3);
    assert_eq!(
        read[0].2,
        [
            "1: an indented line belongs to no field",
            "3: the field a is repeated; the first one counts",
            "4: the line is no field and was passed over",
            "5: an indented line belongs to no field",
            "6: the line is no field and was passed over",
            "7: the line is not UTF-8",
            "8: the line is no field and was passed over",
        ]
    );
}

#[test]
fn the_armour_of_a_signed_file_is_passed_over() {
    let text = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nA: 1\n- -----B: 2\n\nC: 3\n\
        -----BEGIN PGP SIGNATURE-----\n\niQ: zz\n=ab\n-----END PGP SIGNATURE-----\nD: 4\n";
    let read = read(text.as_bytes());
    assert_eq!(read.len(), 2);
    assert_eq!(read[0].1, [field("A", "1")]);
    assert_eq!(read[0].2, ["5: the line is no field and was passed over"]);
    assert_eq!(read[1].1, [field("C", "3"), field("D", "4")]);
}

#[test]
fn fields_without_end_are_not_all_kept() {
    let lines: Vec<String> = (0..10_000).map(|number| format!("F{number}: x")).collect();
    let text = lines.join(
        "
",
    );
    let read = read(format!("{text}\n").as_bytes());
    assert_eq!(read[0].1.len(), 4096);
    assert_eq!(read[0].2.len(), 16);
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
        read(&[&bytes[..], b"\n"].concat());
        let cut_off = Paragraphs::new("x", &bytes[..]).read(&mut Paragraph::default());
        prop_assert!(cut_off.is_ok() || !bytes.ends_with(b"\n"));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "([A-Ca-c]?[:# .\r-]?[ -~\u{fc}]{0,5}\n){0,20}") {
        read(text.as_bytes());
    }
}
