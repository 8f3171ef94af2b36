//! The interface for programs, described: one list of operations, of which the `OpenAPI` document and
//! the page that explains it are made.

use std::sync::LazyLock;

use palisade_tracker::views;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use crate::pages;

mod operations;
mod osv;
mod others;
mod reviews;

pub(crate) use operations::OPERATIONS;
pub(crate) use others::{GUIX_DATA, SECFIXES};

/// Something that can be asked.
pub(crate) struct Operation {
    pub(crate) path: &'static str,
    /// Its name, unique among all.
    pub(crate) id: &'static str,
    pub(crate) about: &'static str,
    pub(crate) parameters: &'static [Parameter],
    answer: Answer,
    /// In which other forms it comes, by suffix.
    pub(crate) forms: &'static [&'static str],
}

/// A parameter of an operation.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) place: Place,
    pub(crate) kind: Kind,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    /// In the query, and not to be left out.
    Needed,
}

/// What a parameter may be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Text,
    Number(u64, u64),
    Choice(&'static [&'static str]),
    Branch,
    Distribution,
    /// A day: `2026-11-22`.
    Date,
    /// A day, with a time or without: `2026-11-22 12:00:00`.
    Moment,
}

/// What is answered: an object of a schema, a list of such, or another service's document.
enum Answer {
    One(&'static str),
    Many(&'static str),
    Any,
}

/// Operations in the words of another service.
pub(crate) struct Interface {
    pub(crate) name: &'static str,
    /// The schema of its errors.
    errors: &'static str,
    pub(crate) operations: &'static [Operation],
}

const fn path(name: &'static str, about: &'static str) -> Parameter {
    let (place, kind) = (Place::Path, Kind::Text);
    Parameter {
        name,
        about,
        place,
        kind,
    }
}

const fn query(name: &'static str, about: &'static str, kind: Kind) -> Parameter {
    let place = Place::Query;
    Parameter {
        name,
        about,
        place,
        kind,
    }
}

impl Parameter {
    const fn needed(self) -> Self {
        let place = Place::Needed;
        Self { place, ..self }
    }
}

/// Text of one line.
const PLAIN: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$";

/// A moment in UTC. Of February 28 days, since a pattern cannot tell which years have more.
const MOMENT: &str = "^(19|20)[0-9]{2}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])\
                      |(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)\
                      ( ([01][0-9]|2[0-3])(:[0-5][0-9]){2})?$";

/// A distribution's name; a form sends an empty one for any.
const DISTRIBUTION: &str = "^[a-z0-9-]{0,32}$";

/// A branch with its distribution.
const BRANCH: &str = "^[a-z][a-z0-9]{1,20}/[A-Za-z0-9][A-Za-z0-9._-]{0,30}$";

#[derive(OpenApi)]
#[openapi(components(schemas(
    pages::about::About,
    pages::policy::Policy,
    pages::branch::Answer,
    pages::events::Answer,
    pages::package::Answer,
    views::AffectedByView,
    views::BranchHistoryView,
    views::BranchSummary,
    views::ComparisonView,
    views::FeedsView,
    views::FindingView,
    views::GraftsView,
    views::HomeView,
    views::ImportView,
    views::MaintainerView,
    views::MaintainersView,
    views::MistakesView,
    views::PackageHistoryView,
    views::ReportView,
    views::ReviewView,
    views::ReviewsView,
    views::SearchView,
    views::StatisticsView,
    views::SyncView,
    views::VulnerabilityView,
)))]
struct Schemas;

/// The `OpenAPI` document (version 3.1).
pub(crate) static DOCUMENT: LazyLock<String> = LazyLock::new(document);

fn document() -> String {
    let schemas = serde_json::to_value(Schemas::openapi()).unwrap_or_default();
    let mut schemas = schemas["components"]["schemas"].clone();
    schemas["Error"] = error_schema();
    schemas["GuixError"] = guix_error_schema();
    if let (Some(schemas), Value::Object(others)) = (schemas.as_object_mut(), osv::schemas()) {
        schemas.extend(others);
    }
    let described = |operation: &Operation, errors| {
        let described = json!({ "get": operation.described(errors) });
        (operation.path.to_owned(), described)
    };
    let ours = OPERATIONS.iter().map(|it| described(it, "Error"));
    let others = [GUIX_DATA, SECFIXES].into_iter().flat_map(|interface| {
        let operations = interface.operations.iter();
        operations.map(move |it| described(it, interface.errors))
    });
    let paths: Map<String, Value> = ours
        .chain(others)
        .chain(osv::paths())
        .chain([reviews::path()])
        .collect();
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Palisade",
            "description": "Which vulnerabilities touch which packages of which Linux \
                            distributions, since when, and why. Everything is public to read \
                            and needs no login. Answers carry an ETag: send it back in If-None-Match.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "reviewer": { "type": "http", "scheme": "bearer" } },
        },
    });
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn error_schema() -> Value {
    json!({
        "type": "object",
        "required": ["error"],
        "properties": { "error": {
            "type": "object",
            "required": ["status", "message"],
            "properties": {
                "status": { "type": "integer", "description": "The HTTP status." },
                "message": { "type": "string", "description": "What is wrong, for people." },
            },
        } },
    })
}

