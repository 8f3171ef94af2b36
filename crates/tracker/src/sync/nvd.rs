//! NVD's interface 2.0: pages of records, first all, then those that changed within a window.
//!
//! Windows follow the server's clock, which each page tells, so a wrong clock of ours loses nothing.
//! They overlap a little: a record may become visible some time after the moment that it bears.
//! ("Vulnerabilities API", parameters `lastModStartDate`, `lastModEndDate`, `startIndex`.)

use std::time::Duration;

use jiff::SignedDuration;
use palisade_fetch::{Answer, Request, Url};
use palisade_formats::feed::FeedKind;
use palisade_formats::nvd;
use palisade_model::Timestamp;
use serde::{Deserialize, Serialize};

use super::Outcome;
use super::part::{Memory, Parts};
use crate::TrackerError;
use crate::input::{Input, Kind};
use crate::sources::Document;

/// The interface and how it is asked.
#[derive(Debug, Clone)]
pub struct NvdApi {
    /// Its address.
    pub url: Url,
    /// A key that allows more requests.
    pub key: Option<String>,
    /// The time from one request to the next; NVD asks for six seconds.
    pub pace: Duration,
}

/// The longest window that NVD answers for.
const WINDOW: SignedDuration = SignedDuration::from_hours(119 * 24);

/// How far a window reaches back into the one before.
const OVERLAP: SignedDuration = SignedDuration::from_mins(30);

/// The part's name: there is one.
const PART: &str = "cves";

/// Where to go on from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Cursor {
    /// All that changed up to then is stored.
    complete: Option<Timestamp>,
    /// The end of the window that is being read; everything when `complete` is none.
    until: Option<Timestamp>,
    /// The next record within that window.
    index: u64,
}

pub(super) async fn sync(parts: &mut Parts<'_, '_>, api: &NvdApi) -> Result<(), TrackerError> {
    loop {
        let mut memory: Memory<Cursor> = parts.memory(PART);
        let mut cursor = memory.cursor.clone();
        let (outcome, more) = match page(parts, api, &mut cursor).await {
            Ok((outcome, more)) => {
                memory.cursor = cursor;
                (Ok(outcome), more)
            }
            // A window of which no page was had is none: the next one reaches further, so that a
            // record that cannot be read, and is alone in it, does not stay alone.
            Err(error) => (Err(error), false),
        };
        parts.remember(PART, &memory, outcome).await?;
        if !more {
            return Ok(());
        }
    }
}

/// Reads the next page and moves the cursor behind it; tells whether there is more.
async fn page(
    parts: &Parts<'_, '_>,
    api: &NvdApi,
    cursor: &mut Cursor,
) -> Result<(Outcome, bool), TrackerError> {
    let url = address(api, cursor, (parts.syncer.clock)());
    let mut request = Request {
        pace: api.pace,
        forbidden_means_wait: true,
        max_bytes: 1 << 30,
        ..parts.request(url)
    };
    request
        .secrets
        .extend(api.key.clone().map(|key| ("apiKey", key)));
    let Answer::Body(body) = parts.fetch(PART, &request).await? else {
        return Err(parts.wrong("it says that a page did not change"));
    };
    let file = fs_err::File::open(&body.path).map_err(palisade_fetch::FetchError::from)?;
    let page = nvd::page(&mut std::io::BufReader::new(file))
        .map_err(|error| parts.wrong(format!("its page cannot be read: {error}")))?;
    let (next, more) = cursor.behind(&page).map_err(|reason| parts.wrong(reason))?;
    let document = Document::File(body.path);
    let outcome = if page.records == 0 {
        Outcome::Unchanged
    } else {
        let kind = Kind::Feed(FeedKind::Nvd);
        parts.import(Input::new(kind, document)).await?
    };
    *cursor = next;
    Ok((outcome, more))
}

/// The address of the page at the cursor.
fn address(api: &NvdApi, cursor: &mut Cursor, now: Timestamp) -> Url {
    let mut url = api.url.clone();
    let mut query = url.query_pairs_mut();
    if let Some(complete) = cursor.complete {
        let start = complete.checked_sub(OVERLAP).unwrap_or(complete);
        let until = *cursor.until.get_or_insert_with(|| {
            let longest = start.checked_add(WINDOW).unwrap_or(start);
            // A clock that is behind must not make an empty window.
            longest.min(now.max(complete.checked_add(OVERLAP).unwrap_or(complete)))
        });
        let stamp = |time: Timestamp| time.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
        query.append_pair("lastModStartDate", &stamp(start));
        query.append_pair("lastModEndDate", &stamp(until));
    }
    query.append_pair("resultsPerPage", "2000");
    query.append_pair("startIndex", &cursor.index.to_string());
    drop(query);
    url
}

