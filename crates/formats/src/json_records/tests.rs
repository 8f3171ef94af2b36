//! Cutting by hand-written and by generated documents.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// Gives at most so many bytes at a time.
struct Slow<'a> {
    bytes: &'a [u8],
    steps: Vec<usize>,
    turn: usize,
}

impl<'a> Slow<'a> {
    fn new(bytes: &'a [u8], steps: Vec<usize>) -> Self {
        Self {
            bytes,
            steps,
            turn: 0,
        }
    }
}

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let step = self
            .steps
            .get(self.turn % self.steps.len().max(1))
            .copied()
            .unwrap_or(1);
        self.turn += 1;
        let count = step.max(1).min(buffer.len()).min(self.bytes.len());
        buffer[..count].copy_from_slice(&self.bytes[..count]);
        self.bytes = &self.bytes[count..];
        Ok(count)
    }
}

fn cut_slowly(text: &[u8], steps: Vec<usize>) -> Result<(Option<String>, Vec<String>), ReadError> {
    let mut reader = Slow::new(text, steps);
    let mut records = JsonRecords::new("test", &mut reader, &["vulnerabilities", "data"]);
    let head = records
        .head()?
        .map(|head| String::from_utf8_lossy(head).into_owned());
    let mut found = Vec::new();
    while let Some(cut) = records.next_record()? {
        found.push(match cut {
            Cut::Record(raw) => String::from_utf8_lossy(raw.bytes).into_owned(),
            Cut::PassedOver(place, reason) => format!("{place}: {reason}"),
        });
    }
    Ok((head, found))
}

fn cut(text: &str) -> Vec<String> {
    cut_slowly(text.as_bytes(), vec![7]).unwrap().1
}

fn reason(text: &str) -> String {
    cut_slowly(text.as_bytes(), vec![5])
        .unwrap_err()
        .to_string()
}

#[test]
fn lines_are_records() {
    assert_eq!(
        cut("{\"a\":1}\r\n\n\0{\"b\":2}\n"),
        ["{\"a\":1}", "{\"b\":2}"]
    );
    assert_eq!(
        cut("\u{feff}{\"a\":1}\n{\"b\":2}"),
        ["{\"a\":1}", "{\"b\":2}"]
    );
    assert_eq!(cut("{\"a\":1}"), ["{\"a\":1}"]);
}

#[test]
fn one_damaged_line_is_one_record() {
    assert_eq!(
        cut("{\"a\":1}\n{\"b\": \"\n{\"c\":3}\n"),
        ["{\"a\":1}", "{\"b\": \"", "{\"c\":3}"]
    );
}

#[test]
fn whole_values_follow_each_other_without_lines() {
    assert_eq!(
        cut("{\"a\":\"}\"}{\"b\":2} {\"c\":\n3}\n"),
        ["{\"a\":\"}\"}", "{\"b\":2}", "{\"c\":\n3}"]
    );
    assert_eq!(cut("{\n\"a\": 1\n}\n"), ["{\n\"a\": 1\n}"]);
}

#[test]
fn elements_of_an_array_are_records() {
    assert_eq!(
        cut("[{\"a\":[1,2]}, {\"b\":\"]\\\"\"} , 7,\"x\"]\n"),
        ["{\"a\":[1,2]}", "{\"b\":\"]\\\"\"}", "7", "\"x\""]
    );
    assert!(cut("[]").is_empty());
}

