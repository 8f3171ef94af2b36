//! One review: what was noticed, what the patch does to packages, and its hunks with what people say of
//! them.

use std::collections::HashMap;

use askama::Template;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use palisade_review::render::marked;
use palisade_review::report::LineKind;
use palisade_tracker::HunkMark;
use palisade_tracker::reviews::{Hunk, OutlineEffect, OutlinePackage, OutlineSignal, Said};
use palisade_tracker::views::{MarkView, ReviewPage};
use serde::Deserialize;

use super::reviews::{Standing, eyes, named, titled};
use super::{Address, Frame};
use crate::components::Moment;
use crate::error::WebError;
use crate::format::Format;
use crate::parameters::Parameters;
use crate::redirect::see_other;
use crate::respond::{Keeping, Wanted, json};
use crate::serve::Site;
use crate::signing::{self, Way, personal, speaker};
use crate::words::{capital, safe_link, short_revision, vulnerability_address};

/// Characters of a note at the most.
const NOTE: usize = 1000;

#[derive(Template)]
#[template(path = "review.html")]
struct Page {
    frame: Frame,
    id: i64,
    title: String,
    request: String,
    request_address: Option<String>,
    state: Standing,
    asked: Moment,
    by: String,
    head: String,
    problem: Option<String>,
    /// The commit that the report is of, where another was pushed since.
    behind: Option<String>,
    reported: Option<Moment>,
    has_report: bool,
    partial: bool,
    eyes: Vec<String>,
    hunks: i64,
    looked_at: i64,
    /// Where the first hunk is that nobody looked at.
    next_to_read: Option<String>,
    patches: Vec<(String, String)>,
    signals: Vec<SignalLine>,
    notes: Vec<SignalLine>,
    more_signals: usize,
    effect: Option<OutlineEffect>,
    packages: Vec<PackageBlock>,
    files: Vec<FileLine>,
    more_files: usize,
    left_out: usize,
    blocks: Vec<HunkBlock>,
    part: usize,
    parts: usize,
    previous: Option<String>,
    next: Option<String>,
    log: String,
    comment_problem: Option<String>,
    /// Who is signed in.
    reviewer: Option<String>,
    /// Whether anybody may say something.
    may_sign_in: bool,
}

struct SignalLine {
    class: &'static str,
    severity: String,
    rule: String,
    place: String,
    why: String,
    excerpt: String,
}

struct PackageBlock {
    of: OutlinePackage,
    /// Vulnerabilities with their addresses.
    fixes: Vec<(String, String)>,
    loses: Vec<(String, String)>,
}

struct FileLine {
    address: String,
    path: String,
    package: Option<String>,
    what: String,
    looked_at: usize,
    hunks: usize,
}

