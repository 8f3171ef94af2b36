//! The client: one request with its redirects and repetitions, into a file.

mod repository;

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use fs_err as fs;
use futures_util::StreamExt;
use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::{
    ACCEPT_ENCODING, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, LAST_MODIFIED, LOCATION, RANGE,
};
use ring::digest;
use url::Url;

use crate::address::{names_private_address, public_only};
use crate::download::{Download, validators};
use crate::error::FetchError;
use crate::pace::Paces;
use crate::request::{Answer, Body, Request, Validators};
use crate::retry::{self, header_time};

/// Redirects that are followed.
const REDIRECTS: usize = 5;

/// How a client behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Who asks, with an address for whoever wants to complain.
    pub user_agent: String,
    /// How long making a connection may take.
    pub connect: Duration,
    /// How long nothing may come.
    pub idle: Duration,
    /// How long one request may take.
    pub total: Duration,
    /// How often a request is made before it has failed.
    pub attempts: u32,
    /// The pause before the first repetition.
    pub first_pause: Duration,
    /// The longest pause, also where the server wants a longer one: then the request has failed for
    /// now, and its error says for how long.
    pub longest_pause: Duration,
    /// What time it is, for servers that want to be asked again at a time of day.
    pub clock: fn() -> Timestamp,
}

impl Settings {
    /// Settings for everyday use.
    pub fn new(user_agent: String, clock: fn() -> Timestamp) -> Self {
        Self {
            user_agent,
            clock,
            connect: Duration::from_secs(30),
            idle: Duration::from_mins(1),
            total: Duration::from_hours(2),
            attempts: 5,
            first_pause: Duration::from_secs(2),
            longest_pause: Duration::from_mins(2),
        }
    }
}

/// How far fetching is.
#[derive(Debug, Clone, Copy)]
pub enum Stage<'a> {
    /// So many bytes are there, of so many if that is known.
    Read(u64, Option<u64>),
    /// It went wrong, and is asked for again after a pause.
    Again {
        /// What went wrong.
        error: &'a FetchError,
        /// The pause.
        pause: Duration,
    },
}

/// Fetches documents.
#[derive(Debug)]
pub struct Client {
    /// Reaches the internet alone.
    public: reqwest::Client,
    /// Reaches the own network, too.
    private: reqwest::Client,
    pub(crate) settings: Settings,
    paces: Paces,
}

