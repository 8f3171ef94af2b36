//! One question with a body to an interface, and its short answer: for what is written elsewhere, such
//! as a comment. The same hosts are out of reach as for documents.

use futures_util::StreamExt;
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};

use crate::address::names_private_address;
use crate::client::Client;
use crate::error::FetchError;
use crate::retry;
use url::Url;

/// The most bytes of an answer.
const ANSWER: usize = 1 << 20;

/// How something is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Something new.
    Post,
    /// In place of what is there.
    Put,
    /// A part in place of what is there.
    Patch,
}

/// A question with a body in JSON.
#[derive(Debug, Clone)]
pub struct Call {
    /// How.
    pub method: Method,
    /// Where.
    pub url: Url,
    /// Headers that are nobody else's business.
    pub secrets: Vec<(&'static str, String)>,
    /// The body.
    pub json: String,
    /// Whether the host may be in the own network.
    pub private: bool,
}

impl Client {
    /// Asks once and gives the answer's body. No redirect is followed, for the body may have been meant
    /// for the first host alone; nothing is asked twice, for it may have been done the first time.
    ///
    /// # Errors
    /// When the host is out of reach, or does not answer with success.
    pub async fn call(&self, call: &Call) -> Result<Vec<u8>, FetchError> {
        let url = call.url.to_string();
        let refuse = |reason| FetchError::Address {
            url: url.clone(),
            reason,
        };
        if !matches!(call.url.scheme(), "https" | "http") {
            return Err(refuse("it is neither https nor http"));
        }
        if !call.private && names_private_address(&call.url) {
            return Err(refuse(
                "it is in the own network; private = true in the source allows it",
            ));
        }
        let total = self.settings.total;
        let answered = tokio::time::timeout(total, self.answered(call)).await;
        answered.unwrap_or(Err(FetchError::Slow {
            url,
            seconds: total.as_secs(),
        }))
    }

    async fn answered(&self, call: &Call) -> Result<Vec<u8>, FetchError> {
        let failed = |error: reqwest::Error| self.connection(&call.url, error);
        let method = match call.method {
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
        };
        let mut asking = self
            .within(call.private)
            .request(method, call.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json");
        for (name, value) in &call.secrets {
            let Ok(mut value) = HeaderValue::from_str(value) else {
                return Err(FetchError::Address {
                    url: call.url.to_string(),
                    reason: "its key has characters that no header may have",
                });
            };
            value.set_sensitive(true);
            asking = asking.header(HeaderName::from_static(name), value);
        }
        let response = asking.body(call.json.clone()).send().await;
        let response = response.map_err(failed)?;
        if !matches!(
            response.status(),
            StatusCode::OK | StatusCode::CREATED | StatusCode::ACCEPTED | StatusCode::NO_CONTENT
        ) {
            return Err(FetchError::Status {
                url: call.url.to_string(),
                status: response.status().to_string(),
                code: response.status().as_u16(),
                wait: retry::wait(response.headers(), (self.settings.clock)()),
            });
        }
        let mut answer = Vec::new();
        let mut body = response.bytes_stream();
        while let Some(bytes) = body.next().await {
            answer.extend_from_slice(&bytes.map_err(failed)?);
            if answer.len() > ANSWER {
                return Err(FetchError::TooLong {
                    url: call.url.to_string(),
                    limit: ANSWER as u64,
                });
            }
        }
        Ok(answer)
    }
}