struct HunkBlock {
    key: String,
    path: String,
    package: Option<String>,
    what: String,
    heading: String,
    lines: Vec<LineBlock>,
    whole: bool,
    /// What counts of it.
    mark: Option<(&'static str, &'static str, &'static str)>,
    marks: Vec<MarkLine>,
}

struct LineBlock {
    class: &'static str,
    sign: char,
    pieces: Vec<(String, bool)>,
}

struct MarkLine {
    what: &'static str,
    note: String,
    author: String,
    time: Moment,
    /// The commit, where it is not the report's.
    before: Option<String>,
    counts: bool,
}

pub(crate) async fn page(
    State(site): State<Site>,
    Path(id): Path<String>,
    headers: HeaderMap,
    wanted: Wanted,
    mut parameters: Parameters,
) -> Result<Response, WebError> {
    let page = parameters.number("page", 1..=1_000_000)?.unwrap_or(1);
    parameters.finish()?;
    let id = identifier(&id)?;
    let wanted = wanted.keeping(Keeping::Live);
    match wanted.format {
        Format::Json => {
            let view = site.views.review(id).await?.ok_or_else(unknown)?;
            wanted.answer_json(json(&view)?)
        }
        Format::Html => {
            let view = site.views.review_page(id, page - 1).await?;
            let view = view.ok_or_else(unknown)?;
            let desk = signing::desk(&site).ok();
            let reviewer = match &desk {
                Some(desk) => speaker(desk, &headers).await?.map(|(it, _)| it.name),
                None => None,
            };
            let page = Page::of(view, &wanted, reviewer, desk.is_some());
            Ok(personal(wanted.answer_page(&page)?))
        }
        Format::Atom | Format::Csv | Format::Lines | Format::Markdown => Err(WebError::NotFound(
            "this page does not come in this form".to_owned(),
        )),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Given {
    hunk: String,
    mark: String,
    #[serde(default)]
    note: String,
}

/// Takes what a reviewer says of a hunk.
pub(crate) async fn mark(
    State(site): State<Site>,
    Path(id): Path<String>,
    headers: HeaderMap,
    wanted: Wanted,
    given: Result<Form<Given>, FormRejection>,
) -> Result<Response, WebError> {
    let id = identifier(&id)?;
    let desk = signing::desk(&site)?;
    let (reviewer, way) = speaker(&desk, &headers).await?.ok_or(WebError::SignIn)?;
    if way == Way::Browser {
        signing::refuse_others(&site, &headers)?;
    }
    let Form(given) = given?;
    let said = given.meant()?;
    let place = desk.mark(id, &reviewer.name, &said).await?;
    let place = place.ok_or_else(|| WebError::NotFound("there is no such hunk".to_owned()))?;
    if wanted.format == Format::Json || way == Way::Token {
        let told = serde_json::json!({
            "hunk": said.hunk, "mark": said.mark.word(), "author": reviewer.name,
        });
        return Ok(axum::Json(told).into_response());
    }
    let outline = site.views.review_outline(id).await?.unwrap_or_default();
    let page = outline.page_of(usize::try_from(place).unwrap_or(0));
    Ok(personal(see_other(&address(id, page, Some(&said.hunk)))))
}

impl Given {
    fn meant(self) -> Result<Said, WebError> {
        let mark = HunkMark::from_word(&self.mark).ok_or_else(|| {
            WebError::BadRequest("mark must be one of seen, fine, question, unseen".to_owned())
        })?;
        let note = self.note.replace("\r\n", "\n").trim().to_owned();
        let is_text = |c: char| c == '\n' || !c.is_control();
        if note.chars().count() > NOTE || !note.chars().all(is_text) {
            let reason = format!("the note is no text of at most {NOTE} characters");
            return Err(WebError::BadRequest(reason));
        }
        Ok(Said {
            hunk: self.hunk,
            mark,
            note,
        })
    }
}

fn identifier(text: &str) -> Result<i64, WebError> {
    let number = text.parse::<u32>().map_err(|_| unknown())?;
    Ok(number.into())
}

fn unknown() -> WebError {
    WebError::NotFound("there is no such review".to_owned())
}

/// The address of a page of a review's hunks, from 0, or of a hunk on it.
fn address(id: i64, page: usize, hunk: Option<&str>) -> String {
    let number = (page > 0).then(|| (page + 1).to_string());
    let address = Address::of(format!("/review/{id}")).with("page", number.as_deref());
    let anchor = hunk.map(|key| format!("#hunk-{key}"));
    format!("{}{}", address.text(), anchor.unwrap_or_default())
}

impl Page {
    fn of(mut view: ReviewPage, wanted: &Wanted, reviewer: Option<String>, may: bool) -> Self {
        let outline = view.outline.take().unwrap_or_default();
        let ReviewPage { review, .. } = &view;
        let at = |place: usize| {
            let key = view.keys.get(place).map(String::as_str);
            address(review.id, outline.page_of(place), key)
        };
        let unread = view.keys.iter();
        let unread = unread.take(outline.hunks);
        let unread = unread
            .enumerate()
            .find(|(_, key)| !is_looked_at(&view.counting, key));
        let files = outline.files.iter().map(|file| {
            let keys = view.keys.iter().skip(file.first).take(file.hunks);
            FileLine {
                address: at(file.first),
                path: file.path.clone(),
                package: file.package.clone(),
                what: file.what.clone(),
                looked_at: keys.filter(|key| is_looked_at(&view.counting, key)).count(),
                hunks: file.hunks,
            }
        });
        let (notes, signals): (Vec<SignalLine>, Vec<SignalLine>) = outline
            .signals
            .iter()
            .map(SignalLine::of)
            .partition(|it| it.class == "level-none");
        let pages = outline.pages.len();
        let title = titled(review);
        let head = review.report_head.as_deref().unwrap_or_default();
        Self {
            frame: Frame::of(title.clone(), "reviews", Some(wanted.json_address.clone())),
            id: review.id,
            title,
            request: named(review),
            request_address: safe_link(&review.address),
            state: Standing::of(review),
            asked: Moment::minute(review.asked_at),
            by: review.asked_by.clone(),
            head: short_revision(&review.head),
            problem: review.problem.clone(),
            behind: review.is_behind().then(|| short_revision(head)),
            reported: review.reported_at.map(Moment::minute),
            has_report: review.report_head.is_some(),
            partial: outline.partial,
            eyes: eyes(review),
            hunks: review.hunks,
            looked_at: review.looked_at,
            next_to_read: unread.map(|(place, _)| at(place)),
            patches: outline
                .patches
                .iter()
                .map(|it| (it.subject.clone(), it.author.clone()))
                .collect(),
            signals,
            notes,
            more_signals: outline.more_signals,
            files: files.collect(),
            more_files: outline.more_files,
            left_out: outline.left_out,
            blocks: view
                .hunks
                .iter()
                .map(|(hunk, marks)| HunkBlock::of(hunk, marks, head))
                .collect(),
            part: view.page + 1,
            parts: pages,
            previous: (view.page > 0).then(|| address(review.id, view.page - 1, None)),
            next: (view.page + 1 < pages).then(|| address(review.id, view.page + 1, None)),
            log: view.log.clone(),
            comment_problem: view.comment_problem.clone(),
            reviewer,
            may_sign_in: may,
            effect: outline.effect,
            packages: outline.packages.into_iter().map(PackageBlock::of).collect(),
        }
    }
}

fn is_looked_at(counting: &HashMap<String, String>, key: &str) -> bool {
    let mark = counting.get(key).map(String::as_str);
    matches!(mark, Some("seen" | "fine"))
}

impl PackageBlock {
    fn of(package: OutlinePackage) -> Self {
        let linked = |ids: &[String]| {
            let ids = ids.iter();
            ids.map(|id| (id.clone(), vulnerability_address(id)))
                .collect()
        };
        Self {
            fixes: linked(&package.fixes),
            loses: linked(&package.loses),
            of: package,
        }
    }
}

impl SignalLine {
    fn of(signal: &OutlineSignal) -> Self {
        let class = match signal.severity.as_str() {
            "critical" => "level-critical",
            "warning" => "level-high",
            _ => "level-none",
        };
        let line = signal.line.map(|line| format!(":{line}"));
        Self {
            class,
            severity: capital(&signal.severity),
            rule: signal.rule.clone(),
            place: format!("{}{}", signal.path, line.unwrap_or_default()),
            why: signal.why.clone(),
            excerpt: signal.excerpt.clone(),
        }
    }
}

impl HunkBlock {
    fn of(hunk: &Hunk, marks: &[MarkView], head: &str) -> Self {
        let lines = marked(&hunk.lines).into_iter().map(|line| {
            let (class, sign) = match line.kind {
                LineKind::Same => ("same", ' '),
                LineKind::Removed => ("went", '-'),
                LineKind::Added => ("came", '+'),
            };
            let pieces = line.pieces.iter();
            LineBlock {
                class,
                sign,
                pieces: pieces
                    .map(|piece| (piece.text.to_owned(), piece.changed))
                    .collect(),
            }
        });
        let counting = marks.iter().find(|mark| mark.counts);
        Self {
            key: hunk.key.clone(),
            path: hunk.path.clone(),
            package: hunk.package.clone(),
            what: hunk.what.clone(),
            heading: match (hunk.old_start, hunk.new_start) {
                (0, 0) => String::new(),
                (old, new) if old == new => format!("line {old}"),
                (old, new) => format!("line {old}, now {new}"),
            },
            lines: lines.collect(),
            whole: hunk.whole,
            mark: counting.and_then(|mark| shown(&mark.mark)),
            marks: marks.iter().map(|mark| MarkLine::of(mark, head)).collect(),
        }
    }
}

/// What counts of a hunk: its class, sign and word.
fn shown(mark: &str) -> Option<(&'static str, &'static str, &'static str)> {
    match mark {
        "seen" => Some(("fixed", "✓", "Seen")),
        "fine" => Some(("fixed", "✓", "Fine")),
        "question" => Some(("open", "?", "Question")),
        _ => None,
    }
}

impl MarkLine {
    fn of(mark: &MarkView, head: &str) -> Self {
        let what = match mark.mark.as_str() {
            "seen" => "saw it",
            "fine" => "finds it fine",
            "question" => "has a question",
            _ => "took back what was said",
        };
        Self {
            what,
            note: mark.note.clone(),
            author: mark.author.clone(),
            time: Moment::minute(mark.time),
            before: (mark.head != head).then(|| short_revision(&mark.head)),
            counts: mark.counts,
        }
    }
}