#[test]
fn a_container_gives_its_records_and_what_stands_before() {
    let text = r#"{"format":"X","n":{"data":[0]},"vulnerabilities":[{"a":1},{"b":2}],"z":[{}]}"#;
    let (head, records) = cut_slowly(text.as_bytes(), vec![3]).unwrap();
    assert_eq!(head.as_deref(), Some(r#"{"format":"X","n":{"data":[0]}}"#));
    assert_eq!(records, ["{\"a\":1}", "{\"b\":2}"]);
}

#[test]
fn pages_follow_each_other() {
    let text = "{\"p\":1,\"data\":[{\"a\":1}]}\n{\"p\":2,\"data\":[{\"b\":2}]}\n";
    let (head, records) = cut_slowly(text.as_bytes(), vec![4]).unwrap();
    assert_eq!(head.as_deref(), Some("{\"p\":1}"));
    assert_eq!(records, ["{\"a\":1}", "{\"b\":2}"]);
}

#[test]
fn places_are_lines_or_indexes() {
    let places = |text: &str| {
        let mut bytes = text.as_bytes();
        let mut records = JsonRecords::new("test", &mut bytes, &[]);
        let mut places = Vec::new();
        while let Some(Cut::Record(raw)) = records.next_record().unwrap() {
            places.push(raw.place);
        }
        places
    };
    assert_eq!(places("{}\n\n{}\n"), [Place::Line(1), Place::Line(3)]);
    assert_eq!(places("{\n}\n{}\n"), [Place::Line(1), Place::Line(3)]);
    assert_eq!(places("[{},\n{}]"), [Place::Index(0), Place::Index(1)]);
}

#[test]
fn a_cut_document_is_an_error() {
    for text in [
        "",
        "  \n",
        "{\"a\":1}\n{\"b\":",
        "{\"a\":1}{\"b\":",
        "{\"a\"",
        "[{\"a\":1}",
        "[{\"a\":1},",
        "[{\"a\"",
        "{\"data\":[{}",
        "{\"data\":[{}]",
        "{\"data\":[{}],\"x",
        "{\"a\":1}\n{\"b\":\"x\\",
        "[",
    ] {
        assert!(reason(text).starts_with("read test: "), "{text:?}");
    }
}

#[test]
fn what_is_no_json_is_an_error() {
    for text in ["<html>", "[{}{}]", "[,{}]", "[{},]", "{} x", "[{}] {}"] {
        assert!(reason(text).starts_with("read test: "), "{text:?}");
    }
}

#[test]
fn a_record_too_deep_is_passed_over_and_the_next_is_not() {
    let deep = format!("[{}{},{{\"a\":1}}]", "[".repeat(200), "]".repeat(200));
    assert_eq!(
        cut(&deep),
        ["record 0: it is nested deeper than 128 levels", "{\"a\":1}"]
    );
}

#[test]
fn a_record_too_large_is_passed_over_and_the_next_is_not() {
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(limits::RECORD_BYTES + 10));
    let (_, lines) =
        cut_slowly(format!("{{}}\n{large}\n{{}}\n").as_bytes(), vec![1 << 20]).unwrap();
    assert_eq!(
        lines,
        ["{}", "line 2: it is larger than a record may be", "{}"]
    );
    let (_, elements) =
        cut_slowly(format!("[{{}},{large},{{}}]").as_bytes(), vec![1 << 20]).unwrap();
    assert_eq!(
        elements,
        ["{}", "record 1: it is larger than a record may be", "{}"]
    );
    assert!(cut_slowly(large.as_bytes(), vec![1 << 20]).is_err());
}

fn object() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[\"\\\\{}\\[\\],:\n]{0,6}".prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    prop::collection::btree_map("[a-d\"\\\\]{1,3}", value, 0..4)
        .prop_map(|map| Value::Object(map.into_iter().collect()))
}

proptest! {
    #[test]
    fn what_serde_writes_is_cut_the_same_however_it_is_read(
        objects in prop::collection::vec(object(), 1..8),
        steps in prop::collection::vec(1_usize..40, 1..6),
    ) {
        let compact: Vec<String> = objects.iter().map(Value::to_string).collect();
        let pretty: Vec<String> =
            objects.iter().map(|o| serde_json::to_string_pretty(o).unwrap()).collect();
        for (document, expected) in [
            (compact.join("\n"), &compact),
            (compact.join("\n") + "\n", &compact),
            (format!("[{}]", compact.join(",")), &compact),
            (format!("[\n{}\n]", pretty.join(",\n")), &pretty),
            (format!("{{\"v\":1,\"vulnerabilities\":[{}],\"w\":[]}}", compact.join(", ")), &compact),
            (pretty.join("\n"), &pretty),
        ] {
            // Objects that are written the same either way make the first line whole.
            if pretty[0] == compact[0] && *expected == pretty && document.starts_with('{') {
                continue;
            }
            let (_, found) = cut_slowly(document.as_bytes(), steps.clone()).unwrap();
            prop_assert_eq!(&found, expected, "{}", document);
        }
    }

    #[test]
    fn no_bytes_panic(
        bytes in prop::collection::vec(prop::sample::select(b"{}[]\",:\\ \n0a\xff\0".to_vec()), 0..60),
        steps in prop::collection::vec(1_usize..9, 1..4),
    ) {
        let _ = cut_slowly(&bytes, steps);
    }
}
