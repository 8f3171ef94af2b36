//! How sources are: when each was last had, against when it should have been.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::SignedDuration;
use palisade_tracker::views::{SourceState, SyncPart, SyncSource, SyncView};

use super::Frame;
use crate::components::Moment;
use crate::error::WebError;
use crate::parameters::Parameters;
use crate::respond::{Keeping, Wanted};
use crate::serve::Site;
use crate::words::number;

#[derive(Template)]
#[template(path = "sources.html")]
struct Page {
    frame: Frame,
    sources: Vec<SourceLine>,
}

struct SourceLine {
    name: String,
    class: &'static str,
    sign: &'static str,
    state: &'static str,
    error: Option<String>,
    had: Option<Moment>,
    every: Option<String>,
    next: Option<Moment>,
    records: String,
    rejected: String,
    parts: Vec<PartLine>,
}

struct PartLine {
    name: String,
    had: Option<Moment>,
    changed: Option<Moment>,
    records: Option<String>,
    rejected: Option<String>,
    import: Option<String>,
    error: Option<String>,
}

pub(crate) async fn page(
    State(site): State<Site>,
    wanted: Wanted,
    parameters: Parameters,
) -> Result<Response, WebError> {
    parameters.finish()?;
    let view = site.views.sources((site.clock)()).await?;
    let json = wanted.json_address.clone();
    wanted
        .keeping(Keeping::Live)
        .answer(&view, |view: &SyncView| Page {
            frame: Frame::of("Sources", "sources", Some(json)),
            sources: view.sources.iter().map(SourceLine::of).collect(),
        })
}

impl SourceLine {
    /// Whether there is more to tell than a line of the table does.
    fn has_more(&self) -> bool {
        self.error.is_some() || !self.parts.is_empty()
    }

    fn of(source: &SyncSource) -> Self {
        let sum = |of: fn(&SyncPart) -> Option<i64>| {
            number(source.parts.iter().filter_map(of).sum::<i64>())
        };
        let (class, sign, state) = state(source.state);
        let every = source.every_seconds.map(SignedDuration::from_secs);
        Self {
            name: source.name.clone(),
            class,
            sign,
            state,
            error: source.error.clone(),
            had: source.succeeded_at.map(Moment::minute),
            every: every.map(|every| format!("{every:#}")),
            next: source.next_at.map(Moment::minute),
            records: sum(|part| part.records),
            rejected: sum(|part| part.rejected),
            parts: source.parts.iter().map(PartLine::of).collect(),
        }
    }
}

impl PartLine {
    fn of(part: &SyncPart) -> Self {
        Self {
            name: part.name.clone(),
            had: part.fetched_at.map(Moment::minute),
            changed: part.changed_at.map(Moment::minute),
            records: part.records.map(number),
            rejected: part.rejected.map(number),
            import: part.import.map(|number| format!("/feeds/import/{number}")),
            error: part.error.clone(),
        }
    }
}

/// The class, sign and word of a state.
fn state(state: SourceState) -> (&'static str, &'static str, &'static str) {
    match state {
        SourceState::Fine => ("clear", "○", "fine"),
        SourceState::Failing => ("affected", "●", "failing"),
        SourceState::Late => ("affected", "●", "late"),
        SourceState::Asking => ("open", "◐", "being asked"),
        SourceState::NeverAsked => ("open", "◐", "not had yet"),
        SourceState::NotConfigured => ("fixed", "–", "not configured any longer"),
    }
}