impl Client {
    /// A client.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(settings: Settings) -> Result<Self, FetchError> {
        // Another part of the program may have chosen already; then it is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = || {
            reqwest::Client::builder()
                .user_agent(&settings.user_agent)
                .connect_timeout(settings.connect)
                .read_timeout(settings.idle)
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
        };
        Ok(Self {
            public: builder()
                .dns_resolver(public_only())
                .build()
                .map_err(FetchError::Client)?,
            private: builder().build().map_err(FetchError::Client)?,
            settings,
            paces: Paces::default(),
        })
    }

    /// Fetches a document into a file, of which `target` is the path. `progress` hears how far that is.
    ///
    /// Whoever stops waiting loses nothing: the next request for the same address and file goes on
    /// where this one stopped.
    ///
    /// # Errors
    /// When it does not come in all attempts, or comes as something that is not wanted.
    pub async fn fetch(
        &self,
        request: &Request,
        target: &Path,
        progress: &(dyn Fn(Stage<'_>) + Sync),
    ) -> Result<Answer, FetchError> {
        let mut attempt = 1;
        loop {
            let slow = || FetchError::Slow {
                url: request.url.to_string(),
                seconds: self.settings.idle.as_secs(),
            };
            let once = self.once(request, target, progress);
            let result = tokio::time::timeout(self.settings.total, once).await;
            let error = match result.unwrap_or_else(|_| Err(slow())) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let forbidden = request.forbidden_means_wait
                && matches!(error, FetchError::Status { code: 403, .. });
            let Settings {
                first_pause,
                longest_pause,
                attempts,
                ..
            } = self.settings;
            let pause = error.wait().unwrap_or_else(|| {
                retry::pause(attempt, first_pause, longest_pause, retry::random())
            });
            let again = error.is_passing() || forbidden;
            if !again || attempt >= attempts || pause > longest_pause {
                return Err(error);
            }
            tracing::info!(%error, ?pause, "fetch again");
            progress(Stage::Again {
                error: &error,
                pause,
            });
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    async fn once(
        &self,
        request: &Request,
        target: &Path,
        progress: &(dyn Fn(Stage<'_>) + Sync),
    ) -> Result<Answer, FetchError> {
        let download = Download::into_file(target);
        let elsewhere = || FetchError::Elsewhere {
            url: request.url.to_string(),
        };
        let response = self.send(request, &download).await?;
        match response.status() {
            StatusCode::NOT_MODIFIED if request.known != Validators::default() => {
                return Ok(Answer::NotModified);
            }
            StatusCode::OK | StatusCode::PARTIAL_CONTENT => {}
            // As of a part that was the whole when somebody was stopped.
            StatusCode::RANGE_NOT_SATISFIABLE if download.part(&request.url).is_some() => {
                download.forget()?;
                return Err(elsewhere());
            }
            _ => return Err(self.status_error(request, &response)),
        }
        let known = validators(response.headers());
        let modified = header_time(response.headers(), LAST_MODIFIED);
        let opened = download.open(&request.url, response.status(), response.headers())?;
        let (mut file, there) = opened.ok_or_else(elsewhere)?;
        // What a server says of the length may be anything.
        let expected = response.content_length();
        let expected = expected.map(|rest| there.saturating_add(rest));
        let too_long = || FetchError::TooLong {
            url: request.url.to_string(),
            limit: request.max_bytes,
        };
        if expected.is_some_and(|length| length > request.max_bytes) {
            download.forget()?;
            return Err(too_long());
        }
        let mut length = there;
        let there = |done| progress(Stage::Read(done, expected));
        there(length);
        let mut body = response.bytes_stream();
        while let Some(bytes) = body.next().await {
            let bytes = bytes.map_err(|error| self.connection(&request.url, error))?;
            length += bytes.len() as u64;
            if length > request.max_bytes {
                download.forget()?;
                return Err(too_long());
            }
            file.write_all(&bytes)?;
            there(length);
        }
        if let Some(published) = &request.sha256 {
            check_digest(request, published, &download)?;
        }
        Ok(Answer::Body(Body {
            path: download.finish(file)?,
            length,
            validators: known,
            modified,
        }))
    }

    fn status_error(&self, request: &Request, response: &reqwest::Response) -> FetchError {
        FetchError::Status {
            url: request.url.to_string(),
            status: response.status().to_string(),
            code: response.status().as_u16(),
            wait: retry::wait(response.headers(), (self.settings.clock)()),
        }
    }

    /// Sends a request and follows where it leads.
    async fn send(
        &self,
        request: &Request,
        download: &Download,
    ) -> Result<reqwest::Response, FetchError> {
        let mut url = request.url.clone();
        for _ in 0..=REDIRECTS {
            check_address(request, &url)?;
            let host = url.host_str().unwrap_or_default();
            self.paces.wait(host, request.pace).await;
            let response = self.send_to(request, download, &url).await?;
            if !response.status().is_redirection() || response.status() == StatusCode::NOT_MODIFIED
            {
                return Ok(response);
            }
            let location = response.headers().get(LOCATION);
            let location = location.and_then(|it| it.to_str().ok()).unwrap_or_default();
            url = next_address(request, &url, location)?;
        }
        Err(FetchError::Redirect {
            url: request.url.to_string(),
            to: url.to_string(),
            reason: "and on and on",
        })
    }

    async fn send_to(
        &self,
        request: &Request,
        download: &Download,
        url: &Url,
    ) -> Result<reqwest::Response, FetchError> {
        // A part of a body that was compressed on its way could not be gone on with.
        let mut get = self
            .within(request.private)
            .get(url.clone())
            .header(ACCEPT_ENCODING, "identity");
        if let Some(part) = download.part(&request.url) {
            get = get
                .header(RANGE, format!("bytes={}-", part.length))
                .header(IF_RANGE, part.condition);
        } else {
            if let Some(etag) = &request.known.etag {
                get = get.header(IF_NONE_MATCH, etag);
            }
            if let Some(date) = &request.known.last_modified {
                get = get.header(IF_MODIFIED_SINCE, date);
            }
        }
        if url.origin() == request.url.origin() {
            for (name, value) in &request.secrets {
                get = get.header(*name, value);
            }
        }
        let sent = get.send().await;
        sent.map_err(|error| self.connection(&request.url, error))
    }

    /// What reaches the own network, too, or the internet alone.
    pub(crate) fn within(&self, private: bool) -> &reqwest::Client {
        if private { &self.private } else { &self.public }
    }

    pub(crate) fn connection(&self, url: &Url, error: reqwest::Error) -> FetchError {
        let url = url.to_string();
        if error.is_timeout() {
            let seconds = self.settings.idle.as_secs();
            return FetchError::Slow { url, seconds };
        }
        // The address may have a key in it, and is named already.
        FetchError::Connection {
            url,
            source: error.without_url(),
        }
    }
}

fn check_address(request: &Request, url: &Url) -> Result<(), FetchError> {
    let refuse = |reason| {
        Err(FetchError::Address {
            url: url.to_string(),
            reason,
        })
    };
    if !matches!(url.scheme(), "https" | "http") {
        return refuse("it is neither https nor http");
    }
    if !request.private && names_private_address(url) {
        return refuse("it is in the own network; private = true in the source allows it");
    }
    Ok(())
}

/// Where a redirect leads, if we go there: the same host, or one that was named beforehand, and
/// never from https to http.
fn next_address(request: &Request, from: &Url, location: &str) -> Result<Url, FetchError> {
    let refuse = |to: &str, reason| {
        Err(FetchError::Redirect {
            url: request.url.to_string(),
            to: to.chars().take(200).collect(),
            reason,
        })
    };
    let Ok(to) = from.join(location) else {
        return refuse(location, "which is no address");
    };
    if from.scheme() == "https" && to.scheme() != "https" {
        return refuse(to.as_str(), "which nothing protects");
    }
    let host = to.host_str().unwrap_or_default();
    let is_known =
        to.host_str() == request.url.host_str() || request.hosts.iter().any(|known| known == host);
    if !is_known {
        return refuse(to.as_str(), "a host that nobody named for this source");
    }
    if !request.private && names_private_address(&to) {
        return refuse(
            to.as_str(),
            "which is in the own network; private = true in the source allows it",
        );
    }
    Ok(to)
}

fn check_digest(request: &Request, published: &str, download: &Download) -> Result<(), FetchError> {
    let mut context = digest::Context::new(&digest::SHA256);
    let mut file = fs::File::open(download.part_file())?;
    std::io::copy(&mut file, &mut Hashing(&mut context))?;
    let found: String = context
        .finish()
        .as_ref()
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    if found.eq_ignore_ascii_case(published) {
        return Ok(());
    }
    download.forget()?;
    Err(FetchError::Digest {
        url: request.url.to_string(),
        found,
        published: published.to_owned(),
    })
}

struct Hashing<'a>(&'a mut digest::Context);

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
