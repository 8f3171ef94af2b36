//! What may be asked of this server, what stays as it is, and how to ask politely.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::Frame;
use crate::conduct::Limits;
use crate::error::WebError;
use crate::parameters::Parameters;
use crate::respond::{Keeping, Wanted};
use crate::serve::Site;

#[derive(Template)]
#[template(path = "policy.html")]
struct Page {
    frame: Frame,
    limits: Option<LimitsView>,
    connections: usize,
    contact: Vec<ContactView>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Policy {
    /// None when there are none.
    limits: Option<LimitsView>,
    /// Connections that one client may have open.
    connections: usize,
    /// Whom to tell of weaknesses of this server.
    contact: Vec<String>,
}

/// Units that a client has, and what routes cost.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct LimitsView {
    per_second: u32,
    burst: u32,
    page: u32,
    search: u32,
    comparison: u32,
}

struct ContactView {
    text: String,
    /// Only what a browser can follow safely.
    address: Option<String>,
}

impl LimitsView {
    fn of(limits: &Limits) -> Self {
        Self {
            per_second: limits.per_second.get(),
            burst: limits.burst.get(),
            page: 1,
            search: limits.search.get(),
            comparison: limits.comparison.get(),
        }
    }
}

impl ContactView {
    fn of(contact: &str) -> Self {
        let follows = ["https://", "mailto:"];
        let safe = follows.iter().any(|start| contact.starts_with(start));
        Self {
            text: contact.trim_start_matches("mailto:").to_owned(),
            address: safe.then(|| contact.to_owned()),
        }
    }
}

pub(crate) async fn page(
    State(site): State<Site>,
    wanted: Wanted,
    parameters: Parameters,
) -> Result<Response, WebError> {
    parameters.finish()?;
    let current = site.live.current();
    let conduct = &current.settings.conduct;
    let security = conduct.security_at((site.clock)());
    let policy = Policy {
        limits: conduct.limits.as_ref().map(LimitsView::of),
        connections: conduct.connections.each,
        contact: security.map(|it| it.contact.clone()).unwrap_or_default(),
    };
    let json = wanted.json_address.clone();
    // What is configured may change while the database stays as it is.
    wanted
        .keeping(Keeping::Live)
        .answer(&policy, |policy| Page {
            frame: Frame::of("For programs", "about", Some(json)),
            limits: policy.limits.clone(),
            connections: policy.connections,
            contact: policy
                .contact
                .iter()
                .map(|it| ContactView::of(it))
                .collect(),
        })
}
