//! What this is.

use askama::Template;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::Frame;
use crate::error::WebError;
use crate::parameters::Parameters;
use crate::respond::Wanted;

#[derive(Template)]
#[template(path = "about.html")]
struct Page {
    frame: Frame,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct About {
    name: &'static str,
    version: &'static str,
}

pub(crate) async fn page(wanted: Wanted, parameters: Parameters) -> Result<Response, WebError> {
    parameters.finish()?;
    let about = About {
        name: "Palisade",
        version: env!("CARGO_PKG_VERSION"),
    };
    let json = wanted.json_address.clone();
    wanted.answer(&about, |_| Page {
        frame: Frame::of("About", "about", Some(json)),
    })
}
