//! In which type an answer is wanted, as secfixes-tracker takes it: a page, JSON or JSON-LD, and
//! nothing else.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::header::ACCEPT;
use axum::http::request::Parts;

use crate::error::WebError;
use crate::format::{Format, LINKED};

/// A type of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    /// For people.
    Html,
    /// For programs.
    Json,
    /// For programs that follow links.
    JsonLd,
}

impl Type {
    /// All, those first that are given to whoever has no preference.
    const ALL: [Self; 3] = [Self::Html, Self::Json, Self::JsonLd];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Html => "text/html",
            Self::Json => "application/json",
            Self::JsonLd => LINKED,
        }
    }

    /// The type that is liked best; `None` when there is none that is wanted.
    fn accepted(accept: &str) -> Option<Self> {
        if accept.trim().is_empty() {
            return Some(Self::Html);
        }
        let mut best = (None, 0.0_f32);
        for kind in Self::ALL {
            let weight = weight(accept, kind.name());
            if weight > best.1 {
                best = (Some(kind), weight);
            }
        }
        best.0
    }
}

/// How much a type is liked: by its own name before its family's before any.
fn weight(accept: &str, name: &str) -> f32 {
    let family = name.split('/').next().unwrap_or_default();
    let family = format!("{family}/*");
    let of = |wanted: &str| {
        accept.split(',').find_map(|part| {
            let mut pieces = part.split(';').map(str::trim);
            let is_it = pieces.next()?.eq_ignore_ascii_case(wanted);
            let quality = pieces.find_map(|piece| piece.strip_prefix("q="));
            let quality = quality.map_or(Some(1.0), |q| q.parse::<f32>().ok());
            quality.filter(|_| is_it)
        })
    };
    of(name)
        .or_else(|| of(&family))
        .or_else(|| of("*/*"))
        .unwrap_or(0.0)
}

impl<S: Send + Sync> FromRequestParts<S> for Type {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, WebError> {
        match parts.extensions.get::<Format>() {
            Some(Format::Json) => return Ok(Self::Json),
            Some(_) => return Err(WebError::NotAcceptable),
            None => {}
        }
        let accept = parts.headers.get(ACCEPT);
        let accept = accept.and_then(|value| value.to_str().ok());
        Self::accepted(accept.unwrap_or_default()).ok_or(WebError::NotAcceptable)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Type {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &S,
    ) -> Result<Option<Self>, Self::Rejection> {
        let kind = <Self as FromRequestParts<S>>::from_request_parts(parts, state).await;
        Ok(kind.ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_gets_the_type_that_it_likes_best() {
        for (accept, expected) in [
            ("", Some(Type::Html)),
            ("*/*", Some(Type::Html)),
            (
                "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
                Some(Type::Html),
            ),
            ("application/json", Some(Type::Json)),
            ("application/ld+json", Some(Type::JsonLd)),
            (
                "application/ld+json, application/json;q=0.5, text/html;q=0.1",
                Some(Type::JsonLd),
            ),
            ("application/*", Some(Type::Json)),
            ("text/turtle, application/ld+json;q=0.2", Some(Type::JsonLd)),
            ("text/turtle", None),
            ("application/json;q=0", None),
        ] {
            assert_eq!(Type::accepted(accept), expected, "{accept}");
        }
    }
}
