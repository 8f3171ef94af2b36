//! Answers that are kept in memory while the database stays as it is.
//!
//! A page is made once for each state of the database, form and compression, and whoever asks
//! again, or asks whether it still holds, costs next to nothing. What an answer says of its own
//! keeping decides: only what is public is kept. A bound on bytes makes the least used ones go.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, ETAG, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use palisade_tracker::Views;
use palisade_tracker::views::Generation;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::error::WebError;
use crate::format::{Format, LINKED, format_of};
use crate::live::{Current, Live};
use crate::respond::{error_response, holds};

/// Bytes that are kept in all.
const BYTES: u64 = 48 << 20;

/// Answers that are kept in all, roughly.
const ANSWERS: usize = 4000;

/// Bytes of one answer at the most: a whole branch's findings are made when they are asked for.
const ANSWER_BYTES: usize = 1 << 20;

/// How long an answer is kept that depends on what time it is.
const AGE: Duration = Duration::from_secs(30);

/// How long an answer is kept at the most that depends on what day it is, as all do.
const DAY: Duration = Duration::from_hours(24);

/// How long the state of the database is taken for what it was.
const SEEN: Duration = Duration::from_millis(100);

/// How long looking at the database may take; a page that is made anew says what is wrong with it.
const LOOK: Duration = Duration::from_secs(2);

/// How often it is looked whether there is another state to prepare for.
const WARM: Duration = Duration::from_millis(200);

/// What an answer depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Question {
    /// Of which settings.
    settings: u64,
    address: String,
    format: Format,
    encoding: Encoding,
}

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Encoding {
    Zstd,
    Gzip,
    Plain,
}

/// Marks an answer that depends on what time it is: when the database last changed says nothing of
/// it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OfNow;

/// An answer with the state of the database of which it was made.
#[derive(Debug)]
struct Answer {
    generation: Generation,
    /// How long it holds while the database stays as it is.
    until: Instant,
    headers: HeaderMap,
    body: Bytes,
}

#[derive(Clone)]
struct Bytewise;

impl Weighter<Question, Arc<Answer>> for Bytewise {
    fn weight(&self, question: &Question, answer: &Arc<Answer>) -> u64 {
        // Headers and the entry itself are about half a KiB.
        (question.address.len() + answer.body.len() + 512) as u64
    }
}

/// A look at the database.
#[derive(Debug, Clone, Copy)]
struct Seen {
    when: Instant,
    /// Its state; none when it could not be told.
    generation: Option<Generation>,
}

/// The answers that are kept, and when the database was last looked at.
#[derive(Clone)]
pub(crate) struct Kept {
    views: Views,
    answers: Arc<Cache<Question, Arc<Answer>, Bytewise>>,
    seen: Arc<Mutex<Option<Seen>>>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Kept {
    pub(crate) fn new(views: Views) -> Self {
        Self {
            views,
            answers: Arc::new(Cache::with_weighter(ANSWERS, BYTES, Bytewise)),
            seen: Arc::default(),
            turn: Arc::default(),
        }
    }

    /// The state of the database, looked at a short while ago at the most. `None` when it cannot
    /// be told: then nothing that is kept is of use.
    async fn generation(&self) -> Option<Generation> {
        if let Some(seen) = self.just_seen() {
            return seen.generation;
        }
        let _turn = self.turn.lock().await;
        if let Some(seen) = self.just_seen() {
            return seen.generation;
        }
        let asked = tokio::time::timeout(LOOK, self.views.generation()).await;
        let generation = asked.ok().and_then(Result::ok);
        let now = Seen {
            when: Instant::now(),
            generation,
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let before = seen.replace(now);
        if before.is_some_and(|it| it.generation != generation) {
            // They hold no longer, and room is needed for what is made of the new state.
            self.answers.clear();
        }
        generation
    }

    fn just_seen(&self) -> Option<Seen> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.filter(|seen| seen.when.elapsed() < SEEN)
    }
}

/// Looks at the database for as long as it is polled, and makes what pages need of each new state
/// before anybody asks for it.
pub(crate) async fn keep_warm(views: Views, live: Live) -> std::convert::Infallible {
    let mut warm = None;
    loop {
        if let Ok(generation) = views.present().await
            && warm != Some(generation)
        {
            // What fails is not tried again: a page makes what it needs, or says what is wrong.
            warm = Some(generation);
            if let Err(error) = views.warm().await {
                tracing::warn!(%error, "pages could not be prepared");
            }
            live.set_preparing(false);
        }
        tokio::time::sleep(WARM).await;
    }
}

/// Answers from what is kept, or keeps what is answered.
pub(crate) async fn keep(State(kept): State<Kept>, request: Request, next: Next) -> Response {
    let Some(question) = Question::of(&request) else {
        return next.run(request).await;
    };
    let Some(generation) = kept.generation().await else {
        return next.run(request).await;
    };
    if let Some(answer) = kept.answers.get(&question)
        && answer.generation == generation
        && answer.holds()
    {
        return answer.response(&Conditions::of(request.headers()));
    }
    // The whole answer is wanted here, whatever the asker has already.
    let mut whole = request;
    let asked = Conditions::take(whole.headers_mut());
    question.encoding.ask(whole.headers_mut());
    let mut response = next.run(whole).await;
    if !is_public(&response) {
        return unless_known(response, &asked);
    }
    let is_of_now = response.extensions_mut().remove::<OfNow>().is_some();
    if !is_of_now {
        let changed = changed(generation);
        response
            .headers_mut()
            .extend(changed.map(|it| (LAST_MODIFIED, it)));
    }
    let (parts, body) = response.into_parts();
    let Ok(body) = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
    else {
        return error_response(&WebError::Internal, question.format);
    };
    let answer = Arc::new(Answer {
        generation,
        until: Instant::now() + if is_of_now { AGE } else { rest_of_day() },
        headers: parts.headers,
        body,
    });
    if answer.body.len() <= ANSWER_BYTES {
        kept.answers.insert(question, Arc::clone(&answer));
    }
    answer.response(&asked)
}

/// An answer that nobody keeps, without its body for whoever has it.
fn unless_known(mut response: Response, asked: &Conditions) -> Response {
    if response.status() == StatusCode::OK && asked.hold(response.headers()) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
        response.headers_mut().remove(CONTENT_LENGTH);
    }
    response
}

