//! The list of reviews: which requests there are, and what of each needs eyes.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use palisade_tracker::Views;
use palisade_tracker::views::{ReviewSummary, ReviewsView};

use super::{Address, Frame};
use crate::components::Moment;
use crate::error::WebError;
use crate::parameters::Parameters;
use crate::respond::{Keeping, Wanted};
use crate::words::safe_link;

#[derive(Template)]
#[template(path = "reviews.html")]
struct Page {
    frame: Frame,
    reviews: Vec<Line>,
    previous: Option<String>,
    next: Option<String>,
}

struct Line {
    address: String,
    title: String,
    request: String,
    request_address: Option<String>,
    state: Standing,
    eyes: Vec<String>,
    asked: Moment,
    by: String,
}

/// How far a review is, in words and a sign.
pub(crate) struct Standing {
    pub(crate) class: &'static str,
    pub(crate) sign: &'static str,
    pub(crate) word: &'static str,
}

pub(crate) async fn page(
    State(views): State<Views>,
    wanted: Wanted,
    mut parameters: Parameters,
) -> Result<Response, WebError> {
    let offset = parameters.number("offset", 0..=1_000_000)?.unwrap_or(0);
    parameters.finish()?;
    let view = views.reviews(offset).await?;
    let json = wanted.json_address.clone();
    let wanted = wanted.keeping(Keeping::Live);
    wanted.answer(&view, |view| Page::of(view, json))
}

impl Page {
    fn of(view: &ReviewsView, json: String) -> Self {
        let at = |offset: usize| {
            let offset = (offset > 0).then(|| offset.to_string());
            Address::of("/reviews".to_owned())
                .with("offset", offset.as_deref())
                .text()
        };
        Self {
            frame: Frame::of("Reviews", "reviews", Some(json)),
            reviews: view.reviews.iter().map(Line::of).collect(),
            previous: (view.offset > 0).then(|| at(view.offset.saturating_sub(ReviewsView::PART))),
            next: view.next.map(at),
        }
    }
}

impl Line {
    fn of(review: &ReviewSummary) -> Self {
        Self {
            address: format!("/review/{}", review.id),
            title: titled(review),
            request: named(review),
            request_address: safe_link(&review.address),
            state: Standing::of(review),
            eyes: eyes(review),
            asked: Moment::minute(review.asked_at),
            by: review.asked_by.clone(),
        }
    }
}

impl Standing {
    pub(crate) fn of(review: &ReviewSummary) -> Self {
        let (class, sign, word) = match review.state.as_str() {
            "queued" if review.attempts > 0 => ("open", "◐", "Waits to be tried again"),
            "queued" => ("open", "◐", "Waits"),
            "running" => ("open", "◐", "Under way"),
            "done" => ("fixed", "✓", "Reviewed"),
            _ => ("affected", "●", "Failed"),
        };
        Self { class, sign, word }
    }
}

/// A request's title, or what stands for it.
pub(crate) fn titled(review: &ReviewSummary) -> String {
    if review.title.trim().is_empty() {
        format!("Request {}", review.number)
    } else {
        review.title.clone()
    }
}

/// A request by its repository and number.
pub(crate) fn named(review: &ReviewSummary) -> String {
    let place = review.repository.split_once("://");
    let place = place.map_or(review.repository.as_str(), |(_, place)| place);
    format!("{place} {}", review.number)
}

/// What of a review needs eyes.
pub(crate) fn eyes(review: &ReviewSummary) -> Vec<String> {
    if review.report_head.is_none() {
        return Vec::new();
    }
    let counted = |count: i64, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{count} {many}")),
    };
    let left = review.hunks.saturating_sub(review.looked_at);
    let parts = [
        counted(review.critical, "critical signal", "critical signals"),
        counted(review.warnings, "warning", "warnings"),
        counted(review.questions, "question", "questions"),
        (left > 0).then(|| format!("{left} of {} hunks not looked at", review.hunks)),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        return vec!["nothing any more".to_owned()];
    }
    parts
}
