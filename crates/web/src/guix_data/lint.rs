//! Lint warnings, as far as they concern security, and where sources come from, in the keys of the
//! service.

use axum::extract::State;
use palisade_model::{Package, SourceOrigin};
use palisade_tracker::Views;
use palisade_tracker::views::{GuixChecker, GuixWarning};
use serde_json::{Map, Value, json};

use super::commit::Commit;
use super::error::GuixError;
use super::{Answer, answer, listed, node, only_locale, revision};
use crate::format::Format;
use crate::parameters::Parameters;
use crate::redirect::see_other;
use crate::respond::Wanted;
use crate::words::{mistakes_address, query_value};

/// What may be told of a warning.
const FIELDS: [&str; 3] = ["linter", "message", "location"];

/// Which warnings are wanted, and what of them.
struct Asked {
    linters: Vec<String>,
    package: Option<String>,
    message: Option<String>,
    fields: Vec<String>,
}

impl Asked {
    fn of(parameters: &mut Parameters) -> Result<Self, GuixError> {
        let mut fields = parameters.several("field")?;
        if fields.is_empty() {
            fields = FIELDS.map(str::to_owned).to_vec();
        }
        if fields.iter().any(|field| !FIELDS.contains(&field.as_str())) {
            return Err(GuixError::Bad(format!(
                "field must be one of {}",
                FIELDS.join(", ")
            )));
        }
        Ok(Self {
            linters: parameters.several("linter")?,
            package: parameters.text("package_query")?,
            message: parameters.text("message_query")?,
            fields,
        })
    }

    fn takes(&self, warning: &GuixWarning) -> bool {
        let has = |text: &str, part: &Option<String>| {
            let part = part.as_deref().map(str::to_lowercase);
            part.is_none_or(|part| text.to_lowercase().contains(&part))
        };
        let is_of =
            self.linters.is_empty() || self.linters.iter().any(|name| name == warning.checker.name);
        is_of && has(&warning.package, &self.package) && has(&warning.message, &self.message)
    }

    fn node(&self, warning: &GuixWarning) -> Value {
        let wants = |field: &str| self.fields.iter().any(|known| known == field);
        let mut node = Map::new();
        let package = json!({ "name": warning.package, "version": warning.version });
        node.insert("package".to_owned(), package);
        if wants("linter") {
            node.insert("lint-checker-name".to_owned(), warning.checker.name.into());
            let about = warning.checker.about.into();
            node.insert("lint-checker-description".to_owned(), about);
            node.insert("lint-checker-network-dependent".to_owned(), false.into());
        }
        if wants("message") {
            node.insert("message".to_owned(), warning.message.clone().into());
            node.insert("message-locale".to_owned(), node::LOCALE.into());
        }
        if wants("location") {
            let location = warning
                .location
                .as_deref()
                .and_then(node::numbered_location);
            node.insert("location".to_owned(), location.into());
        }
        Value::Object(node)
    }
}

pub(super) async fn warnings(
    State(views): State<Views>,
    Commit(commit): Commit,
    wanted: Wanted,
    mut parameters: Parameters,
) -> Answer {
    let asked = Asked::of(&mut parameters)?;
    only_locale(&mut parameters)?;
    parameters.finish()?;
    if wanted.format == Format::Html {
        let found = views.guix_revision(&commit).await?;
        let found = found.ok_or(GuixError::UnknownCommit(commit))?;
        let page = mistakes_address(&found.branch);
        let commit = query_value(&found.commit);
        return Ok(see_other(&format!("{page}?revision={commit}")));
    }
    let found = views.guix_warnings(&commit).await?;
    let found = found.ok_or_else(|| GuixError::UnknownCommit(commit.clone()))?;
    let told = found.iter().filter(|warning| asked.takes(warning));
    let told: Vec<Value> = told.map(|warning| asked.node(warning)).collect();
    let document = json!({ "revision": { "commit": commit }, "lint_warnings": told });
    answer(&wanted, &document)
}

/// How many warnings there are of each checker.
pub(super) fn counts(counts: &[(GuixChecker, usize)]) -> Value {
    let counts = counts.iter().map(|(checker, count)| {
        let told = json!({
            "description": checker.about, "network_dependent": false, "count": count,
        });
        (checker.name.to_owned(), told)
    });
    Value::Object(counts.collect())
}

/// Where the sources of a revision's packages come from, with what they must hash to: what fixed-output
/// derivations are made of.
pub(super) async fn origins(
    State(views): State<Views>,
    Commit(commit): Commit,
    wanted: Wanted,
    mut parameters: Parameters,
) -> Answer {
    let query = listed(&mut parameters, true)?;
    parameters.finish()?;
    if wanted.format == Format::Html {
        return revision(State(views), Commit(commit), wanted, Parameters::default()).await;
    }
    let found = views.guix_packages(&commit, &query).await?;
    let found = found.ok_or_else(|| GuixError::UnknownCommit(commit.clone()))?;
    let origins: Vec<Value> = found.iter().map(of_package).collect();
    let document = json!({ "revision": { "commit": commit }, "packages": origins });
    answer(&wanted, &document)
}

fn of_package(package: &Package) -> Value {
    let patches = package
        .patches
        .iter()
        .map(|patch| json!({ "name": patch.name, "hash": patch.hash }));
    let origins: Vec<Value> = package.sources.iter().map(origin).collect();
    json!({
        "name": package.name, "version": package.version,
        "origins": origins, "patches": patches.collect::<Vec<_>>(),
        "replacement": package.replacement.as_deref().map(of_package),
    })
}

fn origin(origin: &SourceOrigin) -> Value {
    json!({
        "type": origin.kind, "urls": origin.urls, "reference": origin.reference,
        "file-name": origin.file_name, "hash": origin.hash, "snippet": origin.snippet,
    })
}

/// Whether the database answers.
pub(super) async fn health(
    State(views): State<Views>,
    wanted: Wanted,
    parameters: Parameters,
) -> Answer {
    parameters.finish()?;
    views.present().await?;
    answer(&wanted.as_json(), &json!({ "status": "ok" }))
}