impl Cursor {
    /// The cursor behind a page, and whether there is more.
    fn behind(&self, page: &nvd::Page) -> Result<(Self, bool), &'static str> {
        let time = page.time.ok_or("its page has no time")?;
        if page.start != self.index {
            return Err("its page begins elsewhere than asked");
        }
        let index = self.index + page.records;
        if index < page.total {
            if page.records == 0 {
                return Err("its page is empty although there is more");
            }
            let next = Self {
                // Of everything, what changes after the first page comes with the next window.
                until: self.until.or(Some(time)),
                index,
                ..self.clone()
            };
            return Ok((next, true));
        }
        let end = self.until.map_or(time, |until| until.min(time));
        let next = Self {
            complete: Some(end),
            until: None,
            index: 0,
        };
        // A window that ends before the server's time is followed by another.
        let more = self.complete.is_some() && time.duration_since(end) > OVERLAP;
        Ok((next, more))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn api() -> NvdApi {
        NvdApi {
            url: "https://nvd.example/rest/json/cves/2.0".parse().unwrap(),
            key: None,
            pace: Duration::ZERO,
        }
    }

    fn page(start: u64, records: u64, total: u64, at: &str) -> nvd::Page {
        nvd::Page {
            start,
            records,
            total,
            time: Some(time(at)),
        }
    }

    #[test]
    fn first_everything_is_read_then_windows_from_its_first_page_on() {
        let now = time("2026-01-10T00:00:00Z");
        let mut cursor = Cursor::default();
        let query = |cursor: &mut Cursor, now| {
            let url = address(&api(), cursor, now);
            url.query().unwrap_or_default().to_owned()
        };
        assert_eq!(query(&mut cursor, now), "resultsPerPage=2000&startIndex=0");
        let (mut cursor, more) = cursor
            .behind(&page(0, 2000, 3000, "2026-01-10T00:00:05Z"))
            .unwrap();
        assert!(more);
        assert_eq!(
            query(&mut cursor, now),
            "resultsPerPage=2000&startIndex=2000"
        );
        let (mut cursor, more) = cursor
            .behind(&page(2000, 1000, 3000, "2026-01-10T01:00:00Z"))
            .unwrap();
        assert!(!more);
        assert_eq!(cursor.complete, Some(time("2026-01-10T00:00:05Z")));
        let later = time("2026-01-11T00:00:00Z");
        assert_eq!(
            query(&mut cursor, later),
            "lastModStartDate=2026-01-09T23%3A30%3A05.000Z\
             &lastModEndDate=2026-01-11T00%3A00%3A00.000Z&resultsPerPage=2000&startIndex=0"
        );
        let (cursor, more) = cursor
            .behind(&page(0, 7, 7, "2026-01-11T00:00:02Z"))
            .unwrap();
        assert!(!more);
        assert_eq!(cursor.complete, Some(later));
    }

    #[test]
    fn a_long_absence_takes_several_windows() {
        let mut cursor = Cursor {
            complete: Some(time("2025-01-01T00:00:00Z")),
            ..Cursor::default()
        };
        let now = time("2026-01-01T00:00:00Z");
        let mut windows = 0;
        loop {
            address(&api(), &mut cursor, now);
            let (next, more) = cursor
                .behind(&page(0, 0, 0, "2026-01-01T00:00:01Z"))
                .unwrap();
            cursor = next;
            windows += 1;
            if !more {
                break;
            }
        }
        assert_eq!(windows, 4);
        assert_eq!(cursor.complete, Some(now));
    }

    #[test]
    fn a_clock_that_is_ahead_loses_nothing() {
        let mut cursor = Cursor {
            complete: Some(time("2026-01-01T00:00:00Z")),
            ..Cursor::default()
        };
        address(&api(), &mut cursor, time("2026-03-01T00:00:00Z"));
        let server = "2026-01-01T06:00:00Z";
        let (cursor, more) = cursor.behind(&page(0, 3, 3, server)).unwrap();
        assert!(!more);
        assert_eq!(cursor.complete, Some(time(server)));
    }

    #[test]
    fn pages_that_contradict_themselves_are_errors() {
        let cursor = Cursor::default();
        let at = "2026-01-01T00:00:00Z";
        for bad in [page(5, 1, 10, at), page(0, 0, 10, at)] {
            cursor.behind(&bad).unwrap_err();
        }
        let untimed = nvd::Page {
            time: None,
            ..page(0, 1, 1, at)
        };
        cursor.behind(&untimed).unwrap_err();
    }
}
