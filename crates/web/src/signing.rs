//! Who speaks: a program by its token, a person by what their browser was given when they signed in.
//!
//! A browser sends what it was given along with whatever another site makes it send, unless that is
//! forbidden. It is, twice: the cookie is for this site alone, and what is sent must say that it was
//! sent from here.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, COOKIE, HOST, ORIGIN, REFERRER_POLICY, SET_COOKIE, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use palisade_tracker::reviews::{Desk, Reviewer};
use serde::Deserialize;

use crate::error::WebError;
use crate::pages::Frame;
use crate::parameters::Parameters;
use crate::redirect::see_other;
use crate::respond::{Keeping, Wanted};
use crate::serve::Site;

/// The cookie's name, and for how many seconds browsers keep it.
const NAME: &str = "palisade-session";
const AGE: u32 = 7 * 24 * 3600;

/// How somebody speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// With a token in the request.
    Token,
    /// Signed in.
    Browser,
}

/// Who speaks, if somebody does who may.
pub(crate) async fn speaker(
    desk: &Desk,
    headers: &HeaderMap,
) -> Result<Option<(Reviewer, Way)>, WebError> {
    if let Some(token) = bearer(headers) {
        return Ok(desk.reviewer(token).cloned().map(|it| (it, Way::Token)));
    }
    let Some(secret) = cookie(headers) else {
        return Ok(None);
    };
    let reviewer = desk.signed_in(secret).await?;
    Ok(reviewer.cloned().map(|it| (it, Way::Browser)))
}

pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let values = headers.get_all(COOKIE).iter();
    let pairs = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'));
    pairs
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == NAME)
        .map(|(_, value)| value)
}

/// Refuses what another site makes a browser send.
pub(crate) fn refuse_others(site: &Site, headers: &HeaderMap) -> Result<(), WebError> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_own = match (text("sec-fetch-site"), text(ORIGIN.as_str())) {
        (Some(from), _) => from == "same-origin",
        (None, Some(origin)) => {
            let settings = site.live.settings();
            let known = settings.conduct.address.as_deref();
            let host = text(HOST.as_str());
            let named = origin.split_once("://").map(|(_, host)| host);
            known == Some(origin) || (named.is_some() && named == host)
        }
        // Every browser of the last years says one of the two.
        (None, None) => false,
    };
    if is_own {
        return Ok(());
    }
    let reason = "this was not sent from a page of this site".to_owned();
    Err(WebError::Forbidden(reason))
}

/// Says of a page that it differs with who looks at it, and that forms on it may say where they are.
pub(crate) fn personal(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.append(VARY, HeaderValue::from_static("cookie"));
    // Without a referrer, browsers leave out the origin of a form, too.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Page {
    frame: Frame,
    /// The review to go back to.
    review: Option<u32>,
    wrong: bool,
}

/// The form to sign in with; whoever has done that already goes on.
pub(crate) async fn page(
    State(site): State<Site>,
    headers: HeaderMap,
    wanted: Wanted,
    mut parameters: Parameters,
) -> Result<Response, WebError> {
    let review = parameters.parsed("review")?;
    parameters.finish()?;
    let desk = desk(&site)?;
    if speaker(&desk, &headers).await?.is_some() {
        return Ok(personal(see_other(&back(review))));
    }
    form(&wanted, review, false)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Given {
    token: String,
    review: Option<String>,
}

pub(crate) async fn sign_in(
    State(site): State<Site>,
    headers: HeaderMap,
    wanted: Wanted,
    given: Result<Form<Given>, FormRejection>,
) -> Result<Response, WebError> {
    let desk = desk(&site)?;
    refuse_others(&site, &headers)?;
    let Form(given) = given?;
    let review = given.review.and_then(|text| text.parse().ok());
    let Some(secret) = desk.sign_in(given.token.trim()).await? else {
        let mut response = form(&wanted, review, true)?;
        *response.status_mut() = StatusCode::FORBIDDEN;
        return Ok(response);
    };
    with_cookie(&site, &back(review), &secret, AGE)
}

pub(crate) async fn sign_out(
    State(site): State<Site>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let desk = desk(&site)?;
    refuse_others(&site, &headers)?;
    if let Some(secret) = cookie(&headers) {
        desk.sign_out(secret).await?;
    }
    with_cookie(&site, "/reviews", "", 0)
}

fn with_cookie(site: &Site, to: &str, secret: &str, age: u32) -> Result<Response, WebError> {
    let settings = site.live.settings();
    let address = settings.conduct.address.unwrap_or_default();
    let secure = if address.starts_with("https://") {
        "; Secure"
    } else {
        ""
    };
    let cookie =
        format!("{NAME}={secret}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}");
    let cookie = HeaderValue::from_str(&cookie).map_err(|_| WebError::Internal)?;
    let mut response = personal(see_other(to));
    response.headers_mut().insert(SET_COOKIE, cookie);
    Ok(response)
}

fn form(wanted: &Wanted, review: Option<u32>, wrong: bool) -> Result<Response, WebError> {
    let page = Page {
        frame: Frame::of("Sign in", "reviews", None),
        review,
        wrong,
    };
    let response = wanted.clone().keeping(Keeping::Live).answer_page(&page)?;
    Ok(personal(response.into_response()))
}

fn back(review: Option<u32>) -> String {
    match review {
        Some(review) => format!("/review/{review}"),
        None => "/reviews".to_owned(),
    }
}

pub(crate) fn desk(site: &Site) -> Result<Arc<Desk>, WebError> {
    let desk = site.live.settings().desk;
    let desk = desk.filter(|desk| !desk.reviewers.is_empty());
    desk.ok_or_else(|| WebError::NotFound("no reviewer is configured here".to_owned()))
}
