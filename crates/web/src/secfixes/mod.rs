//! The interface of secfixes-tracker: vulnerabilities and packages of Alpine as linked data.
//!
//! Routes, keys and types are its own. Whoever asks for `application/ld+json` or
//! `application/json` gets a document that a JSON-LD processor turns into a whole graph: the context
//! is served here, and each identifier leads to the document that tells of it. Who wants a page is
//! sent to ours; any other type is refused with 406.

mod accept;
mod base;
mod node;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use palisade_model::VulnerabilityId;
use palisade_tracker::Views;
use palisade_tracker::views::Selection;
use serde_json::Value;

use crate::error::WebError;
use crate::pages;
use crate::parameters::Parameters;
use crate::redirect::see_other;
use crate::respond::{Keeping, Wanted, json};
use crate::serve::Site;
use crate::words::{branch_address, package_address, vulnerability_address};
use accept::Type;
use base::Base;
use node::{Nodes, Page};

/// What explains the keys.
const CONTEXT: &str = include_str!("context.jsonld");

/// Vulnerabilities of a list at the most; what follows is linked.
const ITEMS: usize = 100;

/// What one is asked for beside the path.
struct Asked {
    kind: Type,
    wanted: Wanted,
    base: Base,
}

/// The routes of the interface.
pub(crate) fn router() -> Router<Site> {
    Router::new()
        .route("/static/context.jsonld", get(context))
        .route("/vuln/{id}", get(vulnerability))
        .route("/srcpkg/{name}", get(package))
        .route("/srcpkg/{name}/{version}", get(version))
        .route("/branch/{distribution}", get(unresolved))
        .route(
            "/branch/{distribution}/vuln-orphaned",
            get(unresolved_orphaned),
        )
        .route("/branch/{distribution}/orphaned", get(orphaned))
        .route("/branch/{distribution}/maintainer-issues", get(maintained))
}

/// The index to those who ask for linked data, our own first page to all others.
pub(crate) async fn index(
    State(site): State<Site>,
    kind: Option<Type>,
    base: Base,
    wanted: Wanted,
    parameters: Parameters,
) -> Result<Response, WebError> {
    if kind != Some(Type::JsonLd) {
        return pages::home::page(State(site), wanted, parameters).await;
    }
    parameters.finish()?;
    let repositories = site.views.alpine_repositories().await?;
    let names: Vec<String> = repositories.into_iter().map(|it| it.name).collect();
    let index = Nodes { base: &base }.index(&names);
    linked(&wanted, Type::JsonLd, &index)
}

/// A document whose identifiers begin with the host that was asked: nobody keeps it for others.
fn linked(wanted: &Wanted, kind: Type, document: &Value) -> Result<Response, WebError> {
    let wanted = wanted.as_json().keeping(Keeping::Live);
    wanted.with_body(kind.name(), json(document)?)
}

async fn context(wanted: Wanted) -> Result<Response, WebError> {
    let wanted = wanted.as_json();
    wanted.with_body(Type::JsonLd.name(), CONTEXT.to_owned())
}

