//! Parameters of an address: each is known, bounded and checked, or the question is refused.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;

use crate::error::WebError;

/// Bytes of a query string at the most.
const QUERY_BYTES: usize = 2048;

/// Characters of a text at the most.
const TEXT: usize = 100;

/// The parameters of a request, taken out one by one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, WebError> {
        let query = parts.uri.query().unwrap_or_default();
        if query.len() > QUERY_BYTES {
            return Err(WebError::BadRequest("the address is too long".to_owned()));
        }
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_err(|_| WebError::BadRequest("the address cannot be read".to_owned()))?;
        Ok(Self(pairs))
    }
}

impl Parameters {
    /// Takes a parameter out; an empty one, as forms send them, is none.
    fn take(&mut self, name: &str) -> Result<Option<String>, WebError> {
        let mut found = self
            .0
            .extract_if(.., |(known, _)| known == name)
            .map(|(_, value)| value);
        let value = found.next().filter(|value| !value.is_empty());
        if found.next().is_some() {
            return Err(WebError::BadRequest(format!("{name} is given twice")));
        }
        Ok(value)
    }

    /// A short text of a line.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, WebError> {
        let Some(text) = self.take(name)? else {
            return Ok(None);
        };
        if text.chars().count() > TEXT {
            return Err(WebError::BadRequest(format!(
                "{name} is longer than {TEXT} characters"
            )));
        }
        if text.chars().any(char::is_control) {
            return Err(WebError::BadRequest(format!(
                "{name} holds characters that are not text"
            )));
        }
        let text = text.trim();
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }

    /// A number of a range.
    pub(crate) fn number(
        &mut self,
        name: &str,
        range: std::ops::RangeInclusive<usize>,
    ) -> Result<Option<usize>, WebError> {
        let Some(text) = self.take(name)? else {
            return Ok(None);
        };
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.map(Some).ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            WebError::BadRequest(format!("{name} must be a number from {least} to {most}"))
        })
    }

    /// A long word without blanks, such as an earlier answer gave.
    pub(crate) fn token(&mut self, name: &str) -> Result<Option<String>, WebError> {
        let token = self.take(name)?;
        if token
            .as_ref()
            .is_some_and(|it| !it.chars().all(|c| c.is_ascii_graphic()))
        {
            let reason = format!("{name} holds characters that it cannot have");
            return Err(WebError::BadRequest(reason));
        }
        Ok(token)
    }

    /// A number of percent: as it was written, and as a share of one.
    pub(crate) fn percentage(&mut self, name: &str) -> Result<Option<(String, f64)>, WebError> {
        let Some(text) = self.take(name)? else {
            return Ok(None);
        };
        let percent = text
            .parse::<f64>()
            .ok()
            .filter(|it| (0.0..=100.0).contains(it));
        match percent {
            Some(percent) if text.len() <= 10 => Ok(Some((text, percent / 100.0))),
            _ => Err(WebError::BadRequest(format!(
                "{name} must be a number of percent from 0 to 100"
            ))),
        }
    }

    /// One of several words.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        name: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, WebError> {
        let Some(text) = self.take(name)? else {
            return Ok(None);
        };
        let found = choices
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, choice)| *choice);
        found.map(Some).ok_or_else(|| {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            WebError::BadRequest(format!("{name} must be one of {}", words.join(", ")))
        })
    }

    /// A value that has its own form.
    pub(crate) fn parsed<T: FromStr>(&mut self, name: &str) -> Result<Option<T>, WebError>
    where
        T::Err: std::fmt::Display,
    {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        text.parse()
            .map(Some)
            .map_err(|error| WebError::BadRequest(format!("{name}: {error}")))
    }

    /// Refuses what is left: a misspelt filter must not look as if it filtered.
    pub(crate) fn finish(self) -> Result<(), WebError> {
        match self.0.first() {
            Some((name, _)) => {
                let name: String = name.chars().take(40).collect();
                Err(WebError::BadRequest(format!(
                    "there is no parameter {name:?} here"
                )))
            }
            None => Ok(()),
        }
    }
}
