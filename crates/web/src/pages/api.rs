//! The interface for programs, explained.

use askama::Template;
use axum::response::Response;

use super::Frame;
use crate::api::{DOCUMENT, OPERATIONS, Operation, Place};
use crate::error::WebError;
use crate::format::Format;
use crate::parameters::Parameters;
use crate::respond::Wanted;

#[derive(Template)]
#[template(path = "api.html")]
struct Page {
    frame: Frame,
    operations: Vec<OperationBlock>,
}

struct OperationBlock {
    id: &'static str,
    path: &'static str,
    about: &'static str,
    forms: Vec<String>,
    parameters: Vec<ParameterLine>,
}

struct ParameterLine {
    name: &'static str,
    about: &'static str,
    words: String,
    needed: bool,
}

pub(crate) async fn page(wanted: Wanted, parameters: Parameters) -> Result<Response, WebError> {
    parameters.finish()?;
    if wanted.format == Format::Json {
        return wanted.answer_json(DOCUMENT.clone());
    }
    wanted.answer(&(), |()| Page {
        frame: Frame::of("Interface", "about", Some("/api.json".to_owned())),
        operations: OPERATIONS.iter().map(OperationBlock::of).collect(),
    })
}

impl OperationBlock {
    fn of(operation: &Operation) -> Self {
        let parameters = operation.parameters.iter();
        Self {
            id: operation.id,
            path: operation.path,
            about: operation.about,
            forms: operation
                .forms
                .iter()
                .map(|form| format!(".{form}"))
                .collect(),
            parameters: parameters
                .map(|parameter| ParameterLine {
                    name: parameter.name,
                    about: parameter.about,
                    words: parameter.words(),
                    needed: parameter.place != Place::Query,
                })
                .collect(),
        }
    }
}
