//! The interface for programs, explained.

use askama::Template;
use axum::response::Response;

use super::Frame;
use crate::api::{DOCUMENT, GUIX_DATA, OPERATIONS, Operation, Place, SECFIXES};
use crate::error::WebError;
use crate::format::Format;
use crate::parameters::Parameters;
use crate::respond::Wanted;

#[derive(Template)]
#[template(path = "api.html")]
struct Page {
    frame: Frame,
    groups: Vec<Group>,
}

struct Group {
    /// Whose words these are; empty where they are ours.
    of: &'static str,
    operations: Vec<OperationBlock>,
}

struct OperationBlock {
    id: &'static str,
    path: &'static str,
    about: Vec<(bool, &'static str)>,
    forms: Vec<String>,
    parameters: Vec<ParameterLine>,
}

struct ParameterLine {
    name: &'static str,
    about: Vec<(bool, &'static str)>,
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
        groups: vec![
            Group::of("", OPERATIONS),
            Group::of(GUIX_DATA.name, GUIX_DATA.operations),
            Group::of(SECFIXES.name, SECFIXES.operations),
        ],
    })
}

impl Group {
    fn of(name: &'static str, operations: &[Operation]) -> Self {
        let operations = operations.iter().map(OperationBlock::of).collect();
        Self {
            of: name,
            operations,
        }
    }
}

impl OperationBlock {
    fn of(operation: &Operation) -> Self {
        let parameters = operation.parameters.iter();
        Self {
            id: operation.id,
            path: operation.path,
            about: pieces(operation.about),
            forms: operation
                .forms
                .iter()
                .map(|form| format!(".{form}"))
                .collect(),
            parameters: parameters
                .map(|parameter| ParameterLine {
                    name: parameter.name,
                    about: pieces(parameter.about),
                    words: parameter.words(),
                    needed: parameter.place != Place::Query,
                })
                .collect(),
        }
    }
}

/// A text in pieces; what stands between backticks is code.
fn pieces(text: &'static str) -> Vec<(bool, &'static str)> {
    let pieces = text.split('`').enumerate();
    pieces
        .map(|(place, piece)| (place % 2 == 1, piece))
        .collect()
}