async fn vulnerability(
    State(views): State<Views>,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, WebError> {
    let unknown = || WebError::NotFound("there is no such vulnerability".to_owned());
    let id: VulnerabilityId = id.parse().map_err(|_| unknown())?;
    if asked.kind == Type::Html {
        return Ok(see_other(&vulnerability_address(id.as_str())));
    }
    let found = views.secfixes_vulnerability(id.as_str()).await?;
    asked.answer(&asked.nodes().vulnerability(&found.ok_or_else(unknown)?))
}

async fn package(
    State(views): State<Views>,
    Path(name): Path<String>,
    asked: Asked,
) -> Result<Response, WebError> {
    if asked.kind == Type::Html {
        return Ok(see_other(&package_address("alpine", &name)));
    }
    let found = views.secfixes_package(&name).await?;
    let found = found.ok_or_else(no_package)?;
    asked.answer(&asked.nodes().package(&found))
}

async fn version(
    State(views): State<Views>,
    Path((name, version)): Path<(String, String)>,
    asked: Asked,
) -> Result<Response, WebError> {
    if asked.kind == Type::Html {
        return Ok(see_other(&package_address("alpine", &name)));
    }
    let package = views
        .secfixes_package(&name)
        .await?
        .ok_or_else(no_package)?;
    let versions = package.versions.iter();
    let mut versions = versions.filter(|it| it.version == version).cloned();
    let mut found = versions.next().ok_or_else(no_package)?;
    // One version may be in several repositories; its states are told of all.
    found.states.extend(versions.flat_map(|other| other.states));
    let nodes = asked.nodes();
    asked.answer(&nodes.version(&found, Some(nodes.package(&package))))
}

async fn unresolved(
    views: State<Views>,
    Path(repository): Path<String>,
    asked: Asked,
    parameters: Parameters,
) -> Result<Response, WebError> {
    let path = (&*repository, "");
    list(views, path, asked, parameters, &Selection::All).await
}

async fn unresolved_orphaned(
    views: State<Views>,
    Path(repository): Path<String>,
    asked: Asked,
    parameters: Parameters,
) -> Result<Response, WebError> {
    let path = (&*repository, "/vuln-orphaned");
    list(views, path, asked, parameters, &Selection::Orphaned).await
}

async fn maintained(
    views: State<Views>,
    Path(repository): Path<String>,
    asked: Asked,
    mut parameters: Parameters,
) -> Result<Response, WebError> {
    let maintainer = parameters.text("maintainer")?;
    let path = (&*repository, "/maintainer-issues");
    let selection = Selection::Maintained(maintainer);
    list(views, path, asked, parameters, &selection).await
}

/// A list of unresolved vulnerabilities.
async fn list(
    State(views): State<Views>,
    (repository, rest): (&str, &str),
    asked: Asked,
    mut parameters: Parameters,
    selection: &Selection,
) -> Result<Response, WebError> {
    let offset = parameters.number("offset", 0..=1_000_000)?.unwrap_or(0);
    parameters.finish()?;
    if asked.kind == Type::Html {
        return see_branch(&views, repository).await;
    }
    let found = views
        .secfixes_unresolved(repository, selection, offset, ITEMS)
        .await?;
    let part = found.ok_or_else(no_repository)?;
    let nodes = asked.nodes();
    let items = part.items.iter().map(|it| nodes.vulnerability(it));
    let items: Vec<Value> = items.collect();
    let maintainer = match selection {
        Selection::Maintained(maintainer) => maintainer.as_deref(),
        Selection::All | Selection::Orphaned => None,
    };
    let page = Page {
        offset,
        next: part.next,
        maintainer,
    };
    let path = format!("/branch/{}{rest}", crate::words::segment(repository));
    asked.answer(&nodes.collection(&path, page, &items))
}

async fn orphaned(
    State(views): State<Views>,
    Path(repository): Path<String>,
    asked: Asked,
    parameters: Parameters,
) -> Result<Response, WebError> {
    parameters.finish()?;
    if asked.kind == Type::Html {
        return see_branch(&views, &repository).await;
    }
    let found = views
        .secfixes_versions(&repository, &Selection::Orphaned)
        .await?;
    let found = found.ok_or_else(no_repository)?;
    let nodes = asked.nodes();
    let items: Vec<Value> = found.iter().map(|it| nodes.version(it, None)).collect();
    let path = format!("/branch/{}/orphaned", crate::words::segment(&repository));
    asked.answer(&nodes.collection(&path, Page::default(), &items))
}

fn no_package() -> WebError {
    WebError::NotFound("no repository of Alpine's that is kept here has it".to_owned())
}

fn no_repository() -> WebError {
    WebError::NotFound("there is no such repository of Alpine's here".to_owned())
}

async fn see_branch(views: &Views, repository: &str) -> Result<Response, WebError> {
    let mut all = views.alpine_repositories().await?.into_iter();
    let found = all.find(|it| it.name == repository);
    let branch = found.ok_or_else(no_repository)?.branch;
    Ok(see_other(&branch_address(&branch)))
}

impl Asked {
    fn nodes(&self) -> Nodes<'_> {
        Nodes { base: &self.base }
    }

    fn answer(&self, document: &Value) -> Result<Response, WebError> {
        linked(&self.wanted, self.kind, document)
    }
}

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Asked {
    type Rejection = WebError;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        state: &S,
    ) -> Result<Self, WebError> {
        let Ok(wanted) = Wanted::from_request_parts(parts, state).await;
        let Ok(base) = Base::from_request_parts(parts, state).await;
        Ok(Self {
            kind: Type::from_request_parts(parts, state).await?,
            wanted,
            base,
        })
    }
}
