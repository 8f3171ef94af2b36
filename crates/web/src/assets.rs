//! What pages are dressed in: one style sheet and one icon, within the binary, under names that
//! change with their content.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use crate::error::WebError;

/// A file within the binary.
pub(crate) struct Asset {
    /// The name under which it is served: it never means another content.
    pub(crate) name: String,
    content_type: &'static str,
    content: &'static str,
}

pub(crate) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("palisade", "css", "text/css; charset=utf-8", STYLE_TEXT));
pub(crate) static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", ICON_TEXT));

const STYLE_TEXT: &str = include_str!("../static/palisade.css");
const ICON_TEXT: &str = include_str!("../static/icon.svg");

impl Asset {
    fn new(stem: &str, extension: &str, content_type: &'static str, content: &'static str) -> Self {
        let hash = blake3::hash(content.as_bytes()).to_hex();
        Self {
            name: format!("{stem}-{}.{extension}", &hash[..12]),
            content_type,
            content,
        }
    }
}

pub(crate) async fn serve(Path(name): Path<String>) -> Result<Response, WebError> {
    let asset = [&*STYLE, &*ICON]
        .into_iter()
        .find(|asset| asset.name == name);
    let asset = asset.ok_or_else(|| WebError::NotFound("there is no such file".to_owned()))?;
    let headers = [
        (CONTENT_TYPE, asset.content_type),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, asset.content).into_response())
}