impl Question {
    /// `None` for what is not kept: what is sent, what somebody asks who is known, and linked data,
    /// whose identifiers begin with the host that was asked.
    fn of(request: &Request) -> Option<Self> {
        let headers = request.headers();
        let accepts = headers.get_all(ACCEPT).iter();
        let mut accepts = accepts.filter_map(|value| value.to_str().ok());
        let is_linked = accepts.any(|accept| accept.to_ascii_lowercase().contains(LINKED));
        let is_known = headers.contains_key(AUTHORIZATION);
        if request.method() != Method::GET || is_known || is_linked {
            return None;
        }
        Some(Self {
            settings: request.extensions().get::<Arc<Current>>()?.number,
            address: request.uri().path_and_query()?.as_str().to_owned(),
            format: format_of(request.extensions().get::<Format>(), headers),
            encoding: Encoding::of(headers),
        })
    }
}

impl Encoding {
    fn of(headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(ACCEPT_ENCODING).iter();
        let accepted: Vec<&str> = accepted
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        let takes = |name: &str| {
            accepted.iter().any(|one| {
                let mut parts = one.split(';').map(str::trim);
                let named = parts.next() == Some(name);
                let quality = parts.find_map(|part| part.strip_prefix("q="));
                let refused = quality.is_some_and(|q| q.parse() == Ok(0.0_f32));
                named && !refused
            })
        };
        if takes("zstd") {
            Self::Zstd
        } else if takes("gzip") {
            Self::Gzip
        } else {
            Self::Plain
        }
    }

    /// Asks for this and nothing else, so that the answer serves everybody who takes it.
    fn ask(self, headers: &mut HeaderMap) {
        headers.remove(ACCEPT_ENCODING);
        let name = match self {
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
            Self::Plain => return,
        };
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(name));
    }
}

/// What an asker has already.
#[derive(Debug, Default)]
struct Conditions {
    tags: Option<HeaderValue>,
    since: Option<HeaderValue>,
}

impl Conditions {
    fn of(headers: &HeaderMap) -> Self {
        Self {
            tags: headers.get(IF_NONE_MATCH).cloned(),
            since: headers.get(IF_MODIFIED_SINCE).cloned(),
        }
    }

    fn take(headers: &mut HeaderMap) -> Self {
        Self {
            tags: headers.remove(IF_NONE_MATCH),
            since: headers.remove(IF_MODIFIED_SINCE),
        }
    }

    /// Whether it is this answer (RFC 9110, section 13.2.2: tags count before times).
    fn hold(&self, answer: &HeaderMap) -> bool {
        let time =
            |value: Option<&HeaderValue>| httpdate::parse_http_date(value?.to_str().ok()?).ok();
        match &self.tags {
            Some(known) => {
                let tag = answer.get(ETAG).and_then(|tag| tag.to_str().ok());
                tag.is_some_and(|tag| holds(known, tag))
            }
            None => time(self.since.as_ref())
                .zip(time(answer.get(LAST_MODIFIED)))
                .is_some_and(|(since, changed)| changed <= since),
        }
    }
}

/// When a state of the database came about, once the second is over within which it could change
/// again.
///
/// A page also depends on the program, and on what day it is: none is older than their beginning.
fn changed(generation: Generation) -> Option<HeaderValue> {
    static START: LazyLock<SystemTime> = LazyLock::new(SystemTime::now);
    let seconds = u64::try_from(generation.time / 1_000_000).ok()?;
    let today = SystemTime::now() + rest_of_day() - DAY;
    let time = (UNIX_EPOCH + Duration::from_secs(seconds)).max(*START);
    let time = time.max(today);
    if SystemTime::now().duration_since(time).ok()? < Duration::from_secs(2) {
        return None;
    }
    HeaderValue::from_str(&httpdate::fmt_http_date(time)).ok()
}

/// How long it is until the next day of UTC begins: a page tells how old something is in days.
fn rest_of_day() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = now.unwrap_or_default().as_secs();
    Duration::from_secs(DAY.as_secs() - seconds % DAY.as_secs())
}

impl Answer {
    fn holds(&self) -> bool {
        Instant::now() < self.until
    }

    fn response(&self, asked: &Conditions) -> Response {
        let holds = asked.hold(&self.headers);
        let mut response = if holds {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            Response::new(Body::from(self.body.clone()))
        };
        response.headers_mut().extend(self.headers.clone());
        if holds {
            response.headers_mut().remove(CONTENT_LENGTH);
        }
        response
    }
}

/// Whether an answer may be kept for everybody.
fn is_public(response: &Response) -> bool {
    let kept = response.headers().get(CACHE_CONTROL);
    response.status() == StatusCode::OK
        && response.headers().contains_key(ETAG)
        && kept.is_some_and(|kept| kept.as_bytes().starts_with(b"public"))
}