fn guix_error_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "error": { "type": "string", "description": "What is wrong." },
            "unknown_commit": { "type": "string", "description": "The commit that is not here." },
        },
    })
}

impl Operation {
    /// As `OpenAPI` describes it; `errors` is the schema of what else is answered.
    fn described(&self, errors: &str) -> Value {
        let parameters: Vec<Value> = self.parameters.iter().map(Parameter::described).collect();
        let answer = match self.answer {
            Answer::One(name) => reference(name),
            Answer::Many(name) => json!({ "type": "array", "items": reference(name) }),
            Answer::Any => json!({ "type": "object" }),
        };
        let mut responses = Map::new();
        let mut respond = |status: &str, about: &str, content: Value| {
            let response = json!({
                "description": about,
                "content": { "application/json": { "schema": content } },
            });
            responses.insert(status.to_owned(), response);
        };
        respond("200", "The answer.", answer);
        respond(
            "400",
            "The question cannot be understood.",
            reference(errors),
        );
        respond("404", "There is no such thing.", reference(errors));
        respond(
            "429",
            "It is more than one client may ask; `Retry-After` says when to ask again.",
            reference("Error"),
        );
        respond("503", "It took too long.", reference("Error"));
        let other = json!({ "description": "The answer is at another address." });
        for status in ["303", "308"] {
            responses.insert(status.to_owned(), other.clone());
        }
        let same = json!({ "description": "What the asker has already still holds." });
        responses.insert("304".to_owned(), same);
        json!({
            "operationId": self.id,
            "description": self.about,
            "parameters": parameters,
            "responses": responses,
        })
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

impl Parameter {
    fn described(&self) -> Value {
        let schema = match self.kind {
            Kind::Text if self.place == Place::Path => json!({ "type": "string", "minLength": 1 }),
            Kind::Text => {
                let least = usize::from(self.place == Place::Needed);
                json!({ "type": "string", "minLength": least, "maxLength": 100, "pattern": PLAIN })
            }
            Kind::Branch => json!({ "type": "string", "pattern": BRANCH }),
            Kind::Distribution => json!({ "type": "string", "pattern": DISTRIBUTION }),
            Kind::Date => json!({ "type": "string", "format": "date" }),
            Kind::Moment => json!({ "type": "string", "pattern": MOMENT }),
            Kind::Number(least, most) => {
                json!({ "type": "integer", "minimum": least, "maximum": most })
            }
            Kind::Choice(words) => json!({ "type": "string", "enum": words }),
        };
        let place = match self.place {
            Place::Path => "path",
            Place::Query | Place::Needed => "query",
        };
        json!({
            "name": self.name,
            "in": place,
            "description": self.about,
            "required": self.place != Place::Query,
            "schema": schema,
        })
    }

    /// What it may be, in words.
    pub(crate) fn words(&self) -> String {
        match self.kind {
            Kind::Text => "a text".to_owned(),
            Kind::Branch => "DISTRIBUTION/BRANCH".to_owned(),
            Kind::Distribution => "a distribution's name".to_owned(),
            Kind::Date => "YYYY-MM-DD".to_owned(),
            Kind::Moment => "YYYY-MM-DD HH:MM:SS".to_owned(),
            Kind::Number(least, most) if most > 1_000_000 => format!("a number from {least} on"),
            Kind::Number(least, most) => format!("a number from {least} to {most}"),
            Kind::Choice(words) => words.join(", "),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_checked_in_document_is_the_one_that_is_served() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
        if std::env::var_os("PALISADE_WRITE_OPENAPI").is_some() {
            fs_err::write(path, &*DOCUMENT).unwrap();
        }
        let known = fs_err::read_to_string(path).unwrap_or_default();
        assert_eq!(
            known, *DOCUMENT,
            "write it anew: PALISADE_WRITE_OPENAPI=1 cargo test -p palisade-web openapi"
        );
    }

    #[test]
    fn every_answer_has_its_schema_and_every_name_is_one_operations() {
        let document: Value = serde_json::from_str(&DOCUMENT).unwrap();
        let others = [GUIX_DATA, SECFIXES]
            .into_iter()
            .flat_map(|it| it.operations);
        let all: Vec<&str> = OPERATIONS.iter().chain(others).map(|it| it.id).collect();
        let names: BTreeSet<&&str> = all.iter().collect();
        assert_eq!(names.len(), all.len());
        for operation in OPERATIONS {
            let (Answer::One(name) | Answer::Many(name)) = operation.answer else {
                panic!("{} tells nothing of its answer", operation.id);
            };
            let schema = &document["components"]["schemas"][name];
            assert!(schema.is_object(), "{name}");
        }
    }
}
