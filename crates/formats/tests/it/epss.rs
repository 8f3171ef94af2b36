//! Scores of exploitation.

use palisade_formats::epss::{self, EpssHead, EpssScore};
use palisade_formats::{ReadError, Reject};
use proptest::prelude::*;

use crate::support::real_bytes;

#[derive(Debug, Default)]
struct Read {
    head: Option<EpssHead>,
    scores: Vec<EpssScore>,
    rejects: Vec<Reject>,
}

fn try_read(bytes: &[u8]) -> Result<Read, ReadError> {
    let mut read = Read::default();
    let Read {
        head,
        scores,
        rejects,
    } = &mut read;
    epss::read(
        "d",
        &mut &*bytes,
        &mut |said| assert!(head.replace(said).is_none(), "a second head"),
        &mut |score| scores.push(score),
        &mut |reject| rejects.push(reject),
    )?;
    Ok(read)
}

fn read(text: &str) -> Read {
    try_read(text.as_bytes()).unwrap()
}

impl Read {
    fn lines(&self) -> Vec<String> {
        let line = |s: &EpssScore| match s.percentile {
            Some(percentile) => format!("{} {} {percentile}", s.id, s.score),
            None => format!("{} {}", s.id, s.score),
        };
        self.scores.iter().map(line).collect()
    }

    fn complaints(&self) -> Vec<String> {
        let line = |r: &Reject| {
            let id = r.id.as_deref().unwrap_or("-");
            format!(
                "{}{}: {id}: {}",
                if r.mended { "~" } else { "" },
                r.place,
                r.reason
            )
        };
        self.rejects.iter().map(line).collect()
    }

    fn date(&self) -> String {
        self.head
            .as_ref()
            .unwrap()
            .date
            .map(|date| date.to_string())
            .unwrap_or_default()
    }
}

#[test]
fn the_csv_file_tells_model_and_day() {
    let read = read(
        "#model_version:v2025.03.14,score_date:2025-11-20T12:55:00Z\ncve,epss,percentile\nCVE-1999-0001,0.01297,0.79\nCVE-1999-0002,1.0,1\n",
    );
    assert_eq!(read.date(), "2025-11-20");
    assert_eq!(
        read.head.as_ref().unwrap().model.as_deref(),
        Some("v2025.03.14")
    );
    assert_eq!(
        read.lines(),
        ["CVE-1999-0001 0.01297 0.79", "CVE-1999-0002 1 1"]
    );
    assert!(read.rejects.is_empty());
}

#[test]
fn old_csv_files_have_no_comment_and_no_percentile() {
    let read = read("cve,epss\r\n\"CVE-1999-0001\",1e-3\r\n\r\n");
    assert_eq!(read.head, Some(EpssHead::default()));
    assert_eq!(read.lines(), ["CVE-1999-0001 0.001"]);
    assert!(read.rejects.is_empty());
}

#[test]
fn bad_rows_are_told_by_their_line() {
    let read = read(
        "#score_date:soon\ncve,epss,percentile\nCVE-1,0.1,0.1\nGHSA-26gp-p5fw-3r2h,0.1,0.1\nCVE-2020-0001,1.1,0.1\nCVE-2020-0001,nan,0.1\nCVE-2020-0001,x,0.1\nCVE-2020-0001,0.1,-1\nCVE-2020-0001,0.1\nCVE-2020-0001,0.1,0.1,0.1\nCVE-2020-0001,0.5,0.6\ncve-2020-0001,0.7,0.8\nCVE-2020-0002,0.0,0.0",
    );
    assert_eq!(read.lines(), ["CVE-2020-0001 0.5 0.6", "CVE-2020-0002 0 0"]);
    assert_eq!(
        read.complaints(),
        [
            "~the whole document: -: its date \"soon\" cannot be read",
            "line 3: CVE-1: \"CVE-1\" is not of the form CVE-YEAR-NUMBER",
            "line 4: GHSA-26gp-p5fw-3r2h: it is no CVE identifier",
            "line 5: CVE-2020-0001: its score \"1.1\" is not between 0 and 1",
            "line 6: CVE-2020-0001: its score \"nan\" is not between 0 and 1",
            "line 7: CVE-2020-0001: its score \"x\" is no number",
            "line 8: CVE-2020-0001: its percentile \"-1\" is not between 0 and 1",
            "line 9: CVE-2020-0001: it has 2 columns, not 3",
            "line 10: CVE-2020-0001: it has 4 columns, not 3",
            "line 12: cve-2020-0001: it has a score already",
            "~line 13: CVE-2020-0002: the last line does not end and may be cut",
        ]
    );
}

#[test]
fn json_comes_with_numbers_or_with_text() {
    let read = read(
        r#"{"score_date":"2021-08-31T00:00:00+0000","data":[{"id":"CVE-2019-19609","epss":0.05885},{"cve":"CVE-2020-0001","epss":"0.5","percentile":"0.9"},{"cve":"CVE-2020-0002","epss":null},5,{"cve":"CVE-2020-0003","epss":2}]}"#,
    );
    assert_eq!(read.date(), "2021-08-31");
    assert_eq!(
        read.lines(),
        ["CVE-2019-19609 0.05885", "CVE-2020-0001 0.5 0.9"]
    );
    let complaints = read.complaints();
    assert_eq!(
        complaints[0],
        "record 2: CVE-2020-0002: its score \"null\" is no number"
    );
    assert!(complaints[1].starts_with("record 3: -: invalid type: integer `5`"));
    assert_eq!(
        complaints[2],
        "record 4: CVE-2020-0003: its score \"2\" is not between 0 and 1"
    );
}

#[test]
fn what_is_no_list_of_scores_is_an_error() {
    let long = format!("cve,epss\n{}", "x".repeat(5000));
    for text in [
        "",
        "  \n",
        "{}",
        r#"{"data":5}"#,
        r#"{"data":[{"id":"CVE"#,
        "#only\n",
        "a,b\n1,2\n",
        "<html>",
        &long,
    ] {
        assert!(
            try_read(text.as_bytes()).is_err(),
            "{:?}",
            &text[..text.len().min(40)]
        );
    }
    assert!(try_read(b"cve,epss\n\xff\xfe\n").is_err());
    assert!(try_read(b"\xef\xbb\xbfcve,epss\n").is_ok());
}

#[test]
fn the_real_scores_of_2021_are_72272() {
    let Some(bytes) = real_bytes("vuln/epss-2021-08-31.json.zst") else {
        return;
    };
    let read = try_read(&bytes).unwrap();
    assert_eq!(read.date(), "2021-08-31");
    assert_eq!(
        (read.scores.len(), read.rejects.len()),
        (72_272, 0),
        "{:?}",
        read.complaints()
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let _ = try_read(&bytes);
        let _ = try_read(&[b"cve,epss,percentile\n", &bytes[..]].concat());
        let _ = try_read(&[b"{\"data\":[", &bytes[..], b"]}"].concat());
    }

    #[test]
    fn scores_come_back(scores in prop::collection::btree_map(1000_u32..99_999, 0.0..=1.0_f64, 0..20)) {
        let rows = scores.iter().map(|(id, score)| format!("CVE-2020-{id},{score}\n"));
        let read = read(&format!("cve,epss\n{}", rows.collect::<Vec<_>>().concat()));
        let found: Vec<f64> = read.scores.iter().map(|score| score.score).collect();
        prop_assert_eq!(found, scores.into_values().collect::<Vec<_>>());
    }
}
